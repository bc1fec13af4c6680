//go:build !linux

package fileops

// listMounts returns none: these systems do not list their mounts
// without asking each. Use a pool for each mount that may hang.
func listMounts() []mount { return nil }

func workingDir() string { return "" }

func openedPath(filesystem) string { return "" }

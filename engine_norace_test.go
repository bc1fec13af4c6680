//go:build !race

package fileops

// raceEnabled says that the race detector watches.
const raceEnabled = false

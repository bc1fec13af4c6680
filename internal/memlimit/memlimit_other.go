//go:build !(linux || darwin || freebsd || netbsd || openbsd || windows)

package memlimit

func systemAvailable(_, _ int64) int64 { return unlimited }

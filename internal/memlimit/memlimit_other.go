//go:build !linux

package memlimit

func systemAvailable(int64) int64 { return unlimited }

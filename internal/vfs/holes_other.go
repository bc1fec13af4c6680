//go:build !(linux || freebsd)

package vfs

import "errors"

func nextData(int, int64) (start, end int64, err error) { return 0, 0, errors.ErrUnsupported }

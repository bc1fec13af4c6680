package vfs_test

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

// copySizes lie around the size of the buffers, 64 KiB.
var copySizes = []int{0, 1, 1000, 1<<16 - 1, 1 << 16, 1<<16 + 1, 1<<17 - 1, 1 << 17, 1<<20 + 3}

// openCopy opens the files of a copy from src to dst.
func openCopy(t *testing.T, files vfs.FS, p place) (dst, src vfs.File) {
	t.Helper()
	src, err := files.Open(p.at("src"))
	require.NoError(t, err)
	if _, err := os.Lstat(p.disk("dst")); err == nil {
		require.NoError(t, os.Remove(p.disk("dst")))
	}
	dst, err = files.Create(p.at("dst"), 0o666)
	require.NoError(t, err)
	return dst, src
}

// tryCopy copies src to dst. The size that it passes on is the file's and wrong
// by that much. It returns the sum of the pieces that were reported.
func tryCopy(t *testing.T, files vfs.FS, p place, wrong int64, stop func(sum int64) error) (sum int64, err error) {
	t.Helper()
	dst, src := openCopy(t, files, p)
	st, err := src.Stat()
	require.NoError(t, err)
	st.Size = max(0, st.Size+wrong)
	err = vfs.CopyContents(dst, src, st, func(n int64) error {
		sum += n
		return stop(sum)
	})
	require.NoError(t, src.Close())
	require.NoError(t, dst.Close())
	return sum, err
}

func neverStop(int64) error { return nil }

// failing returns a hook that fails operations of one kind from number n on.
func failing(op string, n int, fault error) vfstest.Hook {
	calls := 0
	return func(c vfstest.Call) error {
		if c.Op == op {
			if calls++; calls >= n {
				return fault
			}
		}
		return nil
	}
}

func TestCopyContents(t *testing.T) {
	ways := map[string]vfstest.Hook{
		"as it comes":           nil,
		"without the kernel":    failing("copyFrom", 1, errors.ErrUnsupported),
		"the kernel stops":      failing("copyFrom", 2, errors.ErrUnsupported),
		"short pieces":          failing("copyFrom", 1, vfstest.ErrShort),
		"short reads":           failing("read", 1, vfstest.ErrShort),
		"no clone for a reason": failing("cloneFrom", 1, syscall.EIO),
		"short reads without the kernel": func(c vfstest.Call) error {
			switch c.Op {
			case "copyFrom":
				return errors.ErrUnsupported
			case "read":
				return vfstest.ErrShort
			}
			return nil
		},
		"the kernel stops in the middle": func(c vfstest.Call) error {
			switch {
			case c.Op == "copyFrom" && c.N%2 == 0:
				return vfstest.ErrShort
			case c.Op == "copyFrom":
				return errors.ErrUnsupported
			}
			return nil
		},
	}
	for way, hook := range ways {
		t.Run(way, func(t *testing.T) {
			eachSeam(t, func(t *testing.T, p place) {
				files := vfstest.New(p.FS)
				for _, size := range copySizes {
					text := numbered(size)
					p.write(t, "src", text)
					files.Reset(hook)
					sum, err := tryCopy(t, files, p, 0, neverStop)
					require.NoError(t, err)
					requireText(t, text, p.read(t, "dst"))
					require.EqualValues(t, size, sum)
				}
				require.Empty(t, files.Audit())
			})
		})
	}
}

// TestCopyContentsOfChangedSize passes a size that is wrong, as if the file had
// grown or shrunk since.
func TestCopyContentsOfChangedSize(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		files := vfstest.New(p.FS)
		for _, size := range copySizes {
			text := numbered(size)
			p.write(t, "src", text)
			for _, hook := range []vfstest.Hook{nil, failing("copyFrom", 1, errors.ErrUnsupported)} {
				for _, wrong := range []int64{-1 << 30, -1, 1, 1 << 16, 1 << 30} {
					files.Reset(hook)
					sum, err := tryCopy(t, files, p, wrong, neverStop)
					require.NoError(t, err)
					requireText(t, text, p.read(t, "dst"))
					require.EqualValues(t, size, sum)
				}
			}
		}
	})
}

// TestCopyContentsStops stops the copy at each report.
func TestCopyContentsStops(t *testing.T) {
	stopped := errors.New("stopped")
	eachSeam(t, func(t *testing.T, p place) {
		files := vfstest.New(p.FS)
		text := numbered(300_000)
		p.write(t, "src", text)
		for _, hook := range []vfstest.Hook{failing("copyFrom", 1, vfstest.ErrShort), failing("copyFrom", 1, errors.ErrUnsupported)} {
			for n := 1; ; n++ {
				files.Reset(hook)
				reports := 0
				sum, err := tryCopy(t, files, p, 0, func(int64) error {
					if reports++; reports == n {
						return stopped
					}
					require.Less(t, reports, n, "it goes on after it was stopped")
					return nil
				})
				requireText(t, text[:sum], p.read(t, "dst"))
				if err == nil {
					require.EqualValues(t, len(text), sum)
					require.Greater(t, n, 2)
					break
				}
				require.Equal(t, stopped, err)
			}
		}
	})
}

// failAt returns a hook that fails the copying operation number n, and the name
// of that operation once it has failed. Without kernel every CopyFrom is
// unsupported.
func failAt(n int, kernel bool) (failed *string, hook vfstest.Hook) {
	failed = new(string)
	return failed, func(c vfstest.Call) error {
		if c.Op != "copyFrom" && c.Op != "read" && c.Op != "write" {
			return nil
		}
		n--
		switch {
		case n == 0:
			*failed = c.Op
			return syscall.EIO
		case c.Op == "copyFrom" && !kernel:
			return errors.ErrUnsupported
		}
		return nil
	}
}

// TestCopyContentsFails fails each operation that a copy uses. Only an error of
// a read is a ReadError.
func TestCopyContentsFails(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		files := vfstest.New(p.FS)
		for _, size := range []int{1000, 300_000} {
			text := numbered(size)
			p.write(t, "src", text)
			for _, kernel := range []bool{false, true} {
				for n := 1; ; n++ {
					op, hook := failAt(n, kernel)
					files.Reset(hook)
					sum, err := tryCopy(t, files, p, 0, neverStop)
					require.EqualValues(t, len(p.read(t, "dst")), sum)
					if *op == "" {
						require.NoError(t, err)
						requireText(t, text, p.read(t, "dst"))
						require.Greater(t, n, 2)
						break
					}
					if *op == "read" {
						require.Equal(t, vfs.ReadError{Err: syscall.EIO}, err)
						require.EqualError(t, err, syscall.EIO.Error())
					} else {
						require.Equal(t, syscall.EIO, err)
					}
				}
			}
		}
	})
}

// TestSmallFilesAreNotCloned checks that a file smaller than the buffer costs
// one read and one write.
func TestSmallFilesAreNotCloned(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		files := vfstest.New(p.FS)
		p.write(t, "src", "text")
		var steps vfstest.Steps
		files.Reset(steps.Hook)
		_, err := tryCopy(t, files, p, 0, neverStop)
		require.NoError(t, err)
		require.Equal(t, "open create fstat read write close close", steps.String())
	})
}

// A cloner is a File that can share blocks.
type cloner struct {
	vfs.File
	from vfs.File
}

func (c *cloner) CloneFrom(src vfs.File) error {
	c.from = src
	return nil
}

func TestCopyContentsClones(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		p.write(t, "src", strings.Repeat("x", 1<<16))
		dst, src := openCopy(t, p, p)
		c := &cloner{File: dst}
		var reports []int64
		report := func(n int64) error {
			reports = append(reports, n)
			return nil
		}
		require.NoError(t, vfs.CopyContents(c, src, vfs.Info{Size: 1 << 16}, report))
		require.Equal(t, src, c.from)
		require.Equal(t, []int64{1 << 16}, reports)
		require.Empty(t, p.read(t, "dst"), "nothing is copied besides")

		stopped := errors.New("stopped")
		require.Equal(t, stopped, vfs.CopyContents(c, src, vfs.Info{Size: 1 << 16}, func(int64) error { return stopped }))
		require.NoError(t, src.Close())
		require.NoError(t, dst.Close())
	})
}

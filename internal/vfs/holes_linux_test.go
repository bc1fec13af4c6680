package vfs_test

import (
	"io"
	"os"
	"syscall"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A stretch is data in a sparse file.
type stretch struct{ at, length int64 }

// writeSparse writes a file that consists of holes but for some data.
func (p place) writeSparse(t *testing.T, name string, size int64, data []stretch) {
	t.Helper()
	f, err := os.Create(p.disk(name))
	require.NoError(t, err)
	require.NoError(t, f.Truncate(size))
	for i, d := range data {
		_, err := f.WriteAt(bytesOf(byte('a'+i), d.length), d.at)
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
}

func bytesOf(b byte, n int64) []byte {
	all := make([]byte, n)
	for i := range all {
		all[i] = b
	}
	return all
}

// space returns how many bytes a file takes on the disk.
func (p place) space(t *testing.T, name string) int64 {
	t.Helper()
	var st unix.Stat_t
	require.NoError(t, unix.Stat(p.disk(name), &st))
	return st.Blocks * 512
}

// sparseFiles are the files of the tests, by a name.
var sparseFiles = map[string]struct {
	size int64
	data []stretch
}{
	"only a hole":         {8 << 20, nil},
	"data at the start":   {8 << 20, []stretch{{0, 4096}}},
	"data at the end":     {8 << 20, []stretch{{8<<20 - 4096, 4096}}},
	"data in the middle":  {8<<20 + 1, []stretch{{4 << 20, 100_000}}},
	"data in many places": {8 << 20, []stretch{{4096, 4096}, {1 << 20, 200_000}, {3 << 20, 4096}, {7 << 20, 1}}},
}

// TestCopyKeepsHoles copies sparse files by the kernel and through a buffer. The
// copies have the same contents and take no more space.
func TestCopyKeepsHoles(t *testing.T) {
	for name, file := range sparseFiles {
		for _, missing := range [][]string{nil, {"copyFrom"}} {
			t.Run(name, func(t *testing.T) {
				eachSeam(t, func(t *testing.T, p place) {
					p.writeSparse(t, "src", file.size, file.data)
					files := vfstest.New(p.FS)
					files.Reset(system(missing).fail)
					sum, err := tryCopy(t, files, p, 0, neverStop)
					require.NoError(t, err)
					require.Equal(t, p.read(t, "src"), p.read(t, "dst"))
					require.LessOrEqual(t, p.space(t, "dst"), p.space(t, "src"))
					require.LessOrEqual(t, sum, p.space(t, "src"), "holes are not copied")
					require.Empty(t, files.Audit())
				})
			})
		}
	}
}

// TestCopyOfSparseFilesUnderFaults fails each call of a copy. Where the system
// cannot tell the holes, they are copied.
func TestCopyOfSparseFilesUnderFaults(t *testing.T) {
	file := sparseFiles["data in many places"]
	eachSeam(t, func(t *testing.T, p place) {
		p.writeSparse(t, "src", file.size, file.data)
		want := p.read(t, "src")
		files := vfstest.New(p.FS)
		files.Reset(system{"nextData"}.fail)
		_, err := tryCopy(t, files, p, 0, neverStop)
		require.NoError(t, err)
		require.True(t, want == p.read(t, "dst"))

		for n, reached := 1, true; reached; n++ {
			reached = false
			op := ""
			files.Reset(func(c vfstest.Call) error {
				if c.N != n || c.Op == "open" || c.Op == "create" || c.Op == "fstat" || c.Op == "close" {
					reached = reached || c.N == n
					return nil
				}
				reached, op = true, c.Op
				return syscall.EIO
			})
			_, err := tryCopy(t, files, p, 0, neverStop)
			switch op {
			case "", "cloneFrom": // another way is left
				require.NoError(t, err)
				require.True(t, want == p.read(t, "dst"))
			default:
				require.Error(t, err, op)
			}
			require.Empty(t, files.Audit())
		}
	})
}

// A liar is a file that says it has more data than there is, as some file systems
// do that make contents when they are read.
type liar struct{ vfs.File }

func (l liar) NextData(offset int64) (start, end int64, err error) {
	if offset >= 1<<30 {
		return 0, 0, io.EOF
	}
	return offset, 1 << 30, nil
}

// TestCopyOfALiar copies such a file. The copy ends with the contents.
func TestCopyOfALiar(t *testing.T) {
	eachSeam(t, func(t *testing.T, p place) {
		text := numbered(100_000)
		p.write(t, "src", text)
		dst, src := openCopy(t, p, p)
		err := vfs.CopyContents(uncloned{dst}, liar{src}, vfs.Info{Size: 1 << 30, Sparse: true}, neverStop)
		require.NoError(t, err)
		require.NoError(t, src.Close())
		require.NoError(t, dst.Close())
		requireText(t, text, p.read(t, "dst"))
	})
}

// uncloned is a file that shares no blocks and that the kernel does not write to.
type uncloned struct{ vfs.File }

func (uncloned) CloneFrom(vfs.File) error                { return syscall.ENOTSUP }
func (uncloned) CopyFrom(vfs.File, int64) (int64, error) { return 0, syscall.ENOTSUP }

package fileops

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

// failing returns a hook that fails the calls of an operation on a path, and
// those on names below it.
func failing(op, path string, err error) vfstest.Hook {
	return func(c vfstest.Call) error {
		if c.Op == op && (c.Name == path || strings.HasPrefix(c.Name, path+string(os.PathSeparator))) {
			return err
		}
		return nil
	}
}

// TestWalkDoesNotTouchWhatIsExcluded fails each call below an excluded
// directory, whether the listing tells its kind or not.
func TestWalkDoesNotTouchWhatIsExcluded(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{})
			for _, unknown := range []bool{false, true} {
				l.faulty.UnknownKinds = unknown
				for _, pattern := range []string{"sub", "sub/", "/sub/", "/su"} {
					for _, op := range []string{"list", "open"} {
						l.faulty.Reset(failing(op, l.at("in/sub"), syscall.EACCES))
						r, err := l.pool.Concat(t.Context(), []string{l.at("in")}, &ConcatOptions{Exclude: []string{pattern}})
						require.NoError(t, err)
						require.Equal(t, l.paths([]string{"in/a.txt", "in/b.md", "in/link.txt", "in/z.txt"}), r.Files)
						require.Len(t, r.Skipped, 1, "%v", r.Skipped)
						require.Equal(t, l.at("in/sub"), r.Skipped[0].Path)
						require.ErrorIs(t, r.Skipped[0].Err, ErrExcluded)

						chunks, err := l.pool.Chunk(t.Context(), l.at("in"), &ChunkOptions{Exclude: []string{pattern}})
						require.NoError(t, err)
						require.Len(t, chunks, 4)
					}
				}
			}
			l.close()
		})
	}
}

// TestLinksThatCannotBeLookedAt fails to describe what a link leads to. That is
// a failure, and no failure if the link is excluded.
func TestLinksThatCannotBeLookedAt(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{})
			link := l.at("in/link.txt")
			for _, unknown := range []bool{false, true} {
				l.faulty.UnknownKinds = unknown
				l.faulty.Reset(failing("stat", link, syscall.EACCES))
				_, err := l.pool.Chunk(t.Context(), l.at("in"), nil)
				checkClear(t, err, syscall.EACCES)
				_, err = l.pool.DirToFiles(t.Context(), l.at("in"), &DirOptions{OnSkip: func(SkippedFile) { t.Error("skipped") }})
				checkClear(t, err, syscall.EACCES)
				var left []SkippedFile
				_, err = l.pool.DirToFiles(t.Context(), l.at("in"), &DirOptions{IgnoreErrors: true, OnSkip: func(s SkippedFile) { left = append(left, s) }})
				require.NoError(t, err)
				require.Len(t, left, 1)
				checkClear(t, left[0].Err, syscall.EACCES)
				require.Equal(t, link, left[0].Path)

				left = nil
				_, err = l.pool.Chunk(t.Context(), l.at("in"), &ChunkOptions{Exclude: []string{"link"}, OnSkip: func(s SkippedFile) { left = append(left, s) }})
				require.NoError(t, err)
				require.Len(t, left, 1)
				require.ErrorIs(t, left[0].Err, ErrExcluded)
			}
			l.close()
		})
	}
}

// TestDirectoryThatAnotherProgramRemoves leaves out and reports a directory that
// is in use, as Windows says of one that is being removed. That is no failure.
func TestDirectoryThatAnotherProgramRemoves(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{})
			sub, want := l.at("in/sub"), l.paths([]string{"in/a.txt", "in/b.md", "in/link.txt", "in/z.txt"})
			l.faulty.Reset(failing("list", sub, vfs.ErrInUse))
			files, err := l.pool.DirToFiles(t.Context(), l.at("in"), nil)
			require.NoError(t, err)
			require.Equal(t, want, files)
			_, err = l.pool.FileSize(t.Context(), l.at("in"))
			require.NoError(t, err)

			var left []SkippedFile
			onSkip := func(s SkippedFile) { left = append(left, s) }
			_, err = l.pool.DirToFiles(t.Context(), l.at("in"), &DirOptions{OnSkip: onSkip})
			require.NoError(t, err)
			_, err = l.pool.Chunk(t.Context(), l.at("in"), &ChunkOptions{OnSkip: onSkip})
			require.NoError(t, err)
			r, err := l.pool.Concat(t.Context(), []string{l.at("in")}, nil)
			require.NoError(t, err)
			require.Equal(t, want, r.Files)
			left = append(left, r.Skipped...)
			require.Len(t, left, 3)
			for _, skipped := range left {
				require.Equal(t, sub, skipped.Path)
				checkClear(t, skipped.Err, vfs.ErrInUse)
			}

			l.faulty.Reset(failing("list", l.at("in"), vfs.ErrInUse))
			_, err = l.pool.ListFiles(t.Context(), l.at("in"), "")
			checkClear(t, err, vfs.ErrInUse)
			l.close()
		})
	}
}

// TestOutputDirThatCannotBeLookedAt cannot tell whether the files that it reads are
// its own outputs.
func TestOutputDirThatCannotBeLookedAt(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{})
			l.faulty.Reset(failing("stat", l.at("out"), syscall.EIO))
			_, err := l.pool.Chunk(t.Context(), l.at("in"), &ChunkOptions{OutputDir: l.at("out")})
			checkClear(t, err, syscall.EIO)
			require.ErrorContains(t, err, l.at("out"))
			l.close()
		})
	}
}

// TestRetriedListingsReportOnce runs out of descriptors amid a listing, which is
// then made again.
func TestRetriedListingsReportOnce(t *testing.T) {
	for _, s := range seams {
		t.Run(s.name, func(t *testing.T) {
			l := newLab(t, s, PoolOptions{})
			for _, name := range []string{"in/1", "in/2", "in/y", "in/z"} {
				require.NoError(t, os.Symlink(".", l.onDisk(name)))
			}
			stats := 0
			l.faulty.Reset(func(c vfstest.Call) error {
				if c.Op == "stat" && strings.HasPrefix(c.Name, l.at("in/")) {
					if stats++; stats == 3 {
						return syscall.EMFILE
					}
				}
				return nil
			})
			r, err := l.pool.Concat(t.Context(), []string{l.at("in")}, nil)
			require.NoError(t, err)
			require.Greater(t, stats, 3)
			var left []string
			for _, s := range r.Skipped {
				require.ErrorIs(t, s.Err, ErrNotFollowed)
				left = append(left, s.Path)
			}
			require.Equal(t, l.paths([]string{"in/1", "in/2", "in/y", "in/z"}), left)
			l.close()
		})
	}
}

package fileops_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
)

// TestCopyFileCopiesContents copies files of many sizes.
func TestCopyFileCopiesContents(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for i, text := range append(texts(), "\xff\x00 any bytes", strings.Repeat("x", unlessShort(17, 3)<<20)) {
			src := p.write(t, "src", text)
			dst := fmt.Sprintf("dst %d", i)
			require.NoError(t, p.CopyFile(t.Context(), src, p.at(dst)))
			require.True(t, p.text(t, dst) == text, "text %d, %d bytes", i, len(text))
			require.NoError(t, os.Remove(p.abs(dst)))
		}
	})
}

// TestCopyFileCopiesLargeFiles copies a file with holes that is larger than the
// 32 MiB that the kernel copies in one call.
func TestCopyFileCopiesLargeFiles(t *testing.T) {
	t.Parallel()
	size := int64(unlessShort(70, 34)<<20 + 1)
	everywhere(t, func(t *testing.T, p place) {
		if p.confined {
			return
		}
		f, err := os.Create(p.abs("src"))
		require.NoError(t, err)
		for _, at := range []int64{0, 8<<20 - 2, 33 << 20, size - 4} {
			_, err = f.WriteAt([]byte("here"), at)
			require.NoError(t, err)
		}
		require.NoError(t, f.Close())
		require.NoError(t, p.CopyFile(t.Context(), p.at("src"), p.at("dst")))
		src, err := os.ReadFile(p.abs("src"))
		require.NoError(t, err)
		dst, err := os.ReadFile(p.abs("dst"))
		require.NoError(t, err)
		require.Len(t, dst, int(size))
		require.True(t, bytes.Equal(src, dst))
	})
}

// TestCopyFileTargets copies to missing paths, into directories, and over files
// and links.
func TestCopyFileTargets(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		src := p.write(t, "src.txt", "new")
		copyTo := func(name, want string) {
			t.Helper()
			require.NoError(t, p.CopyFile(t.Context(), src, p.at(name)))
			require.Equal(t, "new", p.text(t, want))
		}
		copyTo("made/one/by/one", "made/one/by/one") // makes the directories above

		p.mkdir(t, "dir")
		copyTo("dir", "dir/src.txt") // into a directory
		p.write(t, "dir/src.txt", "old")
		copyTo("dir", "dir/src.txt") // over a file in it
		p.symlink(t, "dir", "dir link")
		p.write(t, "dir/src.txt", "old")
		copyTo("dir link", "dir/src.txt")

		p.write(t, "other", "another text")
		p.symlink(t, "other", "link")
		copyTo("link", "link") // replaces the link
		require.Equal(t, "another text", p.text(t, "other"))
		p.symlink(t, "nowhere", "dangling")
		copyTo("dangling", "dangling")
		for _, name := range []string{"link", "dangling"} {
			st, err := os.Lstat(p.abs(name))
			require.NoError(t, err)
			require.True(t, st.Mode().IsRegular())
		}
		p.symlink(t, "src.txt", "link to src")
		require.NoError(t, p.CopyFile(t.Context(), p.at("link to src"), p.at("copy"))) // follows a link to the source
		require.Equal(t, "new", p.text(t, "copy"))
		require.Equal(t, []string{
			"copy", "dangling", "dir", "dir link", "dir/src.txt", "link", "link to src",
			"made", "made/one", "made/one/by", "made/one/by/one", "other", "src.txt",
		}, p.tree(t))
	})
}

// TestCopyFileOntoItself copies a file onto itself, by its own path and by
// links. The file does not change.
func TestCopyFileOntoItself(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		src := p.write(t, "src", "precious")
		p.mkdir(t, "sub")
		require.NoError(t, os.Link(p.abs("src"), p.abs("hard link")))
		p.symlink(t, "src", "link")
		before := p.tree(t)
		for _, to := range []string{src, p.at("."), p.at("hard link"), p.at("link"), p.at("sub") + "/../src"} {
			for _, pair := range [][2]string{{src, to}, {to, src}} {
				if pair[0] == p.at(".") {
					continue
				}
				err := p.CopyFile(t.Context(), pair[0], pair[1])
				require.ErrorIs(t, err, fileops.ErrSameFile, "%v", pair)
				var pathErr *fs.PathError
				require.ErrorAs(t, err, &pathErr)
				require.Equal(t, "precious", p.text(t, "src"))
			}
		}
		require.Equal(t, before, p.tree(t))
	})
}

// TestCopyFileRefusesNonRegularFiles copies from and to directories and special
// files. Nothing changes and nothing hangs.
func TestCopyFileRefusesNonRegularFiles(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		ctx := noHang(t)
		file := p.write(t, "file", "text")
		paths := p.notRegular(t)
		paths["directory"] = p.mkdir(t, "dir")
		before := p.tree(t)
		for name, path := range paths {
			requirePathError(t, p.CopyFile(ctx, path, p.at("copy")), fileops.ErrNotRegular, "copy", path)
			if name == "directory" || strings.HasPrefix(name, "link") {
				continue // CopyFile copies into a directory and replaces a link
			}
			st, err := os.Lstat(p.abs(filepath.Base(path)))
			if name == "device" {
				st, err = os.Lstat(path)
			}
			require.NoError(t, err)
			err = p.CopyFile(ctx, file, path)
			requirePathError(t, err, fileops.ErrNotRegular, "copy", path)
			after, err := os.Lstat(p.abs(filepath.Base(path)))
			if name == "device" {
				after, err = os.Lstat(path)
			}
			require.NoError(t, err)
			require.True(t, os.SameFile(st, after), name)
			require.Equal(t, st.Mode(), after.Mode())
		}
		p.mkdir(t, "into/file") // a directory at the path of the copy
		require.ErrorIs(t, p.CopyFile(ctx, file, p.at("into")), fileops.ErrNotRegular)
		require.NoError(t, os.RemoveAll(p.abs("into")))
		require.Error(t, p.CopyFile(ctx, file, p.at("file/below")))
		require.Equal(t, before, p.tree(t))
	})
}

// TestCopyFileReplacesInOneStep reads a file while many copies replace it. Each
// read returns one whole version.
func TestCopyFileReplacesInOneStep(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		versions := []string{p.write(t, "a", strings.Repeat("a", 1<<20)), p.write(t, "b", strings.Repeat("b", 100_000))}
		dst := p.at("dst")
		require.NoError(t, p.CopyFile(t.Context(), versions[0], dst))
		var done atomic.Bool
		var copies []*fileops.Future[struct{}]
		for i := range unlessShort(60, 12) {
			copies = append(copies, p.AsyncCopyFile(t.Context(), versions[i%2], dst))
		}
		finished := make(chan error, 1)
		go func() {
			_, err := fileops.All(context.Background(), copies...)
			done.Store(true)
			finished <- err
		}()
		for last := false; !last; {
			last = done.Load()
			runtime.Gosched() // wasip1 has one thread
			got, err := os.ReadFile(p.abs("dst"))
			require.NoError(t, err)
			if len(got) != 1<<20 && len(got) != 100_000 || bytes.Count(got, got[:1]) != len(got) {
				require.Fail(t, "a read returns a mix of versions", "%d bytes", len(got))
			}
		}
		require.NoError(t, <-finished)
		require.Equal(t, []string{"a", "b", "dst"}, p.tree(t))
	})
}

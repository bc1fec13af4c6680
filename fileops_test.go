package fileops_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A place is a directory and a pool that works there: by whole paths or, if it
// is confined to the directory, by paths relative to it.
type place struct {
	*fileops.Pool
	dir      string
	confined bool
	portable bool // not by this system's own vfs.FS
}

// everywhere runs a test on each filesystem there is.
func everywhere(t *testing.T, test func(t *testing.T, p place)) {
	t.Helper()
	for _, confined := range []bool{false, true} {
		for _, portable := range []bool{false, true} {
			name := map[bool]string{false: "system", true: "portable"}[portable]
			if confined {
				name += " root"
			}
			t.Run(name, func(t *testing.T) { test(t, newPlace(t, confined, portable, fileops.PoolOptions{})) })
		}
	}
}

func newPlace(t *testing.T, confined, portable bool, o fileops.PoolOptions) place {
	t.Helper()
	p := place{dir: t.TempDir(), confined: confined, portable: portable}
	if confined {
		root, err := os.OpenRoot(p.dir)
		require.NoError(t, err)
		t.Cleanup(func() { root.Close() })
		o.Root = root
	}
	if portable {
		p.Pool = fileops.NewPortablePool(o)
	} else {
		p.Pool = fileops.NewPool(o)
	}
	return p
}

// abs returns a file's whole path.
func (p place) abs(name string) string { return filepath.Join(p.dir, filepath.FromSlash(name)) }

// at returns a file's path as the pool takes it.
func (p place) at(name string) string {
	if p.confined {
		return filepath.FromSlash(name)
	}
	return p.abs(name)
}

func (p place) ats(names ...string) []string {
	paths := []string{}
	for _, name := range names {
		paths = append(paths, p.at(name))
	}
	return paths
}

// write makes a file and returns its path as the pool takes it.
func (p place) write(t *testing.T, name, text string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(p.abs(name)), 0o777))
	require.NoError(t, os.WriteFile(p.abs(name), []byte(text), 0o666))
	return p.at(name)
}

func (p place) mkdir(t *testing.T, name string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(p.abs(name), 0o777))
	return p.at(name)
}

// symlink makes a link to a target, which is taken as it is.
func (p place) symlink(t *testing.T, target, name string) string {
	t.Helper()
	require.NoError(t, os.Symlink(target, p.abs(name)))
	return p.at(name)
}

// mkfifo makes a FIFO that lets go of whoever is stuck in it, at the end.
func (p place) mkfifo(t *testing.T, name string) string {
	t.Helper()
	if err := exec.Command("mkfifo", p.abs(name)).Run(); err != nil {
		t.Skipf("no FIFOs here: %v", err)
	}
	t.Cleanup(func() {
		if f, err := os.OpenFile(p.abs(name), os.O_RDWR, 0); err == nil {
			f.Close()
		}
	})
	return p.at(name)
}

func (p place) text(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(p.abs(name))
	require.NoError(t, err)
	return string(b)
}

// tree returns the names of all that is in the directory, hidden and
// temporary files too, in order.
func (p place) tree(t *testing.T) (names []string) {
	t.Helper()
	err := filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if path != p.dir {
			name, _ := filepath.Rel(p.dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	require.NoError(t, err)
	slices.Sort(names)
	return names
}

// ended returns a context that is no more.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// patient returns a context for calls that must not hang. It makes a hang a
// failure of one test, not of all.
func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// requirePathError requires an error of an operation on a path.
func requirePathError(t *testing.T, err, target error, op, path string) {
	t.Helper()
	require.ErrorIs(t, err, target)
	var pathErr *fs.PathError
	require.ErrorAs(t, err, &pathErr)
	require.Equal(t, op, pathErr.Op)
	require.Equal(t, path, pathErr.Path)
}

func requireOptionError(t *testing.T, err error, option string) {
	t.Helper()
	var optionErr *fileops.OptionError
	require.ErrorAs(t, err, &optionErr)
	require.Equal(t, option, optionErr.Option)
}

func requireEncodingError(t *testing.T, err error, want fileops.EncodingError) {
	t.Helper()
	var encodingErr *fileops.EncodingError
	require.ErrorAs(t, err, &encodingErr)
	require.Equal(t, want, *encodingErr)
}

// texts are contents at which a reader may stumble.
func texts() []string {
	long := strings.Repeat("0123456789abcde\n", 3<<20/16)
	cases := []string{
		"", "a", "\x00", "\r", "a\r\nb\rc\n", "\ufeffwith a mark", "\ufeff", "no newline", "\n\n\n", "é日本👩‍👩‍👧\U0010ffff\ufffd",
		strings.Repeat("日本👍é", 3<<20/12), long,
	}
	for _, size := range []int{4 << 10, 32 << 10, 64 << 10, 1 << 20, 2 << 20} {
		cases = append(cases, long[:size-1], long[:size], long[:size+1])
	}
	return cases
}

func TestReadFileGivesWhatIsOnDisk(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		for i, text := range texts() {
			path := p.write(t, fmt.Sprintf("%d.txt", i), text)
			for _, ctx := range []context.Context{context.Background(), t.Context()} {
				got, err := p.ReadFile(ctx, path)
				require.NoError(t, err)
				require.True(t, got == text, "text %d, %d bytes", i, len(text))
				data, err := p.ReadBytes(ctx, path)
				require.NoError(t, err)
				require.True(t, string(data) == text, "bytes %d, %d bytes", i, len(text))
			}
			size, err := p.FileSize(t.Context(), path)
			require.NoError(t, err)
			require.EqualValues(t, len(text), size)
		}
	})
}

// What a caller does to its bytes must change nobody else's.
func TestReadBytesBelongToTheCaller(t *testing.T) {
	p := newPlace(t, false, false, fileops.PoolOptions{})
	path := p.write(t, "a", strings.Repeat("a", 100))
	first, err := p.ReadBytes(t.Context(), path)
	require.NoError(t, err)
	text, err := p.ReadFile(t.Context(), path)
	require.NoError(t, err)
	clear(first[:cap(first)])
	second, err := p.ReadBytes(t.Context(), path)
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("a", 100), text)
	require.Equal(t, text, string(second))
}

func TestReadFileRefusesWhatIsNotUTF8(t *testing.T) {
	cases := map[string]int{
		"\xff":                    0,
		"abc\xffdef":              3,
		"\x80":                    0,
		"é\xc3":                   2, // cut off
		"日本\xe6\x97":              6,
		"a\xf0\x9f\x91":           1,
		"ab\xc0\xaf":              2, // overlong
		"\xed\xa0\x80":            0, // a surrogate
		"abcdefg\xf4\x90\x80\x80": 7, // beyond Unicode
		"\xff\xfeu\x00t\x00f\x00": 0,
		strings.Repeat("a", 64<<10-1) + "\xe6\x97a": 64<<10 - 1,
		strings.Repeat("a", 64<<10) + "\x80":        64 << 10,
		strings.Repeat("日", 1<<20) + "\xe6\x97":     3 << 20,
	}
	everywhere(t, func(t *testing.T, p place) {
		for text, offset := range cases {
			path := p.write(t, "bad", text)
			got, err := p.ReadFile(t.Context(), path)
			requireEncodingError(t, err, fileops.EncodingError{Path: path, Encoding: "utf-8", Offset: int64(offset)})
			require.Empty(t, got)
			data, err := p.ReadBytes(t.Context(), path)
			require.NoError(t, err)
			require.True(t, string(data) == text)
		}
	})
}

// notRegular makes one of everything that is neither a file nor, as the key
// says, a directory.
func (p place) notRegular(t *testing.T) map[string]string {
	t.Helper()
	listener, err := net.Listen("unix", shortPath(t))
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	require.NoError(t, os.Rename(listener.Addr().String(), p.abs("socket")))
	paths := map[string]string{
		"fifo":         p.mkfifo(t, "fifo"),
		"link to fifo": p.symlink(t, "fifo", "link"),
		"socket":       p.at("socket"),
	}
	if !p.confined {
		paths["device"] = os.DevNull
	}
	return paths
}

// shortPath returns the path for a socket, which must not be long.
func shortPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "")
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

func TestReadFileOfWhatIsNoFile(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		ctx := patient(t)
		paths := p.notRegular(t)
		paths["directory"] = p.mkdir(t, "dir")
		for name, path := range paths {
			t.Run(name, func(t *testing.T) {
				_, err := p.ReadFile(ctx, path)
				requirePathError(t, err, fileops.ErrNotRegular, "read", path)
				_, err = p.ReadBytes(ctx, path)
				requirePathError(t, err, fileops.ErrNotRegular, "read", path)
				for r := range p.ReadFiles(ctx, []string{path}) {
					requirePathError(t, r.Err, fileops.ErrNotRegular, "read", path)
				}
				_, err = p.FileToChunks(ctx, path, nil)
				requirePathError(t, err, fileops.ErrNotRegular, "read", path)
				if name == "directory" {
					return
				}
				_, err = p.FileSize(ctx, path)
				requirePathError(t, err, fileops.ErrNotRegular, "size", path)
				_, err = p.Chunk(ctx, path, nil)
				requirePathError(t, err, fileops.ErrNotRegular, "read", path)
			})
		}
	})
}

// Whatever an operation is given, its error says what and where.
func TestErrorsNameOperationAndPath(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		file := p.write(t, "file", "text")
		below := p.at("file/below") // no file can be there
		for _, path := range []string{p.at("missing"), p.at("missing/too"), below} {
			target := error(fs.ErrNotExist)
			if path == below {
				target = nil
			}
			for op, call := range map[string]func(ctx context.Context) error{
				"read":  func(ctx context.Context) error { _, err := p.ReadFile(ctx, path); return err },
				"size":  func(ctx context.Context) error { _, err := p.FileSize(ctx, path); return err },
				"list":  func(ctx context.Context) error { _, err := p.ListFiles(ctx, path, ""); return err },
				"copy":  func(ctx context.Context) error { return p.CopyFile(ctx, path, p.at("copy")) },
				"chunk": func(ctx context.Context) error { _, err := p.Chunk(ctx, path, nil); return err },
			} {
				for _, ctx := range []context.Context{t.Context(), context.Background()} {
					err := call(ctx)
					if target == nil {
						target = errors.Unwrap(err)
					}
					requirePathError(t, err, target, op, path)
					requirePathError(t, call(ended()), context.Canceled, op, path)
				}
			}
		}
		require.Equal(t, []string{"file"}, p.tree(t))

		_, err := p.ListFiles(t.Context(), file, "")
		var pathErr *fs.PathError
		require.ErrorAs(t, err, &pathErr)
		require.Equal(t, file, pathErr.Path)
	})
}

func TestConfinedPoolsAreConfined(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		if !p.confined {
			return
		}
		ctx := t.Context()
		outside := t.TempDir()
		secret := filepath.Join(outside, "secret")
		require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o666))
		toSecret, err := filepath.Rel(p.dir, secret)
		require.NoError(t, err)
		p.write(t, "file", "text")
		p.symlink(t, secret, "absolute link")
		p.symlink(t, toSecret, "relative link")
		p.symlink(t, outside, "dir link")
		for _, path := range []string{secret, toSecret, "absolute link", "relative link", "dir link/secret", "dir link/../" + filepath.Base(p.dir) + "/file"} {
			_, err := p.ReadFile(ctx, path)
			requirePathError(t, err, fileops.ErrEscapes, "read", path)
			_, err = p.FileSize(ctx, path)
			requirePathError(t, err, fileops.ErrEscapes, "size", path)
			require.ErrorIs(t, p.CopyFile(ctx, path, "copy"), fileops.ErrEscapes)
			_, err = p.Chunk(ctx, path, nil)
			require.ErrorIs(t, err, fileops.ErrEscapes)
			result, err := p.Concat(ctx, []string{path}, nil)
			require.NoError(t, err)
			require.Len(t, result.Skipped, 1)
			require.ErrorIs(t, result.Skipped[0].Err, fileops.ErrEscapes)
		}
		for _, dir := range []string{outside, "..", "dir link", "dir link/new", "x/../../new"} {
			_, err := p.ListFiles(ctx, dir, "")
			require.Error(t, err, dir)
			_, err = p.SaveToFile(ctx, "text", dir, "new", nil)
			require.ErrorIs(t, err, fileops.ErrEscapes, dir)
			require.ErrorIs(t, p.CopyFile(ctx, "file", filepath.Join(dir, "new")+"/x"), fileops.ErrEscapes, dir)
			_, err = p.SaveChunks(ctx, make([]fileops.TextChunk, 1), dir, &fileops.SaveOptions{NewDir: dir == "dir link/new"})
			require.ErrorIs(t, err, fileops.ErrEscapes, dir)
			_, err = p.FileToChunks(ctx, "file", &fileops.ChunkOptions{OutputFile: dir + "/new.json"})
			require.ErrorIs(t, err, fileops.ErrEscapes, dir)
		}
		// Links that lead out are no files of the root.
		files, err := p.ListFiles(ctx, ".", "")
		require.NoError(t, err)
		require.Equal(t, []string{"file"}, files)
		entries, err := os.ReadDir(outside)
		require.NoError(t, err)
		require.Len(t, entries, 1)
	})
}

func TestReadFilesKeepsOrderAndErrorsInPlace(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		var paths, want []string
		add := func(text string) {
			paths = append(paths, p.write(t, fmt.Sprintf("%03d", len(paths)), text))
			want = append(want, text)
		}
		for i := range 90 {
			switch {
			case i%29 == 7:
				add(strings.Repeat("large 日本 ", 100_000)) // 1.3 MiB
			case i%13 == 5:
				paths = append(paths, p.at("missing"))
				want = append(want, "")
			default:
				add(fmt.Sprint("file ", i))
			}
		}
		bad := len(paths)
		add("not \xff UTF-8")
		paths, want = append(paths, paths[0], p.at(".")), append(want, want[0], "")

		seq := p.ReadFiles(t.Context(), paths)
		for range 2 { // a sequence can be run again
			next := 0
			for r := range seq {
				require.Equal(t, next, r.Index)
				require.Equal(t, paths[next], r.Path)
				switch {
				case r.Path == p.at("missing"):
					requirePathError(t, r.Err, fs.ErrNotExist, "read", r.Path)
				case next == bad:
					requireEncodingError(t, r.Err, fileops.EncodingError{Path: r.Path, Encoding: "utf-8", Offset: 4})
				case next == len(paths)-1:
					requirePathError(t, r.Err, fileops.ErrNotRegular, "read", r.Path)
				default:
					require.NoError(t, r.Err)
					require.True(t, want[next] == r.Text)
				}
				next++
			}
			require.Len(t, paths, next)
		}
		for range p.ReadFiles(t.Context(), nil) {
			require.Fail(t, "there is nothing to yield")
		}
	})
}

// manyFiles writes n files of a size and returns their paths.
func (p place) manyFiles(t *testing.T, n, size int) (paths []string) {
	t.Helper()
	text := strings.Repeat("x", size)
	for i := range n {
		paths = append(paths, p.write(t, fmt.Sprintf("%04d.txt", i), text))
	}
	return paths
}

func TestReadFilesStopsAtABreak(t *testing.T) {
	p := newPlace(t, false, false, fileops.PoolOptions{Workers: 3})
	paths := p.manyFiles(t, 200, 1000)
	for _, last := range []int{0, 1, 16, 17, 150, 199} {
		seen := 0
		for r := range p.ReadFiles(t.Context(), paths) {
			require.NoError(t, r.Err)
			seen++
			if r.Index == last {
				break
			}
		}
		require.Equal(t, last+1, seen)
	}
	require.NoError(t, p.Close(t.Context()))
	require.Zero(t, p.Stats().Running)
}

func TestReadFilesReadsAheadSomeMiBOnly(t *testing.T) {
	p := newPlace(t, false, false, fileops.PoolOptions{Workers: 1})
	const size = 512 << 10
	paths := p.manyFiles(t, 40, size)
	for r := range p.ReadFiles(t.Context(), paths) {
		require.NoError(t, r.Err)
		if r.Index%10 == 0 {
			time.Sleep(10 * time.Millisecond) // lets it read as far as it will
		}
		ahead := int64(p.Stats().BytesRead) - int64(r.Index+1)*size
		require.LessOrEqual(t, ahead, int64(8<<20))
	}
}

func TestReadFilesYieldsAllWhenItsContextEnds(t *testing.T) {
	for _, workers := range []int{1, 2, 16} {
		p := newPlace(t, false, false, fileops.PoolOptions{Workers: workers})
		paths := p.manyFiles(t, 2000, 10)
		ctx, cancel := context.WithCancel(t.Context())
		next, failed := 0, 0
		for r := range p.ReadFiles(ctx, paths) {
			require.Equal(t, next, r.Index)
			next++
			if r.Index == 5 {
				cancel()
			}
			if r.Err == nil && failed == 0 {
				require.Equal(t, "xxxxxxxxxx", r.Text)
				continue
			}
			require.Empty(t, r.Text)
			requirePathError(t, r.Err, context.Canceled, "read", paths[r.Index])
			failed++
		}
		require.Len(t, paths, next)
		require.Positive(t, failed)

		next = 0
		for r := range p.ReadFiles(ended(), paths) {
			require.ErrorIs(t, r.Err, context.Canceled)
			next++
		}
		require.Len(t, paths, next)
		cancel()
	}
}

// The loop body is the caller's: it may use the pool, and its panics are its own.
func TestReadFilesLoopBody(t *testing.T) {
	p := newPlace(t, false, false, fileops.PoolOptions{Workers: 1})
	paths := p.manyFiles(t, 100, 10)
	ctx := patient(t)
	for r := range p.ReadFiles(ctx, paths) {
		text, err := p.ReadFile(ctx, r.Path)
		require.NoError(t, err)
		require.Equal(t, r.Text, text)
	}
	require.PanicsWithValue(t, "the caller's own", func() {
		for r := range p.ReadFiles(ctx, paths) {
			if r.Index == 3 {
				panic("the caller's own")
			}
		}
	})
	require.NoError(t, p.Close(ctx))
}

func TestFileSize(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		p.write(t, "dir/ten", "0123456789")
		p.write(t, "dir/sub/deep/three", "日")
		p.write(t, "dir/empty", "")
		p.mkdir(t, "dir/none")
		p.symlink(t, "ten", "dir/link to ten")
		p.symlink(t, "../dir", "dir/loop")
		p.symlink(t, "nothing", "dir/dangling")
		p.mkfifo(t, "dir/fifo")
		for name, want := range map[string]int64{
			"dir": 10 + 3 + 10, "dir/sub": 3, "dir/none": 0, "dir/loop": 23, // a link that is named is followed
			"dir/ten": 10, "dir/empty": 0, "dir/link to ten": 10,
		} {
			got, err := p.FileSize(t.Context(), p.at(name))
			require.NoError(t, err, name)
			require.Equal(t, want, got, name)
		}
		_, err := p.FileSize(patient(t), p.at("dir/fifo"))
		requirePathError(t, err, fileops.ErrNotRegular, "size", p.at("dir/fifo"))
		_, err = p.FileSize(t.Context(), p.at("dir/dangling"))
		requirePathError(t, err, fs.ErrNotExist, "size", p.at("dir/dangling"))
	})
}

func TestCopyFileCopiesContents(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		for i, text := range append(texts(), "\xff\x00 any bytes", strings.Repeat("x", 17<<20)) {
			src := p.write(t, "src", text)
			dst := fmt.Sprintf("dst %d", i)
			require.NoError(t, p.CopyFile(t.Context(), src, p.at(dst)))
			require.True(t, p.text(t, dst) == text, "text %d, %d bytes", i, len(text))
			require.NoError(t, os.Remove(p.abs(dst)))
		}
	})
}

func TestCopyFileCopiesLargeFiles(t *testing.T) {
	const size = 70<<20 + 1
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
		require.Len(t, dst, size)
		require.True(t, bytes.Equal(src, dst))
	})
}

func TestProcFilesAreReadToTheEnd(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/proc is Linux's")
	}
	for _, path := range []string{"/proc/version", "/proc/filesystems", "/proc/self/cmdline", "/proc/kallsyms"} {
		want, err := os.ReadFile(path)
		if err != nil || len(want) == 0 {
			continue // not in every sandbox
		}
		everywhere(t, func(t *testing.T, p place) {
			if p.confined {
				return
			}
			got, err := p.ReadFile(t.Context(), path)
			require.NoError(t, err)
			require.True(t, got == string(want), path)
			require.NoError(t, p.CopyFile(t.Context(), path, p.at("copy")))
			require.True(t, p.text(t, "copy") == string(want), path)
			result, err := p.Concat(t.Context(), []string{path}, nil)
			require.NoError(t, err)
			require.True(t, result.Text == "---\n"+path+"\n---\n\n"+string(want), path)
		})
	}
}

func TestCopyFileTargets(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		src := p.write(t, "src.txt", "new")
		copyTo := func(name, want string) {
			t.Helper()
			require.NoError(t, p.CopyFile(t.Context(), src, p.at(name)))
			require.Equal(t, "new", p.text(t, want))
		}
		copyTo("made/one/by/one", "made/one/by/one") // parents are made

		p.mkdir(t, "dir")
		copyTo("dir", "dir/src.txt") // into a directory
		p.write(t, "dir/src.txt", "old")
		copyTo("dir", "dir/src.txt") // which has such a file
		p.symlink(t, "dir", "dir link")
		p.write(t, "dir/src.txt", "old")
		copyTo("dir link", "dir/src.txt")

		p.write(t, "other", "other's own")
		p.symlink(t, "other", "link")
		copyTo("link", "link") // a link is replaced
		require.Equal(t, "other's own", p.text(t, "other"))
		p.symlink(t, "nowhere", "dangling")
		copyTo("dangling", "dangling")
		for _, name := range []string{"link", "dangling"} {
			st, err := os.Lstat(p.abs(name))
			require.NoError(t, err)
			require.True(t, st.Mode().IsRegular())
		}
		p.symlink(t, "src.txt", "link to src")
		require.NoError(t, p.CopyFile(t.Context(), p.at("link to src"), p.at("copy"))) // one to read is followed
		require.Equal(t, "new", p.text(t, "copy"))
		require.Equal(t, []string{
			"copy", "dangling", "dir", "dir link", "dir/src.txt", "link", "link to src",
			"made", "made/one", "made/one/by", "made/one/by/one", "other", "src.txt",
		}, p.tree(t))
	})
}

func TestCopyFileOntoItself(t *testing.T) {
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

func TestCopyFileRefusesWhatIsNotRegular(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		ctx := patient(t)
		file := p.write(t, "file", "text")
		paths := p.notRegular(t)
		paths["directory"] = p.mkdir(t, "dir")
		before := p.tree(t)
		for name, path := range paths {
			requirePathError(t, p.CopyFile(ctx, path, p.at("copy")), fileops.ErrNotRegular, "copy", path)
			if name == "directory" || strings.HasPrefix(name, "link") {
				continue // are copied into, and replaced
			}
			st, err := os.Lstat(p.abs(filepath.Base(path)))
			if name == "device" {
				st, err = os.Lstat(path)
			}
			require.NoError(t, err)
			err = p.CopyFile(ctx, file, path)
			requirePathError(t, err, fileops.ErrNotRegular, "copy", path)
			now, err := os.Lstat(p.abs(filepath.Base(path)))
			if name == "device" {
				now, err = os.Lstat(path)
			}
			require.NoError(t, err)
			require.True(t, os.SameFile(st, now), name)
			require.Equal(t, st.Mode(), now.Mode())
		}
		p.mkdir(t, "into/file") // where the copy would have to be
		require.ErrorIs(t, p.CopyFile(ctx, file, p.at("into")), fileops.ErrNotRegular)
		require.NoError(t, os.RemoveAll(p.abs("into")))
		require.Error(t, p.CopyFile(ctx, file, p.at("file/below")))
		require.Equal(t, before, p.tree(t))
	})
}

// A reader never sees anything but one whole file, whoever replaces it.
func TestCopyFileReplacesInOneStep(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		versions := []string{p.write(t, "a", strings.Repeat("a", 1<<20)), p.write(t, "b", strings.Repeat("b", 100_000))}
		dst := p.at("dst")
		require.NoError(t, p.CopyFile(t.Context(), versions[0], dst))
		var done atomic.Bool
		var copies []*fileops.Future[struct{}]
		for i := range 60 {
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
			got, err := os.ReadFile(p.abs("dst"))
			require.NoError(t, err)
			if len(got) != 1<<20 && len(got) != 100_000 || bytes.Count(got, got[:1]) != len(got) {
				require.Fail(t, "torn", "%d bytes", len(got))
			}
		}
		require.NoError(t, <-finished)
		require.Equal(t, []string{"a", "b", "dst"}, p.tree(t))
	})
}

func TestReadSurvivesChangingFiles(t *testing.T) {
	p := newPlace(t, false, false, fileops.PoolOptions{})
	path := p.write(t, "file", "")
	var done atomic.Bool
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		for i := 0; !done.Load(); i++ {
			assert.NoError(t, os.WriteFile(p.abs("file"), bytes.Repeat([]byte("x"), i*7919%200_000), 0o666))
		}
	}()
	for range 300 {
		text, err := p.ReadFile(t.Context(), path)
		require.NoError(t, err)
		require.Empty(t, strings.Trim(text, "x\x00"))
	}
	done.Store(true)
	<-finished
}

//go:build linux || darwin || freebsd || netbsd

package fileops

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A jail is a pool confined to a directory, with files around that directory.
type jail struct {
	testing.TB
	base  string // the directory above
	root  string
	pool  *Pool
	vault map[string]string // what is outside, as it was
}

// jailers are the ways to confine a pool.
var jailers = []struct {
	name string
	pool func(root *os.Root) *Pool
}{
	{"system", func(root *os.Root) *Pool { return newPool(PoolOptions{Workers: 4}, vfs.Confined(root)) }},
	{"portable", func(root *os.Root) *Pool { return newPool(PoolOptions{Workers: 4}, vfs.PortableConfined(root)) }},
	{"NewPool", func(root *os.Root) *Pool { return NewPool(PoolOptions{Root: root}) }},
}

// Each file outside contains one of these words, and so does each name outside
// that is not the target of an attack. Nothing inside contains them.
const (
	secretText = "classified"
	secretName = "hush"
)

// outside are the files around a jail. They have the names that the operations
// under test would write if they got out.
var outside = map[string]string{
	"key.txt":                "classified: above",
	"hush.txt":               "classified: hidden above",
	"root-twin/key.txt":      "classified: next to it",
	"vault/key.txt":          "classified: in the vault",
	"vault/hush.txt":         "classified: hidden in the vault",
	"vault/hushed/deep.txt":  "classified: deep in the vault",
	"vault/c.json":           "classified: chunks",
	"vault/chunk_1.json":     "classified: a chunk",
	"vault/in.txt":           "classified: a namesake",
	"vault/saved/hushed.txt": "classified: saved before",
	"shared.txt":             "has a name in the jail too",
}

// inside are the files in every jail.
var inside = map[string]string{"in.txt": "inside", "d/in.txt": "inside d", "saved/old.txt": "old"}

func newJail(t testing.TB, pool func(*os.Root) *Pool) *jail {
	t.Helper()
	j := &jail{TB: t, base: tempDir(t)}
	j.root = filepath.Join(j.base, "root")
	for name, text := range outside {
		j.write(filepath.Join(j.base, name), text)
	}
	require.NoError(t, os.Symlink("hushed", filepath.Join(j.base, "vault/hush-link")))
	require.NoError(t, unix.Mkfifo(filepath.Join(j.base, "vault/fifo"), 0o666))
	j.plant("")
	j.vault = j.around()
	root := openRoot(t, j.root)
	j.pool = pool(root)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), guard)
		defer cancel()
		assert.NoError(t, j.pool.Close(ctx))
	})
	return j
}

func (j *jail) write(path, text string) {
	require.NoError(j, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(j, os.WriteFile(path, []byte(text), 0o666))
}

// plant empties the jail and fills it anew: with the files of inside and,
// separated by semicolons, links ("name -> target"), directories ("name/"),
// FIFOs ("name|"), sockets ("name="), null devices ("name!"), hard links to
// the file that is shared with the outside ("name#"), and files.
func (j *jail) plant(tree string) {
	entries, err := os.ReadDir(j.root)
	if !errors.Is(err, fs.ErrNotExist) {
		require.NoError(j, err)
	}
	for _, e := range entries { // the root itself stays, for it is open
		require.NoError(j, os.RemoveAll(filepath.Join(j.root, e.Name())))
	}
	for name, text := range inside {
		j.write(filepath.Join(j.root, name), text)
	}
	if tree == "" {
		return
	}
	for item := range strings.SplitSeq(j.spell(tree), "; ") {
		name, target, isLink := strings.Cut(item, " -> ")
		last := len(name) - 1
		path := filepath.Join(j.root, strings.TrimRight(name, "/|=!#"))
		require.NoError(j, os.MkdirAll(filepath.Dir(path), 0o777))
		switch {
		case isLink:
			require.NoError(j, os.Symlink(target, path))
		case name[last] == '/':
			require.NoError(j, os.MkdirAll(path, 0o777))
		case name[last] == '|':
			require.NoError(j, unix.Mkfifo(path, 0o666))
		case name[last] == '=':
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
			require.NoError(j, err)
			l.SetUnlinkOnClose(false)
			require.NoError(j, l.Close())
		case name[last] == '!':
			if err := mknod(unix.Mknod, path, unix.Mkdev(1, 3)); err != nil {
				j.Logf("no devices here: %v", err)
			}
		case name[last] == '#':
			require.NoError(j, os.Link(filepath.Join(j.base, "shared.txt"), path))
		default:
			j.write(path, "inside")
		}
	}
}

// mknod makes a device. The type of its number differs between systems.
func mknod[N int | uint64](call func(string, uint32, N) error, path string, number uint64) error {
	return call(path, unix.S_IFCHR|0o666, N(number))
}

// spell puts the jail's surroundings into a hostile name.
func (j *jail) spell(name string) string { return strings.ReplaceAll(name, "{base}", j.base) }

// around describes everything outside: names, types, sizes, contents, and the
// times of the last write and read. It does not change these times.
func (j *jail) around() map[string]string {
	seen := map[string]string{}
	var undo []func() error
	require.NoError(j, filepath.WalkDir(j.base, func(path string, d fs.DirEntry, err error) error {
		if path == j.root {
			return fs.SkipDir
		}
		var st unix.Stat_t
		require.NoError(j, err)
		require.NoError(j, unix.Lstat(path, &st))
		what := fmt.Sprint(d.Type(), " ", st.Size, " ", st.Mode, " ", st.Mtim)
		if filepath.Base(path) != "shared.txt" { // which may be read
			what += fmt.Sprint(" ", st.Atim)
		}
		if d.Type().IsRegular() {
			text, err := os.ReadFile(path)
			require.NoError(j, err)
			what += " " + string(text)
		}
		undo = append(undo, func() error {
			return unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{st.Atim, st.Mtim}, unix.AT_SYMLINK_NOFOLLOW)
		})
		seen[strings.TrimPrefix(path, j.base)] = what
		return nil
	}))
	for _, do := range undo {
		require.NoError(j, do())
	}
	return seen
}

// checkUntouched checks that nothing outside has changed.
func (j *jail) checkUntouched(attack string) {
	j.Helper()
	require.Equal(j, j.vault, j.around(), "outside after %s", attack)
}

// checkDiscreet checks that the result and the error of an operation reveal
// nothing of the outside.
func (j *jail) checkDiscreet(name string, result any, err error, attack string) {
	j.Helper()
	said := fmt.Sprintf("%+v %v", result, err)
	if data, ok := result.([]byte); ok {
		said += string(data)
	}
	if strings.Contains(name, j.base) {
		said = strings.ReplaceAll(said, name, "")
		said = strings.ReplaceAll(said, filepath.Clean(name), "")
	}
	for _, secret := range []string{secretText, secretName, j.base} {
		require.NotContains(j, said, secret, attack)
	}
}

// A confinedUse is the use that an operation makes of a path.
type confinedUse int

// A confinedOp is an operation that is given a hostile name.
type confinedOp struct {
	name string
	use  confinedUse
	run  func(ctx context.Context, p *Pool, f callForm, name string) (any, error)
}

// loopOp is an operation that is a loop.
func loopOp[T any](loop func(context.Context, *Pool, string) (T, error)) func(context.Context, *Pool, callForm, string) (any, error) {
	return func(ctx context.Context, p *Pool, f callForm, name string) (any, error) {
		run := func(ctx context.Context) (T, error) { return loop(ctx, p, name) }
		return call(ctx, f, run, func(ctx context.Context) *Future[T] { return Submit(ctx, p, run) })
	}
}

// confinedOps are all the operations, with every argument and option that is
// or might become part of a path.
var confinedOps = []confinedOp{
	{"ReadFile", asSource, op1((*Pool).ReadFile, (*Pool).AsyncReadFile)},
	{"ReadBytes", asSource, op1((*Pool).ReadBytes, (*Pool).AsyncReadBytes)},
	{"ReadFiles", asSource, func(ctx context.Context, p *Pool, f callForm, name string) (any, error) {
		read := func(ctx context.Context) (text string, err error) {
			for r := range p.ReadFiles(ctx, []string{"in.txt", name, "d/in.txt"}) {
				text += r.Text
				err = errors.Join(err, r.Err)
			}
			return text, err
		}
		return call(ctx, f, read, func(ctx context.Context) *Future[string] { return Submit(ctx, p, read) })
	}},
	{"FileSize", asSource, op1((*Pool).FileSize, (*Pool).AsyncFileSize)},
	{"ListFiles", asSource, op2((*Pool).ListFiles, (*Pool).AsyncListFiles,
		func(name string) (string, string) { return name, "" })},
	{"ListFiles extension", asText, op2((*Pool).ListFiles, (*Pool).AsyncListFiles,
		func(name string) (string, string) { return ".", name })},
	{"DirToFiles", asSource, op2((*Pool).DirToFiles, (*Pool).AsyncDirToFiles,
		func(name string) (string, *DirOptions) { return name, nil })},
	{"DirToFiles options", asSource, op2((*Pool).DirToFiles, (*Pool).AsyncDirToFiles,
		func(name string) (string, *DirOptions) {
			return name, &DirOptions{Shallow: true, IgnoreErrors: true, FileTypes: []string{".txt"}}
		})},
	{"Files", asSource, loopOp(func(ctx context.Context, p *Pool, name string) ([]File, error) {
		return collect(p.Files(ctx, name, &DirOptions{Stat: true}))
	})},
	{"Files selected", asSource, loopOp(func(ctx context.Context, p *Pool, name string) ([]File, error) {
		return collect(p.Files(ctx, name, &DirOptions{Select: &Selection{Git: true, FollowLinks: true, IgnoreFiles: []string{"in.txt"}, MaxSize: 1 << 20}}))
	})},
	{"ScanFiles", asSource, loopOp(func(ctx context.Context, p *Pool, name string) (text string, err error) {
		for f := range p.ScanFiles(ctx, slices.Values([]string{"in.txt", name, "d/in.txt"})) {
			text += string(f.Data)
			err = errors.Join(err, f.Err)
		}
		return text, err
	})},
	{"Chunks", asSource, loopOp(func(ctx context.Context, p *Pool, name string) ([]TextChunk, error) {
		return collect(p.Chunks(ctx, name, nil))
	})},
	{"Chunks OutputFile", asTarget, loopOp(func(ctx context.Context, p *Pool, name string) ([]TextChunk, error) {
		return collect(p.Chunks(ctx, "in.txt", &ChunkOptions{OutputFile: vfs.Prefix(name) + "key.jsonl"}))
	})},
	{"Chunks OutputDir", asSource, loopOp(func(ctx context.Context, p *Pool, name string) ([]TextChunk, error) {
		return collect(p.Chunks(ctx, "in.txt", &ChunkOptions{OutputDir: vfs.OrDot(name), Save: &SaveOptions{Overwrite: true}}))
	})},
	{"ChunkTo", asSource, func(ctx context.Context, p *Pool, f callForm, name string) (any, error) {
		var w bytes.Buffer
		result, err := call(ctx, f,
			func(ctx context.Context) (*ChunkResult, error) { return p.ChunkTo(ctx, &w, name, nil) },
			func(ctx context.Context) *Future[*ChunkResult] { return p.AsyncChunkTo(ctx, &w, name, nil) })
		return chunkedTo{result.(*ChunkResult), w.String()}, err
	}},
	{"DirToFiles FileTypes", asText, op2((*Pool).DirToFiles, (*Pool).AsyncDirToFiles,
		func(name string) (string, *DirOptions) { return ".", &DirOptions{FileTypes: []string{name}} })},

	{"Concat", asSource, op2((*Pool).Concat, (*Pool).AsyncConcat,
		func(name string) ([]string, *ConcatOptions) { return []string{"in.txt", name}, nil })},
	{"Concat options", asText, op2((*Pool).Concat, (*Pool).AsyncConcat,
		func(name string) ([]string, *ConcatOptions) {
			return []string{"."}, &ConcatOptions{Exclude: []string{name}, FileTypes: []string{name}, Shallow: true}
		})},
	{"Concat OutputFile", asTarget, op2((*Pool).Concat, (*Pool).AsyncConcat,
		func(name string) ([]string, *ConcatOptions) {
			return []string{"in.txt"}, &ConcatOptions{OutputFile: name}
		})},
	{"Concat OutputFile KeepExisting", asTarget, op2((*Pool).Concat, (*Pool).AsyncConcat,
		func(name string) ([]string, *ConcatOptions) {
			return []string{"in.txt"}, &ConcatOptions{OutputFile: name, KeepExisting: true}
		})},
	{"Concat OutputDir", asSource, op2((*Pool).Concat, (*Pool).AsyncConcat,
		func(name string) ([]string, *ConcatOptions) {
			return []string{"in.txt"}, &ConcatOptions{OutputDir: vfs.OrDot(name), OutputFile: "key.txt"}
		})},
	{"Concat OutputFile in OutputDir", asName, op2((*Pool).Concat, (*Pool).AsyncConcat,
		func(name string) ([]string, *ConcatOptions) {
			return []string{"in.txt"}, &ConcatOptions{OutputDir: ".", OutputFile: name}
		})},
	{"ConcatFiles", asSource, op2((*Pool).ConcatFiles, (*Pool).AsyncConcatFiles,
		func(name string) ([]string, *ConcatOptions) { return []string{"in.txt", name}, nil })},
	{"ConcatFiles OutputDir", asSource, op2((*Pool).ConcatFiles, (*Pool).AsyncConcatFiles,
		func(name string) ([]string, *ConcatOptions) {
			return []string{"in.txt"}, &ConcatOptions{OutputDir: vfs.OrDot(name)}
		})},
	{"ConcatTo", asSource, func(ctx context.Context, p *Pool, f callForm, name string) (any, error) {
		var w bytes.Buffer
		result, err := call(ctx, f,
			func(ctx context.Context) (*ConcatResult, error) { return p.ConcatTo(ctx, &w, []string{name}, nil) },
			func(ctx context.Context) *Future[*ConcatResult] {
				return p.AsyncConcatTo(ctx, &w, []string{name}, nil)
			})
		if r, ok := result.(*ConcatResult); ok && r != nil {
			r.Text = w.String()
		}
		return result, err
	}},

	{"CopyFile from", asSource, copyOp(func(name string) (string, string) { return name, "copied.txt" })},
	{"CopyFile to", asTarget, copyOp(func(name string) (string, string) { return "in.txt", name })},
	{"CopyFile to a file in", asSource, copyOp(func(name string) (string, string) { return "in.txt", vfs.Prefix(name) + "key.txt" })},
	{"CopyFile onto itself", asSource, copyOp(func(name string) (string, string) { return name, name })},

	{"SaveToFile dir", asSource, saveOp(func(name string) (string, string, SaveOptions) {
		return name, "key.txt", SaveOptions{Overwrite: true}
	})},
	{"SaveToFile new dir", asTarget, saveOp(func(name string) (string, string, SaveOptions) {
		return name, "key.txt", SaveOptions{NewDir: true, Sync: true}
	})},
	{"SaveToFile new dir in", asSource, saveOp(func(name string) (string, string, SaveOptions) {
		return vfs.Prefix(name) + "made", "key.txt", SaveOptions{NewDir: true}
	})},
	{"SaveToFile name", asName, saveOp(func(name string) (string, string, SaveOptions) {
		return ".", name, SaveOptions{}
	})},
	{"SaveToFile name Overwrite", asName, saveOp(func(name string) (string, string, SaveOptions) {
		return "", name, SaveOptions{Overwrite: true, Sync: true}
	})},
	{"SaveToFile name below", asNameBelow, saveOp(func(name string) (string, string, SaveOptions) {
		return "saved", name, SaveOptions{Overwrite: true, Timestamp: true, TimePrefix: true}
	})},
	{"SaveToFile Extension", asText, saveOp(func(name string) (string, string, SaveOptions) {
		return "saved", "file", SaveOptions{Extension: name, Overwrite: true}
	})},
	{"SaveToFile TimestampFormat", asText, saveOp(func(name string) (string, string, SaveOptions) {
		return "saved", "file.txt", SaveOptions{Timestamp: true, TimePrefix: true, TimestampFormat: name}
	})},
	{"SaveChunks dir", asSource, saveChunksOp(func(name string) (string, *SaveOptions) {
		return name, &SaveOptions{Overwrite: true}
	})},
	{"SaveChunks Extension", asText, saveChunksOp(func(name string) (string, *SaveOptions) {
		return "saved", &SaveOptions{Overwrite: true, Extension: name}
	})},
	{"SaveChunks TimestampFormat", asText, saveChunksOp(func(name string) (string, *SaveOptions) {
		return "saved", &SaveOptions{Overwrite: true, Timestamp: true, TimestampFormat: name}
	})},

	{"FileToChunks", asSource, op2((*Pool).FileToChunks, (*Pool).AsyncFileToChunks,
		func(name string) (string, *ChunkOptions) { return name, nil })},
	{"Chunk", asSource, op2((*Pool).Chunk, (*Pool).AsyncChunk,
		func(name string) (string, *ChunkOptions) { return name, nil })},
	{"Chunk OutputFile", asTarget, op2((*Pool).Chunk, (*Pool).AsyncChunk,
		func(name string) (string, *ChunkOptions) { return "in.txt", &ChunkOptions{OutputFile: name} })},
	{"FileToChunks OutputFile in", asSource, op2((*Pool).FileToChunks, (*Pool).AsyncFileToChunks,
		func(name string) (string, *ChunkOptions) {
			return "in.txt", &ChunkOptions{OutputFile: vfs.Prefix(name) + "c.json"}
		})},
	{"Chunk OutputDir", asSource, op2((*Pool).Chunk, (*Pool).AsyncChunk,
		func(name string) (string, *ChunkOptions) {
			return "in.txt", &ChunkOptions{OutputDir: vfs.OrDot(name), Save: &SaveOptions{Overwrite: true}}
		})},
	{"Chunk Save", asText, op2((*Pool).Chunk, (*Pool).AsyncChunk,
		func(name string) (string, *ChunkOptions) {
			return "in.txt", &ChunkOptions{OutputDir: "saved", Save: &SaveOptions{Extension: name, Overwrite: true}}
		})},
	{"Chunk Reader", asSource, func(ctx context.Context, p *Pool, f callForm, name string) (any, error) {
		chunk := op2((*Pool).Chunk, (*Pool).AsyncChunk, func(name string) (string, *ChunkOptions) {
			return name, &ChunkOptions{Reader: func(ctx context.Context, path string) (string, error) {
				return p.ReadFile(ctx, path)
			}}
		})
		return chunk(ctx, p, f, name)
	}},
}

// op1 is an operation on a name.
func op1[T any](
	plain func(*Pool, context.Context, string) (T, error),
	async func(*Pool, context.Context, string) *Future[T],
) func(context.Context, *Pool, callForm, string) (any, error) {
	return func(ctx context.Context, p *Pool, f callForm, name string) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) (T, error) { return plain(p, ctx, name) },
			func(ctx context.Context) *Future[T] { return async(p, ctx, name) })
	}
}

// op2 is an operation on two arguments that are made of a name.
func op2[A, B, T any](
	plain func(*Pool, context.Context, A, B) (T, error),
	async func(*Pool, context.Context, A, B) *Future[T],
	args func(name string) (A, B),
) func(context.Context, *Pool, callForm, string) (any, error) {
	return func(ctx context.Context, p *Pool, f callForm, name string) (any, error) {
		a, b := args(name)
		return call(ctx, f,
			func(ctx context.Context) (T, error) { return plain(p, ctx, a, b) },
			func(ctx context.Context) *Future[T] { return async(p, ctx, a, b) })
	}
}

func copyOp(args func(name string) (src, dst string)) func(context.Context, *Pool, callForm, string) (any, error) {
	plain := func(p *Pool, ctx context.Context, src, dst string) (struct{}, error) {
		return struct{}{}, p.CopyFile(ctx, src, dst)
	}
	return op2(plain, (*Pool).AsyncCopyFile, args)
}

func saveOp(args func(name string) (dir, file string, o SaveOptions)) func(context.Context, *Pool, callForm, string) (any, error) {
	return func(ctx context.Context, p *Pool, f callForm, name string) (any, error) {
		dir, file, o := args(name)
		return call(ctx, f,
			func(ctx context.Context) (string, error) { return p.SaveToFile(ctx, "saved", dir, file, &o) },
			func(ctx context.Context) *Future[string] { return p.AsyncSaveToFile(ctx, "saved", dir, file, &o) })
	}
}

func saveChunksOp(args func(name string) (dir string, o *SaveOptions)) func(context.Context, *Pool, callForm, string) (any, error) {
	return func(ctx context.Context, p *Pool, f callForm, name string) (any, error) {
		dir, o := args(name)
		return call(ctx, f,
			func(ctx context.Context) ([]string, error) { return p.SaveChunks(ctx, sampleChunks, dir, o) },
			func(ctx context.Context) *Future[[]string] { return p.AsyncSaveChunks(ctx, sampleChunks, dir, o) })
	}
}

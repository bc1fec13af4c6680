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
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A jail is a pool confined to a directory, and what lies around that.
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

// What is outside says one of these words, which nothing inside does, in each
// file and in each name that is not the target of an attack.
const (
	secretText = "classified"
	secretName = "hush"
)

// outside is what lies around a jail. The names are those that the operations
// under test would write, had they got out.
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

// inside is what every jail holds.
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

// plant empties the jail and fills it anew: with what is always there and,
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

// mknod makes a device, whatever type its number is of here.
func mknod[N int | uint64](call func(string, uint32, N) error, path string, number uint64) error {
	return call(path, unix.S_IFCHR|0o666, N(number))
}

// spell puts the jail's surroundings into a hostile name.
func (j *jail) spell(name string) string { return strings.ReplaceAll(name, "{base}", j.base) }

// around describes everything outside: names, types, sizes, contents, and when
// it was last written and read. Looking does not change what it sees.
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

// checkUntouched checks that what is outside is as it was.
func (j *jail) checkUntouched(attack string) {
	j.Helper()
	require.Equal(j, j.vault, j.around(), "outside after %s", attack)
}

// checkDiscreet checks that what an operation has to say about a name tells
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

// A confinedUse is what an operation does with a path.
type confinedUse int

const (
	asSource    confinedUse = iota // follows it, links and all
	asTarget                       // gives its last name to a new file
	asName                         // as asTarget, but it must be local by its spelling
	asNameBelow                    // as asName, in a directory of its own
	asText                         // makes no path of it, or only part of a name
)

// A confinedOp is an operation that is given a hostile name.
type confinedOp struct {
	name string
	use  confinedUse
	run  func(ctx context.Context, p *Pool, f callForm, name string) (any, error)
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

// attack runs an operation on a hostile name, with limited patience, and
// returns its error or, if it has none, that of the name it skipped.
func (j *jail) attack(op confinedOp, f callForm, name string) error {
	j.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), guard)
	defer cancel()
	what := fmt.Sprintf("%s of %q (%s)", op.name, name, f)
	result, err := op.run(ctx, j.pool, f, name)
	require.NotErrorIs(j, err, context.DeadlineExceeded, "%s hangs", what)
	require.NoError(j, panicked(err), what)
	j.checkDiscreet(name, result, err, what)
	if r, ok := result.(*ConcatResult); ok && err == nil && len(r.Skipped) > 0 {
		err = r.Skipped[0].Err
	}
	return err
}

// A hazard is what a hostile name is about.
type hazard int

const (
	escapes hazard = iota // leads outside
	leaves                // is a link that leads outside: may be replaced, not followed
	stays                 // does not lead outside, strange as it may be
)

// checkRefused checks that an operation refused a name if it had to, and only
// then.
func checkRefused(t testing.TB, op confinedOp, h hostileName, name string, err error, attack string) {
	t.Helper()
	refused := errors.Is(err, ErrEscapes)
	_, misspelled := errors.AsType[*OptionError](err)
	local := filepath.IsLocal(name)
	switch {
	case op.use == asName && local && strings.Contains(name, ".."): // links on the way do not count
	case op.use == asText, h.hazard == stays, op.use == asNameBelow && local:
		assert.False(t, refused, "%s: %v", attack, err)
	case op.use == asSource:
		assert.True(t, refused, "%s: %v", attack, err)
	case h.hazard == escapes:
		assert.True(t, refused || misspelled, "%s: %v", attack, err)
	}
}

// errorClass is what an error comes to, without its wording.
func errorClass(err error) string {
	if err == nil {
		return "success"
	}
	for _, class := range []error{ErrEscapes, ErrNotRegular, ErrSameFile, ErrExcluded, fs.ErrNotExist, fs.ErrExist} {
		if errors.Is(err, class) {
			return class.Error()
		}
	}
	if _, ok := errors.AsType[*OptionError](err); ok {
		return "option"
	}
	if errno, ok := errors.AsType[syscall.Errno](err); ok {
		return errno.Error()
	}
	return fmt.Sprintf("%T", err)
}

// TestConfinement gives hostile names to every operation of confined pools.
func TestConfinement(t *testing.T) {
	require.GreaterOrEqual(t, len(hostileNames), 200)
	outcomes := make([][]string, len(jailers)) // of every call, alike in all jails
	t.Run("jails", func(t *testing.T) {
		for i, jailer := range jailers {
			t.Run(jailer.name, func(t *testing.T) {
				t.Parallel()
				outcomes[i] = attackAll(t, newJail(t, jailer.pool))
			})
		}
	})
	for i := range jailers[1:] {
		require.Len(t, outcomes[i+1], len(outcomes[0]))
		for n, outcome := range outcomes[0] {
			assert.Equal(t, outcome, outcomes[i+1][n], "%s and %s", jailers[0].name, jailers[i+1].name)
		}
	}
}

// attackAll returns what has become of each call.
func attackAll(t *testing.T, j *jail) (outcomes []string) {
	for _, h := range hostileNames {
		name := j.spell(h.name)
		j.plant(h.tree)
		for _, op := range confinedOps {
			for _, f := range []callForm{cancellableForm, asyncForm} {
				attack := fmt.Sprintf("%s of %.100q with %q", op.name, h.name, h.tree)
				written := j.pool.Stats().BytesWritten
				err := j.attack(op, f, name)
				checkRefused(t, op, h, name, err, attack)
				outcomes = append(outcomes, attack+": "+errorClass(err))
				if err == nil && j.pool.Stats().BytesWritten > written {
					j.plant(h.tree)
				}
			}
		}
		j.checkUntouched(fmt.Sprintf("%.100q with %q", h.name, h.tree))
	}
	t.Logf("%d names, %d calls", len(hostileNames), len(outcomes))
	return outcomes
}

// TestConfinementOfMagicLinks confines pools to a directory of the kernel's,
// where links need not be what they say.
func TestConfinementOfMagicLinks(t *testing.T) {
	const process = "/proc/self"
	if _, err := os.Readlink(process + "/root"); err != nil {
		t.Skipf("no magic links here: %v", err)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), secretName+".txt"))
	require.NoError(t, err)
	defer file.Close()
	_, err = file.WriteString(secretText)
	require.NoError(t, err)
	names := []string{
		"root", "root/", "root/etc/passwd", "root/..", "root" + file.Name(), "cwd", "cwd/go.mod", "exe",
		fmt.Sprintf("fd/%d", file.Fd()), fmt.Sprintf("task/%d/root/etc/passwd", os.Getpid()), "ns/mnt",
	}
	for _, jailer := range jailers {
		t.Run(jailer.name, func(t *testing.T) {
			j := &jail{TB: t, base: filepath.Dir(file.Name()), pool: jailer.pool(openRoot(t, process))}
			defer func() { assert.NoError(t, j.pool.Close(context.Background())) }()
			for _, op := range confinedOps {
				if op.use != asSource {
					continue
				}
				for _, name := range names {
					err := j.attack(op, asyncForm, name)
					if p, ok := errors.AsType[*fs.PathError](err); ok && p.Path == "in.txt" {
						continue // which is in other jails
					}
					if strings.HasPrefix(name, "ns/") { // whose link is no path at all
						assert.Error(t, err)
						continue
					}
					require.ErrorIs(t, err, ErrEscapes, "%s of %s", op.name, name)
				}
			}
		})
	}
}

// TestConfinementOfTrees looks at a whole jail full of links that lead
// outside.
func TestConfinementOfTrees(t *testing.T) {
	const tree = "out -> ..; vault -> ../vault; key.txt -> ../vault/key.txt; abs -> {base}/vault; abs.txt -> {base}/vault/key.txt; " +
		"back -> {base}/root; d/up -> ../..; d/root -> /; d/key.txt -> ../key.txt; chain.txt -> key.txt; missing.txt -> ../missing; " +
		"loop.txt -> loop.txt; self -> .; fifo.txt -> ../vault/fifo; zero.txt -> /dev/zero; mine.txt -> d/in.txt; more -> d; socket.txt="
	files := []string{"d/in.txt", "in.txt", "mine.txt", "saved/old.txt"}
	size := int64(len("inside d") + len("inside") + len("inside d") + len("old"))
	links := []string{"abs", "abs.txt", "back", "chain.txt", "d/key.txt", "d/root", "d/up", "fifo.txt", "key.txt", "missing.txt", "out", "vault", "zero.txt"}
	for _, jailer := range jailers {
		t.Run(jailer.name, func(t *testing.T) {
			j := newJail(t, jailer.pool)
			j.plant(tree)
			for _, f := range callForms {
				j.requireTree(f, files, size, links)
			}
			j.checkUntouched("looking at the tree")
		})
	}
}

// requireTree checks that every operation on the whole jail sees the files and
// no others, and reports the links if they are named.
func (j *jail) requireTree(f callForm, files []string, size int64, links []string) {
	j.Helper()
	ctx := context.Background()
	listed, err := j.pool.ListFiles(ctx, ".", "")
	require.NoError(j, err)
	require.Equal(j, files, listed)
	listed, err = j.pool.DirToFiles(ctx, ".", &DirOptions{FileTypes: []string{".txt"}})
	require.NoError(j, err)
	require.Equal(j, files, listed)
	counted, err := j.pool.FileSize(ctx, ".")
	require.NoError(j, err)
	require.Equal(j, size, counted)

	result, err := call(ctx, f,
		func(ctx context.Context) (*ConcatResult, error) { return j.pool.Concat(ctx, append(links, "."), nil) },
		func(ctx context.Context) *Future[*ConcatResult] {
			return j.pool.AsyncConcat(ctx, append(links, "."), nil)
		})
	require.NoError(j, err)
	joined := result.(*ConcatResult)
	require.Equal(j, files, joined.Files)
	var skipped, inside []string
	for _, s := range joined.Skipped {
		if errors.Is(s.Err, ErrEscapes) {
			skipped = append(skipped, s.Path)
		} else {
			inside = append(inside, s.Path)
		}
	}
	require.Equal(j, links, skipped)
	require.Equal(j, []string{"loop.txt", "more", "self", "socket.txt"}, inside)
	j.checkDiscreet(".", joined, nil, "Concat")

	chunks, err := j.pool.Chunk(ctx, ".", nil)
	require.NoError(j, err)
	var cut []string
	for _, c := range chunks {
		cut = append(cut, c.FilePath)
	}
	require.Equal(j, files, cut)
}

// TestConfinementWhileLinksSwap attacks with names that lead inside at one
// moment and outside at the next.
func TestConfinementWhileLinksSwap(t *testing.T) {
	// What each name stands for, in turn.
	swaps := map[string][]string{
		"swap":      {"dir", "-> ../vault", "dir", "-> d", "-> {base}/vault", "|", "-> ../missing"},
		"way":       {"dir", "-> d", "dir", "-> ../vault"},
		"d/e":       {"dir", "-> ..", "-> ../..", "-> ../../vault"},
		"file.txt":  {"file", "-> ../vault/key.txt", "file", "-> in.txt", "|", "-> {base}/vault/hush.txt"},
		"file.json": {"file", "-> ../vault/c.json", "dir"},
	}
	names := []string{
		".", "swap", "swap/", "swap/key.txt", "swap/new/file.txt", "swap/../vault/key.txt", "swap/../in.txt",
		"way/e/key.txt", "way/e/../key.txt", "d/e", "d/e/key.txt", "d/e/../../vault/key.txt", "file.txt", "file.json",
	}
	const rounds = 3
	for _, jailer := range jailers {
		t.Run(jailer.name, func(t *testing.T) {
			j := newJail(t, jailer.pool)
			var swapping sync.WaitGroup
			var stop atomic.Bool
			swapped := 0
			swapping.Go(func() {
				for !stop.Load() {
					for name, states := range swaps {
						j.swap(name, j.spell(states[swapped/len(swaps)%len(states)]))
						swapped++
					}
				}
			})
			defer swapping.Wait()
			defer stop.Store(true)
			outcomes := map[string]int{}
			for range rounds {
				for _, op := range confinedOps {
					for _, name := range names {
						for _, f := range callForms {
							outcomes[errorClass(j.attack(op, f, name))]++
						}
					}
				}
			}
			stop.Store(true)
			swapping.Wait()
			j.checkUntouched("swapping links")
			t.Logf("%d swaps, calls: %v", swapped, outcomes)
		})
	}
}

// swap makes a name in the jail stand for something else, with hardly a moment
// in between.
func (j *jail) swap(name, state string) {
	path, next := filepath.Join(j.root, name), filepath.Join(j.root, ".next")
	os.RemoveAll(next)
	target, isLink := strings.CutPrefix(state, "-> ")
	switch {
	case isLink:
		os.Symlink(target, next)
	case state == "|":
		unix.Mkfifo(next, 0o666)
	case state == "dir":
		os.MkdirAll(filepath.Join(next, "e"), 0o777)
		for _, file := range []string{"key.txt", "c.json", "chunk_1.json", "e/key.txt"} {
			os.WriteFile(filepath.Join(next, file), []byte("inside"), 0o666)
		}
	default:
		os.WriteFile(next, []byte("inside"), 0o666)
	}
	os.RemoveAll(path)
	os.Rename(next, path)
}

// A hostileName is a name to attack with, and what is planted for it.
type hostileName struct {
	hazard
	name string
	tree string // see jail.plant
}

// repeated is n times what, then the end.
func repeated(what string, n int, end string) string { return strings.Repeat(what, n) + end }

var hostileNames = []hostileName{
	// Up and out, by spelling alone.
	{escapes, "..", ""},
	{escapes, "../", ""},
	{escapes, "..//", ""},
	{escapes, "../.", ""},
	{escapes, "./..", ""},
	{escapes, ".//..//", ""},
	{escapes, "../..", ""},
	{escapes, "../../../../../../../../..", ""},
	{escapes, "../vault", ""},
	{escapes, "../vault/", ""},
	{escapes, "../vault/key.txt", ""},
	{escapes, "../vault//key.txt", ""},
	{escapes, "../vault/./key.txt", ""},
	{escapes, "../vault/key.txt/", ""},
	{escapes, "../vault/new.txt", ""},
	{escapes, "../vault/new/dir/file.txt", ""},
	{escapes, "../vault/fifo", ""},
	{escapes, "../key.txt", ""},
	{escapes, "../new.txt", ""},
	{escapes, "../missing/../vault/key.txt", ""},
	{escapes, "../root", ""},
	{escapes, "../root/in.txt", ""}, // and back in
	{escapes, "../root/../vault/key.txt", ""},
	{escapes, "../root-twin/key.txt", ""},
	{escapes, "./../vault/key.txt", ""},
	{escapes, "././.././vault/key.txt", ""},
	{escapes, "d/../..", ""},
	{escapes, "d/../../", ""},
	{escapes, "d/../../vault", ""},
	{escapes, "d/../../vault/key.txt", ""},
	{escapes, "d//..//..//vault//key.txt", ""},
	{escapes, "./d/./.././../vault/key.txt", ""},
	{escapes, "d/../d/../../vault/key.txt", ""},
	{escapes, "d/e/../../../vault/key.txt", "d/e/"},
	{escapes, "d/../../root/in.txt", ""},
	{escapes, repeated("../", 1000, "vault/key.txt"), ""},
	{escapes, repeated("./", 1000, "../vault/key.txt"), ""},
	{escapes, repeated("d/../", 4, "../vault/key.txt"), ""},
	{escapes, "../vault/key.txt\n", ""},
	{escapes, "../\xff\xfe", ""},
	{escapes, "../vault/key.json", ""},
	{escapes, "../vault/c.json", ""},

	// Absolute.
	{escapes, "/", ""},
	{escapes, "//", ""},
	{escapes, "///", ""},
	{escapes, "/.", ""},
	{escapes, "/..", ""},
	{escapes, "/etc/passwd", ""},
	{escapes, "//etc/passwd", ""},
	{escapes, "/etc/../etc/passwd", ""},
	{escapes, "/tmp", ""},
	{escapes, "/dev/null", ""},
	{escapes, "/dev/zero", ""},
	{escapes, "/dev/stdin", ""},
	{escapes, "/dev/fd/0", ""},
	{escapes, "/dev/tty", ""},
	{escapes, "/proc/self/environ", ""},
	{escapes, "/proc/self/root", ""},
	{escapes, "/proc/self/root/etc/passwd", ""},
	{escapes, "/proc/self/cwd", ""},
	{escapes, "/proc/self/fd/0", ""},
	{escapes, "/proc/self/mem", ""},
	{escapes, "/in.txt", ""},
	{escapes, "/d/in.txt", ""},
	{escapes, "{base}", ""},
	{escapes, "{base}/vault", ""},
	{escapes, "{base}/vault/key.txt", ""},
	{escapes, "{base}/vault/new.txt", ""},
	{escapes, "{base}/vault/c.json", ""},
	{escapes, "{base}/root", ""}, // even if it leads inside
	{escapes, "{base}/root/", ""},
	{escapes, "{base}/root/in.txt", ""},
	{escapes, "{base}/root/new.txt", ""},
	{escapes, "{base}/root/../vault/key.txt", ""},
	{escapes, "/proc/self/root{base}/vault/key.txt", ""},
	{escapes, "/{base}/vault/key.txt", ""},

	// Links that lead outside, on the way or at the end.
	{leaves, "out", "out -> .."},
	{leaves, "out/", "out -> .."},
	{leaves, "out", "out -> ../"},
	{leaves, "out", "out -> ../vault"},
	{leaves, "out/", "out -> ../vault"},
	{escapes, "out/.", "out -> ../vault"},
	{escapes, "out/key.txt", "out -> ../vault"},
	{escapes, "out/new.txt", "out -> ../vault"},
	{escapes, "out/new/dir/file.txt", "out -> ../vault"},
	{escapes, "out/c.json", "out -> ../vault"},
	{escapes, "out/fifo", "out -> ../vault"},
	{escapes, "out/vault/key.txt", "out -> .."},
	{escapes, "out/root/in.txt", "out -> .."},
	{escapes, "out/../in.txt", "out -> ../vault"}, // as the system reads it
	{escapes, "out/saved/../key.txt", "out -> ../vault"},
	{leaves, "key", "key -> ../vault/key.txt"},
	{leaves, "key.json", "key.json -> ../vault/c.json"},
	{leaves, "key/", "key -> ../vault/key.txt"},
	{leaves, "link", "link -> ../vault/fifo"},
	{leaves, "link", "link -> ../shared.txt"},
	{leaves, "link", "link -> ../vault/missing"},
	{leaves, "link.json", "link.json -> ../vault/missing.json"},
	{leaves, "link", "link -> ../missing/../vault/key.txt"},
	{leaves, "link", "link -> ../root/in.txt"},
	{leaves, "link", "link -> d/../../vault/key.txt"},
	{leaves, "link", "link -> ./d/.././../vault"},
	{leaves, "link", "link -> /"},
	{leaves, "link/", "link -> /"},
	{escapes, "link/etc/passwd", "link -> /"},
	{leaves, "link", "link -> /etc/passwd"},
	{leaves, "link", "link -> //etc//passwd"},
	{leaves, "link", "link -> /dev/null"},
	{leaves, "link", "link -> /dev/zero"},
	{leaves, "link", "link -> /dev/stdin"},
	{leaves, "link", "link -> /proc/self/environ"},
	{leaves, "link", "link -> /proc/self/root"},
	{escapes, "link/etc/passwd", "link -> /proc/self/root"},
	{escapes, "link/../vault/key.txt", "link -> /proc/self/cwd"},
	{leaves, "link", "link -> /proc/self/fd/0"},
	{leaves, "link", "link -> /missing"},
	{leaves, "link", "link -> {base}/vault"},
	{escapes, "link/key.txt", "link -> {base}/vault"},
	{leaves, "link", "link -> {base}/vault/key.txt"},
	{leaves, "link", "link -> {base}/root"}, // even if it leads inside
	{escapes, "link/in.txt", "link -> {base}/root"},
	{leaves, "link", "link -> {base}/root/in.txt"},
	{leaves, "d/link", "d/link -> ../../vault/key.txt"},
	{escapes, "d/link/key.txt", "d/link -> ../../vault"},
	{escapes, "d/../d/link/key.txt", "d/link -> ../../vault"},
	{leaves, "a", "a -> b; b -> c; c -> ../vault/key.txt"},
	{escapes, "a/key.txt", "a -> b; b -> c; c -> ../vault"},
	{escapes, "a/vault/key.txt", "a -> d/b; d/b -> ../c; c -> .."},
	{escapes, "a/b/key.txt", "a -> d; d/b -> ../../vault"},
	{escapes, "a/vault/key.txt", "a -> x/..; x -> ../vault"},
	{leaves, "a", "a -> b/key.txt; b -> ../vault"},
	{leaves, "a", "a -> b/../key.txt; b -> ../vault"},
	{escapes, "self/../vault/key.txt", "self -> ."},
	{escapes, "self/self/../vault/key.txt", "self -> ."},
	{escapes, "d/e/../../vault/key.txt", "d/e -> ."},
	{escapes, "d/e/../../vault/key.txt", "d/e -> ../x; x/"},
	{escapes, "deep/../../vault/key.txt", "deep -> x; x/"},
	{leaves, "l\u0307nk", "l\u0307nk -> ../vault"},
	{leaves, "..\\vault", "..\\vault -> ../vault/key.txt"},
	{leaves, "...", "... -> ../vault/key.txt"},
	{escapes, ".../key.txt", "... -> ../vault"},
	{leaves, " ", "  -> ../vault/key.txt"},

	// Links that stay inside, or lead nowhere.
	{stays, "link", "link -> in.txt"},
	{stays, "link/", "link -> in.txt"},
	{stays, "link", "link -> ./d/../in.txt"},
	{stays, "link", "link -> d"},
	{stays, "link/in.txt", "link -> d"},
	{stays, "link/../in.txt", "link -> d"},
	{stays, "link/../in.txt", "link -> d/e; d/e/"},
	{stays, "link/in.txt", "link -> ."},
	{stays, "link/link/link/in.txt", "link -> ."},
	{stays, "d/link", "d/link -> .."},
	{stays, "d/link/d/link/in.txt", "d/link -> .."},
	{stays, "link", "link -> missing"},
	{stays, "link/new.txt", "link -> missing"},
	{stays, "link", "link -> missing/../in.txt"},
	{stays, "loop", "loop -> loop"},
	{stays, "loop/", "loop -> loop"},
	{stays, "loop/in.txt", "loop -> loop"},
	{stays, "loop", "loop -> ./loop"},
	{stays, "loop", "loop -> loop/loop"},
	{stays, "ping", "ping -> pong; pong -> ping"},
	{stays, "ping/in.txt", "ping -> pong/x; pong -> ping/y"},
	{stays, "d/ping", "d/ping -> ../pong; pong -> d/ping"},
	{stays, "a", "a -> b; b -> c; c -> e; e -> f; f -> in.txt"},
	{stays, "link", "link -> fifo; fifo|"},
	{stays, "link", "link -> in.txt/"},

	// What is no file, and what has two names.
	{stays, "fifo", "fifo|"},
	{stays, "fifo/", "fifo|"},
	{stays, "fifo/key.txt", "fifo|"},
	{stays, "fifo.json", "fifo.json|"},
	{stays, "socket", "socket="},
	{stays, "socket/key.txt", "socket="},
	{stays, "null", "null!"},
	{stays, "null/key.txt", "null!"},
	{stays, "null.json", "null.json!"},
	{stays, "shared", "shared#"},
	{stays, "shared.json", "shared.json#"},
	{stays, "d/key.txt", "d/key.txt#"},
	{stays, "d", "d/key.txt#; d/c.json#; d/chunk_1.json#"},

	// Odd ways to spell what is inside.
	{stays, "", ""},
	{stays, ".", ""},
	{stays, "./", ""},
	{stays, "./.", ""},
	{stays, ".//.", ""},
	{stays, "d", ""},
	{stays, "d/", ""},
	{stays, "d//", ""},
	{stays, "d/.", ""},
	{stays, "d/..", ""},
	{stays, "d/../", ""},
	{stays, "d/../.", ""},
	{stays, "d//in.txt", ""},
	{stays, "./d/./in.txt", ""},
	{stays, "d/../in.txt", ""},
	{stays, "d/../d/../d/in.txt", ""},
	{stays, "in.txt", ""},
	{stays, "in.txt/", ""},
	{stays, "in.txt//", ""},
	{stays, "in.txt/.", ""},
	{stays, "in.txt/key.txt", ""},
	{stays, "missing", ""},
	{stays, "missing/", ""},
	{stays, "missing/in.txt", ""},
	{stays, ".fileops-0123456789abcdef.tmp", ""},
	{stays, "~", ""},
	{stays, "~/in.txt", ""},
	{stays, "~root/in.txt", ""},
	{stays, "$HOME/in.txt", ""},
	{stays, "$(id)", ""},
	{stays, "`id`", ""},
	{stays, "|id", ""},
	{stays, "*", ""},
	{stays, "d/*", ""},
	{stays, "[a-z]", ""},
	{stays, "-rf", ""},
	{stays, "--", ""},
	{stays, "%s%s%n", ""},

	// What looks like dots and slashes, and is none.
	{stays, "...", ""},
	{stays, "....", ""},
	{stays, ".../in.txt", ""},
	{stays, "....//vault/key.txt", ""},
	{stays, ".. ", ""},
	{stays, " ..", ""},
	{stays, ".. /vault/key.txt", ""},
	{stays, ". ./vault/key.txt", ""},
	{stays, "..;/vault/key.txt", ""},
	{stays, "..\n/vault/key.txt", ""},
	{stays, "..\t/vault/key.txt", ""},
	{stays, "..\r/vault/key.txt", ""},
	{stays, "..\u200b/vault/key.txt", ""}, // zero-width space
	{stays, "\u200b../vault/key.txt", ""},
	{stays, ".\u200d./vault/key.txt", ""}, // zero-width joiner
	{stays, ".\u034f./vault/key.txt", ""}, // combining grapheme joiner
	{stays, "\ufeff../vault/key.txt", ""}, // byte order mark
	{stays, "..\u0338/vault/key.txt", ""}, // combining solidus
	{stays, "\u202e../vault/key.txt", ""}, // right-to-left override
	{stays, "\u202etxt.yek/tluav/..", ""},
	{stays, "\uff0e\uff0e/vault/key.txt", ""}, // fullwidth full stops
	{stays, "..\uff0fvault\uff0fkey.txt", ""}, // fullwidth solidus
	{stays, "..\u2215vault\u2215key.txt", ""}, // division slash
	{stays, "..\u2044vault\u2044key.txt", ""}, // fraction slash
	{stays, "..\u29f8vault\u29f8key.txt", ""}, // big solidus
	{stays, "\u2025/vault/key.txt", ""},       // two dot leader
	{stays, "\u2024\u2024/vault/key.txt", ""}, // one dot leaders
	{stays, "\ufe52\ufe52/vault/key.txt", ""}, // small full stops
	{stays, "\u3002\u3002/vault/key.txt", ""}, // ideographic full stops
	{stays, "\u06d4\u06d4/vault/key.txt", ""}, // Arabic full stops
	{stays, "%2e%2e/vault/key.txt", ""},
	{stays, "%2e%2e%2fvault%2fkey.txt", ""},
	{stays, "%252e%252e%252fvault", ""},
	{stays, "..%2fvault%2fkey.txt", ""},
	{stays, "..%c0%afvault", ""},
	{stays, "..%5cvault", ""},
	{stays, "&#46;&#46;/vault", ""},
	{stays, "\xc0\xae\xc0\xae/vault/key.txt", ""},         // overlong dots
	{stays, "..\xc0\xafvault\xc0\xafkey.txt", ""},         // overlong slashes
	{stays, "..\xe0\x80\xafvault", ""},                    // longer ones
	{stays, "\xf0\x80\x80\xae\xf0\x80\x80\xae/vault", ""}, // and dots
	{stays, ".\x80./vault/key.txt", ""},
	{stays, "..\xff/vault/key.txt", ""},
	{stays, "\xff\xfe\x2e\x2e", ""},
	{stays, "\xed\xa0\x80", ""}, // half a surrogate
	{stays, "caf\u00e9", ""},
	{stays, "cafe\u0301", ""},
	{stays, "\u0130\u0131\u017f\u212a", ""}, // letters that fold to others
	{stays, "in.txt\u0000", ""},
	{stays, "\x00", ""},
	{stays, "\x00/../vault/key.txt", ""},
	{stays, "in.txt\x00/../../vault/key.txt", ""},
	{stays, "d\x00/../in.txt", ""},
	{stays, "a\nb", ""},
	{stays, "\x1b[2J", ""},
	{stays, "\x7f", ""},
	{stays, "\r", ""},

	// What means something elsewhere.
	{stays, `..\vault\key.txt`, ""},
	{stays, `..\..\`, ""},
	{stays, `d\..\..\vault\key.txt`, ""},
	{stays, `\`, ""},
	{stays, `\\server\share\key.txt`, ""},
	{stays, `\\?\C:\key.txt`, ""},
	{stays, `\\.\PhysicalDrive0`, ""},
	{stays, "C:", ""},
	{stays, `C:\key.txt`, ""},
	{stays, "C:/key.txt", ""},
	{stays, "C:key.txt", ""},
	{stays, "NUL", ""},
	{stays, "nul.txt", ""},
	{stays, "CON", ""},
	{stays, "con.json", ""},
	{stays, "AUX .txt", ""},
	{stays, "COM1", ""},
	{stays, "LPT\u00b9", ""},
	{stays, "CONIN$", ""},
	{stays, "in.txt:stream", ""},
	{stays, "in.txt::$DATA", ""},
	{stays, "in.txt.", ""},
	{stays, "in.txt ", ""},
	{stays, "in.txt. . .", ""},
	{stays, " in.txt", ""},
	{stays, "IN.TXT", ""},
	{stays, "INTXT~1", ""},
	{stays, "file:in.txt", ""},

	// Long.
	{stays, repeated("n", 255, ""), ""},
	{stays, repeated("n", 256, ""), ""},
	{stays, repeated("\u00e9", 127, ""), ""},
	{stays, repeated("\u00e9", 128, ""), ""},
	{stays, repeated("n", 4096, ""), ""},
	{stays, repeated("n", 100_000, ""), ""},
	{stays, repeated(repeated("n", 255, "/"), 15, "in.txt"), ""},
	{stays, repeated("d/../", 5, "in.txt"), ""},
	{stays, repeated("./", 2000, "in.txt"), ""},
	{stays, repeated("d", 1, repeated("/", 2000, "in.txt")), ""},
}

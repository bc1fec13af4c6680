package fileops

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A modelTree is the expected tree: the files' texts by path, and the
// directories, whose paths end in a slash.
type modelTree map[string]string

func (m modelTree) isFile(p string) bool {
	_, ok := m[p]
	return ok
}

func (m modelTree) isDir(p string) bool { return p == "." || m.isFile(p+"/") }

// belowFile reports whether a path goes through a file.
func (m modelTree) belowFile(p string) bool {
	for p = path.Dir(p); p != "."; p = path.Dir(p) {
		if m.isFile(p) {
			return true
		}
	}
	return false
}

// withDir returns the tree with one more directory, and those above it.
func (m modelTree) withDir(p string) modelTree {
	m = maps.Clone(m)
	for ; p != "."; p = path.Dir(p) {
		m[p+"/"] = ""
	}
	return m
}

// withFile returns the tree with a file's text replaced.
func (m modelTree) withFile(p, text string) modelTree {
	m = m.withDir(path.Dir(p))
	m[p] = text
	return m
}

// files returns the paths of the files below a directory, sorted.
func (m modelTree) files(dir string) (files []string) {
	for p := range m {
		if !strings.HasSuffix(p, "/") && (dir == "." || strings.HasPrefix(p, dir+"/")) {
			files = append(files, p)
		}
	}
	slices.Sort(files)
	return files
}

// A modelOutcome is the outcome of a step that the model expects.
type modelOutcome struct {
	tree   modelTree
	result any   // nil if that does not matter
	err    error // errModel for any
}

var errModel = errors.New("any error")

// A modelRun makes random steps in a real tree and in the model.
type modelRun struct {
	testing.TB
	dir  string
	at   func(path string) string
	pool *Pool
	tree modelTree

	choices   []byte // what is done, until they run out
	log       []string
	steps     int
	cancelled int
}

func newModelRun(t testing.TB, s seam, choices []byte) *modelRun {
	t.Helper()
	r := &modelRun{TB: t, dir: tempDir(t), tree: modelTree{}, choices: choices}
	r.at = func(p string) string { return filepath.Join(r.dir, filepath.FromSlash(p)) }
	files := s.files(t, r.dir)
	if s.confined {
		r.at = filepath.FromSlash
	}
	r.pool = newPool(PoolOptions{Workers: 3}, files)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), guard)
		defer cancel()
		assert.NoError(t, r.pool.Close(ctx))
	})
	return r
}

// choose returns a number below n.
func (r *modelRun) choose(n int) int {
	if len(r.choices) == 0 {
		return 0
	}
	c := r.choices[0]
	r.choices = r.choices[1:]
	return int(c) % n
}

func pick[T any](r *modelRun, from ...T) T { return from[r.choose(len(from))] }

// The names are few, so that they meet; some are directories to one step and
// files to another.
func (r *modelRun) pickDir() string { return pick(r, ".", "a", "a/b", "c/d/e", "c") }

func (r *modelRun) pickName() string {
	return pick(r, "x.txt", "y.md", "é.txt", "a", "b", "x.txt/z.txt", "d/w.txt")
}

func (r *modelRun) pickPath() string { return path.Join(r.pickDir(), r.pickName()) }

func (r *modelRun) pickText() string {
	return pick(r, "text", "", "other text", "zwölf Boxkämpfer", strings.Repeat("long ", 100), strings.Repeat("longer than a buffer\n", 3300))
}

// A tripwire is a context that ends when it has been looked at so many times.
type tripwire struct {
	context.Context
	cancel context.CancelFunc
	looks  atomic.Int64
}

func (w *tripwire) Err() error {
	if w.looks.Add(-1) == 0 {
		w.cancel()
	}
	return w.Context.Err()
}

// A modelStep is an operation that has been chosen.
type modelStep struct {
	name string
	want modelOutcome
	run  func(ctx context.Context, f callForm) (any, error)
	// partly says that where it fails some of its files may be new.
	partly bool
}

// step makes one step.
func (r *modelRun) step() {
	r.Helper()
	for _, p := range r.tree.files(".") { // a text that was joined to itself often enough has no end
		if len(r.tree[p]) > 300_000 {
			require.NoError(r, os.Remove(filepath.Join(r.dir, filepath.FromSlash(p))))
			delete(r.tree, p)
		}
	}
	s := pick(r, r.save, r.saveChunks, r.copy, r.read, r.list, r.size, r.concat, r.chunk, r.remove)()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	form := pick(r, plainForm, asyncForm, asyncForm, asyncForm)
	ends := form == asyncForm && r.choose(3) == 0
	if ends {
		wire := &tripwire{Context: ctx, cancel: cancel}
		wire.looks.Store(int64(r.choose(24)))
		ctx = wire
		s.name += fmt.Sprintf(", cancelled at %d", wire.looks.Load())
	}
	r.log = append(r.log, s.name)
	r.steps++
	got, err := s.run(ctx, form)
	r.require(s, ends, got, err)
}

// require checks a step against the model.
func (r *modelRun) require(s modelStep, ends bool, got any, err error) {
	r.Helper()
	said := fmt.Sprintf("step %d, %s: %v\nafter %q", r.steps, s.name, err, r.log)
	require.NoError(r, panicked(err), said)
	real := r.look()
	switch {
	case ends && err != nil:
		r.cancelled++
		r.requireOldOrNew(real, s.want.tree, said)
	case s.want.err != nil:
		require.Error(r, err, said)
		if s.want.err != errModel {
			require.ErrorIs(r, err, s.want.err, said)
		}
		if s.partly {
			r.requireOldOrNew(real, s.want.tree, said)
		} else {
			require.Equal(r, s.want.tree, real, said)
		}
	default:
		require.NoError(r, err, said)
		require.Equal(r, s.want.tree, real, said)
		if s.want.result != nil {
			require.Equal(r, s.want.result, got, said)
		}
	}
	r.tree = real
}

// panicked returns the panic in an error.
func panicked(err error) error {
	if p, ok := errors.AsType[*PanicError](err); ok {
		return fmt.Errorf("%w\n%s", p, p.Stack)
	}
	return nil
}

// requireOldOrNew checks that each path has its old or its new contents.
func (r *modelRun) requireOldOrNew(real, next modelTree, said string) {
	r.Helper()
	all := maps.Clone(r.tree)
	maps.Copy(all, next)
	maps.Copy(all, real)
	for p := range all {
		text, is := real[p]
		old, was := r.tree[p]
		latest, willBe := next[p]
		if !(is == was && text == old || is == willBe && text == latest) {
			require.Failf(r, "neither old nor new", "%s: %.60q (%v)\n%s", p, text, is, said)
		}
	}
}

// look returns the real tree.
func (r *modelRun) look() modelTree {
	r.Helper()
	real := modelTree{}
	require.NoError(r, filepath.WalkDir(r.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == r.dir {
			return err
		}
		p, err := filepath.Rel(r.dir, name)
		p = filepath.ToSlash(p)
		if err != nil || d.IsDir() {
			real[p+"/"] = ""
			return err
		}
		text, err := os.ReadFile(name)
		real[p] = string(text)
		return err
	}))
	return real
}

// ats returns paths as the pool takes them.
func (r *modelRun) ats(paths []string) []string {
	all := []string{}
	for _, p := range paths {
		all = append(all, r.at(p))
	}
	return all
}

func (r *modelRun) save() modelStep {
	dir, name, text := r.pickDir(), r.pickName(), r.pickText()
	o := &SaveOptions{Overwrite: r.choose(2) == 1, NewDir: r.choose(4) == 1, Sync: r.choose(8) == 1}
	target := path.Join(dir, name)
	want := modelOutcome{tree: r.tree}
	switch {
	case o.NewDir && (r.tree.isDir(dir) || r.tree.isFile(dir)):
		want.err = fs.ErrExist
	case r.tree.belowFile(target):
		want.err = errModel
	case r.tree.isDir(target):
		want.err = errModel
	case r.tree.isFile(target) && !o.Overwrite:
		want.err = fs.ErrExist
	default:
		want.tree = r.tree.withFile(target, text)
		want.result = r.at(target)
	}
	return modelStep{name: fmt.Sprintf("save %s %s %+v", dir, name, *o), want: want, run: func(ctx context.Context, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) (string, error) {
				return r.pool.SaveToFile(ctx, text, r.at(dir), filepath.FromSlash(name), o)
			},
			func(ctx context.Context) *Future[string] {
				return r.pool.AsyncSaveToFile(ctx, text, r.at(dir), filepath.FromSlash(name), o)
			})
	}}
}

func (r *modelRun) saveChunks() modelStep {
	dir, o := r.pickDir(), &SaveOptions{Overwrite: r.choose(2) == 1}
	chunks := []TextChunk{{Text: r.pickText(), ID: 1}, {Text: r.pickText(), ID: 2}}
	want := modelOutcome{tree: r.tree}
	var paths []string
	for i := range chunks {
		target := path.Join(dir, fmt.Sprintf("chunk_%d.json", i+1))
		text, err := appendIndented(nil, &chunks[i])
		require.NoError(r, err)
		switch {
		case r.tree.belowFile(target):
			want.err = errModel
		case r.tree.isFile(target) && !o.Overwrite:
			want.err = fs.ErrExist
		default:
			want.tree = want.tree.withFile(target, string(text))
		}
		paths = append(paths, target)
	}
	want.result = r.ats(paths)
	return modelStep{name: fmt.Sprintf("save chunks %s %+v", dir, *o), want: want, partly: true, run: func(ctx context.Context, f callForm) (any, error) {
		saved, err := call(ctx, f,
			func(ctx context.Context) ([]string, error) { return r.pool.SaveChunks(ctx, chunks, r.at(dir), o) },
			func(ctx context.Context) *Future[[]string] { return r.pool.AsyncSaveChunks(ctx, chunks, r.at(dir), o) })
		for i, p := range saved.([]string) { // what it says it saved is saved
			if p != "" {
				text, err := os.ReadFile(filepath.Join(r.dir, filepath.FromSlash(paths[i])))
				require.NoError(r, err)
				require.Equal(r, want.tree[paths[i]], string(text))
			}
		}
		return saved, err
	}}
}

func (r *modelRun) copy() modelStep {
	src, dst := r.pickPath(), pick(r, r.pickPath, r.pickDir)()
	target := dst
	if r.tree.isDir(dst) {
		target = path.Join(dst, path.Base(src))
	}
	want := modelOutcome{tree: r.tree}
	switch {
	case !r.tree.isFile(src), r.tree.belowFile(target), r.tree.isDir(target):
		want.err = errModel
	case target == src:
		want.err = ErrSameFile
	default:
		want.tree = r.tree.withFile(target, r.tree[src])
	}
	return modelStep{name: fmt.Sprintf("copy %s %s", src, dst), want: want, run: func(ctx context.Context, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) (struct{}, error) {
				return struct{}{}, r.pool.CopyFile(ctx, r.at(src), r.at(dst))
			},
			func(ctx context.Context) *Future[struct{}] { return r.pool.AsyncCopyFile(ctx, r.at(src), r.at(dst)) })
	}}
}

func (r *modelRun) read() modelStep {
	p := r.pickPath()
	want := modelOutcome{tree: r.tree, result: r.tree[p]}
	if !r.tree.isFile(p) {
		want.err = errModel
	}
	return modelStep{name: "read " + p, want: want, run: func(ctx context.Context, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) (string, error) { return r.pool.ReadFile(ctx, r.at(p)) },
			func(ctx context.Context) *Future[string] { return r.pool.AsyncReadFile(ctx, r.at(p)) })
	}}
}

func (r *modelRun) list() modelStep {
	dir, extension := r.pickDir(), pick(r, "", "txt", "d")
	var files []string
	for _, p := range r.tree.files(dir) {
		if extension == "" || strings.HasSuffix(p, "."+extension) {
			files = append(files, p)
		}
	}
	want := modelOutcome{tree: r.tree, result: r.ats(files)}
	if !r.tree.isDir(dir) {
		want.err = errModel
	}
	return modelStep{name: fmt.Sprintf("list %s %q", dir, extension), want: want, run: func(ctx context.Context, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) ([]string, error) { return r.pool.ListFiles(ctx, r.at(dir), extension) },
			func(ctx context.Context) *Future[[]string] { return r.pool.AsyncListFiles(ctx, r.at(dir), extension) })
	}}
}

func (r *modelRun) size() modelStep {
	p := pick(r, r.pickDir, r.pickPath)()
	want := modelOutcome{tree: r.tree}
	switch {
	case r.tree.isDir(p):
		var size int64
		for _, p := range r.tree.files(p) {
			size += int64(len(r.tree[p]))
		}
		want.result = size
	case r.tree.isFile(p):
		want.result = int64(len(r.tree[p]))
	default:
		want.err = errModel
	}
	return modelStep{name: "size " + p, want: want, run: func(ctx context.Context, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) (int64, error) { return r.pool.FileSize(ctx, r.at(p)) },
			func(ctx context.Context) *Future[int64] { return r.pool.AsyncFileSize(ctx, r.at(p)) })
	}}
}

// A modelConcat is the part of a ConcatResult that the model predicts.
type modelConcat struct {
	text           string
	files, skipped []string
}

func (r *modelRun) concat() modelStep {
	paths := []string{r.pickDir(), r.pickPath()}
	output := pick(r, "", path.Join(r.pickDir(), "joined.txt"), path.Join(r.pickDir(), r.pickName()))
	threshold, keep := pick(r, 0, 5), r.choose(2) == 1
	o := &ConcatOptions{Threshold: threshold, KeepExisting: keep}
	if output != "" {
		o.OutputFile = r.at(output)
	}
	want := r.wantConcat(paths, output, threshold, keep)
	name := fmt.Sprintf("concat %q to %q, threshold %d, keep %v", paths, output, threshold, keep)
	return modelStep{name: name, want: want, run: func(ctx context.Context, f callForm) (any, error) {
		got, err := call(ctx, f,
			func(ctx context.Context) (*ConcatResult, error) { return r.pool.Concat(ctx, r.ats(paths), o) },
			func(ctx context.Context) *Future[*ConcatResult] { return r.pool.AsyncConcat(ctx, r.ats(paths), o) })
		if err != nil {
			return nil, err
		}
		joined := got.(*ConcatResult)
		result := modelConcat{joined.Text, append([]string{}, joined.Files...), []string{}}
		for _, s := range joined.Skipped {
			result.skipped = append(result.skipped, s.Path)
		}
		return result, nil
	}}
}

func (r *modelRun) wantConcat(paths []string, output string, threshold int, keep bool) modelOutcome {
	var inputs []string
	for _, p := range paths {
		if r.tree.isDir(p) {
			inputs = append(inputs, r.tree.files(p)...)
		} else {
			inputs = append(inputs, p)
		}
	}
	slices.Sort(inputs)
	var sections, files, skipped []string
	for _, p := range slices.Compact(inputs) {
		text, ok := r.tree[p]
		if !ok || p == output || len([]rune(text)) < threshold {
			skipped = append(skipped, p)
			continue
		}
		files = append(files, p)
		sections = append(sections, "---\n"+r.at(p)+"\n---\n\n"+text)
	}
	want := modelOutcome{tree: r.tree}
	result := modelConcat{strings.Join(sections, "\n"), r.ats(files), r.ats(skipped)}
	switch {
	case output == "":
		want.result = result
	case keep && (r.tree.isFile(output) || r.tree.isDir(output)):
		want.err = fs.ErrExist
	case r.tree.belowFile(output), r.tree.isDir(output):
		want.err = errModel
	default:
		want.tree, want.result = r.tree.withFile(output, result.text), result
	}
	return want
}

func (r *modelRun) chunk() modelStep {
	p := pick(r, r.pickDir, r.pickPath)()
	output := path.Join(r.pickDir(), pick(r, "chunks.jsonl", "chunks.json", "x.txt/chunks.csv", "chunks.csv"))
	o := &ChunkOptions{Size: 50, OutputFile: r.at(output), OnSkip: func(SkippedFile) {}}
	want := r.wantChunks(p, output, o)
	return modelStep{name: fmt.Sprintf("chunk %s to %s", p, output), want: want, run: func(ctx context.Context, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) ([]TextChunk, error) { return r.pool.Chunk(ctx, r.at(p), o) },
			func(ctx context.Context) *Future[[]TextChunk] { return r.pool.AsyncChunk(ctx, r.at(p), o) })
	}}
}

func (r *modelRun) wantChunks(p, output string, o *ChunkOptions) modelOutcome {
	files := []string{p}
	if r.tree.isDir(p) {
		files = r.tree.files(p)
	}
	var all []TextChunk
	for _, p := range files {
		text, ok := r.tree[p]
		if p == output {
			continue
		}
		if !ok {
			return modelOutcome{tree: r.tree, err: errModel}
		}
		chunks, err := ChunkText(text, o)
		require.NoError(r, err)
		for i := range chunks {
			chunks[i].FilePath, chunks[i].FileName, chunks[i].FileSize = r.at(p), path.Base(p), int64(len(text))
		}
		all = append(all, chunks...)
	}
	if r.tree.belowFile(output) || p == output {
		return modelOutcome{tree: r.tree, err: errModel}
	}
	form, err := newChunkEncoder(o)
	require.NoError(r, err)
	text := form.header + string(form.appendChunks(nil, all)) + form.footer
	return modelOutcome{tree: r.tree.withFile(output, text), result: all}
}

// remove is no operation of the package: it keeps the tree small.
func (r *modelRun) remove() modelStep {
	p := pick(r, r.pickDir, r.pickPath)()
	want := modelOutcome{tree: maps.Clone(r.tree)}
	for inTree := range r.tree {
		if p != "." && (inTree == p || strings.HasPrefix(inTree, p+"/")) {
			delete(want.tree, inTree)
		}
	}
	return modelStep{name: "remove " + p, want: want, run: func(context.Context, callForm) (any, error) {
		if p != "." {
			os.RemoveAll(filepath.Join(r.dir, filepath.FromSlash(p)))
		}
		return nil, nil
	}}
}

// TestModel makes random steps from fixed seeds.
func TestModel(t *testing.T) {
	const steps = 120
	runs := 8 / stride(8)
	for i, seam := range seams {
		t.Run(seam.name, func(t *testing.T) {
			t.Parallel()
			made, cancelled := 0, 0
			for run := range runs {
				random := rand.New(rand.NewPCG(uint64(i), uint64(run)))
				choices := make([]byte, 16*steps)
				for n := range choices {
					choices[n] = byte(random.Uint32())
				}
				r := newModelRun(t, seam, choices)
				for range steps {
					r.step()
				}
				made += r.steps
				cancelled += r.cancelled
			}
			t.Logf("%d steps, %d of them cancelled", made, cancelled)
		})
	}
}

// FuzzModel lets the input choose the filesystem and the steps.
func FuzzModel(f *testing.F) {
	for i := range seams {
		f.Add(append([]byte{byte(i)}, "some steps to begin with, whatever they may be"...))
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		if len(choices) == 0 {
			return
		}
		r := newModelRun(t, seams[int(choices[0])%len(seams)], choices[1:])
		for r.steps < 50 && len(r.choices) > 0 {
			r.step()
		}
	})
}

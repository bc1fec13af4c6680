package fileops

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

// A form is one of the ways to call an operation.
type callForm string

const (
	plainForm       callForm = "plain"       // on the caller's goroutine
	cancellableForm callForm = "cancellable" // the plain function, with a context that can end
	asyncForm       callForm = "async"
)

var callForms = []callForm{plainForm, cancellableForm, asyncForm}

// call calls an operation in one of its forms.
func call[T any](ctx context.Context, f callForm, plain func(context.Context) (T, error), async func(context.Context) *Future[T]) (any, error) {
	switch f {
	case plainForm:
		return plain(context.WithoutCancel(ctx))
	case cancellableForm:
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		return plain(ctx)
	default:
		return async(ctx).Result()
	}
}

// A trial is an operation on a lab's files.
type trial struct {
	name   string
	run    func(ctx context.Context, l *lab, f callForm) (any, error)
	writes bool
	saves  bool // it saves or copies files, which an fs.FS does not

	// inPlace says that a failure can leave a part of the new text in front of
	// the old one. A cancellation cannot.
	inPlace bool

	// of trials that skip failing files: the files used and skipped
	account func(result any) (used []string, skipped []SkippedFile)
	// and the contents of the output file
	output  string
	content func(result any) string
}

// A chunked is the outcome of a Chunk with OnSkip.
type chunked struct {
	Chunks  []TextChunk
	Skipped []SkippedFile
}

var sampleChunks = []TextChunk{{Text: "one", ID: 1, Total: 3}, {Text: "two", ID: 2, Total: 3}, {Text: "three", ID: 3, Total: 3}}

var trials = []trial{
	{name: "ReadFile", run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) (string, error) { return l.pool.ReadFile(ctx, l.at("in/a.txt")) },
			func(ctx context.Context) *Future[string] { return l.pool.AsyncReadFile(ctx, l.at("in/a.txt")) })
	}},
	{name: "ReadBytes", run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) ([]byte, error) { return l.pool.ReadBytes(ctx, l.at("in/sub/c.txt")) },
			func(ctx context.Context) *Future[[]byte] { return l.pool.AsyncReadBytes(ctx, l.at("in/sub/c.txt")) })
	}},
	{name: "ReadFiles", run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		all := func(ctx context.Context) ([]string, error) {
			return readAllOf(ctx, l, "in/a.txt", "in/b.md", "in/link.txt", "in/z.txt")
		}
		return call(ctx, f, all, func(ctx context.Context) *Future[[]string] { return Submit(ctx, l.pool, all) })
	}},
	{name: "FileSize of a file", run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) (int64, error) { return l.pool.FileSize(ctx, l.at("in/a.txt")) },
			func(ctx context.Context) *Future[int64] { return l.pool.AsyncFileSize(ctx, l.at("in/a.txt")) })
	}},
	{name: "FileSize of a directory", run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) (int64, error) { return l.pool.FileSize(ctx, l.at("in")) },
			func(ctx context.Context) *Future[int64] { return l.pool.AsyncFileSize(ctx, l.at("in")) })
	}},
	{name: "ListFiles", run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) ([]string, error) { return l.pool.ListFiles(ctx, l.at("in"), "txt") },
			func(ctx context.Context) *Future[[]string] { return l.pool.AsyncListFiles(ctx, l.at("in"), "txt") })
	}},
	{name: "DirToFiles", run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		return call(ctx, f,
			func(ctx context.Context) ([]string, error) { return l.pool.DirToFiles(ctx, l.at("in"), nil) },
			func(ctx context.Context) *Future[[]string] { return l.pool.AsyncDirToFiles(ctx, l.at("in"), nil) })
	}},
	{name: "CopyFile to a new directory", writes: true, saves: true, run: copyTrial("out/new/dir/copy.txt")},
	{name: "CopyFile onto a file", writes: true, saves: true, run: copyTrial("out/old.txt")},
	{name: "CopyFile into a directory", writes: true, saves: true, run: copyTrial("out")},
	{name: "SaveToFile new", writes: true, saves: true, run: saveTrial("new/dir/new.txt", SaveOptions{})},
	{name: "SaveToFile new directory", writes: true, saves: true, run: saveTrial("new.txt", SaveOptions{NewDir: true, Sync: true})},
	{name: "SaveToFile replacing", writes: true, saves: true, run: saveTrial("old.txt", SaveOptions{Overwrite: true})},
	{name: "SaveToFile durably", writes: true, saves: true, run: saveTrial("old.txt", SaveOptions{Overwrite: true, Sync: true})},
	{name: "SaveToFile durably new", writes: true, saves: true, run: saveTrial("a/b/new.txt", SaveOptions{Sync: true})},
	{name: "SaveToFile in place", writes: true, saves: true, inPlace: true, run: saveTrial("old.txt", SaveOptions{InPlace: true, Sync: true})},
	{name: "SaveChunks", writes: true, saves: true, run: saveChunksTrial(SaveOptions{Overwrite: true})},
	{name: "SaveChunks in place", writes: true, saves: true, inPlace: true, run: saveChunksTrial(SaveOptions{InPlace: true})},
	{name: "Concat", account: ofConcat, run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		paths := []string{l.at("in")}
		return call(ctx, f,
			func(ctx context.Context) (*ConcatResult, error) { return l.pool.Concat(ctx, paths, nil) },
			func(ctx context.Context) *Future[*ConcatResult] { return l.pool.AsyncConcat(ctx, paths, nil) })
	}},
	{name: "Concat to a file", writes: true, account: ofConcat, output: "out/old.txt", content: textOf,
		run: func(ctx context.Context, l *lab, f callForm) (any, error) {
			paths, o := concatArguments(l)
			return call(ctx, f,
				func(ctx context.Context) (*ConcatResult, error) { return l.pool.Concat(ctx, paths, o) },
				func(ctx context.Context) *Future[*ConcatResult] { return l.pool.AsyncConcat(ctx, paths, o) })
		}},
	{name: "ConcatFiles to a file", writes: true, account: ofConcat, output: "out/old.txt", content: textOf,
		run: func(ctx context.Context, l *lab, f callForm) (any, error) {
			paths, o := concatArguments(l)
			return call(ctx, f,
				func(ctx context.Context) (*ConcatResult, error) { return l.pool.ConcatFiles(ctx, paths, o) },
				func(ctx context.Context) *Future[*ConcatResult] { return l.pool.AsyncConcatFiles(ctx, paths, o) })
		}},
	{name: "ConcatTo", account: ofConcat, run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		var w bytes.Buffer
		paths := []string{l.at("in")}
		result, err := call(ctx, f,
			func(ctx context.Context) (*ConcatResult, error) { return l.pool.ConcatTo(ctx, &w, paths, nil) },
			func(ctx context.Context) *Future[*ConcatResult] { return l.pool.AsyncConcatTo(ctx, &w, paths, nil) })
		if r, ok := result.(*ConcatResult); ok && r != nil && err == nil {
			r.Text = w.String()
		}
		return result, err
	}},
	{name: "FileToChunks to a file", writes: true, run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		path, o := l.at("in/sub/c.txt"), &ChunkOptions{Size: 10, OutputFile: l.at("out/old.jsonl")}
		return call(ctx, f,
			func(ctx context.Context) ([]TextChunk, error) { return l.pool.FileToChunks(ctx, path, o) },
			func(ctx context.Context) *Future[[]TextChunk] { return l.pool.AsyncFileToChunks(ctx, path, o) })
	}},
	{name: "Chunk to files", writes: true, run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		path, o := l.at("in"), &ChunkOptions{
			Size: 10, OutputFile: l.at("out/new.csv"), OutputDir: l.at("out"), Save: &SaveOptions{Overwrite: true},
		}
		return call(ctx, f,
			func(ctx context.Context) ([]TextChunk, error) { return l.pool.Chunk(ctx, path, o) },
			func(ctx context.Context) *Future[[]TextChunk] { return l.pool.AsyncChunk(ctx, path, o) })
	}},
	{name: "Chunk with OnSkip", writes: true, account: ofChunked, output: "out/old.jsonl", content: linesOf, run: chunkTrial(nil)},
	{name: "Chunk to a growing file", writes: true, account: ofChunked, output: "out/old.jsonl", content: linesOf,
		run: growing(chunkTrial(nil))},
	{name: "Chunk to a growing new file", writes: true, run: growing(func(ctx context.Context, l *lab, f callForm) (any, error) {
		path, o := l.at("in"), &ChunkOptions{Size: 10, OutputFile: l.at("out/new/dir/new.json")}
		return call(ctx, f,
			func(ctx context.Context) ([]TextChunk, error) { return l.pool.Chunk(ctx, path, o) },
			func(ctx context.Context) *Future[[]TextChunk] { return l.pool.AsyncChunk(ctx, path, o) })
	})},
	{name: "Chunk with a Reader", writes: true, account: ofChunked, output: "out/old.jsonl", content: linesOf,
		run: chunkTrial((*Pool).ReadFile)},
	{name: "Chunk with a Splitter and a Counter", run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		path, o := l.at("in"), &ChunkOptions{Size: 4, Splitter: sectionSplitter, Counter: countFunc(countTokens), Lines: true}
		return call(ctx, f,
			func(ctx context.Context) ([]TextChunk, error) { return l.pool.Chunk(ctx, path, o) },
			func(ctx context.Context) *Future[[]TextChunk] { return l.pool.AsyncChunk(ctx, path, o) })
	}},
	{name: "Files", run: inLoop(func(ctx context.Context, l *lab) ([]File, error) {
		return collect(l.pool.Files(ctx, l.at("in"), &DirOptions{Stat: true}))
	})},
	{name: "Files that are selected", run: inLoop(func(ctx context.Context, l *lab) ([]File, error) {
		sel := &Selection{Git: true, FollowLinks: true, MaxSize: 20, IgnoreFiles: []string{"b.md"}, Include: []string{"*.txt"}}
		return collect(l.pool.Files(ctx, l.at("in"), &DirOptions{Select: sel}))
	})},
	{name: "ScanFiles", run: inLoop(func(ctx context.Context, l *lab) (map[string]string, error) {
		texts := map[string]string{}
		var errs []error
		paths := func(yield func(string) bool) {
			for f, err := range l.pool.Files(ctx, l.at("in"), nil) {
				if err != nil {
					errs = append(errs, err)
				} else if !yield(f.Path) {
					return
				}
			}
		}
		for f := range l.pool.ScanFiles(ctx, paths) {
			texts[f.Path] = string(f.Data)
			errs = append(errs, f.Err)
		}
		return texts, errors.Join(errs...)
	})},
	{name: "Chunks", run: inLoop(func(ctx context.Context, l *lab) ([]TextChunk, error) {
		return collect(l.pool.Chunks(ctx, l.at("in"), &ChunkOptions{Size: 10}))
	})},
	{name: "Chunks to files", writes: true, run: inLoop(chunksToFiles)},
	{name: "Chunks in pieces to files", writes: true, run: inPieces(inLoop(chunksToFiles))},
	{name: "Chunks with OnSkip", writes: true, account: ofChunked, output: "out/old.jsonl", content: linesOf, run: inLoop(chunksWithOnSkip)},
	{name: "Chunks in pieces to a growing file", writes: true, account: ofChunked, output: "out/old.jsonl", content: linesOf,
		run: inPieces(growing(inLoop(chunksWithOnSkip)))},
	{name: "ChunkTo", account: ofChunkTo, run: chunkToTrial},
	{name: "ChunkTo in pieces", account: ofChunkTo, run: inPieces(chunkToTrial)},
	{name: "Chunk, encoding found out", run: inLoop(func(ctx context.Context, l *lab) ([]TextChunk, error) {
		return l.pool.Chunk(ctx, l.at("in"), &ChunkOptions{Size: 10, Encoding: "auto"})
	})},
	{name: "ConcatTo in pieces, encoding found out", account: ofConcat, run: inPieces(inLoop(func(ctx context.Context, l *lab) (*ConcatResult, error) {
		var w strings.Builder
		r, err := l.pool.ConcatTo(ctx, &w, []string{l.at("in")}, &ConcatOptions{Encoding: "auto"})
		if err == nil {
			r.Text = w.String()
		}
		return r, err
	}))},
	{name: "Submit", writes: true, saves: true, run: func(ctx context.Context, l *lab, f callForm) (any, error) {
		work := func(ctx context.Context) (string, error) {
			text, err := Submit(ctx, l.pool, func(ctx context.Context) (string, error) {
				return l.pool.ReadFile(ctx, l.at("in/a.txt"))
			}).Result()
			if err != nil {
				return "", err
			}
			return l.pool.SaveToFile(ctx, text, l.at("out"), "new.txt", nil)
		}
		return call(ctx, f,
			func(ctx context.Context) (string, error) { return Submit(ctx, l.pool, work).Result() },
			func(ctx context.Context) *Future[string] { return Submit(ctx, l.pool, work) })
	}},
}

func copyTrial(to string) func(context.Context, *lab, callForm) (any, error) {
	return func(ctx context.Context, l *lab, f callForm) (any, error) {
		src, dst := l.at("in/a.txt"), l.at(to)
		return call(ctx, f,
			func(ctx context.Context) (struct{}, error) { return struct{}{}, l.pool.CopyFile(ctx, src, dst) },
			func(ctx context.Context) *Future[struct{}] { return l.pool.AsyncCopyFile(ctx, src, dst) })
	}
}

func saveTrial(name string, o SaveOptions) func(context.Context, *lab, callForm) (any, error) {
	return saveTrialOf("the new text", name, o)
}

func saveTrialOf(text, name string, o SaveOptions) func(context.Context, *lab, callForm) (any, error) {
	return func(ctx context.Context, l *lab, f callForm) (any, error) {
		dir := l.at("out")
		if o.NewDir {
			dir = l.at("out/fresh/dir")
		}
		return call(ctx, f,
			func(ctx context.Context) (string, error) {
				return l.pool.SaveToFile(ctx, text, dir, name, &o)
			},
			func(ctx context.Context) *Future[string] {
				return l.pool.AsyncSaveToFile(ctx, text, dir, name, &o)
			})
	}
}

func saveChunksTrial(o SaveOptions) func(context.Context, *lab, callForm) (any, error) {
	return func(ctx context.Context, l *lab, f callForm) (any, error) {
		dir := l.at("out")
		return call(ctx, f,
			func(ctx context.Context) ([]string, error) { return l.pool.SaveChunks(ctx, sampleChunks, dir, &o) },
			func(ctx context.Context) *Future[[]string] { return l.pool.AsyncSaveChunks(ctx, sampleChunks, dir, &o) })
	}
}

func concatArguments(l *lab) ([]string, *ConcatOptions) {
	return []string{l.at("in/sub"), l.at("in/a.txt"), l.at("in/b.md"), l.at("in/link.txt"), l.at("in/z.txt")},
		&ConcatOptions{OutputDir: l.at("out"), OutputFile: "old.txt"}
}

func chunkTrial(read func(*Pool, context.Context, string) (string, error)) func(context.Context, *lab, callForm) (any, error) {
	return func(ctx context.Context, l *lab, f callForm) (any, error) {
		var skipped []SkippedFile
		path, o := l.at("in"), &ChunkOptions{
			Size: 10, OutputFile: l.at("out/old.jsonl"), OnSkip: func(s SkippedFile) { skipped = append(skipped, s) },
		}
		if read != nil {
			o.Reader = func(ctx context.Context, path string) (string, error) { return read(l.pool, ctx, path) }
		}
		chunks, err := call(ctx, f,
			func(ctx context.Context) ([]TextChunk, error) { return l.pool.Chunk(ctx, path, o) },
			func(ctx context.Context) *Future[[]TextChunk] { return l.pool.AsyncChunk(ctx, path, o) })
		if err != nil {
			return nil, err
		}
		return chunked{chunks.([]TextChunk), skipped}, nil
	}
}

// growing makes every output of a trial a large one.
func growing(run func(context.Context, *lab, callForm) (any, error)) func(context.Context, *lab, callForm) (any, error) {
	return func(ctx context.Context, l *lab, f callForm) (any, error) {
		l.pool.outputs.held = 1 // until prepare
		return run(ctx, l, f)
	}
}

// needsLab reports whether a trial must not run beside another one on its lab: it
// writes files that others would find, or changes the pool.
func (tr *trial) needsLab() bool { return tr.writes || strings.Contains(tr.name, "in pieces") }

// inPieces lets a trial cut every file piece by piece.
func inPieces(run func(context.Context, *lab, callForm) (any, error)) func(context.Context, *lab, callForm) (any, error) {
	return func(ctx context.Context, l *lab, f callForm) (any, error) {
		l.pool.streamSize = 1 // until prepare
		return run(ctx, l, f)
	}
}

// inLoop is a trial that runs a loop.
func inLoop[T any](loop func(context.Context, *lab) (T, error)) func(context.Context, *lab, callForm) (any, error) {
	return func(ctx context.Context, l *lab, f callForm) (any, error) {
		run := func(ctx context.Context) (T, error) { return loop(ctx, l) }
		return call(ctx, f, run, func(ctx context.Context) *Future[T] { return Submit(ctx, l.pool, run) })
	}
}

// collect returns all values of a sequence, or all of its errors.
func collect[T any](seq iter.Seq2[T, error]) (all []T, err error) {
	var errs []error
	for v, err := range seq {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, v)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, errs[0]
	}
	return all, nil
}

// chunksToFiles breaks out at the first error. Later chunks would get the numbers of
// those that are missing.
func chunksToFiles(ctx context.Context, l *lab) (all []TextChunk, err error) {
	for c, err := range l.pool.Chunks(ctx, l.at("in/sub"), &ChunkOptions{
		Size: 15, OutputFile: l.at("out/new.csv"), OutputDir: l.at("out"), Save: &SaveOptions{Overwrite: true},
	}) {
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func chunksWithOnSkip(ctx context.Context, l *lab) (chunked, error) {
	var skipped []SkippedFile
	chunks, err := collect(l.pool.Chunks(ctx, l.at("in"), &ChunkOptions{
		Size: 10, OutputFile: l.at("out/old.jsonl"), OnSkip: func(s SkippedFile) { skipped = append(skipped, s) },
	}))
	return chunked{chunks, skipped}, err
}

// A chunkedTo is the outcome of a ChunkTo.
type chunkedTo struct {
	*ChunkResult
	Lines string
}

func chunkToTrial(ctx context.Context, l *lab, f callForm) (any, error) {
	var w bytes.Buffer
	path, o := l.at("in"), &ChunkOptions{Size: 10}
	result, err := call(ctx, f,
		func(ctx context.Context) (*ChunkResult, error) { return l.pool.ChunkTo(ctx, &w, path, o) },
		func(ctx context.Context) *Future[*ChunkResult] { return l.pool.AsyncChunkTo(ctx, &w, path, o) })
	if err != nil {
		return nil, err
	}
	return chunkedTo{result.(*ChunkResult), w.String()}, nil
}

func ofChunkTo(result any) (used []string, skipped []SkippedFile) {
	r := result.(chunkedTo)
	for line := range strings.Lines(r.Lines) {
		var c TextChunk
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			panic(err)
		}
		used = append(used, c.FilePath)
	}
	return used, r.Skipped
}

// readAllOf reads files by ReadFiles and checks that each is yielded once and
// in order.
func readAllOf(ctx context.Context, l *lab, paths ...string) (texts []string, err error) {
	full := make([]string, len(paths))
	for i, path := range paths {
		full[i] = l.at(path)
	}
	var errs []error
	for r := range l.pool.ReadFiles(ctx, full) {
		if r.Index != len(texts) || r.Path != full[r.Index] {
			return nil, fmt.Errorf("result %d is of %d, %s", len(texts), r.Index, r.Path)
		}
		if r.Err == nil && r.Text != inputs[paths[r.Index]] {
			return nil, fmt.Errorf("%s has the text %q", r.Path, r.Text)
		}
		texts = append(texts, r.Text)
		errs = append(errs, r.Err)
	}
	if len(texts) != len(paths) {
		return nil, fmt.Errorf("%d results for %d paths", len(texts), len(paths))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return texts, nil
}

func ofConcat(result any) ([]string, []SkippedFile) {
	r := result.(*ConcatResult)
	return r.Files, r.Skipped
}

func textOf(result any) string { return result.(*ConcatResult).Text }

func ofChunked(result any) (used []string, skipped []SkippedFile) {
	r := result.(chunked)
	for _, c := range r.Chunks {
		used = append(used, c.FilePath)
	}
	return used, r.Skipped
}

func linesOf(result any) string {
	var b strings.Builder
	for _, c := range result.(chunked).Chunks {
		line, _ := json.Marshal(c)
		b.Write(append(line, '\n'))
	}
	return b.String()
}

// A golden is the outcome of a trial in which nothing fails.
type golden struct {
	result any
	files  map[string]string
	calls  int // at the seam
}

// undisturbed runs a trial once, as the measure of the others.
func (l *lab) undisturbed(tr trial, f callForm) golden {
	l.Helper()
	l.prepare(tr, nil)
	result, err := tr.run(l.Context(), l, f)
	require.NoError(l, err)
	l.settle()
	calls, _ := l.faulty.Called()
	if tr.account != nil {
		used, skipped := tr.account(result)
		require.Empty(l, skipped)
		require.Subset(l, used, l.paths(slices.Collect(maps.Keys(inputs))))
	}
	if tr.output != "" {
		require.Equal(l, tr.content(result), l.saved()[tr.output])
	}
	return golden{result, l.saved(), calls}
}

// prepare makes the lab ready for a trial.
func (l *lab) prepare(tr trial, h vfstest.Hook) {
	if tr.writes {
		l.resetOutputs()
	}
	l.pool.outputs.held = outputHeld
	l.pool.streamSize = streamSize
	l.faulty.Reset(h)
}

// checkFiles checks that each file is the old or the new one, whole, and that
// there is nothing else. If the operation had no error all are new.
func (l *lab) checkFiles(tr trial, want golden, result any, err error, temporary bool) {
	l.Helper()
	if !tr.writes {
		return
	}
	saved := l.saved()
	fresh := want.files
	if err == nil && tr.output != "" {
		fresh = maps.Clone(fresh)
		fresh[tr.output] = tr.content(result)
	}
	for path, text := range saved {
		old, wasThere := outputs[path]
		latest, expected := fresh[path]
		switch {
		case vfs.IsTempName(filepath.Base(path)):
			require.True(l, temporary, "%s is left", path)
		case expected && text == latest:
		case tr.inPlace && expected && wasThere && isPartOver(text, latest, old) && !errors.Is(err, context.Canceled):
		case err == nil:
			require.Failf(l, "wrong file", "%s holds %q", path, text)
		default:
			require.True(l, wasThere && text == old, "%s holds %q", path, text)
		}
	}
	for path := range outputs {
		require.Contains(l, saved, path, "a file is gone")
	}
	if err == nil {
		for path := range fresh {
			require.Contains(l, saved, path, "a file is missing")
		}
	}
}

// isPartOver reports whether a text is a beginning of the new one and then the
// rest of the old one.
func isPartOver(text, latest, old string) bool {
	for n := range latest {
		if text == latest[:n]+old[min(n, len(old)):] {
			return true
		}
	}
	return false
}

// checkAccount checks that each input is used or reported, and the latter
// clearly.
func (l *lab) checkAccount(tr trial, result any, reason error) (skips int) {
	l.Helper()
	used, skipped := tr.account(result)
	for _, s := range skipped {
		l.checkClear(s.Err, reason)
	}
	for name := range inputs {
		path := l.at(name)
		reported := slices.ContainsFunc(skipped, func(s SkippedFile) bool {
			return s.Path == path || strings.HasPrefix(path, vfs.Prefix(s.Path))
		})
		require.True(l, reported || slices.Contains(used, path), "%s is lost: used %v, skipped %v", path, used, skipped)
	}
	return len(skipped)
}

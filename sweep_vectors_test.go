package fileops

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/stretchr/testify/require"
)

// NewPortablePool is [NewPool] on the filesystems of systems that have none
// of their own, for the tests of package fileops_test.
func NewPortablePool(opts PoolOptions) *Pool {
	var files vfs.FS = vfs.Portable()
	if opts.Root != nil {
		files = vfs.PortableConfined(opts.Root)
	}
	if opts.Workers == 0 {
		opts.Workers = DefaultWorkers
	}
	return newPool(opts, files)
}

// TestVectors compares the answers of every form of every operation with those
// that were recorded of the original.
func TestVectors(t *testing.T) {
	t.Parallel()
	texts := someOf(vectors[charsVector](t, "chunk_by_chars"), 5)
	words := someOf(vectors[tokensVector](t, "chunk_by_tokens"), 5)
	trees := someOf(vectors[treeVector](t, "trees"), 5)
	recorded := len(texts) + len(words)
	roots := make([]string, len(trees))
	for i, tree := range trees {
		recorded += len(tree.Calls)
		roots[i] = filepath.Join(t.TempDir(), "root")
		tree.plant(t, roots[i])
	}

	for form, newAPI := range vectorForms {
		t.Run(form, func(t *testing.T) {
			ran := 0
			dir := t.TempDir()
			a := newAPI(t, dir)
			for i, v := range texts {
				o := &ChunkOptions{Size: v.Size, Overlap: v.Overlap, Threshold: v.Threshold}
				require.Equal(t, v.Want, chunkedTexts(a.chunkText(t, dir, v.Text, o)), "chunk_by_chars %d", i)
				ran++
			}
			for i, v := range words {
				o := &ChunkOptions{Unit: Tokens, Size: v.Size, Overlap: v.Overlap, Threshold: v.Threshold, KeepTokens: true}
				chunks := a.chunkText(t, dir, strings.Join(v.Tokens, " "), o)
				require.Equal(t, v.Want, chunkedTexts(chunks), "chunk_by_tokens %d", i)
				for j, c := range chunks {
					require.Equal(t, v.WantTokens[j], c.Tokens, "chunk_by_tokens %d", i)
				}
				ran++
			}
			for i, tree := range trees {
				a := newAPI(t, roots[i])
				for j, call := range tree.Calls {
					a.answer(t, fmt.Sprintf("tree %d, call %d: %s", i, j, call.Func), roots[i], call)
					ran++
				}
			}
			require.Equal(t, recorded, ran)
		})
	}
}

type charsVector struct {
	Text      string
	Size      int
	Overlap   float64
	Threshold int
	Want      []string
}

type tokensVector struct {
	Tokens     []string
	Size       int
	Overlap    float64
	Threshold  int
	Want       []string
	WantTokens [][]string `json:"want_tokens"`
}

type treeVector struct {
	Tree  map[string]string
	Calls []treeCall
}

type treeCall struct {
	Func            string
	Dir, Path, Text string
	Paths           []string
	Extension       string
	FileTypes       []string `json:"file_types"`
	Recursive       bool
	Threshold       int
	Exclude         []string `json:"exclude_patterns"`
	ChunkBy         string   `json:"chunk_by"`
	ChunkSize       int      `json:"chunk_size"`
	Overlap         float64
	Metadata        map[string]any `json:"custom_metadata"`
	Want            json.RawMessage
	Saved           map[string]string
}

func (v treeVector) plant(t *testing.T, root string) {
	t.Helper()
	for path, content := range v.Tree {
		path = filepath.Join(root, filepath.FromSlash(path))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(content), 0o666))
	}
}

// chunkOptions returns the options that a chunk or file_to_chunks call means.
func (c treeCall) chunkOptions() *ChunkOptions {
	o := &ChunkOptions{
		Size: c.ChunkSize, Overlap: c.Overlap, Threshold: c.Threshold, Metadata: c.Metadata,
		FileTypes: c.FileTypes, Shallow: c.Path != "" && !c.Recursive,
	}
	if c.ChunkBy == "tokens" {
		o.Unit = Tokens
	}
	return o
}

// An api is one form of the operations: functions, methods, futures.
type api struct {
	root string // what {root} stands for

	fileSize     func(context.Context, string) (int64, error)
	listFiles    func(ctx context.Context, dir, extension string) ([]string, error)
	dirToFiles   func(context.Context, string, *DirOptions) ([]string, error)
	concat       func(context.Context, []string, *ConcatOptions) (*ConcatResult, error)
	concatTo     func(context.Context, io.Writer, []string, *ConcatOptions) (*ConcatResult, error)
	concatFiles  func(context.Context, []string, *ConcatOptions) (*ConcatResult, error)
	fileToChunks func(context.Context, string, *ChunkOptions) ([]TextChunk, error)
	chunk        func(context.Context, string, *ChunkOptions) ([]TextChunk, error)
	pureChunks   func(string, *ChunkOptions) ([]TextChunk, error) // nil where there is no such form
}

var vectorForms = map[string]func(t *testing.T, root string) api{
	"functions": func(t *testing.T, root string) api {
		return api{root, FileSize, ListFiles, DirToFiles, Concat, ConcatTo, ConcatFiles, FileToChunks, Chunk, ChunkText}
	},
	"async functions": func(t *testing.T, root string) api {
		return api{
			root, await1(AsyncFileSize), await2(AsyncListFiles), await2(AsyncDirToFiles), await2(AsyncConcat), await3(AsyncConcatTo),
			await2(AsyncConcatFiles), await2(AsyncFileToChunks), await2(AsyncChunk), nil,
		}
	},
	"pool": func(t *testing.T, root string) api {
		return methods(NewPool(PoolOptions{Workers: 2}), root)
	},
	"async pool": func(t *testing.T, root string) api {
		return asyncMethods(NewPool(PoolOptions{Workers: 1}), root)
	},
	"pool in a root": func(t *testing.T, root string) api {
		return methods(NewPool(PoolOptions{Root: vectorRoot(t, root)}), ".")
	},
	"async pool in a root": func(t *testing.T, root string) api {
		return asyncMethods(NewPool(PoolOptions{Root: vectorRoot(t, root)}), ".")
	},
	"portable pool": func(t *testing.T, root string) api {
		return methods(NewPortablePool(PoolOptions{}), root)
	},
	"portable pool in a root": func(t *testing.T, root string) api {
		return asyncMethods(NewPortablePool(PoolOptions{Root: vectorRoot(t, root)}), ".")
	},
}

func vectorRoot(t *testing.T, dir string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(dir)
	require.NoError(t, err)
	t.Cleanup(func() { root.Close() })
	return root
}

func methods(p *Pool, root string) api {
	return api{root, p.FileSize, p.ListFiles, p.DirToFiles, p.Concat, p.ConcatTo, p.ConcatFiles, p.FileToChunks, p.Chunk, nil}
}

func asyncMethods(p *Pool, root string) api {
	return api{
		root, await1(p.AsyncFileSize), await2(p.AsyncListFiles), await2(p.AsyncDirToFiles), await2(p.AsyncConcat), await3(p.AsyncConcatTo),
		await2(p.AsyncConcatFiles), await2(p.AsyncFileToChunks), await2(p.AsyncChunk), nil,
	}
}

func await1[A, T any](fn func(context.Context, A) *Future[T]) func(context.Context, A) (T, error) {
	return func(ctx context.Context, a A) (T, error) { return fn(ctx, a).Await(ctx) }
}

func await2[A, B, T any](fn func(context.Context, A, B) *Future[T]) func(context.Context, A, B) (T, error) {
	return func(ctx context.Context, a A, b B) (T, error) { return fn(ctx, a, b).Await(ctx) }
}

func await3[A, B, C, T any](fn func(context.Context, A, B, C) *Future[T]) func(context.Context, A, B, C) (T, error) {
	return func(ctx context.Context, a A, b B, c C) (T, error) { return fn(ctx, a, b, c).Await(ctx) }
}

// path returns a recorded path as the form has to write it.
func (a api) path(recorded string) string {
	path := strings.ReplaceAll(recorded, "{root}", a.root)
	if a.root == "." {
		path = strings.TrimPrefix(path, "./")
	}
	return path
}

func (a api) paths(recorded []string) []string {
	paths := make([]string, len(recorded))
	for i, p := range recorded {
		paths[i] = a.path(p)
	}
	return paths
}

// text returns a recorded text with the paths in it as the form writes them.
func (a api) text(recorded string) string {
	if a.root == "." {
		return strings.ReplaceAll(recorded, "{root}/", "")
	}
	return strings.ReplaceAll(recorded, "{root}", a.root)
}

// chunkText cuts a text by way of a file in dir, and as it is.
func (a api) chunkText(t *testing.T, dir, text string, o *ChunkOptions) []TextChunk {
	t.Helper()
	const name = "text of a vector"
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	defer os.Remove(path)
	chunks, err := a.fileToChunks(t.Context(), a.path("{root}/"+name), o)
	require.NoError(t, err)
	if a.pureChunks != nil {
		pure, err := a.pureChunks(text, o)
		require.NoError(t, err)
		require.Equal(t, chunkedTexts(chunks), chunkedTexts(pure))
	}
	return chunks
}

// answer makes a recorded call and compares.
func (a api) answer(t *testing.T, name, root string, call treeCall) {
	t.Helper()
	ctx := t.Context()
	switch call.Func {
	case "list_files":
		got, err := a.listFiles(ctx, a.path(call.Dir), call.Extension)
		require.NoError(t, err, name)
		require.Equal(t, a.paths(wanted[[]string](t, call)), got, name)
	case "get_file_size":
		got, err := a.fileSize(ctx, a.path(call.Path))
		require.NoError(t, err, name)
		require.Equal(t, wanted[int64](t, call), got, name)
	case "dir_to_files":
		got, err := a.dirToFiles(ctx, a.path(call.Dir), &DirOptions{FileTypes: call.FileTypes, Shallow: !call.Recursive})
		require.NoError(t, err, name)
		require.Equal(t, a.paths(wanted[[]string](t, call)), got, name)
	case "concat":
		got, err := a.concat(ctx, a.paths(call.Paths), call.concatOptions())
		a.requireConcat(t, name, call, got, err)
		var streamed strings.Builder
		result, err := a.concatTo(ctx, &streamed, a.paths(call.Paths), call.concatOptions())
		require.NoError(t, err, name)
		require.Equal(t, got.Text, streamed.String(), name)
		require.Equal(t, got.Files, result.Files, name)
		require.Equal(t, got.Chars, result.Chars, name)
	case "concat_files":
		got, err := a.concatFiles(ctx, a.paths(call.Paths), call.concatOptions())
		a.requireConcat(t, name, call, got, err)
	case "file_to_chunks":
		a.answerFileToChunks(t, name, root, call)
	case "chunk":
		o := call.chunkOptions()
		o.DropShort = o.Threshold > 0
		var got []TextChunk
		if call.Path == "" {
			got = a.chunkText(t, root, call.Text, o)
		} else {
			var err error
			got, err = a.chunk(ctx, a.path(call.Path), o)
			require.NoError(t, err, name)
		}
		require.Equal(t, wanted[[]string](t, call), chunkedTexts(got), name)
	default:
		require.Fail(t, "unknown function", name)
	}
}

func (c treeCall) concatOptions() *ConcatOptions {
	return &ConcatOptions{FileTypes: c.FileTypes, Shallow: !c.Recursive, Threshold: c.Threshold, Exclude: c.Exclude}
}

func (a api) requireConcat(t *testing.T, name string, call treeCall, got *ConcatResult, err error) {
	t.Helper()
	require.NoError(t, err, name)
	want := wanted[struct {
		Text            string
		Sections, Files []string
	}](t, call)
	require.Equal(t, a.text(want.Text), got.Text, name)
	require.Equal(t, a.paths(want.Files), append([]string{}, got.Files...), name)
	require.Len(t, got.Sections, len(want.Sections), name)
	for i, s := range want.Sections {
		require.Equal(t, a.text(s), got.Sections[i], name)
	}
}

func (a api) answerFileToChunks(t *testing.T, name, root string, call treeCall) {
	t.Helper()
	const out = "saved chunks of a vector"
	defer os.RemoveAll(filepath.Join(root, out))
	o := call.chunkOptions()
	o.OutputDir = a.path("{root}/" + out)
	o.Save = &SaveOptions{}
	chunks, err := a.fileToChunks(t.Context(), a.path(call.Path), o)
	require.NoError(t, err, name)

	want := wanted[[]map[string]any](t, call)
	require.Len(t, chunks, len(want), name)
	for i, w := range want {
		text, err := json.Marshal(chunks[i])
		require.NoError(t, err, name)
		a.requireObject(t, name, w, text)
	}

	saved, err := os.ReadDir(filepath.Join(root, out))
	require.NoError(t, err, name)
	require.Len(t, saved, len(call.Saved), name)
	for file, text := range call.Saved {
		var w map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &w), name)
		got, err := os.ReadFile(filepath.Join(root, out, file))
		require.NoError(t, err, name)
		a.requireObject(t, name, w, got)
	}
}

// requireObject compares an object of the original with one of ours, which may
// have more keys.
func (a api) requireObject(t *testing.T, name string, want map[string]any, text []byte) {
	t.Helper()
	var got map[string]any
	require.NoError(t, json.Unmarshal(text, &got), name)
	for key, w := range want {
		if key == keyPath {
			w = a.path(w.(string))
		}
		require.Equal(t, w, got[key], "%s: %s", name, key)
	}
}

func wanted[T any](t *testing.T, call treeCall) (want T) {
	t.Helper()
	require.NoError(t, json.Unmarshal(call.Want, &want))
	return want
}

func chunkedTexts(chunks []TextChunk) []string {
	texts := []string{}
	for _, c := range chunks {
		texts = append(texts, c.Text)
	}
	return texts
}

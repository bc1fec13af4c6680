package cloud

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path"
	"testing"
	"testing/fstest"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"
)

// stores are buckets with the corpus below "pre/fix".
func stores(t *testing.T) map[string]*FS {
	memory := memblob.OpenBucket(nil)
	t.Cleanup(func() { memory.Close() })
	fill(t, memory, "pre/fix/")

	l := newLab(t)
	for name, text := range corpus {
		l.put("pre/fix/"+name, text)
	}
	l.put("pre/fixed/other.txt", "is not below the prefix")

	all := map[string]*FS{
		"mem":  New(memory, "pre/fix", nil),
		"file": open(t, "file://"+onDisk(t), nil),
		"s3":   open(t, "s3://"+bucketName+"/pre/fix/"+l.url[len("s3://"+bucketName):], nil),
	}
	if endpoint := os.Getenv("CLOUD_TEST_S3"); endpoint != "" {
		all["server"] = onServer(t, endpoint)
	}
	return all
}

func fill(t testing.TB, bucket *blob.Bucket, prefix string) {
	for name, text := range corpus {
		require.NoError(t, bucket.WriteAll(t.Context(), prefix+name, []byte(text), nil))
	}
}

// An answer is all that the operations make of the corpus.
type answer struct {
	Listed, Below []string
	Sizes         map[string]int64
	Found         []fileops.File
	Read          map[string]string
	Failed        []string
	Text          string
	Chunks        []fileops.TextChunk
	Streamed      []fileops.TextChunk
	Skipped       []string
	Lines         string
}

// ask runs each operation that reads.
func ask(t *testing.T, pool *fileops.Pool) (a answer) {
	ctx := t.Context()
	var err error
	a.Listed, err = pool.ListFiles(ctx, ".", "")
	require.NoError(t, err)
	a.Below, err = pool.ListFiles(ctx, "d", "txt")
	require.NoError(t, err)
	a.Sizes, a.Read = map[string]int64{}, map[string]string{}
	for _, dir := range []string{".", "d", "large.txt"} {
		a.Sizes[dir], err = pool.FileSize(ctx, dir)
		require.NoError(t, err, dir)
	}
	for f, err := range pool.Files(ctx, ".", &fileops.DirOptions{Stat: true}) {
		require.NoError(t, err)
		a.Found = append(a.Found, fileops.File{Path: f.Path, Size: f.Size})
	}
	for f := range pool.ReadFiles(ctx, a.Listed) {
		if f.Err != nil {
			a.Failed = append(a.Failed, f.Path)
		} else {
			a.Read[f.Path] = f.Text
		}
	}
	joined, err := pool.Concat(ctx, []string{"."}, &fileops.ConcatOptions{})
	require.NoError(t, err)
	a.Text = joined.Text
	opts := fileops.ChunkOptions{Size: 1000, Overlap: 0.1, OnSkip: func(s fileops.SkippedFile) { a.Skipped = append(a.Skipped, s.Path) }}
	chunked, err := pool.Chunk(ctx, ".", &opts)
	require.NoError(t, err)
	a.Chunks = chunked
	for c, err := range pool.Chunks(ctx, "large.txt", &fileops.ChunkOptions{Size: 5000}) {
		require.NoError(t, err)
		a.Streamed = append(a.Streamed, c)
	}
	var lines bytes.Buffer
	_, err = pool.ChunkTo(ctx, &lines, ".", &opts)
	require.NoError(t, err)
	a.Lines = lines.String()
	return a
}

func TestOperationsAnswerAsOnDisk(t *testing.T) {
	root, err := os.OpenRoot(onDisk(t))
	require.NoError(t, err)
	defer root.Close()
	want := ask(t, newPool(t, fileops.PoolOptions{Root: root}))
	require.Len(t, want.Listed, len(corpus))
	require.Equal(t, []string{"no text.bin"}, want.Failed)
	for name, files := range stores(t) {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, want, ask(t, newPool(t, fileops.PoolOptions{FS: files, Workers: 8})))
		})
		t.Run(name+" by directory", func(t *testing.T) {
			require.Equal(t, want, ask(t, newPool(t, fileops.PoolOptions{FS: byDirectory{files}, Workers: 8})))
		})
	}
}

// byDirectory hides that files can be listed flat.
type byDirectory struct{ files *FS }

func (b byDirectory) Open(name string) (fs.File, error)          { return b.files.Open(name) }
func (b byDirectory) Stat(name string) (fs.FileInfo, error)      { return b.files.Stat(name) }
func (b byDirectory) ReadDir(name string) ([]fs.DirEntry, error) { return b.files.ReadDir(name) }

func TestStoresAreFileSystems(t *testing.T) {
	for name, files := range stores(t) {
		t.Run(name, func(t *testing.T) {
			for _, fsys := range []fs.FS{files, files.WithContext(t.Context())} {
				for dir, want := range map[string][]string{"d": {"a.txt", "deep/er/c.txt"}, "z": {"ümläut+&.txt"}} {
					sub, err := fs.Sub(fsys, dir) // the large file would take a minute
					require.NoError(t, err)
					require.NoError(t, fstest.TestFS(sub, want...))
				}
			}
			for _, missing := range []string{"x", "d/x", "pre/fix/a.txt"} {
				_, err := files.Open(missing)
				require.ErrorIs(t, err, fs.ErrNotExist, missing)
				_, err = files.Stat(missing)
				require.ErrorIs(t, err, fs.ErrNotExist, missing)
				_, err = files.ReadDir(missing)
				require.ErrorIs(t, err, fs.ErrNotExist, missing)
				_, _, err = files.ReadTree(missing, "")
				require.Equal(t, name != "file", errors.Is(err, fs.ErrNotExist), missing)
				require.Equal(t, name == "file", errors.Is(err, errors.ErrUnsupported), missing)
			}
			for _, malformed := range []string{"", "/a.txt", "../a.txt", "d/./a.txt", "d//a.txt"} {
				_, err := files.Open(malformed)
				require.ErrorIs(t, err, fs.ErrInvalid, malformed)
				_, err = files.Stat(malformed)
				require.ErrorIs(t, err, fs.ErrInvalid, malformed)
				_, err = files.ReadDir(malformed)
				require.ErrorIs(t, err, fs.ErrInvalid, malformed)
				_, _, err = files.ReadTree(malformed, "")
				require.ErrorIs(t, err, fs.ErrInvalid, malformed)
			}
			st, err := files.Stat("d/b.md")
			require.NoError(t, err)
			require.True(t, st.Mode().IsRegular())
			require.Equal(t, "d/b.md", path.Base(path.Dir(st.Sys().(*Object).Key))+"/"+st.Name())
		})
	}
}

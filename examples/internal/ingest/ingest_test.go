package ingest

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// childEnv tells a process of the test binary that it is the program.
const childEnv = "INGEST_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		Main(words)
	}
	goleak.VerifyTestMain(m)
}

// words is a unit of another program.
var words = Units{"words": func() fileops.Counter { return wordCounter{} }}

type wordCounter struct{}

func (wordCounter) Count(text string) int { return len(strings.Fields(text)) }

// An outcome is the exit code and the output of a run of the program.
type outcome struct {
	code           int
	stdout, stderr string
}

// ingestArgs runs the program with arguments.
func ingestArgs(ctx context.Context, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	code := run(ctx, args, &stdout, &stderr, words)
	return outcome{code, stdout.String(), stderr.String()}
}

// writeTree writes files to a new directory.
func writeTree(t *testing.T, files map[string]string) string {
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	}
	return dir
}

var tree = map[string]string{
	"a.txt":         strings.Repeat("héllo, wörld! ", 300),
	"empty":         "",
	"sub/b.md":      "short\n",
	"sub/blank.txt": " \n\t ",
	"sub/c.bin":     "\xff\x00\xfe",
}

const treeChars = 14*300 + 6 + 4

// readJSONL reads the chunks of an output.
func readJSONL(t *testing.T, path string) (chunks []fileops.TextChunk) {
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	for line := range strings.Lines(string(data)) {
		var c fileops.TextChunk
		require.NoError(t, json.Unmarshal([]byte(line), &c))
		chunks = append(chunks, c)
	}
	return chunks
}

func TestWritesChunksAndReport(t *testing.T) {
	dir := writeTree(t, tree)
	out := filepath.Join(t.TempDir(), "out.jsonl")
	for _, unit := range []string{"chars", "tokens"} {
		t.Run(unit, func(t *testing.T) {
			got := ingestArgs(t.Context(), "-o", out, "-unit", unit, "-size", "100", "-threshold", "0", "-overlap", "1", dir)
			require.Equal(t, exitOK, got.code, got.stderr)
			assert.Empty(t, got.stderr)
			chunks := readJSONL(t, out)
			lines := fields(got.stdout)
			assert.Equal(t, dir, lines["source"])
			assert.Equal(t, "4", lines["files"])
			chars := map[string]string{"chars": grouped(treeChars)} // unknown of words
			assert.Equal(t, chars[unit], lines["characters"])
			assert.Equal(t, grouped(len(chunks))+" in "+out, lines["chunks"])
			assert.Equal(t, "1", lines["skipped"])
			assert.Contains(t, got.stdout, "  not text, or in an unknown encoding: 1\n    "+filepath.Join(dir, "sub", "c.bin")+"\n")
			assert.Regexp(t, `^\d+\.\d\d s for 0\.0 MB, \d+ MB/s$`, lines["time"])
		})
	}
}

// fields returns the values of a report by their names.
func fields(report string) map[string]string {
	m := make(map[string]string)
	for line := range strings.Lines(report) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		m[name] = strings.TrimSpace(value)
	}
	return m
}

func TestFlagsReachThePackage(t *testing.T) {
	dir := writeTree(t, map[string]string{"a.txt": "caf\xe9 au lait", "b.md": "no", "sub/c.txt": "deep"})
	out := filepath.Join(t.TempDir(), "out.jsonl")
	got := ingestArgs(t.Context(), "-o", out, "-size", "6", "-overlap", "0.5", "-threshold", "0", "-split", "none",
		"-types", ".txt, rst", "-shallow", "-encoding", "latin1", "-workers", "1", dir)
	require.Equal(t, exitOK, got.code, got.stderr)
	var texts []string
	for _, c := range readJSONL(t, out) {
		texts = append(texts, c.Text)
	}
	assert.Equal(t, []string{"café au", "au lait"}, texts)
	assert.Equal(t, "12", fields(got.stdout)["characters"])
}

// TestEncodings reads files in three encodings at once, and says which each had.
func TestEncodings(t *testing.T) {
	dir := writeTree(t, map[string]string{"a": "one\n", "b": "\xff\xfet\x00w\x00o\x00", "c": "\xef\xbb\xbfthree"})
	out := filepath.Join(t.TempDir(), "out.jsonl")
	got := ingestArgs(t.Context(), "-o", out, dir)
	require.Equal(t, exitOK, got.code, got.stderr)
	texts := map[string]string{}
	for _, c := range readJSONL(t, out) {
		texts[c.Encoding] = c.Text
	}
	assert.Equal(t, map[string]string{"utf-8": "one\n", "utf-16": "two", "utf-8-sig": "three"}, texts)
	assert.Equal(t, "1", fields(ingestArgs(t.Context(), "-o", out, "-encoding", "utf-8", dir).stdout)["skipped"])
}

func TestDefaultDirectoryIsTheCurrentOne(t *testing.T) {
	t.Chdir(writeTree(t, tree))
	got := ingestArgs(t.Context())
	require.Equal(t, exitOK, got.code, got.stderr)
	assert.Equal(t, ".", fields(got.stdout)["source"])
	assert.Equal(t, "a.txt", readJSONL(t, "chunks.jsonl")[0].FilePath)
}

func TestEarlierOutputIsNotInput(t *testing.T) {
	for _, encoding := range []string{"utf-8", "windows-1252"} {
		t.Run(encoding, func(t *testing.T) {
			t.Chdir(writeTree(t, map[string]string{"a.txt": "été", "sub/chunks.json": "another's", "my chunks.jsonl": "mine"}))
			args := []string{"-encoding", encoding, "-unit", "tokens"}
			first := ingestArgs(t.Context(), args...)
			require.Equal(t, exitOK, first.code, first.stderr)
			want, err := os.ReadFile("chunks.jsonl")
			require.NoError(t, err)

			second := ingestArgs(t.Context(), args...)
			require.Equal(t, exitOK, second.code, second.stderr)
			got, err := os.ReadFile("chunks.jsonl")
			require.NoError(t, err)
			assert.Equal(t, string(want), string(got))
			assert.Contains(t, second.stdout, "  written by an earlier run: 1\n    chunks.jsonl\n")
			assert.Equal(t, fields(first.stdout)["files"], fields(second.stdout)["files"])

			inAnotherFormat := ingestArgs(t.Context(), append(args, "-o", "chunks.csv")...)
			assert.Contains(t, inAnotherFormat.stdout, "  written by an earlier run: 1\n    chunks.jsonl\n")
		})
	}
}

func TestEarlierOutputIsFoundThroughLinks(t *testing.T) {
	dir := writeTree(t, map[string]string{"a.txt": "text", "sub/out.json": "[]"})
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(dir, link))
	got := ingestArgs(t.Context(), "-o", filepath.Join(dir, "sub", "out.json"), link)
	require.Equal(t, exitOK, got.code, got.stderr)
	assert.Contains(t, got.stdout, "earlier run: 1\n    "+filepath.Join(link, "sub", "out.json")+"\n")
}

func TestExclude(t *testing.T) {
	t.Chdir(writeTree(t, map[string]string{
		".git/config": "c", "a.txt": "a", "sub/b.txt": "b", ".gitignore": "i", "i": "i",
	}))
	paths := func(args ...string) (paths []string) {
		got := ingestArgs(t.Context(), args...)
		require.Equal(t, exitOK, got.code, got.stderr)
		for _, c := range readJSONL(t, "chunks.jsonl") {
			paths = append(paths, c.FilePath)
		}
		require.NoError(t, os.Remove("chunks.jsonl"))
		return paths
	}
	assert.Equal(t, []string{"a.txt", "sub/b.txt"}, paths())
	assert.Equal(t, []string{".gitignore", "a.txt", "sub/b.txt"}, paths("-hidden"))
	assert.Equal(t, []string{"a.txt"}, paths("-exclude", "sub/, ignore"))
	assert.Equal(t, []string{"sub/b.txt"}, paths("-include", "b.*,c.*"))
	assert.Equal(t, []string{"a.txt", "i", "sub/b.txt"}, paths("-no-ignore"))
	assert.Equal(t, []string{"a.txt"}, paths("-max-size", "2", "-exclude", "sub"))
	assert.Equal(t, []string{".gitignore", "a.txt", "i", "sub/b.txt"}, paths("-no-ignore", "-hidden", "-max-size", "0"))
}

func TestReportNamesTheRules(t *testing.T) {
	t.Chdir(writeTree(t, map[string]string{
		".git/HEAD": "ref: refs/heads/main\n", ".gitignore": "*.log\n/out/\n", "a.txt": "a", "b.txt": "bbb", "1.log": "", "2.log": "", "out/c.txt": "c", ".env": "",
	}))
	got := ingestArgs(t.Context(), "-exclude", "b*", "-include", "*.txt,*.none")
	require.Equal(t, exitOK, got.code, got.stderr)
	for _, want := range []string{
		"  excluded by .gitignore:1: *.log: 2\n    1.log\n    2.log\n",
		"  excluded by .gitignore:2: /out/: 1\n    out\n",
		"  matched by -exclude b*: 1\n    b.txt\n",
		"  of git: 1\n    .git\n",
		"  hidden (-hidden reads them): 2\n    .env\n    .gitignore\n",
		"  patterns of -include that match no file: 1\n    *.none\n",
	} {
		assert.Contains(t, got.stdout, want)
	}
	assert.Equal(t, "1", fields(got.stdout)["files"])
	assert.Contains(t, ingestArgs(t.Context(), "-max-size", "2").stdout, "  larger than -max-size, 2 bytes: 1\n    b.txt\n")
}

func TestOutputFormats(t *testing.T) {
	dir := writeTree(t, map[string]string{"a.txt": "say \"hi\",\nthen 走る", "b.txt": "b"})
	out := t.TempDir()

	asJSON := filepath.Join(out, "c.json")
	require.Equal(t, exitOK, ingestArgs(t.Context(), "-o", asJSON, dir).code)
	data, err := os.ReadFile(asJSON)
	require.NoError(t, err)
	var chunks []fileops.TextChunk
	require.NoError(t, json.Unmarshal(data, &chunks))
	require.Len(t, chunks, 2)
	assert.Equal(t, "say \"hi\",\nthen 走る", chunks[0].Text)

	asCSV := filepath.Join(out, "c.csv")
	require.Equal(t, exitOK, ingestArgs(t.Context(), "-o", asCSV, dir).code)
	data, err = os.ReadFile(asCSV)
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	assert.Equal(t, "chunk_content", rows[0][0])
	assert.Equal(t, "say \"hi\",\nthen 走る", rows[1][0])
}

// TestUnitsOfOtherPrograms counts in a unit that another program adds, and tells where
// the units go.
func TestUnitsOfOtherPrograms(t *testing.T) {
	files := map[string]string{"a.txt": "one two", "b/c.txt": strings.Repeat("word ", 50), "b/d/e.txt": "x", "b/d/f/g.txt": "y z"}
	for i := range 12 {
		files[fmt.Sprintf("many/%02d/x.txt", i)] = strings.Repeat("w ", 4)
	}
	dir := writeTree(t, files)
	out := filepath.Join(t.TempDir(), "out.jsonl")
	got := ingestArgs(t.Context(), "-o", out, "-unit", "words", "-size", "20", "-overlap", "0", dir)
	require.Equal(t, exitOK, got.code, got.stderr)
	total := 0
	for _, c := range readJSONL(t, out) {
		assert.LessOrEqual(t, c.Size, 20)
		assert.Equal(t, len(strings.Fields(c.Text)), c.Size)
		total += c.Size
	}
	assert.Equal(t, 2+50+1+2+48, total)
	assert.Equal(t, "103 in chunks", fields(got.stdout)["words"])
	assert.Contains(t, got.stdout, "heaviest\n  b: 50\n  many/00: 4\n")
	assert.Contains(t, got.stdout, "\n  many/08: 4\n  and 5 more directories: 17\n")
	assert.NotContains(t, got.stdout, "many/09")
	assert.Contains(t, ingestArgs(t.Context(), "-unit", "parsecs").stderr, "must be chars, tokens or words")
	assert.Contains(t, ingestArgs(t.Context(), "-help").stdout, "words")
}

// TestSplits cuts a Markdown file at its headings, and by default knows its kind.
func TestSplits(t *testing.T) {
	dir := writeTree(t, map[string]string{"a.md": "# One\n\nfirst text\n\n## Two\n\nsecond text\n"})
	out := filepath.Join(t.TempDir(), "out.jsonl")
	for name, want := range map[string][]string{
		"auto": {"# One\n\nfirst text\n\n", "## Two\n\nsecond text\n"}, "markdown": {"# One\n\nfirst text\n\n", "## Two\n\nsecond text\n"},
		"none": {"# One\n\nfirst text\n\n## Two", "\n\nsecond text\n"}, "": {"# One\n\nfirst text\n\n", "## Two\n\nsecond text\n"},
	} {
		args := []string{"-o", out, "-size", "25", "-overlap", "0", "-threshold", "0", dir}
		if name != "" {
			args = append([]string{"-split", name}, args...)
		}
		got := ingestArgs(t.Context(), args...)
		require.Equal(t, exitOK, got.code, got.stderr)
		chunks := readJSONL(t, out)
		var texts []string
		for _, c := range chunks {
			texts = append(texts, c.Text)
		}
		assert.Equal(t, want, texts, name)
		if name == "auto" {
			assert.Equal(t, []string{"One", "Two"}, chunks[1].Section)
			assert.Equal(t, []int{5, 7}, []int{chunks[1].StartLine, chunks[1].EndLine})
		}
		assert.Equal(t, "39", fields(got.stdout)["characters"], name)
	}
	assert.Equal(t, exitUsage, ingestArgs(t.Context(), "-o", out, "-split", "auto", "-unit", "tokens", dir).code)
}

func TestWrongUse(t *testing.T) {
	dir := writeTree(t, tree)
	out := filepath.Join(t.TempDir(), "out.jsonl")
	for _, c := range []struct {
		name    string
		args    []string
		code    int
		message string
	}{
		{"unknown flag", []string{"-nope"}, exitUsage, "not defined: -nope"},
		{"not a number", []string{"-size", "x", dir}, exitUsage, `invalid value "x" for flag -size`},
		{"negative size", []string{"-o", out, "-size", "-1", dir}, exitUsage, "Size = -1"},
		{"overlap above one", []string{"-o", out, "-overlap", "1.5", dir}, exitUsage, "Overlap = 1.5"},
		{"negative threshold", []string{"-o", out, "-threshold", "-1", dir}, exitUsage, "Threshold = -1"},
		{"unknown splitter", []string{"-split", "pdf", dir}, exitUsage, "must be auto, text, markdown, code or none"},
		{"unknown unit", []string{"-unit", "bytes", dir}, exitUsage, "must be chars, tokens or words"},
		{"unknown encoding", []string{"-o", out, "-encoding", "klingon", dir}, exitUsage, `Encoding = "klingon"`},
		{"not a size", []string{"-max-size", "16 MB", dir}, exitUsage, "-max-size"},
		{"negative maximum", []string{"-max-size", "-1", dir}, exitUsage, "-max-size"},
		{"too large a maximum", []string{"-max-size", "9999999999G", dir}, exitUsage, "-max-size"},
		{"empty pattern", []string{"-exclude", "/", dir}, exitUsage, "Select.Exclude"},
		{"negative workers", []string{"-workers", "-1", dir}, exitUsage, "-workers"},
		{"unknown format", []string{"-o", out + ".txt", dir}, exitUsage, "must end in"},
		{"no output", []string{"-o", "", dir}, exitUsage, "-o needs a file"},
		{"two directories", []string{dir, dir}, exitUsage, "one directory at a time"},
		{"missing directory", []string{"-o", out, filepath.Join(dir, "none")}, exitFailure, "none: no such file"},
		{"missing encoding in a file", []string{"-o", out, filepath.Join(dir, "sub", "c.bin")}, exitFailure, "unknown encoding at byte 0"},
		{"output below a file", []string{"-o", filepath.Join(dir, "a.txt", "x.json"), dir}, exitFailure, "not a directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ingestArgs(t.Context(), c.args...)
			assert.Equal(t, c.code, got.code)
			assert.Empty(t, got.stdout)
			assert.True(t, strings.HasPrefix(got.stderr, "ingest: "), got.stderr)
			assert.Contains(t, got.stderr, c.message)
			assert.NoFileExists(t, out)
		})
	}
}

func TestHelpIsNoError(t *testing.T) {
	got := ingestArgs(t.Context(), "-help")
	assert.Equal(t, exitOK, got.code)
	assert.Contains(t, got.stdout, "-overlap")
	assert.Empty(t, got.stderr)
}

func TestQuietAndVerbose(t *testing.T) {
	files := make(map[string]string)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		files[name] = "\xff"
	}
	dir := writeTree(t, files)
	out := filepath.Join(t.TempDir(), "out.jsonl")

	assert.Empty(t, ingestArgs(t.Context(), "-quiet", "-o", out, dir).stdout)
	assert.FileExists(t, out)

	brief := ingestArgs(t.Context(), "-o", out, dir).stdout
	assert.Contains(t, brief, "and 2 more")
	assert.NotContains(t, brief, filepath.Join(dir, "e"))

	verbose := ingestArgs(t.Context(), "-v", "-o", out, dir).stdout
	assert.Contains(t, verbose, "skipped: "+filepath.Join(dir, "e")+": not text, or in an unknown encoding\n")
	assert.Contains(t, verbose, "and 2 more (listed above)")
	assert.Empty(t, ingestArgs(t.Context(), "-quiet", "-v", "-o", out, dir).stdout)
}

// A countdown is a context that ends after a number of calls of its Err. So it
// ends in the middle of the work, at the same place in each run.
type countdown struct {
	context.Context
	end  context.CancelFunc
	left atomic.Int64
}

// newCountdown returns a context that ends after calls calls of its Err.
func newCountdown(t *testing.T, calls int64) *countdown {
	ctx, end := context.WithCancel(t.Context())
	c := &countdown{Context: ctx, end: end}
	c.left.Store(calls)
	return c
}

// Err implements [context.Context].
func (c *countdown) Err() error {
	if c.left.Add(-1) < 0 {
		c.end()
	}
	return c.Context.Err()
}

func TestInterruptedRunLeavesNothing(t *testing.T) {
	dir := writeTree(t, tree)
	codes := make(map[int]int)
	for calls := int64(0); codes[exitOK] < 3; calls++ {
		out := filepath.Join(t.TempDir(), "out.jsonl")
		ctx := newCountdown(t, calls)
		got := ingestArgs(ctx, "-o", out, "-size", "10", dir)
		codes[got.code]++
		if got.code == exitOK {
			assert.NotEmpty(t, readJSONL(t, out))
			continue
		}
		require.Equal(t, exitInterrupted, got.code, got.stderr)
		assert.Equal(t, "ingest: interrupted\n", got.stderr)
		assert.Empty(t, got.stdout)
		left, err := os.ReadDir(filepath.Dir(out))
		require.NoError(t, err)
		assert.Empty(t, left, "after %d calls of the context's Err", calls)
	}
	assert.Positive(t, codes[exitInterrupted])
}

func TestInterruptedRunKeepsTheOldOutput(t *testing.T) {
	dir := writeTree(t, tree)
	out := filepath.Join(t.TempDir(), "out.jsonl")
	require.NoError(t, os.WriteFile(out, []byte("old"), 0o666))
	got := ingestArgs(newCountdown(t, 3), "-o", out, dir)
	require.Equal(t, exitInterrupted, got.code)
	data, err := os.ReadFile(out)
	require.NoError(t, err)
	assert.Equal(t, "old", string(data))
}

// skipAll returns a report of skipped files.
func skipAll(t *testing.T, verbose bool, files ...fileops.SkippedFile) (*report, *bytes.Buffer) {
	var b bytes.Buffer
	r := newReport(&settings{verbose: verbose}, &b, newMeter(&b, nil))
	for _, s := range files {
		r.skip(s)
	}
	return r, &b
}

func TestUnlistedDirectoriesAreNoFiles(t *testing.T) {
	r, b := skipAll(t, false,
		fileops.SkippedFile{Path: "d", Err: &fs.PathError{Op: "list", Path: "d", Err: fs.ErrPermission}},
		fileops.SkippedFile{Path: "f", Err: &fs.PathError{Op: "read", Path: "f", Err: fs.ErrPermission}})
	r.progress(fileops.Progress{Files: 5})
	require.NoError(t, r.print())
	assert.Equal(t, "4", fields(b.String())["files"])
	assert.Contains(t, b.String(), "\n  "+fs.ErrPermission.Error()+": 2\n    d\n    f\n")
}

func TestReportStaysSmall(t *testing.T) {
	var files []fileops.SkippedFile
	for i := range 1000 {
		name := strconv.Itoa(i)
		files = append(files, fileops.SkippedFile{Path: name, Err: errors.New("reason " + strconv.Itoa(i/2))})
	}
	r, b := skipAll(t, true, files...)
	assert.Equal(t, namedReasons+1, len(r.groups))
	for _, g := range r.groups {
		assert.LessOrEqual(t, len(g.first), namedFiles)
	}
	assert.Contains(t, b.String(), "skipped: 999: reason 499\n")
	require.NoError(t, r.print())
	assert.Equal(t, "1,000", fields(b.String())["skipped"])
	assert.Contains(t, b.String(), "  other reasons: 960\n    40\n    41\n    42\n    and 957 more (listed above)\n  reason 0: 2\n")
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		assert.Equal(t, want, grouped(n))
	}
}

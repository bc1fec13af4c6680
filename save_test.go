package fileops_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestSaveToFileNames compares the name of the saved file with the name that
// the options ask for.
func TestSaveToFileNames(t *testing.T) {
	t.Parallel()
	const stamp = `(\d{14})`
	stamped := func(prefix bool) fileops.SaveOptions {
		return fileops.SaveOptions{Timestamp: true, TimePrefix: prefix}
	}
	ext := func(e string) fileops.SaveOptions { return fileops.SaveOptions{Extension: e} }
	cases := []struct {
		name    string
		opts    fileops.SaveOptions
		pattern string // matches the whole name
	}{
		{"a.txt", fileops.SaveOptions{}, `a\.txt`},
		{"a", fileops.SaveOptions{}, `a`},
		{"a", ext("md"), `a\.md`},
		{"a", ext(".md"), `a\.md`},
		{"a", ext("tar.gz"), `a\.tar\.gz`},
		{"a.txt", ext("md"), `a\.txt`}, // the extension of the name takes precedence
		{"a.", ext("md"), `a\.`},
		{"a.tar.gz", fileops.SaveOptions{RandomHashDigits: 4}, `a\.tar-[0-9a-f]{4}\.gz`},
		{"a.txt", stamped(false), `a_` + stamp + `\.txt`},
		{"a.txt", stamped(true), stamp + `_a\.txt`},
		{"a", stamped(true), stamp + `_a`},
		{"a.txt", fileops.SaveOptions{TimePrefix: true}, `a\.txt`}, // has no effect without Timestamp
		{"a.txt", fileops.SaveOptions{TimestampFormat: "2006"}, `a\.txt`},
		{"a.txt", fileops.SaveOptions{Timestamp: true, TimestampFormat: "2006-01-02.150405"}, `a_\d{4}-\d\d-\d\d\.\d{6}\.txt`},
		{"a.txt", fileops.SaveOptions{Timestamp: true, TimestampFormat: "constant"}, `a_constant\.txt`},
		{"a.txt", fileops.SaveOptions{Timestamp: true, RandomHashDigits: 7}, `a_` + stamp + `-[0-9a-f]{7}\.txt`},
		{"a", fileops.SaveOptions{Timestamp: true, TimePrefix: true, RandomHashDigits: 1, Extension: "x"}, stamp + `_a-[0-9a-f]\.x`},
		{"sub/dir/a", fileops.SaveOptions{Timestamp: true, TimePrefix: true, Extension: "x"}, `sub/dir/` + stamp + `_a\.x`},
		{"v1.2/a", ext("txt"), `v1\.2/a\.txt`}, // a dot in a directory is no extension
		{".env", fileops.SaveOptions{}, `\.env`},
		{".env", stamped(false), `_` + stamp + `\.env`},
		{"..x", fileops.SaveOptions{}, `\.\.x`},
		{"...", fileops.SaveOptions{}, `\.\.\.`},
		{"sub/../b.txt", fileops.SaveOptions{}, `b\.txt`},
		{"./a.txt", fileops.SaveOptions{}, `a\.txt`},
		{"日本 👍\n.txt", fileops.SaveOptions{RandomHashDigits: 2}, `日本 👍\n-[0-9a-f]{2}\.txt`},
		{strings.Repeat("n", 200), fileops.SaveOptions{RandomHashDigits: 54}, `n{200}-[0-9a-f]{54}`},
	}
	everywhere(t, func(t *testing.T, p place) {
		for i, c := range cases {
			for _, dir := range []string{"", "made/on the way"} {
				dir = fmt.Sprintf("%d/%s", i, dir)
				before := time.Now().Truncate(time.Second)
				path, err := p.SaveToFile(t.Context(), "text", p.at(dir), c.name, &c.opts)
				require.NoError(t, err, "%+v", c)
				name, ok := strings.CutPrefix(filepath.Clean(path), filepath.Clean(p.at(dir))+string(filepath.Separator))
				require.True(t, ok, path)
				match := regexp.MustCompile(`^` + c.pattern + `$`).FindStringSubmatch(filepath.ToSlash(name))
				require.NotNil(t, match, "%q does not match %q", name, c.pattern)
				if len(match) > 1 {
					at, err := time.ParseInLocation("20060102150405", match[1], time.Local)
					require.NoError(t, err)
					require.WithinRange(t, at, before, time.Now())
				}
				text, err := p.ReadFile(t.Context(), path)
				require.NoError(t, err)
				require.Equal(t, "text", text)
			}
		}
	})
}

// TestSaveToFileRefusesBadNames gives names that lead out of the directory,
// name a directory, or have characters that a file system may forbid.
func TestSaveToFileRefusesBadNames(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		outside := []string{"..", "../a", "../../a", "a/../../b", "/a", p.abs("x"), "x/../../y.txt"}
		bad := append(outside, "", ".", "/", "a/", "a/b/", "a/.", "a/..", "..\\a", "a\\b", "\\", "a\x00b", "\x00", "a\x00/b")
		for _, name := range bad {
			for _, o := range []*fileops.SaveOptions{nil, {Overwrite: true}, {Timestamp: true, TimePrefix: true, RandomHashDigits: 4, Extension: "txt"}} {
				_, err := p.SaveToFile(t.Context(), "text", p.at("dir"), name, o)
				assert.Error(t, err, "%q", name)
				var pathErr *fs.PathError
				var optionErr *fileops.OptionError
				if assert.ErrorAs(t, err, &optionErr, "%q", name) {
					assert.Equal(t, "name", optionErr.Option)
					assert.Equal(t, name, optionErr.Value)
				}
				if assert.ErrorAs(t, err, &pathErr, "%q", name) {
					assert.Equal(t, "save", pathErr.Op)
				}
				assert.Equal(t, slices.Contains(outside, name) || name == "/", errors.Is(err, fileops.ErrEscapes), "%q", name)
			}
		}
		assert.Empty(t, p.tree(t), "a bad name makes a file or a directory")
	})
}

// TestSaveToFileKeepsOrRefusesNames saves under names that Windows takes for
// others. Where they are names, the files have them. A file never has another.
func TestSaveToFileKeepsOrRefusesNames(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for _, c := range []struct {
			name, want string
			opts       *fileops.SaveOptions
		}{
			{"a.", "a.", nil},
			{"b ", "b ", nil},
			{"sub./c", "sub./c", nil},
			{"d", "d.txt ", &fileops.SaveOptions{Extension: "txt "}},
			{"e", "e.txt.", &fileops.SaveOptions{Extension: "txt."}},
			{"f?", "f?", nil},
		} {
			path, err := p.SaveToFile(t.Context(), "text", p.at("dir"), c.name, c.opts)
			if runtime.GOOS == "windows" {
				requireOptionError(t, err, "name")
				require.Empty(t, p.tree(t))
				continue
			}
			require.NoError(t, err)
			require.Equal(t, p.at("dir/"+c.want), path)
			require.Contains(t, p.tree(t), "dir/"+c.want)
		}
	})
}

// TestSaveToFileRefusesBadOptions gives options that would make a bad name.
func TestSaveToFileRefusesBadOptions(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for option, opts := range map[string][]fileops.SaveOptions{
			"RandomHashDigits": {{RandomHashDigits: -1}, {RandomHashDigits: 256}, {RandomHashDigits: math.MaxInt}},
			"Extension":        {{Extension: "a/b"}, {Extension: `a\b`}, {Extension: "/../../x"}, {Extension: "a\x00"}},
			"TimestampFormat":  {{Timestamp: true, TimestampFormat: "2006/01"}, {TimestampFormat: `\`}, {Timestamp: true, TimestampFormat: "\x00"}},
		} {
			for _, o := range opts {
				_, err := p.SaveToFile(t.Context(), "text", p.at("dir"), "name", &o)
				requireOptionError(t, err, option)
				_, err = p.SaveChunks(t.Context(), make([]fileops.TextChunk, 1), p.at("dir"), &o)
				requireOptionError(t, err, option)
			}
		}
		require.Empty(t, p.tree(t))
	})
}

// TestSaveToFileKeepsExistingFiles saves to names that are taken, without
// Overwrite. Nothing changes.
func TestSaveToFileKeepsExistingFiles(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		p.write(t, "file", "old")
		p.mkdir(t, "dir")
		p.symlink(t, "nowhere", "dangling")
		p.symlink(t, "file", "link")
		p.mkfifo(t, "fifo")
		before := p.tree(t)
		for _, name := range []string{"file", "dir", "dangling", "link", "fifo"} {
			_, err := p.SaveToFile(noHang(t), "new", p.at("."), name, nil)
			requirePathError(t, err, fs.ErrExist, "save", p.at(name))
		}
		require.Equal(t, "old", p.text(t, "file"))
		require.Equal(t, before, p.tree(t))
	})
}

// TestSaveToFileOverwrites replaces files and links with Overwrite. It refuses
// to replace a directory or a special file.
func TestSaveToFileOverwrites(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		o := &fileops.SaveOptions{Overwrite: true}
		p.write(t, "file", "old")
		require.NoError(t, os.Link(p.abs("file"), p.abs("hard link")))
		p.symlink(t, "hard link", "link")
		p.symlink(t, "nowhere", "dangling")
		for _, name := range []string{"file", "link", "dangling", "fresh"} {
			path, err := p.SaveToFile(t.Context(), "new", p.at("."), name, o)
			require.NoError(t, err)
			require.Equal(t, p.at(name), path)
			require.Equal(t, "new", p.text(t, name))
			st, err := os.Lstat(p.abs(name))
			require.NoError(t, err)
			require.True(t, st.Mode().IsRegular(), "the save does not follow a link")
		}
		require.Equal(t, "old", p.text(t, "hard link")) // the hard link still names the old file
		p.mkdir(t, "dir")
		p.mkfifo(t, "fifo")
		for _, name := range []string{"dir", "fifo"} {
			_, err := p.SaveToFile(noHang(t), "new", p.at("."), name, o)
			requirePathError(t, err, fileops.ErrNotRegular, "save", p.at(name))
		}
		require.Equal(t, []string{"dangling", "dir", "fifo", "file", "fresh", "hard link", "link"}, p.tree(t))
	})
}

// TestSaveToFileClaimsANameOnce saves to one name from many goroutines. Exactly
// one save succeeds.
func TestSaveToFileClaimsANameOnce(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for round := range unlessShort(5, 1) {
			name := fmt.Sprintf("round %d/name", round)
			text := func(i int) string { return strings.Repeat(fmt.Sprintf("%03d", i), 20_000) }
			var saves []*fileops.Future[string]
			for i := range 200 {
				saves = append(saves, p.AsyncSaveToFile(t.Context(), text(i), p.at("."), name, nil))
			}
			winner := -1
			for i, r := range fileops.AllSettled(t.Context(), saves...) {
				if r.Err == nil {
					require.Equal(t, -1, winner, "two saves succeed")
					require.Equal(t, p.at(name), r.Value)
					winner = i
					continue
				}
				requirePathError(t, r.Err, fs.ErrExist, "save", p.at(name))
			}
			require.NotEqual(t, -1, winner)
			require.True(t, text(winner) == p.text(t, name))
			require.NoError(t, os.Remove(p.abs(name)))
			require.Equal(t, []string{filepath.Dir(name)}, p.tree(t))
			require.NoError(t, os.Remove(p.abs(filepath.Dir(name))))
		}
	})
}

// TestSaveToFileOverwritesInOneStep reads a file while many saves replace it.
// Each read returns one whole text.
func TestSaveToFileOverwritesInOneStep(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		text := func(i int) string { return strings.Repeat(fmt.Sprint(i%10), 10_000*(i%7+1)) }
		var saves []*fileops.Future[string]
		for i := range unlessShort(100, 30) {
			saves = append(saves, p.AsyncSaveToFile(t.Context(), text(i), p.at("."), "name", &fileops.SaveOptions{Overwrite: true}))
		}
		requireWhole := func() {
			got, err := os.ReadFile(p.abs("name"))
			if errors.Is(err, fs.ErrNotExist) {
				return
			}
			require.NoError(t, err)
			require.NotEmpty(t, got)
			require.Empty(t, strings.Trim(string(got), string(got[:1])))
			require.Zero(t, len(got)%10_000)
		}
		for _, r := range fileops.AsCompleted(t.Context(), saves...) {
			require.NoError(t, r.Err)
			requireWhole()
		}
		require.Equal(t, []string{"name"}, p.tree(t))
	})
}

// TestSaveToFileNewDir makes directories with NewDir and refuses those that
// exist.
func TestSaveToFileNewDir(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for _, sync := range []bool{false, true} {
			dir := fmt.Sprint("made/with sync ", sync)
			o := &fileops.SaveOptions{NewDir: true, Sync: sync}
			path, err := p.SaveToFile(t.Context(), "text", p.at(dir), "sub/a", o)
			require.NoError(t, err)
			require.Equal(t, p.at(dir+"/sub/a"), path)
			require.Equal(t, "text", p.text(t, dir+"/sub/a"))
			_, err = p.SaveToFile(t.Context(), "text", p.at(dir), "b", o)
			requirePathError(t, err, fs.ErrExist, "mkdir", p.at(dir))
			_, err = p.SaveChunks(t.Context(), make([]fileops.TextChunk, 1), p.at(dir), o)
			requirePathError(t, err, fs.ErrExist, "mkdir", p.at(dir))
			paths, err := p.SaveChunks(t.Context(), make([]fileops.TextChunk, 1), p.at(dir)+"/chunks/", o)
			require.NoError(t, err)
			require.Equal(t, []string{p.at(dir + "/chunks/chunk_1.json")}, paths)
		}
		_, err := p.SaveToFile(t.Context(), "text", p.at("."), "a", &fileops.SaveOptions{NewDir: true})
		require.ErrorIs(t, err, fs.ErrExist)
	})
	_, err := fileops.SaveToFile(t.Context(), "text", "", "a", &fileops.SaveOptions{NewDir: true})
	require.ErrorIs(t, err, fs.ErrExist, "the current directory exists")
}

// TestSaveToFileSync saves with Sync below directories that are missing.
func TestSaveToFileSync(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for _, o := range []*fileops.SaveOptions{{Sync: true}, {Sync: true, Overwrite: true}} {
			path, err := p.SaveToFile(t.Context(), "durable", p.at("."), "made/on/the/way", o)
			require.NoError(t, err)
			require.Equal(t, "durable", p.text(t, "made/on/the/way"))
			require.Equal(t, p.at("made/on/the/way"), path)
		}
		require.Equal(t, []string{"made", "made/on", "made/on/the", "made/on/the/way"}, p.tree(t))
	})
}

// TestSaveToFileFailuresLeaveNoFile saves with names that are too long or below
// a file, and with a cancelled context.
func TestSaveToFileFailuresLeaveNoFile(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		p.write(t, "file", "old")
		before := p.tree(t)
		_, err := p.SaveToFile(t.Context(), "text", p.at("."), strings.Repeat("n", 300), nil)
		require.ErrorIs(t, err, syscall.ENAMETOOLONG)
		_, err = p.SaveToFile(t.Context(), "text", p.at("."), "file/below", nil)
		require.Error(t, err)
		for _, o := range []*fileops.SaveOptions{nil, {Overwrite: true}} {
			_, err = p.SaveToFile(cancelled(), "text", p.at("."), "file", o)
			requirePathError(t, err, cancelled().Err(), "save", p.at("file"))
		}
		require.Equal(t, before, p.tree(t))
		require.Equal(t, "old", p.text(t, "file"))
	})
}

// TestSaveToFileContents saves texts of many sizes.
func TestSaveToFileContents(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for _, text := range append(texts(), "\xff\x00 any bytes") {
			path, err := p.SaveToFile(t.Context(), text, p.at("."), "name", &fileops.SaveOptions{Overwrite: true})
			require.NoError(t, err)
			data, err := p.ReadBytes(t.Context(), path)
			require.NoError(t, err)
			require.True(t, string(data) == text)
		}
	})
}

// someChunks returns n chunks with texts that JSON must escape.
func someChunks(n int) []fileops.TextChunk {
	chunks := make([]fileops.TextChunk, n)
	for i := range chunks {
		text := fmt.Sprintf("chunk %d: \"quoted\", new\nline, <b>&, 日本👍", i)
		chunks[i] = fileops.TextChunk{
			Text: text, ID: i + 1, Total: n, Size: len([]rune(text)), Start: i, End: i + len(text),
			FilePath: "dir/file.txt", FileName: "file.txt", FileSize: int64(n), Metadata: map[string]any{"n": json.Number(fmt.Sprint(i))},
		}
	}
	return chunks
}

// readChunk reads a chunk from its JSON file.
func (p place) readChunk(t *testing.T, path string) (c fileops.TextChunk) {
	t.Helper()
	data, err := p.ReadBytes(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &c))
	return c
}

// TestSaveChunks saves chunks, with and without options, and reads them back.
func TestSaveChunks(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		chunks := someChunks(unlessShort(100, 20))
		paths, err := p.SaveChunks(t.Context(), chunks, p.at("made/dir"), nil)
		require.NoError(t, err)
		require.Len(t, paths, len(chunks))
		for i, path := range paths {
			require.Equal(t, p.at(fmt.Sprintf("made/dir/chunk_%d.json", i+1)), path)
			require.Equal(t, chunks[i], p.readChunk(t, path))
		}
		files, err := p.ListFiles(t.Context(), p.at("made"), "")
		require.NoError(t, err)
		require.ElementsMatch(t, paths, files)

		paths, err = p.SaveChunks(t.Context(), chunks, p.at("."), &fileops.SaveOptions{
			Timestamp: true, TimePrefix: true, TimestampFormat: "2006", RandomHashDigits: 3, Extension: ".txt", Sync: true,
		})
		require.NoError(t, err)
		for i, path := range paths {
			require.Regexp(t, fmt.Sprintf(`(^|/)\d{4}_chunk_%d-[0-9a-f]{3}\.txt$`, i+1), path)
			require.Equal(t, chunks[i], p.readChunk(t, path))
		}

		paths, err = p.SaveChunks(t.Context(), nil, p.at("none"), nil)
		require.NoError(t, err)
		require.Empty(t, paths)
	})
}

// TestSaveChunksFails saves chunks to a directory where one name is taken. The
// paths name exactly the files that exist.
func TestSaveChunksFails(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		chunks := someChunks(100)
		p.write(t, "chunk_50.json", "taken")
		paths, err := p.SaveChunks(t.Context(), chunks, p.at("."), nil)
		requirePathError(t, err, fs.ErrExist, "save", p.at("chunk_50.json"))
		require.Len(t, paths, len(chunks))
		require.Empty(t, paths[49])
		saved := []string{p.at("chunk_50.json")}
		for i, path := range paths {
			if path != "" {
				require.Equal(t, chunks[i], p.readChunk(t, path))
				saved = append(saved, path)
			}
		}
		files, err := p.ListFiles(t.Context(), p.at("."), "")
		require.NoError(t, err)
		require.ElementsMatch(t, saved, files, "paths name the saved files")
		require.Equal(t, "taken", p.text(t, "chunk_50.json"))

		_, err = p.SaveChunks(t.Context(), chunks, p.at("."), &fileops.SaveOptions{Overwrite: true})
		require.NoError(t, err)
		require.Equal(t, chunks[49], p.readChunk(t, p.at("chunk_50.json")))

		unmarshalable := someChunks(3)
		unmarshalable[1].Metadata = map[string]any{"f": func() {}}
		paths, err = p.SaveChunks(t.Context(), unmarshalable, p.at("dir"), nil)
		require.Error(t, err)
		require.Empty(t, paths[1])
		_, err = p.SaveChunks(cancelled(), chunks, p.at("cancelled"), nil)
		require.ErrorIs(t, err, cancelled().Err())
		require.NoDirExists(t, p.abs("cancelled"))
	})
}

// FuzzSaveName saves with arbitrary names and options. A save that succeeds
// makes one file below the directory. A save that fails makes none.
func FuzzSaveName(f *testing.F) {
	f.Add("a.txt", "", "", 0)
	f.Add("sub/a", ".md", "2006-01-02", 4)
	f.Add("../a", "..", "..", 0)
	f.Add("a/../..", "x/../..", "../x", 1)
	f.Add("..", "", ".", -1)
	f.Add("a\x00b", "\x00", "\x00", 64)
	f.Add("\\\\server\\share", "\\", "\\", 0)
	f.Add("C:a", ":", ":", 300)
	f.Add("./././.x.", ".", "", 2)
	f.Add(".fileops-0123456789abcdef.tmp", "", "", 0)
	f.Fuzz(func(t *testing.T, name, extension, layout string, digits int) {
		if digits > 1000 {
			return
		}
		for _, portable := range []bool{false, true} {
			p := newPlace(t, false, portable, fileops.PoolOptions{})
			p.write(t, "bystander", "other text")
			dir := p.mkdir(t, "dir")
			o := fileops.SaveOptions{
				Extension: extension, Timestamp: layout != "", TimestampFormat: layout, TimePrefix: portable, RandomHashDigits: digits,
			}
			path, err := p.SaveToFile(t.Context(), "text", dir, name, &o)
			after := p.tree(t)
			require.Equal(t, "other text", p.text(t, "bystander"))
			after = slices.DeleteFunc(after, func(n string) bool {
				st, err := os.Lstat(p.abs(n))
				return err == nil && st.IsDir() || n == "bystander"
			})
			if err != nil {
				require.Empty(t, after)
				var optionErr *fileops.OptionError
				require.True(t, errors.As(err, &optionErr) || errors.Is(err, syscall.ENAMETOOLONG), "%q", err)
				continue
			}
			require.Len(t, after, 1)
			require.True(t, strings.HasPrefix(after[0], "dir/"))
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, "text", string(text))
			rest, err := filepath.Rel(dir, path)
			require.NoError(t, err)
			require.True(t, filepath.IsLocal(rest))

			_, err = p.SaveToFile(t.Context(), "text", dir, name, &o)
			if !o.Timestamp && digits == 0 { // the name is the same each time
				require.ErrorIs(t, err, fs.ErrExist)
			}
			base := name[strings.LastIndexByte(name, '/')+1:]
			stem, _, _ := strings.Cut(base, ".")
			require.Contains(t, filepath.Base(path), stem)
		}
	})
}

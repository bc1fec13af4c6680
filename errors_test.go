package fileops

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// forgingNames are names of files, and each name as a header has it.
var forgingNames = map[string]string{
	"a\n---\n\nforged":          `a\n---\n\nforged`,
	"a\r\nb":                    `a\r\nb`,
	"a\tb\vc\fd":                `a\tb\vc\fd`,
	"\x1b[2J\x1b]0;title\a":     `\x1b[2J\x1b]0;title\a`,
	"\x1c\x1d\x1e":              `\x1c\x1d\x1e`,
	"delete\x7f":                `delete\x7f`,
	"next\u0085line":            `next\u0085line`,
	"csi\u009b31m":              `csi\u009b31m`,
	"line\u2028paragraph\u2029": `line\u2028paragraph\u2029`,
	"latin1 \xe9 \xff":          `latin1 \xe9 \xff`,
	"cut \xe2\x80":              `cut \xe2\x80`,
	"surrogate \xed\xa0\x80":    `surrogate \xed\xa0\x80`,
	"\"quoted\"\n":              `\"quoted\"\n`,
}

// ordinaryNames are names that a header has as they are.
var ordinaryNames = []string{
	"---", "a b", " a", `"quoted"`, `back\slash`, "naïve 日本 👍🏽", "zwj 👩‍👧", "\u00a0\u00ad\ufeff", "\ufffd", "\u202e", "%s\\n", "-- 52 --",
}

// plant writes a file with each of the names, as far as the file system takes
// them, and returns the paths with their headers.
func plant(t *testing.T, dir string) (headers map[string]string) {
	t.Helper()
	headers = make(map[string]string)
	write := func(name, header string) {
		path := filepath.Join(dir, name)
		err := os.WriteFile(path, []byte("text"), 0o666)
		if runtime.GOOS != "linux" && err != nil {
			return
		}
		require.NoError(t, err)
		headers[path] = header
	}
	for name, header := range forgingNames {
		write(name, `"`+filepath.ToSlash(dir)+"/"+header+`"`)
	}
	for _, name := range ordinaryNames {
		write(name, filepath.Join(dir, name))
	}
	return headers
}

func TestNamesCannotForgeHeaders(t *testing.T) {
	dir := t.TempDir()
	headers := plant(t, dir)
	dashes := strings.Repeat("-", 52)
	var streamed strings.Builder
	for form, f := range map[string]struct {
		concat func() (*ConcatResult, error)
		rule   string
	}{
		"Concat":      {func() (*ConcatResult, error) { return Concat(t.Context(), []string{dir}, nil) }, "---"},
		"ConcatFiles": {func() (*ConcatResult, error) { return ConcatFiles(t.Context(), []string{dir}, nil) }, dashes},
		"ConcatTo":    {func() (*ConcatResult, error) { return ConcatTo(t.Context(), &streamed, []string{dir}, nil) }, "---"},
	} {
		t.Run(form, func(t *testing.T) {
			r, err := f.concat()
			require.NoError(t, err)
			require.Empty(t, r.Skipped)
			require.Len(t, r.Files, len(headers))
			text := r.Text
			if form == "ConcatTo" {
				text = streamed.String()
			} else {
				require.Equal(t, text, strings.Join(r.Sections, "\n"))
			}
			require.True(t, utf8.ValidString(text))
			require.Equal(t, utf8.RuneCountInString(text), r.Chars)

			lines := splitLines(text)
			var found []string
			for i := 0; i < len(lines); i++ {
				if lines[i] == f.rule {
					require.Equal(t, f.rule, lines[i+2], "a header is three lines")
					found = append(found, lines[i+1])
					i += 2
				}
			}
			var want []string
			for _, path := range r.Files {
				want = append(want, headers[path])
			}
			require.Equal(t, want, found, "one header for each of Files, in order")
		})
	}
}

func TestSkippedFilesKeepTheirPaths(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "a\n---\n\xff")
	r, err := Concat(t.Context(), []string{missing}, nil)
	require.NoError(t, err)
	require.Len(t, r.Skipped, 1)
	require.Equal(t, missing, r.Skipped[0].Path)
	broken, ok := errors.AsType[*fs.PathError](r.Skipped[0].Err)
	require.True(t, ok)
	require.Equal(t, missing, broken.Path)
}

// A meddler is a writer that changes something when the text begins.
type meddler struct {
	bytes.Buffer
	meddle func()
}

func (m *meddler) Write(p []byte) (int, error) {
	if m.Len() == 0 {
		m.meddle()
	}
	return m.Buffer.Write(p)
}

func TestNamesCannotForgeNotes(t *testing.T) {
	t.Parallel()
	for name, quoted := range forgingNames {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, nil, 0o666); runtime.GOOS != "linux" && err != nil {
			continue
		}
		for _, meddle := range []func(){
			func() { require.NoError(t, os.Remove(path)) },
			func() { require.NoError(t, os.WriteFile(path, []byte("\xff"), 0o666)) },
		} {
			require.NoError(t, os.WriteFile(path, nil, 0o666))
			require.NoError(t, os.Truncate(path, wholeLimit+1)) // zeros
			w := &meddler{meddle: meddle}
			r, err := ConcatTo(t.Context(), w, []string{path}, nil)
			require.NoError(t, err)
			text := w.String()
			require.Equal(t, utf8.RuneCountInString(text), r.Chars)
			require.Equal(t, []string{path}, r.Files)
			require.Len(t, r.Skipped, 1)
			require.Equal(t, path, r.Skipped[0].Path)
			before, note, ok := strings.Cut(text, "\n[fileops: ")
			require.True(t, ok)
			require.True(t, utf8.ValidString(before))
			requireOneLine(t, note)
			require.Contains(t, note, quoted)
			require.True(t, strings.HasSuffix(note, "]"))
		}
	}
}

// requireOneLine requires valid UTF-8 without control characters or line breaks.
func requireOneLine(t *testing.T, s string) {
	t.Helper()
	require.True(t, utf8.ValidString(s), "%q", s)
	require.False(t, strings.ContainsFunc(s, breaksLine), "%q", s)
}

func TestNamesCannotForgeErrors(t *testing.T) {
	for name, quoted := range forgingNames {
		inner := &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
		for _, err := range []error{
			&EncodingError{Path: name, Encoding: "utf-8"},
			&EncodingError{Encoding: name},
			&OptionError{"OutputFile", name, "must end in .json"},
			&OptionError{"Paths", []string{name}, "must not be empty"},
			&OptionError{"Metadata", "key", "cannot be marshaled: " + inner.Error()},
			&PanicError{Value: inner},
			&PanicError{Value: name},
			&StuckError{Running: []Running{{Op: "read", Path: name, For: time.Second}}, Err: context.Canceled},
			&writeError{inner},
		} {
			requireOneLine(t, err.Error())
			require.Contains(t, err.Error(), quoted, "%T", err)
		}
	}
	for _, name := range ordinaryNames {
		require.Equal(t, "decode "+name+": invalid utf-8 at byte 0", (&EncodingError{Path: name, Encoding: "utf-8"}).Error())
		require.Equal(t, "panic: "+name, (&PanicError{Value: name}).Error())
		require.Equal(t, "close pool: context canceled: 1 still running, read "+name+" for 1s",
			(&StuckError{Running: []Running{{Op: "read", Path: name, For: time.Second}}, Err: context.Canceled}).Error())
	}
}

func TestLoggedErrorsCanBeMatched(t *testing.T) {
	plain := &fs.PathError{Op: "read", Path: "a", Err: fs.ErrNotExist}
	require.Same(t, plain, oneLineError(plain))
	require.ErrorIs(t, oneLineError(&fs.PathError{Op: "read", Path: "a\n", Err: fs.ErrNotExist}), fs.ErrNotExist)
}

func TestNamesCannotForgeLogs(t *testing.T) {
	for handler, newHandler := range map[string]func(io.Writer, *slog.HandlerOptions) slog.Handler{
		"text": func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(w, o) },
		"JSON": func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(w, o) },
	} {
		t.Run(handler, func(t *testing.T) {
			var log bytes.Buffer
			p := NewPool(PoolOptions{Logger: slog.New(newHandler(&log, nil))})
			for name := range forgingNames {
				_, err := p.ReadFile(t.Context(), filepath.Join(t.TempDir(), name))
				require.Error(t, err)
			}
			require.NoError(t, p.Close(t.Context()))
			lines := splitLines(log.String())
			require.Len(t, lines, len(forgingNames))
			for _, line := range lines {
				requireOneLine(t, line)
			}
		})
	}
}

package fileops_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
)

// requireConsistent requires that the fields of a result agree and that the
// sections share the memory of the text.
func requireConsistent(t *testing.T, r *fileops.ConcatResult) {
	t.Helper()
	require.True(t, strings.Join(r.Sections, "\n") == r.Text)
	require.Equal(t, utf8.RuneCountInString(r.Text), r.Chars)
	require.Len(t, r.Sections, len(r.Files))
	begin := uintptr(unsafe.Pointer(unsafe.StringData(r.Text)))
	for i, s := range r.Sections {
		at := uintptr(unsafe.Pointer(unsafe.StringData(s)))
		require.True(t, begin <= at && at+uintptr(len(s)) <= begin+uintptr(len(r.Text)), "section %d does not share the memory of the text", i)
		require.Contains(t, s[:min(len(s), 5000)], r.Files[i])
	}
}

// reasons returns the errors of the skipped files by path, and requires that
// each error names its path.
func reasons(t *testing.T, r *fileops.ConcatResult) map[string]error {
	t.Helper()
	return byPath(t, r.Skipped)
}

// TestConcatFormats compares the texts of Concat and ConcatFiles, byte for
// byte.
func TestConcatFormats(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		b, a, empty := p.write(t, "b.txt", "\ufeffsecond\r\n"), p.write(t, "a.md", "première"), p.write(t, "c", "")
		paths := []string{b, empty, a}

		r, err := p.Concat(t.Context(), paths, nil)
		require.NoError(t, err)
		requireConsistent(t, r)
		require.Equal(t, "---\n"+a+"\n---\n\npremière\n---\n"+b+"\n---\n\n\ufeffsecond\r\n\n---\n"+empty+"\n---\n\n", r.Text)
		require.Equal(t, []string{a, b, empty}, r.Files)
		require.Empty(t, r.Skipped)
		require.Empty(t, r.Path)

		r, err = p.ConcatFiles(t.Context(), paths, nil)
		require.NoError(t, err)
		requireConsistent(t, r)
		line := "\n----------------------------------------------------\n"
		require.Equal(t, line+a+line+"première\n"+line+b+line+"\ufeffsecond\r\n\n"+line+empty+line, r.Text)
		require.Equal(t, []string{a, b, empty}, r.Files)
	})
}

// TestConcatOfNoFiles saves an empty text.
func TestConcatOfNoFiles(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for _, paths := range [][]string{nil, {}, {p.mkdir(t, "empty")}} {
			for _, concat := range []func(context.Context, []string, *fileops.ConcatOptions) (*fileops.ConcatResult, error){p.Concat, p.ConcatFiles} {
				r, err := concat(t.Context(), paths, &fileops.ConcatOptions{OutputDir: p.at("out"), OutputFile: "out"})
				require.NoError(t, err)
				requireConsistent(t, r)
				require.Empty(t, r.Text)
				require.Zero(t, r.Chars)
				require.Empty(t, p.text(t, "out/out"))
				require.NoError(t, os.RemoveAll(p.abs("out")))
			}
		}
	})
}

// TestConcatSelects compares the files in a text with those that the options
// ask for.
func TestConcatSelects(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		for _, name := range []string{"d/a.txt", "d/b.md", "d/c.tar.gz", "d/sub/d.txt", "d/sub/.txt", "d/e", "d/f.", "named.log", "other.txt"} {
			p.write(t, name, "text of "+name)
		}
		d, named, other := p.at("d"), p.at("named.log"), p.at("other.txt")
		messy := filepath.Dir(d) + "/./d//a.txt"
		cases := []struct {
			paths     []string
			opts      fileops.ConcatOptions
			want      []string // the files of Concat
			wantFiles []string // the files of ConcatFiles; nil if they are the same
		}{
			{[]string{other, d}, fileops.ConcatOptions{FileTypes: []string{".txt"}}, []string{"d/a.txt", "d/sub/d.txt", "other.txt"}, nil},
			{[]string{other, d}, fileops.ConcatOptions{FileTypes: []string{"txt"}, Shallow: true}, []string{"d/a.txt", "other.txt"}, nil},
			{[]string{d}, fileops.ConcatOptions{FileTypes: []string{""}}, []string{"d/e", "d/f.", "d/sub/.txt"}, nil},
			{[]string{d}, fileops.ConcatOptions{FileTypes: []string{".gz", ".md"}}, []string{"d/b.md", "d/c.tar.gz"}, nil},
			{[]string{d}, fileops.ConcatOptions{FileTypes: []string{}, Shallow: true}, []string{"d/a.txt", "d/b.md", "d/c.tar.gz", "d/e", "d/f."}, nil},
			{[]string{named, other}, fileops.ConcatOptions{FileTypes: []string{".txt"}}, []string{"named.log", "other.txt"}, []string{"other.txt"}},
			{[]string{d, d, p.at("d/a.txt"), messy}, fileops.ConcatOptions{FileTypes: []string{".txt"}}, []string{"d/a.txt", "d/sub/d.txt"}, []string{"d/a.txt", "d/a.txt", "d/sub/d.txt", "d/a.txt", "d/sub/d.txt", "d/a.txt"}},
			{[]string{d}, fileops.ConcatOptions{Exclude: []string{"sub", ".md", "nothing"}, FileTypes: []string{".txt", ".md"}}, []string{"d/a.txt"}, nil},
		}
		for i, c := range cases {
			if c.wantFiles == nil {
				c.wantFiles = c.want
			}
			r, err := p.Concat(t.Context(), c.paths, &c.opts)
			require.NoError(t, err)
			requireConsistent(t, r)
			require.Equal(t, p.ats(c.want...), append([]string{}, r.Files...), "Concat %d", i)
			r, err = p.ConcatFiles(t.Context(), c.paths, &c.opts)
			require.NoError(t, err)
			require.ElementsMatch(t, p.ats(c.wantFiles...), r.Files, "ConcatFiles %d", i)
			require.True(t, strings.Join(r.Sections, "\n") == r.Text)
		}
	})
}

// TestConcatSaysWhatItSkips concatenates files that must be left out, each for
// another reason. The result has the reasons.
func TestConcatSaysWhatItSkips(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		ctx := noHang(t)
		good := p.write(t, "good.txt", "12345")
		short := p.write(t, "short.txt", "日本語!")
		latin := p.write(t, "latin.txt", "caf\xe9 au lait")
		excluded := p.write(t, "vendor.txt", "12345")
		missing := p.at("missing.txt")
		fifo := p.mkfifo(t, "fifo.txt")
		dangling := p.symlink(t, "nowhere", "dangling.txt")
		log := p.write(t, "named.log", "12345")
		paths := []string{good, short, latin, excluded, missing, fifo, dangling, log}
		o := &fileops.ConcatOptions{Threshold: 5, Exclude: []string{"vendor.t"}, FileTypes: []string{".txt"}}
		requireSkips := func(r *fileops.ConcatResult) {
			t.Helper()
			skipped := reasons(t, r)
			requirePathError(t, skipped[short], fileops.ErrBelowThreshold, "concat", short)
			requireEncodingError(t, skipped[latin], fileops.EncodingError{Path: latin, Encoding: "utf-8", Offset: 3})
			requirePathError(t, skipped[excluded], fileops.ErrExcluded, "concat", excluded)
			requirePathError(t, skipped[missing], fs.ErrNotExist, "read", missing)
			requirePathError(t, skipped[fifo], fileops.ErrNotRegular, "read", fifo)
			requirePathError(t, skipped[dangling], fs.ErrNotExist, "read", dangling)
			for i, s := range r.Skipped[1:] {
				require.Less(t, r.Skipped[i].Path, s.Path)
			}
		}
		r, err := p.Concat(ctx, paths, o)
		require.NoError(t, err)
		requireConsistent(t, r)
		require.Equal(t, []string{good, log}, r.Files)
		require.Len(t, r.Skipped, 6)
		requireSkips(r)

		r, err = p.ConcatFiles(ctx, paths, o)
		require.NoError(t, err)
		requireConsistent(t, r)
		require.Equal(t, []string{good}, r.Files)
		require.Len(t, r.Skipped, 7)
		requireSkips(r)
		requirePathError(t, reasons(t, r)[log], fileops.ErrExcluded, "concat", log)

		// In a directory, Concat takes only regular files of the given types.
		r, err = p.Concat(ctx, []string{p.at(".")}, o)
		require.NoError(t, err)
		require.Equal(t, []string{good}, r.Files)
		require.Len(t, r.Skipped, 5)
		requirePathError(t, reasons(t, r)[fifo], fileops.ErrNotRegular, "list", fifo)
		requirePathError(t, reasons(t, r)[dangling], fs.ErrNotExist, "list", dangling)

		r, err = p.Concat(ctx, []string{latin, missing}, nil)
		require.NoError(t, err)
		require.Empty(t, r.Text)
		require.Empty(t, r.Files)
		require.Len(t, r.Skipped, 2)
	})
}

// TestConcatOutput saves a text next to its inputs. The output is never one of
// the inputs, under any name.
func TestConcatOutput(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		ctx := t.Context()
		p.write(t, "in/a.txt", "first")
		p.write(t, "in/z.txt", "last")
		in := []string{p.at("in")}
		plain, err := p.Concat(ctx, in, nil)
		require.NoError(t, err)

		// The second and the third round find the output of the first.
		for _, o := range []fileops.ConcatOptions{
			{OutputFile: p.at("in/out.txt")},
			{OutputDir: p.at("in"), OutputFile: "out.txt"},
			{OutputDir: p.at("in"), OutputFile: "made/on/the/way.txt"},
			{OutputFile: p.at("elsewhere/out")},
		} {
			want := filepath.Join(o.OutputDir, o.OutputFile)
			for round := range 3 {
				r, err := p.Concat(ctx, in, &o)
				require.NoError(t, err)
				requireConsistent(t, r)
				require.Equal(t, plain.Text, r.Text, "round %d", round)
				require.Equal(t, want, r.Path)
				saved, err := p.ReadFile(ctx, r.Path)
				require.NoError(t, err)
				require.Equal(t, r.Text, saved)
				if round > 0 && strings.HasPrefix(want, p.at("in")) {
					requirePathError(t, reasons(t, r)[want], fileops.ErrExcluded, "concat", want)
				} else {
					require.Empty(t, r.Skipped)
				}
				_, err = p.ConcatFiles(ctx, in, &o)
				require.NoError(t, err)
			}
			require.NoError(t, os.RemoveAll(p.abs("in/out.txt")))
			require.NoError(t, os.RemoveAll(p.abs("in/made")))
		}

		// Links to the output are not inputs either.
		p.write(t, "out.txt", "old output")
		require.NoError(t, os.Link(p.abs("out.txt"), p.abs("in/hard.txt")))
		p.symlink(t, "../out.txt", "in/soft.txt")
		r, err := p.Concat(ctx, in, &fileops.ConcatOptions{OutputFile: p.at("out.txt")})
		require.NoError(t, err)
		require.Equal(t, plain.Text, r.Text)
		for _, name := range []string{"in/hard.txt", "in/soft.txt"} {
			require.ErrorIs(t, reasons(t, r)[p.at(name)], fileops.ErrExcluded)
		}
		require.Equal(t, r.Text, p.text(t, "out.txt"))
		require.Equal(t, "old output", p.text(t, "in/hard.txt"))

		require.NotContains(t, strings.Join(p.tree(t), " "), ".fileops-")
	})
}

// TestConcatReplacesALinkToItsInput saves to a symbolic link. The save replaces
// the link, so its target is not the output and may be an input.
func TestConcatReplacesALinkToItsInput(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		in := p.write(t, "in.txt", "text")
		out := p.symlink(t, "in.txt", "out.txt")
		for range 2 {
			r, err := p.Concat(t.Context(), []string{in, out}, &fileops.ConcatOptions{OutputFile: out})
			require.NoError(t, err)
			require.Equal(t, []string{in}, r.Files)
			require.Equal(t, "---\n"+in+"\n---\n\ntext", p.text(t, "out.txt"))
			require.Equal(t, "text", p.text(t, "in.txt"))
		}
	})
}

// TestConcatKeepsExisting saves to names that are taken, with KeepExisting.
func TestConcatKeepsExisting(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		in := []string{p.write(t, "in.txt", "text")}
		p.write(t, "out.txt", "old")
		p.symlink(t, "nowhere", "dangling")
		for _, name := range []string{"out.txt", "dangling"} {
			o := &fileops.ConcatOptions{OutputFile: p.at(name), KeepExisting: true}
			_, err := p.Concat(t.Context(), in, o)
			requirePathError(t, err, fs.ErrExist, "save", p.at(name))
			_, err = p.ConcatFiles(t.Context(), in, o)
			requirePathError(t, err, fs.ErrExist, "save", p.at(name))
		}
		require.Equal(t, "old", p.text(t, "out.txt"))
		r, err := p.Concat(t.Context(), in, &fileops.ConcatOptions{OutputFile: p.at("new.txt"), KeepExisting: true})
		require.NoError(t, err)
		require.Equal(t, r.Text, p.text(t, "new.txt"))
	})
}

// TestConcatNamesItsOutput saves with an OutputDir and without an OutputFile.
func TestConcatNamesItsOutput(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		in := []string{p.write(t, "in.txt", "text")}
		r, err := p.Concat(t.Context(), in, &fileops.ConcatOptions{OutputDir: p.at("out")})
		require.NoError(t, err)
		dir, name := filepath.Split(r.Path)
		require.Equal(t, p.at("out"), filepath.Clean(dir))
		require.Regexp(t, `^concatenated_text_\d{14}-[0-9a-f]{6}\.txt$`, name)
		require.Equal(t, r.Text, p.text(t, "out/"+name))
	})
}

// TestConcatRefusesBadOptions gives invalid options. Nothing is saved.
func TestConcatRefusesBadOptions(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		in := []string{p.write(t, "in.txt", "text")}
		before := p.tree(t)
		for _, c := range []struct {
			option string
			opts   fileops.ConcatOptions
		}{
			{"Threshold", fileops.ConcatOptions{Threshold: -1}},
			{"name", fileops.ConcatOptions{OutputDir: p.at("out"), OutputFile: "../x"}},
			{"name", fileops.ConcatOptions{OutputDir: p.at("out"), OutputFile: "/x"}},
			{"name", fileops.ConcatOptions{OutputDir: p.at("out"), OutputFile: "x/"}},
			{"name", fileops.ConcatOptions{OutputDir: p.at("out"), OutputFile: `a\b`}},
		} {
			_, err := p.Concat(t.Context(), in, &c.opts)
			requireOptionError(t, err, c.option)
			_, err = p.ConcatFiles(t.Context(), in, &c.opts)
			requireOptionError(t, err, c.option)
		}
		for _, o := range []fileops.ConcatOptions{{OutputFile: p.at("x")}, {OutputDir: p.at("out")}, {OutputDir: p.at("out"), OutputFile: "x"}} {
			_, err := p.ConcatTo(t.Context(), io.Discard, in, &o)
			requireOptionError(t, err, "OutputFile")
		}
		require.Equal(t, before, p.tree(t))
	})
}

// writeTree writes files of each size that Concat loads in a way of its own,
// and files that are not text. It returns the names of those that are text, in
// order.
func writeTree(t *testing.T, p place, huge int) (names []string) {
	t.Helper()
	large := "x" + strings.Repeat("日本", 1<<20/4) // 1.5 MiB, with characters across the boundaries of MiBs
	for i, text := range []string{
		"small", large, "", "after", strings.Repeat("日本é👍x", huge/13+1), strings.Repeat("a", 1<<20-1) + "é", "last", large,
	} {
		name := fmt.Sprintf("tree/%d.txt", i)
		p.write(t, name, text)
		names = append(names, name)
	}
	p.write(t, "tree/1 bad", large+"\xe6\x97")
	p.write(t, "tree/4 cut", strings.Repeat("a", huge)+"\xf0\x9f\x91")
	return names
}

// TestConcatToStreamsTheTextOfConcat compares the two for small, large and
// invalid files.
func TestConcatToStreamsTheTextOfConcat(t *testing.T) {
	t.Parallel()
	huge := unlessShort(40, 9) << 20
	p := newSystemPlace(t, fileops.PoolOptions{})
	names := writeTree(t, p, huge)
	in := []string{p.at("tree")}
	whole, err := p.Concat(t.Context(), in, nil)
	require.NoError(t, err)
	requireConsistent(t, whole)
	require.Equal(t, p.ats(names...), whole.Files)
	for i, name := range names {
		require.True(t, whole.Sections[i] == "---\n"+p.at(name)+"\n---\n\n"+p.text(t, name), name)
	}
	skipped := reasons(t, whole)
	for name, offset := range map[string]int{"tree/1 bad": 1 + 1<<20/4*6, "tree/4 cut": huge} {
		requireEncodingError(t, skipped[p.at(name)], fileops.EncodingError{Path: p.at(name), Encoding: "utf-8", Offset: int64(offset)})
	}

	var text bytes.Buffer
	streamed, err := p.ConcatTo(t.Context(), &text, in, &fileops.ConcatOptions{})
	require.NoError(t, err)
	require.True(t, text.String() == whole.Text)
	whole.Text, whole.Sections = "", nil
	require.Equal(t, whole, streamed)

	text.Reset()
	streamed, err = p.AsyncConcatTo(t.Context(), &text, in, &fileops.ConcatOptions{Threshold: huge / 3}).Await(t.Context())
	require.NoError(t, err)
	require.Equal(t, p.ats("tree/4.txt"), streamed.Files)
	require.Equal(t, utf8.RuneCount(text.Bytes()), streamed.Chars)
}

// A writerFunc is an io.Writer that calls the function.
type writerFunc func([]byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

// TestConcatToStreamsLargeFiles streams a sparse file whose size no int of a
// 32-bit system holds.
func TestConcatToStreamsLargeFiles(t *testing.T) {
	const size = 2 << 30
	if testing.Short() {
		t.Skip("reads 2 GiB")
	}
	t.Parallel()
	p := newPlace(t, true, false, fileops.PoolOptions{})
	large, small := p.write(t, "large", ""), p.write(t, "small", "text")
	require.NoError(t, os.Truncate(p.abs("large"), size))
	var written int64
	r, err := p.ConcatTo(t.Context(), writerFunc(func(b []byte) (int, error) {
		written += int64(len(b))
		return len(b), nil
	}), []string{large, small}, nil)
	require.NoError(t, err)
	require.Empty(t, r.Skipped)
	require.Equal(t, []string{large, small}, r.Files)
	headers := len("---\nlarge\n---\n\n" + "\n" + "---\nsmall\n---\n\n" + "text")
	require.Equal(t, size+int64(headers), written)
	require.Equal(t, int(min(written, math.MaxInt)), r.Chars)
}

// TestConcatToWriters streams to writers that fail, write too little, panic, or
// cancel the context.
func TestConcatToWriters(t *testing.T) {
	t.Parallel()
	p := newSystemPlace(t, fileops.PoolOptions{Workers: 1})
	paths := p.manyFiles(t, 100, 50_000)
	paths = append(paths, p.write(t, "large", strings.Repeat("x", 2<<20)))
	whole, err := p.Concat(t.Context(), paths, nil)
	require.NoError(t, err)
	errFull := errors.New("full")
	for _, room := range []int{0, 1, 100_000, len(whole.Text) - 1} {
		var got []byte
		full := writerFunc(func(b []byte) (int, error) {
			n := min(len(b), room-len(got))
			got = append(got, b[:n]...)
			if n < len(b) {
				return n, errFull
			}
			return n, nil
		})
		_, err := p.ConcatTo(t.Context(), full, paths, nil)
		require.ErrorIs(t, err, errFull)
		require.True(t, strings.HasPrefix(whole.Text, string(got)))
		require.Len(t, got, room)
	}
	_, err = p.ConcatTo(t.Context(), writerFunc(func(b []byte) (int, error) { return len(b) - 1, nil }), paths, nil)
	require.ErrorIs(t, err, io.ErrShortWrite)

	for _, concatTo := range []func(context.Context, io.Writer, []string, *fileops.ConcatOptions) (*fileops.ConcatResult, error){
		p.ConcatTo,
		func(ctx context.Context, w io.Writer, paths []string, o *fileops.ConcatOptions) (*fileops.ConcatResult, error) {
			return p.AsyncConcatTo(ctx, w, paths, o).Await(ctx)
		},
	} {
		_, err = concatTo(t.Context(), writerFunc(func([]byte) (int, error) { panic(errFull) }), paths, nil)
		var panicErr *fileops.PanicError
		require.ErrorAs(t, err, &panicErr)
		require.ErrorIs(t, err, errFull)
		require.Contains(t, string(panicErr.Stack), "TestConcatToWriters")
	}

	ctx, cancel := context.WithCancel(t.Context())
	calls := 0
	_, err = p.ConcatTo(ctx, writerFunc(func(b []byte) (int, error) { calls++; cancel(); return len(b), nil }), paths, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, p.Close(t.Context())) // no goroutine remains
}

// TestConcatToHoldsNoSlotWhileItWrites calls a pool with one worker in a
// writer. The calls get the only slot, and the written bytes do not change
// meanwhile.
func TestConcatToHoldsNoSlotWhileItWrites(t *testing.T) {
	t.Parallel()
	p := newSystemPlace(t, fileops.PoolOptions{Workers: 1})
	ctx := noHang(t)
	paths := []string{
		p.write(t, "a", "small"), p.write(t, "b", strings.Repeat("日", 1<<20)), p.write(t, "c", strings.Repeat("日本é👍x", unlessShort(33, 9)<<20/13+1)), p.write(t, "d", "small"),
	}
	other := p.write(t, "other", "text")
	calls, copies := 0, 0
	var streamed bytes.Buffer
	slow := writerFunc(func(b []byte) (int, error) {
		calls++
		text, err := p.ReadFile(ctx, other) // takes the only slot
		require.NoError(t, err)
		require.Equal(t, "text", text)
		if calls%8 == 1 {
			copies++
			require.NoError(t, p.CopyFile(ctx, other, p.at("copy")))
		}
		return streamed.Write(b) // b is the same after the calls
	})
	r, err := p.ConcatTo(ctx, slow, paths, nil)
	require.NoError(t, err)
	require.Equal(t, paths, r.Files)
	require.Positive(t, copies)
	whole, err := p.Concat(ctx, paths, nil)
	require.NoError(t, err)
	require.True(t, whole.Text == streamed.String())
}

// TestConcatEndsWithItsContext cancels the context before the call and during
// it. No file is saved.
func TestConcatEndsWithItsContext(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		in := p.manyFiles(t, 50, 10)
		before := p.tree(t)
		for _, concat := range []func(context.Context, []string, *fileops.ConcatOptions) (*fileops.ConcatResult, error){p.Concat, p.ConcatFiles} {
			_, err := concat(cancelled(), in, &fileops.ConcatOptions{OutputFile: p.at("out")})
			require.ErrorIs(t, err, context.Canceled)
			ctx, cancel := context.WithCancel(t.Context())
			_, err = concat(ctx, in, &fileops.ConcatOptions{OutputFile: p.at("out"), Progress: func(fileops.Progress) { cancel() }})
			require.ErrorIs(t, err, context.Canceled)
		}
		require.Equal(t, before, p.tree(t))
	})
}

// TestConcatReportsProgress checks the last report, and a callback that panics.
func TestConcatReportsProgress(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, p place) {
		n := unlessShort(200, 20)
		paths := p.manyFiles(t, n, 10)
		large := p.write(t, "large", strings.Repeat("日", 1<<20))
		bad := p.write(t, "bad", "\xff")
		report, last := progressLog(t)
		_, err := p.Concat(t.Context(), append(paths, large, bad, p.at("missing")), &fileops.ConcatOptions{Progress: report})
		require.NoError(t, err)
		require.Equal(t, fileops.Progress{Files: n + 3, Total: n + 3, Bytes: int64(10*n) + 3<<20}, last())

		report, last = progressLog(t)
		_, err = p.Concat(t.Context(), nil, &fileops.ConcatOptions{Progress: report})
		require.NoError(t, err)
		require.Zero(t, last())

		_, err = p.Concat(t.Context(), paths, &fileops.ConcatOptions{Progress: func(fileops.Progress) { panic("no progress") }, OutputFile: p.at("out")})
		var panicErr *fileops.PanicError
		require.ErrorAs(t, err, &panicErr)
		require.NoFileExists(t, p.abs("out"))
	})
}

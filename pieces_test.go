//go:build unix

package fileops

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/lion-agi/fileops/internal/vfs"
	"github.com/lion-agi/fileops/internal/vfs/vfstest"
	"github.com/stretchr/testify/require"
)

func TestLargeFilesUnderFaults(t *testing.T) {
	t.Parallel()
	large := letters(2<<20 + 12345)
	for _, s := range []seam{seams[0], seams[2]} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, s, PoolOptions{})
			require.NoError(t, os.WriteFile(l.onDisk("in/a.txt"), []byte(large), 0o666))
			sparse, err := os.Create(l.onDisk("in/large"))
			require.NoError(t, err)
			require.NoError(t, sparse.Truncate(wholeLimit+3<<20))
			require.NoError(t, sparse.Close())
			for _, f := range []fault{faults[0], faults[1]} {
				for n, hit := 1, true; hit; n += stride(3) { // a save in several pieces
					h, strike := f.strike(n)
					l.resetOutputs()
					l.faulty.Reset(strike)
					_, err := l.pool.SaveToFile(t.Context(), large, l.at("out"), "old.txt", &SaveOptions{Overwrite: true})
					l.settle()
					saved := l.saved()
					if hit = h.first.N != 0; err != nil {
						l.checkClear(err, f.reason)
						require.Equal(t, outputs, saved)
					} else {
						require.True(t, saved["out/old.txt"] == large)
					}
				}
				for n, hit := 1, true; hit; n += stride(3) { // files too large to be read ahead
					h, strike := f.strike(n)
					l.faulty.Reset(strike)
					paths := []string{l.at("in/a.txt"), l.at("in/z.txt")}
					for r := range l.pool.ReadFiles(t.Context(), paths) {
						if r.Err != nil {
							l.checkClear(r.Err, f.reason)
							require.NotZero(t, h.first.N)
						} else {
							require.True(t, r.Text == []string{large, inputs["in/z.txt"]}[r.Index])
						}
					}
					l.settle()
					hit = h.first.N != 0
				}
			}
			step := stride(9)
			if raceEnabled {
				step = 9
			}
			broken := 0
			for n, hit := 1, true; hit; n += step { // a file too large for memory
				h, strike := faults[0].strike(n)
				l.faulty.Reset(strike)
				w := new(countingWriter)
				r, err := l.pool.ConcatTo(t.Context(), w, []string{l.at("in/large"), l.at("in/z.txt")}, nil)
				l.settle()
				require.NoError(t, err, "operation %v", h.first)
				require.Equal(t, r.Chars, w.n)
				for _, path := range []string{"in/large", "in/z.txt"} {
					skipped := slices.ContainsFunc(r.Skipped, func(s SkippedFile) bool { return s.Path == l.at(path) })
					require.True(t, skipped || slices.Contains(r.Files, l.at(path)))
					if skipped && slices.Contains(r.Files, l.at(path)) {
						broken++
						require.Contains(t, string(w.tail), "\n[fileops: read "+l.at(path))
					}
				}
				if hit = h.first.N != 0; !hit {
					require.Empty(t, r.Skipped)
					require.Greater(t, w.n, wholeLimit)
				}
			}
			require.Positive(t, broken, "no fault came in the middle of the text")
			l.close()
		})
	}
}

// A countingWriter counts bytes and keeps the last ones.
type countingWriter struct {
	n    int
	tail []byte
}

func (w *countingWriter) Write(p []byte) (int, error) {
	w.n += len(p)
	w.tail = append(w.tail, p...)
	w.tail = w.tail[max(0, len(w.tail)-1000):]
	return len(p), nil
}

// A large file of which stat does not tell the size is not read ahead whole,
// and streamed where others are.
func TestLargeFilesOfUnknownSize(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes it slow, and other tests have its goroutines")
	}
	t.Parallel()
	l := newLab(t, seams[0], PoolOptions{})
	l.faulty.Describe = func(st *vfs.Info) { st.Size = 0 }
	text := strings.Repeat("0123456789abcdef", (wholeLimit+1)/16+readPiece)
	require.NoError(t, os.WriteFile(l.onDisk("in/large.txt"), []byte(text), 0o666))
	got, err := l.pool.ReadFile(t.Context(), l.at("in/large.txt"))
	require.NoError(t, err)
	require.True(t, text == got)

	var w strings.Builder
	var s counted
	l.faulty.Reset(s.Hook)
	result, err := l.pool.ConcatTo(t.Context(), &w, []string{l.at("in/large.txt"), l.at("in/a.txt")}, nil)
	require.NoError(t, err)
	require.Len(t, result.Files, 2)
	require.Contains(t, w.String(), text)
	require.Equal(t, 5, s.of(l.at("in/large.txt")), "opened ahead, to be held, to be checked, and to be streamed; and stat")

	limited := newPool(PoolOptions{Workers: 1, MaxFileSize: 1 << 20}, l.faulty)
	_, err = limited.ReadFile(t.Context(), l.at("in/large.txt"))
	require.ErrorIs(t, err, ErrTooLarge)
	l.close()
}

// counted counts the calls of Open and Stat by name.
type counted struct{ vfstest.Steps }

func (c *counted) Hook(call vfstest.Call) error {
	if call.Op == "open" || call.Op == "stat" {
		return c.Steps.Hook(vfstest.Call{Op: call.Name})
	}
	return nil
}

func (c *counted) of(name string) int { return strings.Count(c.String(), name) }

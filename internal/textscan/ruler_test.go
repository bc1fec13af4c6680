package textscan

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/textscan/texttest"
	"github.com/stretchr/testify/require"
)

// requireMarks compares all ways to measure text with the one that takes one
// code point at a time. Surveys take pieces of one block and of three.
func requireMarks(t *testing.T, text string, first, step1, step2 int) {
	t.Helper()
	newRuler := func() Ruler { return NewRuler(first, step1, step2, len(text)) }
	simple := newRuler()
	want := simple.measureInvalid(text)
	requireSame := func(runes int, r Ruler) {
		t.Helper()
		if runes == want && slices.Equal(simple.Marks(), r.Marks()) {
			return // require formats its arguments first, which is slow
		}
		require.Equal(t, want, runes, "%q %d %d %d", text, first, step1, step2)
		require.Equal(t, simple.Marks(), r.Marks(), "%q %d %d %d", text, first, step1, step2)
	}
	for _, valid := range []bool{false, true} {
		if valid && !utf8.ValidString(text) {
			break
		}
		r := newRuler()
		requireSame(r.Measure(text, valid), r)
		for _, blocks := range []int{1, 3} {
			if text == "" {
				break
			}
			r := newRuler()
			n, ok := r.survey([]byte(text), blocks*blockSize, valid)
			require.Equal(t, utf8.ValidString(text), ok, "%q", text)
			if ok {
				requireSame(n, r)
			}
		}
	}
}

func TestMeasureMarksAsTheSimpleWay(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	names := []string{"ascii", "cyrillic", "cjk", "emoji", "mixed"}
	for range 10_000 {
		text := texttest.Script(names[r.IntN(len(names))], 5+r.IntN(600))
		if r.IntN(4) == 0 { // invalid UTF-8
			at := r.IntN(len(text))
			text = text[:at] + text[min(at+1, len(text)):]
		}
		step := r.IntN(100)
		requireMarks(t, text, r.IntN(200), step, 1+r.IntN(100))
		requireMarks(t, text, r.IntN(200), 1+r.IntN(100), step)
	}
}

func TestRulersHaveRoomForAllMarksAndNoMore(t *testing.T) {
	for length := range 30 {
		text := strings.Repeat("a", length)
		for first := range 9 {
			for step1 := range 5 {
				for step2 := range 5 {
					if step1+step2 == 0 {
						continue
					}
					r := NewRuler(first, step1, step2, length)
					r.Measure(text, true)
					require.Len(t, r.Marks(), cap(r.Marks()), "%d %d %d %d", first, step1, step2, length)
				}
			}
		}
	}
	r := NewRuler(math.MaxInt-1, 0, 1, math.MaxInt)
	require.Equal(t, 2, cap(r.Marks()))
}

func TestMeasureWords(t *testing.T) {
	for _, c := range []struct {
		text              string
		words, start, end int
		marks             []int
	}{
		{"", 0, 0, 0, []int{}},
		{" \n", 0, 0, 0, []int{}},
		{" a ", 1, 1, 2, []int{}},
		{"a b", 2, 0, 3, []int{2}},
		{" a  b\tc\u3000d ", 4, 1, 11, []int{4, 5, 10}}, // b begins, b ends, d begins
	} {
		r := NewRuler(1, 1, 1, len(c.text))
		words, start, end := r.MeasureWords(c.text)
		require.Equal(t, []int{c.words, c.start, c.end}, []int{words, start, end}, "%q", c.text)
		require.Equal(t, c.marks, r.Marks(), "%q", c.text)
	}
}

// TestSurveysAgreeOnEveryKindOfSequence puts four bytes from both sides of the
// limits in UTF-8's definition across and beside the end of a piece.
func TestSurveysAgreeOnEveryKindOfSequence(t *testing.T) {
	kinds := []byte{0x7f, 0x80, 0x8f, 0x90, 0xa0, 0xbf, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xff}
	text := bytes.Repeat([]byte("a"), 2*blockSize)
	for at := blockSize - 5; at <= blockSize; at++ {
		for _, a := range kinds {
			for _, b := range kinds {
				for _, c := range kinds {
					for _, d := range kinds {
						copy(text[at:], []byte{a, b, c, d})
						r := NoMarks()
						n, ok := r.survey(text, blockSize, false)
						if ok != utf8.Valid(text) || ok && n != utf8.RuneCount(text) {
							require.Failf(t, "survey", "% x at %d: got %d, %t", text[at:at+4], at, n, ok)
						}
					}
				}
			}
		}
		copy(text[at:], "aaaa")
	}
}

func TestMeasureLongTexts(t *testing.T) {
	for name := range texttest.Scripts {
		for _, n := range []int{longText - 1, longText, longText + 1, longText + pieceSize, longText + pieceSize/2 + 77} {
			text := texttest.Script(name, n)
			for _, text := range []string{text, text + "\xe6\x97", text[:n/2] + "\xff" + text[n/2:]} {
				simple, r := NewRuler(1425, 150, 1350, len(text)), NewRuler(1425, 150, 1350, len(text))
				want := simple.measureInvalid(text)
				require.Equal(t, want, r.Measure(text, false))
				require.True(t, slices.Equal(simple.Marks(), r.Marks()))
			}
		}
	}
}

func FuzzRuler(f *testing.F) {
	for name := range texttest.Scripts {
		f.Add(texttest.Script(name, 300), uint8(63), uint8(14), uint8(56))
	}
	f.Add("a\xffb\xf0\x9f\x91 \u00a0\xe1\xe2\x80\x80", uint8(1), uint8(2), uint8(0))
	f.Fuzz(func(t *testing.T, text string, first, step1, step2 uint8) {
		if step1 == 0 && step2 == 0 {
			step2 = 1
		}
		requireMarks(t, text, int(first), int(step1), int(step2))
	})
}

// BenchmarkMeasure compares a survey with the same work on one processor.
func BenchmarkMeasure(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"1MiB", 1 << 20}, {"3MiB", longText}, {"64MiB", 64 << 20}} {
		for _, script := range []string{"ascii", "mixed"} {
			text := []byte(texttest.Script(script, size.n))
			for _, valid := range []bool{false, true} {
				name := script + "/" + size.name
				if valid {
					name += "/known to be valid"
				}
				newRuler := func() Ruler { return NewRuler(1425, 150, 1350, len(text)) }
				benchmark(b, name+"/one processor", len(text), func() { r := newRuler(); r.measure(text, valid) })
				benchmark(b, name+"/all processors", len(text), func() { r := newRuler(); r.survey(text, pieceSize, valid) })
			}
		}
	}
}

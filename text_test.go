package fileops

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// scripts are texts of every length a code point can have, alone and mixed.
var scripts = map[string]string{
	"ascii":    "The quick brown fox jumps over the lazy dog, and then it goes home.\n",
	"cyrillic": "привет мир как дела ",
	"cjk":      "日本語のテキストがここにある。漢字",
	"emoji":    "👩‍👩‍👧🏳️‍🌈🇯🇵👍🏽",
	"mixed":    "Größe und Maß: naïve café words, then 日本語のテキスト and plain words again, 👩‍👩‍👧 привет мир, more words\n",
}

// script returns n bytes of a script, or a few less so that it is valid.
func script(name string, n int) string {
	s := scripts[name]
	s = strings.Repeat(s, n/len(s)+1)
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// slowScan is what scanUTF8 does, by the standard library.
func slowScan(b []byte) (runes, bad int) {
	for i := 0; i < len(b); runes++ {
		c, n := utf8.DecodeRune(b[i:])
		if c == utf8.RuneError && n == 1 {
			return 0, i
		}
		i += n
	}
	return runes, -1
}

// requireScans compares every scanner with the standard library.
func requireScans(t *testing.T, b []byte) {
	t.Helper()
	wantRunes, wantBad := slowScan(b)
	runes, bad := scanUTF8(b)
	if runes != wantRunes || bad != wantBad { // require formats its arguments first, which is slow
		require.Equal(t, []int{wantRunes, wantBad}, []int{runes, bad}, "scanUTF8(%q)", b)
	}
	if n, want := runeCount(string(b)), utf8.RuneCount(b); n != want {
		require.Equal(t, want, n, "runeCount(%q)", b)
	}
	if valid := isValid(string(b)); valid != (wantBad < 0) {
		require.Equal(t, wantBad < 0, valid, "isValid(%q)", b)
	}
	if wantBad >= 0 {
		return
	}
	if n := countRunes(string(b)); n != wantRunes {
		require.Equal(t, wantRunes, n, "countRunes(%q)", b)
	}
}

// requireMarks compares the ways to note marks with the slow one. The survey
// is made in pieces of one block and of three.
func requireMarks(t *testing.T, text string, o *ChunkOptions) {
	t.Helper()
	if text == "" {
		return
	}
	slow := o.edges(len(text))
	want := slowMark(text, &slow)
	for _, valid := range []bool{false, true} {
		if valid && !utf8.ValidString(text) {
			break
		}
		r := o.edges(len(text))
		n := runeCountMarked(text, valid, &r)
		require.Equal(t, want, n, "%q %+v", text, o)
		require.Equal(t, slow.marks, r.marks, "%q %+v", text, o)
		for _, blocks := range []int{1, 3} {
			r := o.edges(len(text))
			n, ok := surveyPieces([]byte(text), blocks*blockSize, valid, &r)
			require.Equal(t, utf8.ValidString(text), ok, "%q", text)
			if ok {
				require.Equal(t, want, n, "%q %+v", text, o)
				require.Equal(t, slow.marks, r.marks, "%q %+v", text, o)
			}
		}
	}
}

// Every kind of sequence across and beside the edges of the pieces of a survey.
func TestSurveysAgreeOnEveryKindOfSequence(t *testing.T) {
	kinds := []byte{0x7f, 0x80, 0x8f, 0x90, 0xa0, 0xbf, 0xc2, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xff}
	text := bytes.Repeat([]byte("a"), 2*blockSize)
	for at := blockSize - 5; at <= blockSize; at++ {
		for _, a := range kinds {
			for _, b := range kinds {
				for _, c := range kinds {
					for _, d := range kinds {
						copy(text[at:], []byte{a, b, c, d})
						r := noMarks()
						n, ok := surveyPieces(text, blockSize, false, &r)
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

func TestSurveysOfLongTexts(t *testing.T) {
	for name := range scripts {
		for _, n := range []int{longText - 1, longText, longText + 1, longText + pieceSize, longText + pieceSize/2 + 77} {
			text := script(name, n)
			o := ChunkOptions{Size: 1500, Overlap: 0.1}
			for _, text := range []string{text, text + "\xe6\x97", text[:n/2] + "\xff" + text[n/2:]} {
				slow, r := o.edges(len(text)), o.edges(len(text))
				want := slowMark(text, &slow)
				require.Equal(t, want, runeCountMarked(text, false, &r))
				require.True(t, slices.Equal(slow.marks, r.marks))
			}
		}
	}
}

func TestScannersTakeEveryCodePoint(t *testing.T) {
	var all []byte
	for c := rune(0); c <= utf8.MaxRune; c++ {
		if utf8.ValidRune(c) {
			all = utf8.AppendRune(all, c)
		}
	}
	requireScans(t, all)
	runes, bad := scanUTF8(all)
	require.Equal(t, 0x110000-0x800, runes, "all but the surrogates")
	require.Equal(t, -1, bad)
}

// Four bytes from both sides of every limit in UTF-8's definition, across and
// beside the edge of a block.
func TestScannersAgreeOnEveryKindOfSequence(t *testing.T) {
	kinds := []byte{
		0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
		0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf7, 0xf8, 0xff,
	}
	text := bytes.Repeat([]byte("a"), 2*blockSize)
	for _, at := range []int{0, 61, 62, 63, 2*blockSize - 4} {
		for _, a := range kinds {
			for _, b := range kinds {
				for _, c := range kinds {
					for _, d := range kinds {
						copy(text[at:], []byte{a, b, c, d})
						wantRunes, wantBad := slowScan(text)
						if runes, bad := scanUTF8(text); runes != wantRunes || bad != wantBad {
							require.Failf(t, "scanUTF8", "% x at %d: got %d, %d, want %d, %d", text[at:at+4], at, runes, bad, wantRunes, wantBad)
						}
					}
				}
			}
		}
		copy(text[at:], "aaaa")
	}
}

func TestScannersAgreeOnEveryLength(t *testing.T) {
	for name := range scripts {
		s := script(name, 300)
		for n := range len(s) {
			requireScans(t, []byte(s[:n])) // stops inside code points too
			requireScans(t, []byte(s[n:])) // begins inside code points too
		}
	}
}

func TestScannersFindDamageAnywhere(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		b := []byte(script("mixed", 2+r.IntN(400)))
		for range r.IntN(3) {
			b[r.IntN(len(b))] = byte(r.IntN(256))
		}
		requireScans(t, b)
	}
}

func TestScanPrefixInParts(t *testing.T) {
	for name := range scripts {
		text := []byte(script(name, 1000))
		for part := utf8.UTFMax; part < 200; part++ {
			total := 0
			var rest []byte
			for i := 0; i < len(text); i += part {
				b := append(rest, text[i:min(i+part, len(text))]...)
				runes, complete, bad := scanPrefix(b)
				require.Equal(t, -1, bad)
				require.Less(t, len(b)-complete, utf8.UTFMax)
				require.Equal(t, utf8.RuneCount(b[:complete]), runes)
				total += runes
				rest = bytes.Clone(b[complete:])
			}
			require.Empty(t, rest)
			require.Equal(t, utf8.RuneCount(text), total)
		}
	}
}

func TestScanPrefixTellsUnfinishedFromInvalid(t *testing.T) {
	for _, c := range []struct {
		text                 string
		runes, complete, bad int
	}{
		{"", 0, 0, -1},
		{"a", 1, 1, -1},
		{"aé", 2, 3, -1},
		{"a\xc3", 1, 1, -1},         // é, one byte of two
		{"a\xe6\x97", 1, 1, -1},     // 日, two of three
		{"a\xf0\x9f\x91", 1, 1, -1}, // 👍, three of four
		{"\xf0", 0, 0, -1},
		{"a\xff", 0, 2, 1},
		{"a\xc0", 0, 2, 1},               // begins nothing
		{"a\xed\xa0", 0, 3, 1},           // begins a surrogate
		{"a\x80\x80\x80\x80", 0, 5, 1},   // nothing to finish
		{"\xff\xe6\x97", 0, 1, 0},        // invalid before the unfinished
		{"日本\xe6\x97\xa5\xa5", 0, 10, 9}, // one too many
	} {
		runes, complete, bad := scanPrefix([]byte(c.text))
		require.Equal(t, []int{c.runes, c.complete, c.bad}, []int{runes, complete, bad}, "%q", c.text)
	}
}

func TestScannersAllocateNothing(t *testing.T) {
	s := script("mixed", 10_000)
	b := []byte(s)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		scanUTF8(b)
		scanPrefix(b)
		isValid(s)
		countRunes(s)
		runeCount(s)
	}))
}

func FuzzScan(f *testing.F) {
	for name := range scripts {
		f.Add([]byte(script(name, 150)), uint8(3))
	}
	f.Add([]byte("\xed\xa0\x80\xf4\x90\x80\x80\xc0\x80\xe0\x80\x80"), uint8(60))
	f.Fuzz(func(t *testing.T, b []byte, shift uint8) {
		b = append(bytes.Repeat([]byte("a"), int(shift)%blockSize), b...)
		requireScans(t, b)
		_, want := slowScan(b)
		runes, complete, bad := scanPrefix(b)
		if want < 0 || want == complete { // valid, or unfinished at the end
			require.Equal(t, -1, bad)
			require.Equal(t, utf8.RuneCount(b[:complete]), runes)
			require.False(t, utf8.FullRune(b[complete:]))
		} else {
			require.Equal(t, want, bad)
		}
	})
}

func BenchmarkScan(b *testing.B) {
	for _, name := range []string{"ascii", "cyrillic", "cjk", "mixed"} {
		s := script(name, 512<<10)
		text := []byte(s)
		bench := func(what string, fn func() int) {
			b.Run(name+"/"+what, func(b *testing.B) {
				b.SetBytes(int64(len(s)))
				b.ReportAllocs()
				for b.Loop() {
					_ = fn()
				}
			})
		}
		bench("utf8.Valid", func() int {
			if !utf8.Valid(text) {
				b.Fatal("invalid")
			}
			return 0
		})
		bench("scanUTF8", func() int { n, _ := scanUTF8(text); return n })
		bench("utf8.RuneCountInString", func() int { return utf8.RuneCountInString(s) })
		bench("countRunes", func() int { return countRunes(s) })
	}
}

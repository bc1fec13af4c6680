package textscan

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/textscan/texttest"
	"github.com/stretchr/testify/require"
)

// scanWithStandardLibrary is Scan by the functions of package utf8.
func scanWithStandardLibrary(b []byte) (runes, bad int) {
	for i := 0; i < len(b); runes++ {
		c, n := utf8.DecodeRune(b[i:])
		if c == utf8.RuneError && n == 1 {
			return 0, i
		}
		i += n
	}
	return runes, -1
}

// requireScans compares the scanners with the standard library.
func requireScans(t *testing.T, b []byte) {
	t.Helper()
	wantRunes, wantBad := scanWithStandardLibrary(b)
	runes, bad := Scan(b)
	if runes != wantRunes || bad != wantBad { // require formats its arguments first, which is slow
		require.Equal(t, []int{wantRunes, wantBad}, []int{runes, bad}, "Scan(%q)", b)
	}
	if n, want := CountRunes(string(b)), utf8.RuneCount(b); n != want {
		require.Equal(t, want, n, "CountRunes(%q)", b)
	}
	if n, want := CountValid(string(b)), utf8.RuneCount(b); utf8.Valid(b) && n != want {
		require.Equal(t, want, n, "CountValid(%q)", b)
	}
	if valid := Valid(string(b)); valid != (wantBad < 0) {
		require.Equal(t, wantBad < 0, valid, "Valid(%q)", b)
	}
	if wantBad >= 0 {
		return
	}
	r := NoMarks()
	if n := r.Measure(string(b), true); n != wantRunes {
		require.Equal(t, wantRunes, n, "Measure(%q)", b)
	}
}

func TestScanTakesEveryCodePoint(t *testing.T) {
	var all []byte
	for c := rune(0); c <= utf8.MaxRune; c++ {
		if utf8.ValidRune(c) {
			all = utf8.AppendRune(all, c)
		}
	}
	requireScans(t, all)
	runes, bad := Scan(all)
	require.Equal(t, 0x110000-0x800, runes, "all but the surrogates")
	require.Equal(t, -1, bad)
}

// TestScanAgreesOnEveryKindOfSequence puts four bytes from both sides of every
// limit in UTF-8's definition across and beside the end of a block.
func TestScanAgreesOnEveryKindOfSequence(t *testing.T) {
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
						wantRunes, wantBad := scanWithStandardLibrary(text)
						if runes, bad := Scan(text); runes != wantRunes || bad != wantBad {
							require.Failf(t, "Scan", "% x at %d: got %d, %d, want %d, %d", text[at:at+4], at, runes, bad, wantRunes, wantBad)
						}
					}
				}
			}
		}
		copy(text[at:], "aaaa")
	}
}

func TestScanAgreesOnEveryLength(t *testing.T) {
	for name := range texttest.Scripts {
		s := texttest.Script(name, 300)
		for n := range len(s) {
			requireScans(t, []byte(s[:n])) // may end inside a code point
			requireScans(t, []byte(s[n:])) // may begin inside a code point
		}
	}
}

func TestScanFindsDamageAnywhere(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		b := []byte(texttest.Script("mixed", 2+r.IntN(400)))
		for range r.IntN(3) {
			b[r.IntN(len(b))] = byte(r.IntN(256))
		}
		requireScans(t, b)
	}
}

func TestScanPrefixInParts(t *testing.T) {
	for name := range texttest.Scripts {
		text := []byte(texttest.Script(name, 1000))
		for part := utf8.UTFMax; part < 200; part++ {
			total := 0
			var rest []byte
			for i := 0; i < len(text); i += part {
				b := append(rest, text[i:min(i+part, len(text))]...)
				runes, complete, bad := ScanPrefix(b)
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
		{"a\xc0", 0, 2, 1},               // begins no sequence
		{"a\xed\xa0", 0, 3, 1},           // begins a surrogate
		{"a\x80\x80\x80\x80", 0, 5, 1},   // no sequence to finish
		{"\xff\xe6\x97", 0, 1, 0},        // invalid before the unfinished
		{"日本\xe6\x97\xa5\xa5", 0, 10, 9}, // one byte too many
	} {
		runes, complete, bad := ScanPrefix([]byte(c.text))
		require.Equal(t, []int{c.runes, c.complete, c.bad}, []int{runes, complete, bad}, "%q", c.text)
	}
}

func TestScannersAllocateNothing(t *testing.T) {
	s := texttest.Script("mixed", 10_000)
	b := []byte(s)
	require.Zero(t, testing.AllocsPerRun(10, func() {
		Scan(b)
		ScanPrefix(b)
		Valid(s)
		CountRunes(s)
		r := NoMarks()
		r.Measure(s, true)
	}))
}

func FuzzScan(f *testing.F) {
	for name := range texttest.Scripts {
		f.Add([]byte(texttest.Script(name, 150)), uint8(3))
	}
	f.Add([]byte("\xed\xa0\x80\xf4\x90\x80\x80\xc0\x80\xe0\x80\x80"), uint8(60))
	f.Fuzz(func(t *testing.T, b []byte, shift uint8) {
		b = append(bytes.Repeat([]byte("a"), int(shift)%blockSize), b...)
		requireScans(t, b)
		_, want := scanWithStandardLibrary(b)
		runes, complete, bad := ScanPrefix(b)
		if want < 0 || want == complete { // valid, or unfinished at the end
			require.Equal(t, -1, bad)
			require.Equal(t, utf8.RuneCount(b[:complete]), runes)
			require.False(t, utf8.FullRune(b[complete:]))
		} else {
			require.Equal(t, want, bad)
		}
	})
}

// benchmark runs fn as a sub-benchmark over size bytes.
func benchmark(b *testing.B, name string, size int, fn func()) {
	b.Run(name, func(b *testing.B) {
		b.SetBytes(int64(size))
		b.ReportAllocs()
		for b.Loop() {
			fn()
		}
	})
}

// BenchmarkScan compares Scan, and counting in text that is known to be valid,
// with package utf8.
func BenchmarkScan(b *testing.B) {
	for _, name := range []string{"ascii", "cyrillic", "cjk", "mixed"} {
		s := texttest.Script(name, 512<<10)
		text := []byte(s)
		benchmark(b, name+"/Scan", len(s), func() { runesSink, _ = Scan(text) })
		benchmark(b, name+"/utf8.ValidString and RuneCountInString", len(s), func() {
			if utf8.ValidString(s) {
				runesSink = utf8.RuneCountInString(s)
			}
		})
		benchmark(b, name+"/known to be valid", len(s), func() {
			c := checker{valid: true}
			runesSink, _ = c.finish(text, nil)
		})
		benchmark(b, name+"/utf8.RuneCountInString", len(s), func() { runesSink = utf8.RuneCountInString(s) })
	}
}

// runesSink keeps the compiler from leaving out a call.
var runesSink int

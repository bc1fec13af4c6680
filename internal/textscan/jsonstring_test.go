package textscan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lion-agi/fileops/internal/textscan/texttest"
	"github.com/stretchr/testify/require"
)

func TestJSONStringsAreEscapedNoMoreThanNeeded(t *testing.T) {
	for c := range rune(0x3000) {
		if !utf8.ValidRune(c) {
			continue
		}
		got := string(AppendJSONString(nil, string(c), false))
		switch {
		case c == '"' || c == '\\':
			require.Equal(t, `"\`+string(c)+`"`, got)
		case c < ' ':
			require.Contains(t, got, `\`)
		case c == '\u0085' || c == '\u2028' || c == '\u2029':
			require.Equal(t, fmt.Sprintf(`"\u%04x"`, c), got)
		default:
			require.Equal(t, `"`+string(c)+`"`, got)
		}
		var back string
		require.NoError(t, json.Unmarshal([]byte(got), &back))
		require.Equal(t, string(c), back)
	}
}

func TestJSONStringsEscapeAtEveryPlace(t *testing.T) {
	for _, c := range []string{`"`, `\`, "\n", "\x00", "\x1f", "\x7f", " ", "!", "[", "]", "é", "\xff", "\u0085", "\u2028", "\u2029"} {
		for n := range 40 {
			for _, rest := range []string{"", "x", c, strings.Repeat("y", 9) + c + c} {
				s := strings.Repeat("é", n%3) + strings.Repeat("x", n) + c + rest
				var got string
				require.NoError(t, json.Unmarshal(AppendJSONString([]byte("#"), s, false)[1:], &got))
				require.Equal(t, string([]rune(s)), got)
			}
		}
	}
}

// simpleJSONString is AppendJSONString of one code point at a time.
func simpleJSONString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, c := range s {
		switch c {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			if c < ' ' || c == '\u0085' || c == '\u2028' || c == '\u2029' {
				fmt.Fprintf(&b, `\u%04x`, c)
			} else {
				b.WriteRune(c)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}

// requireJSONString compares AppendJSONString with simpleJSONString, once with a
// destination that must grow and once with one that has room and old contents.
func requireJSONString(t *testing.T, s string) {
	t.Helper()
	want := "#" + simpleJSONString(s)
	for _, dst := range [][]byte{{'#'}, append(bytes.Repeat([]byte("~"), 7*len(s)+1000)[:0], '#')} {
		got := string(AppendJSONString(dst, s, false))
		if got == want && utf8.ValidString(s) {
			got = string(AppendJSONString(dst, s, true))
		}
		if got != want { // require formats its arguments first, which is slow
			require.Equal(t, want, got, "%q", s)
		}
	}
}

// lengths are lengths of strings around the limits of short strings and blocks.
var lengths = func() (list []int) {
	for n := range 2*blockSize + 40 {
		if n <= 40 || n%blockSize <= 20 || n%blockSize >= blockSize-3 {
			list = append(list, n)
		}
	}
	return list
}()

func TestJSONStringsAreEscapedAtEveryByte(t *testing.T) {
	for _, n := range lengths {
		for i := range n {
			s := bytes.Repeat([]byte("x"), n)
			for _, c := range []byte("\"\\\n\x00\x1f !#[]\x7f\x80\xff") {
				s[i] = c
				requireJSONString(t, string(s))
				s[n-1-i] = '\t'
				requireJSONString(t, string(s))
				s[n-1-i] = 'x'
			}
		}
	}
}

// TestJSONStringsHaveNoLineBreaks puts each line break, and characters that share
// bytes with one, at every byte of a block, also across the edge of two blocks.
func TestJSONStringsHaveNoLineBreaks(t *testing.T) {
	characters := append(strings.Split(texttest.LineBreaks, ""),
		"\u0084", "\u0086", "\u00a8", "\u00e2", "\u2027", "\u202a", "\u2068", "\u20a8", "\u3028", "\U00012028",
		"\xc2", "\xe2", "\xe2\x80", "\xc2\u0085", "\xe2\u2028", "\u2028\u2029\u0085")
	for _, n := range lengths {
		for _, c := range characters {
			for _, before := range []string{"x", "\t", "é", "\u2019"} {
				for _, after := range []string{"", "y", strings.Repeat("z", 2*blockSize), c} {
					s := strings.Repeat(before, n) + c + after
					requireJSONString(t, s)
					if strings.ContainsAny(string(AppendJSONString(nil, s, false)), texttest.LineBreaks) {
						t.Fatalf("%q", s)
					}
				}
			}
		}
	}
}

func TestJSONStringsOfOneByte(t *testing.T) {
	for c := range 256 {
		for _, n := range append(lengths, 1000) {
			requireJSONString(t, strings.Repeat(string([]byte{byte(c)}), n))
		}
	}
}

func TestJSONStringsThatAreNotValid(t *testing.T) {
	for _, part := range []string{"\xff", "\x80", "\xc3", "\xe6\x97", "\xf0\x9f\x91", "\xed\xa0\x80", "\xc3\"", "\xf0\x9f\n\x91"} {
		for _, n := range lengths {
			for _, before := range []string{"x", "é", "\n", "日"} {
				s := strings.Repeat(before, n)
				requireJSONString(t, s+part)
				requireJSONString(t, s+part+"\t"+s)
			}
		}
	}
}

func TestJSONStringsOfAnything(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	parts := append([]string{"\t\t", "plain text ", strings.Repeat("y", blockSize), "é日👍", "\x01", "\xe6"}, texttest.Escapes...)
	for range 20_000 {
		var b strings.Builder
		for range r.IntN(20) {
			b.WriteString(parts[r.IntN(len(parts))])
		}
		requireJSONString(t, b.String())
	}
}

func TestAppendJSONStringAllocatesNothing(t *testing.T) {
	s := texttest.Script("mixed", 10_000)
	dst := make([]byte, 0, JSONStringSize(len(s))+JSONStringSlack)
	require.Zero(t, testing.AllocsPerRun(10, func() { AppendJSONString(dst, s, false) }))
}

func FuzzAppendJSONString(f *testing.F) {
	for _, s := range texttest.Escapes {
		f.Add(s)
	}
	f.Add("\xff\xe6\x97")
	f.Add(strings.Repeat("x", blockSize-1) + "\u2028" + strings.Repeat("é", blockSize/2-1) + "\u2029\u0085")
	f.Fuzz(func(t *testing.T, s string) {
		requireJSONString(t, s)
		var back string
		require.NoError(t, json.Unmarshal(AppendJSONString(nil, s, false), &back))
		require.Equal(t, string([]rune(s)), back)
		require.False(t, strings.ContainsAny(string(AppendJSONString(nil, s, false)), texttest.LineBreaks))
	})
}

// BenchmarkJSONString measures a text as a .json or .jsonl file gets it, in
// strings of 1500 or 10 code points. It compares the escaping by blocks with
// the loop over single bytes.
func BenchmarkJSONString(b *testing.B) {
	const size = 256 << 10
	source := texttest.GoSource(b, "net/http")
	prose := strings.Repeat("The quick brown fox jumps over the lazy dog. ", size/45)
	for _, text := range []struct {
		name, text string
		length     int
	}{
		{"source", source, 1500},
		{"source-short", source[:size], 10},
		{"prose", prose, 1500},
		{"prose-short", prose, 10},
		{"multi-byte", texttest.Script("mixed", size), 1500},
		{"quotes", strings.Repeat(`"`, size), 1500},
	} {
		parts := partsOf(text.text, text.length)
		dst := make([]byte, 0, 16<<10)
		benchmarkParts := func(name string, appendString func(dst []byte, s string) []byte) {
			benchmark(b, text.name+"/"+name, len(text.text), func() {
				for _, s := range parts {
					dst = appendString(dst[:0], s)
				}
			})
		}
		benchmarkParts("checked", func(dst []byte, s string) []byte { return AppendJSONString(dst, s, false) })
		benchmarkParts("valid", func(dst []byte, s string) []byte { return AppendJSONString(dst, s, true) })
		benchmarkParts("valid, byte by byte", func(dst []byte, s string) []byte {
			return append(appendEscaped(append(dst, '"'), Bytes(s), 0), '"')
		})
	}
}

// partsOf cuts text into parts of length code points.
func partsOf(text string, length int) (parts []string) {
	r := NewRuler(length, 0, length, len(text))
	r.Measure(text, true)
	start := 0
	for i := 0; i < len(r.Marks()); i += 2 { // each number is marked twice
		parts = append(parts, text[start:r.Marks()[i]])
		start = r.Marks()[i]
	}
	return append(parts, text[start:])
}

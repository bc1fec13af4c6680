package charset

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// utf16Of and utf32Of encode a text.
func utf16Of(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return string(b)
}

func utf32Of(order binary.AppendByteOrder, text string) string {
	var b []byte
	for _, r := range text {
		b = order.AppendUint32(b, uint32(r))
	}
	return string(b)
}

var (
	little = binary.LittleEndian
	big    = binary.BigEndian
)

// detected are texts and binaries with the answers of a Detector.
var detected = []struct {
	data string
	name string // "" for none
	bad  int64
	nul  bool // no legacy text, for a patient Detector
}{
	{"", "utf-8", -1, false},
	{"a", "utf-8", -1, false},
	{"é日😀\ufffd\ufeff", "utf-8", -1, false},
	{"\x1b[0m\x01", "utf-8", -1, false},
	{"\xef\xbb\xbf", "utf-8-sig", -1, true},
	{"\xef\xbb\xbf\ufeffa", "utf-8-sig", -1, true},
	{"\xef\xbb\xbfa\xffb", "", 4, true},
	{"\xef\xbb\xbfa\x00", "", 4, true},
	{"\xef\xbb\xbfab\xe6\x97", "", 5, true},
	{"\xef\xbb", "", 0, false},
	{"\xff\xfe", "utf-16", -1, true},
	{"\xfe\xff", "utf-16", -1, true},
	{"\xff\xfea", "", 2, true},
	{"\xff\xfea\x00", "utf-16", -1, true},
	{"\xfe\xff" + utf16Of(big, "日本😀"), "utf-16", -1, true},
	{"\xff\xfe" + utf16Of(little, "日本😀\ufffe\x01"), "utf-16", -1, true},
	{"\xff\xfea\x00\x00\xd8b\x00", "", 4, true},
	{"\xff\xfea\x00\x00\xdcb\x00", "", 4, true},
	{"\xfe\xff\x00a\xd8\x00", "", 4, true},
	{"\xfe\xff\x00a\xd8\x00\x00", "", 4, true},
	{"\xff\xfea\x00\x00\x00", "", 4, true},
	{"\xff\xfe\x00\x00", "utf-32", -1, true},
	{"\x00\x00\xfe\xff", "utf-32", -1, true},
	{"\xff\xfe\x00\x00" + utf32Of(little, "aé日😀"), "utf-32", -1, true},
	{"\x00\x00\xfe\xff" + utf32Of(big, "aé日😀"), "utf-32", -1, true},
	{"\xff\xfe\x00\x00a\x00", "", 4, true},
	{"\xff\xfe\x00\x00a\x00\x00\x00\x00\xd8\x00\x00", "", 8, true},
	{"\x00\x00\xfe\xff\x00\x11\x00\x00", "", 4, true},
	{"\x00\x00\xfe\xff\xff\xff\xff\xff", "", 4, true},
	{"\x00\x00\xfe\xff\x00\x00\x00\x00", "", 4, true},

	{utf16Of(little, "hello world"), "utf-16-le", -1, false},
	{utf16Of(big, "hello world"), "utf-16-be", -1, false},
	{utf16Of(little, "Zoë's café, 5 €\r\n"), "utf-16-le", -1, false},
	{utf16Of(big, "名前,値\r\n一,1\r\n"), "utf-16-be", -1, false},
	{utf16Of(little, "שלום עולם\r\nשוב\r\n"), "utf-16-le", -1, false},
	{utf16Of(big, "مرحبا بالعالم\nسطر\nثان\n"), "utf-16-be", -1, false},
	{utf16Of(little, "สวัสดี\r\nชาวโลก\r\n"), "utf-16-le", -1, false},
	{utf16Of(big, "Привет, мир!\n"), "utf-16-be", -1, false},
	{utf16Of(little, "a 😀\n\U0001fbff\u2028b\n"), "utf-16-le", -1, false},
	{utf16Of(little, "日本"), "", 0, false},               // no NUL, so doubtful
	{utf16Of(little, "hello"), "", 1, true},             // neither a blank nor a line
	{utf16Of(little, "hello world") + "!", "", 1, true}, // half a unit
	{utf16Of(little, "hello\x01 world\n"), "", 1, true},
	{utf16Of(little, "hello\u0085 world\n"), "", 1, true},
	{utf16Of(little, "hello \ue000 world\n"), "", 1, true},
	{utf16Of(little, "hello \U0001ffff world\n"), "", 1, true},
	{utf16Of(little, "hello \U000f0000 world\n"), "", 1, true},
	{utf16Of(little, "hello \ufffe world\n"), "", 1, true},
	{utf16Of(little, "hello world\n") + "\x00\xd8", "", 1, true},
	{utf32Of(little, "hello world\n"), "", 1, true},
	{strings.Repeat("\x00", 64), "", 0, true},
	{"text with a \x00", "", 12, true},
	{"\xff\xd8\xff\xe0\x00\x10JFIF\x00", "", 0, true},
	{"caf\xe9", "", 3, false},
	{"caf\xe9\x00", "", 3, true},
	{"ab\xe6\x97", "", 2, false},
	{"ab\xe6\x97c\xff", "", 2, false},
}

// detect gives data to a Detector, cut at the offsets.
func detect(data string, patient bool, cuts ...int) (name string, bad int64, legacy bool) {
	d := NewDetector(patient)
	from := 0
	for _, at := range append(cuts, len(data)) {
		if !d.Add([]byte(data[from:at])) {
			break
		}
		from = at
	}
	name, bad = d.End()
	return name, bad, d.MayBeLegacy()
}

func TestDetector(t *testing.T) {
	t.Parallel()
	for _, c := range detected {
		name, bad, legacy := detect(c.data, true)
		require.Equal(t, c.name, name, "%q", c.data)
		require.Equal(t, c.bad, bad, "%q", c.data)
		if name == "" {
			require.Equal(t, !c.nul, legacy, "%q", c.data)
		}
		name, bad, legacy = detect(c.data, false)
		require.Equal(t, c.name, name, "%q", c.data)
		require.Equal(t, c.bad, bad, "%q", c.data)
		require.False(t, legacy)
	}
}

// TestDetectorInPieces cuts data at each two places.
func TestDetectorInPieces(t *testing.T) {
	t.Parallel()
	for _, c := range detected {
		for first := range len(c.data) + 1 {
			for second := first; second <= len(c.data); second++ {
				name, bad, _ := detect(c.data, second%2 == 0, first, second)
				require.Equal(t, c.name, name, "%q, cut at %d and %d", c.data, first, second)
				require.Equal(t, c.bad, bad, "%q, cut at %d and %d", c.data, first, second)
			}
		}
	}
}

// TestDetectorStops gives the beginnings of large binaries.
func TestDetectorStops(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		data             string
		stops, patiently bool
	}{
		{"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x00", true, true},
		{strings.Repeat("\x00", 8), true, true},
		{"\xef\xbb\xbf\xff...", true, true},
		{"\xff\xfe\x00\xdc\x00\xdc", true, true},
		{"\xf0\xd2\xc9\x01\x01\xff\xff\xff\xff\xff\xff", true, false}, // legacy text may have all that
		{utf16Of(little, "hello"), false, false},
		{"hello", false, false},
	} {
		require.Equal(t, c.stops, !NewDetector(false).Add([]byte(c.data)), "%q", c.data)
		require.Equal(t, c.patiently, !NewDetector(true).Add([]byte(c.data)), "%q", c.data)
	}
}

// TestNoBinaryIsUTF16 gives a Detector data that is no text, of all even sizes.
func TestNoBinaryIsUTF16(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for size := 2; size <= 512; size += 2 {
		for range 20 {
			data := make([]byte, size)
			for i := range data {
				data[i] = byte(r.Uint32())
			}
			name, _, _ := detect(string(data), false)
			require.NotContains(t, []string{"utf-16-le", "utf-16-be"}, name, "%q", data)
			var counting, samples []byte
			for i := range size / 2 {
				counting = little.AppendUint16(counting, uint16(i))
				samples = big.AppendUint16(samples, uint16(int16(r.NormFloat64()*1000)))
			}
			for _, data := range [][]byte{counting, samples, counting[2:]} {
				name, _, _ := detect(string(data), false)
				require.NotContains(t, []string{"utf-16-le", "utf-16-be"}, name, "%q", data)
			}
		}
	}
}

// FuzzDetector compares a Detector that gets data in pieces with one that gets it
// whole, and its answers with the encodings they name.
func FuzzDetector(f *testing.F) {
	for _, c := range detected {
		f.Add(c.data, uint8(len(c.data)/2))
	}
	f.Fuzz(func(t *testing.T, data string, cut uint8) {
		name, bad, legacy := detect(data, true)
		at := int(cut) % (len(data) + 1)
		pieceName, pieceBad, pieceLegacy := detect(data, true, at/2, at)
		require.Equal(t, name, pieceName)
		require.Equal(t, bad, pieceBad)
		require.Equal(t, legacy, pieceLegacy)
		if name == "" {
			require.True(t, 0 <= bad && bad < int64(len(data)))
			require.False(t, legacy && strings.Contains(data, "\x00"))
			return
		}
		found, ok := Find(name)
		require.True(t, ok)
		text := decode(t, found, data)
		require.True(t, utf8.ValidString(text))
		require.NotContains(t, text, "\x00")
		if name == "utf-16-le" || name == "utf-16-be" {
			order := map[string]binary.AppendByteOrder{"utf-16-le": little, "utf-16-be": big}[name]
			require.Equal(t, data, utf16Of(order, text))
		}
	})
}

package charset

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// decode decodes data, which has no invalid bytes.
func decode(t *testing.T, c Charset, data string) string {
	t.Helper()
	e := c.Encoding
	for _, m := range c.Marks {
		if rest, ok := strings.CutPrefix(data, m.Bytes); ok {
			data, e = rest, m.Encoding
			break
		}
	}
	if e == nil {
		return data
	}
	text, err := e.NewDecoder().String(data)
	require.NoError(t, err)
	return text
}

// whatwgLabels are names of Python that are labels of the WHATWG for another encoding.
var whatwgLabels = map[string]encoding.Encoding{
	"latin1": charmap.Windows1252, "l1": charmap.Windows1252, "cp819": charmap.Windows1252,
	"ibm819": charmap.Windows1252, "csisolatin1": charmap.Windows1252, "iso-8859-1": charmap.Windows1252, "ascii": charmap.Windows1252,
	"us-ascii": charmap.Windows1252, "latin5": charmap.Windows1254, "l5": charmap.Windows1254, "iso8859-9": charmap.Windows1254,
	"csisolatin5": charmap.Windows1254, "iso-8859-11": charmap.Windows874,
}

func TestNamesOfBrowsersComeFirst(t *testing.T) {
	t.Parallel()
	for name, want := range whatwgLabels {
		got, ok := Find(name)
		require.True(t, ok, name)
		require.Equal(t, want, got.Encoding, name)
	}
}

// TestPythonNames compares names with Python 3.11, which has written
// testdata/python.json: the names of each codec and its printable bytes or, if they
// are too many, a text.
func TestPythonNames(t *testing.T) {
	t.Parallel()
	recorded, err := os.ReadFile("testdata/python.json")
	require.NoError(t, err)
	var codecs []struct {
		Names       []string
		Bytes, Text string
	}
	require.NoError(t, json.Unmarshal(recorded, &codecs))
	require.Greater(t, len(codecs), 55)
	for _, codec := range codecs {
		data, err := hex.DecodeString(codec.Bytes)
		require.NoError(t, err)
		for _, name := range codec.Names {
			got, ok := Find(name)
			require.True(t, ok, name)
			if _, other := whatwgLabels[name]; !other {
				require.Equal(t, codec.Text, decode(t, got, string(data)), name)
			}
		}
	}
}

// TestSpellings writes names as Python lets them be written.
func TestSpellings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want  encoding.Encoding
		names []string
	}{
		{charmap.ISO8859_1, []string{"latin-1", "Latin_1", " LATIN 1 ", "latin--1", "latin -_ 1", "8859"}},
		{utf16LE, []string{"utf-16-le", "UTF_16_LE", "utf 16 le", "utf-16le", "utf16-le"}},
		{utf32BE, []string{"utf-32-be", "UTF_32BE", "utf32be"}},
		{japanese.ShiftJIS, []string{"cp932", "CP932", "932", "ms_kanji"}},
		{simplifiedchinese.HZGB2312, []string{"hz", "hz-gb-2312"}},
		{nil, []string{"", "utf-8", "U8", "cp65001", "utf_8_sig", "UTF-8-SIG"}},
	} {
		for _, name := range c.names {
			got, ok := Find(name)
			require.True(t, ok, name)
			require.Equal(t, c.want, got.Encoding, name)
		}
	}
	for _, name := range []string{"utf-7", "auto", "klingon", "utf-8;", "latin.1", "iso-2022-kr", "cp720", "rot13"} {
		_, ok := Find(name)
		require.False(t, ok, name)
	}
}

func TestCanonicalNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		" CP1252 ": "windows-1252", "latin1": "windows-1252", "GB2312": "gbk", "sjis": "shift_jis", "KOI8-R": "koi8-r",
		"Latin-1": "latin-1", "CP437": "cp437", "cp932": "cp932",
	} {
		require.Equal(t, want, CanonicalName(name), name)
	}
}

package fileops_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/htmlindex"
)

// decoded writes content to a file and returns the text of the file's chunks.
func decoded(t *testing.T, p place, encoding, content string) (string, error) {
	t.Helper()
	path := p.write(t, "encoded.txt", content)
	chunks, err := p.FileToChunks(t.Context(), path, &fileops.ChunkOptions{Encoding: encoding, Size: 64})
	var text strings.Builder
	for _, c := range chunks {
		text.WriteString(c.Text)
		require.Equal(t, utf8.RuneCountInString(c.Text), c.Size)
		require.EqualValues(t, len(content), c.FileSize)
	}
	return text.String(), err
}

// TestEncodings decodes a text in many encodings.
func TestEncodings(t *testing.T) {
	t.Parallel()
	p := newSystemPlace(t, fileops.PoolOptions{})
	for _, c := range []struct{ encoding, content, want string }{
		{"", "é日本", "é日本"},
		{"utf-8", "é日本", "é日本"},
		{" UTF8 ", "é", "é"},
		{"UTF-8", "\ufeffé\ufffd", "\ufeffé\ufffd"},
		{"utf-16le", "a\x00\xe9\x00=\xd8M\xdc", "aé👍"},
		{"UTF-16BE", "\x00a\x00\xe9\xd8=\xdcM", "aé👍"},
		{"utf-16le", "\xff\xfea\x00", "\ufeffa"}, // the name gives the byte order, so this is no byte order mark
		{"utf-16", "\xff\xfea\x00\xe9\x00", "aé"},
		{"utf-16", "\xfe\xff\x00a\x00\xe9", "aé"},
		{"UTF-16", "a\x00\xe9\x00", "aé"},
		{"utf-16", "\xff\xfe", ""},
		{"utf-16", "", ""},
		{"utf-16", "\xff\xfe\xff\xfea\x00", "\ufeffa"},
		{"utf-16", "\xfe\xff\xfe\xff\x00a", "\ufeffa"},
		{"latin1", "caf\xe9", "café"},
		{"iso-8859-1", "\xa4\xff", "¤ÿ"},
		{"iso-8859-15", "\xa4", "€"},
		{"windows-1252", "\x80 \x93quoted\x94 caf\xe9", "€ “quoted” café"},
		{"cp1252", "\x80", "€"},
		{"koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
		{"windows-1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
		{"macintosh", "\x8e", "é"},
		{"IBM437", "\x82", "é"}, // a name of IANA, not of WHATWG
		{"shift_jis", "\x93\xfa\x96{ \xb1abc", "日本 ｱabc"},
		{"sjis", "\x93\xfa", "日"},
		{"euc-jp", "\xc6\xfc\xcb\xdc", "日本"},
		{"iso-2022-jp", "a\x1b$BF|K\\\x1b(Bb", "a日本b"},
		{"gb18030", "\xc4\xe3\xba\xc3\x94\x39\xda\x33", "你好💩"},
		{"gbk", "\xc4\xe3\xba\xc3", "你好"},
		{"gb2312", "\xc4\xe3\xba\xc3", "你好"},
		{"big5", "\xa4\xa4\xa4\xe5", "中文"},
		{"euc-kr", "\xc7\xd1\xb1\xdb", "한글"},

		// A U+FFFD in the file is not an error.
		{"utf-16le", "a\x00\xfd\xff", "a\ufffd"},
		{"utf-16be", "\xff\xfd\x00a\xff\xfd", "\ufffda\ufffd"},
		{"utf-16", "\xff\xfe\xfd\xff", "\ufffd"},
		{"utf-16", "\xfe\xff\xff\xfd", "\ufffd"},
		{"gb18030", "a\x84\x31\xa4\x37b", "a\ufffdb"},
	} {
		got, err := decoded(t, p, c.encoding, c.content)
		require.NoError(t, err, "%s %q", c.encoding, c.content)
		require.Equal(t, c.want, got, "%s %q", c.encoding, c.content)
	}
}

// TestEncodingErrorsHaveTheOffset decodes invalid bytes. The error has the
// offset of the first one.
func TestEncodingErrorsHaveTheOffset(t *testing.T) {
	t.Parallel()
	p := newSystemPlace(t, fileops.PoolOptions{})
	for _, c := range []struct {
		encoding, content string
		offset            int
	}{
		{"utf-16le", "a", 0},
		{"utf-16le", "a\x00b\x00c", 4},             // half of a unit
		{"utf-16le", "a\x00b\x00\x00\xd8c\x00", 4}, // half of a surrogate pair
		{"utf-16le", "a\x00\x00\xdc", 2},           // the other half
		{"utf-16le", "a\x00\x00\xd8", 2},           // half of a pair at the end
		{"utf-16be", "\x00a\x00b\x00c\xd8\x00\x00d", 6},
		{"utf-16", "\xff\xfea\x00\x00\xd8a\x00", 4}, // the offset counts the byte order mark
		{"utf-16", "\xfe\xff\x00a\xdc\x00", 4},
		{"utf-16", "\xff", 0},
		{"utf-16le", "\xfd\xff\x00\xd8", 2}, // after a valid U+FFFD
		{"windows-1253", "\xaa", 0},
		{"windows-1253", "a\xaa", 1},
		{"windows-1253", "ab\xaa", 2},
		{"windows-1253", "abc\xaa", 3},
		{"windows-1253", "abcd\xaa", 4},
		{"windows-1253", "\xe1b\xaa\xaa", 2},
		{"shift_jis", "\x93\xfa\xff", 2},
		{"shift_jis", "a\xff", 1},
		{"shift_jis", "abcde\x93", 5},
		{"euc-kr", "a\xc7\xd1\xc7", 3},
		{"euc-kr", "\xff", 0},
		{"big5", "\xa4\xa4a\xff", 3},
		{"euc-jp", "a\x8e\xff", 1},
		{"gb18030", "a\x84\x31\xa4\x37\xff", 5},
		{"gb18030", "abc\x84\x31\xa4", 3},
		{"gbk", "\xc4\xe3\xff", 2},
		{"iso-2022-jp", "a\x1b$BF|\x1b(Bb\xff", 10},
		{"iso-2022-jp", "\xff", 0},
		{"iso-2022-jp", "ab\x1b$BF|\x80", 7},
		{"iso-2022-jp", "ab\x1b$X", 2},
		{"windows-1253", strings.Repeat("a", 100_001) + "\xaa", 100_001},
	} {
		t.Run(fmt.Sprintf("%s %.20q", c.encoding, c.content), func(t *testing.T) {
			_, err := decoded(t, p, c.encoding, c.content)
			requireEncodingError(t, err, fileops.EncodingError{Path: p.at("encoded.txt"), Encoding: c.encoding, Offset: int64(c.offset)})
		})
	}
}

// TestUnknownEncodings refuses names that are unknown, or that no decoder
// supports.
func TestUnknownEncodings(t *testing.T) {
	t.Parallel()
	p := newSystemPlace(t, fileops.PoolOptions{})
	for _, encoding := range []string{"klingon", "utf-7", "utf-8 ;", "replacement", "iso-2022-kr", "rot13", "cp720", "base64", "utf-16xe", "\x00"} {
		_, err := decoded(t, p, encoding, "text")
		requireOptionError(t, err, "Encoding")
	}
}

// FuzzEncodings decodes arbitrary bytes. The result is either the text of the
// encoding's own decoder or an error with the offset of the first invalid byte.
// Text that has been encoded comes back unchanged.
func FuzzEncodings(f *testing.F) {
	names := []string{"utf-16le", "utf-16be", "windows-1252", "windows-1253", "shift_jis", "euc-jp", "iso-2022-jp", "gb18030", "gbk", "big5", "euc-kr", "koi8-r"}
	for i := range names {
		f.Add(i, "plain text", []byte("abc\xaa\x84\x31\xa4\x37\xff"))
		f.Add(i, "日本 你好 한글 é€ \ufffd", []byte("\x00\xd8\x1b$BF|"))
	}
	f.Fuzz(func(t *testing.T, which int, text string, data []byte) {
		name := names[uint(which)%uint(len(names))]
		enc, err := htmlindex.Get(name)
		require.NoError(t, err)
		p := newSystemPlace(t, fileops.PoolOptions{})

		encoded, err := enc.NewEncoder().String(text)
		if err == nil && utf8.ValidString(text) {
			want, err := enc.NewDecoder().String(encoded)
			require.NoError(t, err)
			if want == text { // different characters may have the same bytes
				got, err := decoded(t, p, name, encoded)
				require.NoError(t, err)
				require.Equal(t, text, got)
			}
		}

		got, err := decoded(t, p, name, string(data))
		if err == nil {
			want, err := enc.NewDecoder().Bytes(data)
			require.NoError(t, err)
			require.Equal(t, string(want), got)
			return
		}
		var bad *fileops.EncodingError
		require.ErrorAs(t, err, &bad)
		require.Less(t, bad.Offset, int64(len(data)))
		got, err = decoded(t, p, name, string(data[:bad.Offset])) // the bytes before the offset are valid
		require.NoError(t, err)
		require.True(t, utf8.ValidString(got))
	})
}

package fileops

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// encoded returns a text in an encoding.
func encoded(t *testing.T, name, text string) []byte {
	t.Helper()
	e, err := findEncoding("Encoding", name)
	require.NoError(t, err)
	if e.Encoding == nil {
		return []byte(text)
	}
	data, err := e.Encoding.NewEncoder().Bytes([]byte(text))
	require.NoError(t, err)
	return data
}

// pieceEncodings are encodings of all kinds, with characters that they have.
var pieceEncodings = map[string][]string{
	"utf-8":        {"a ", "é", "日本", "😀"},
	"utf-16le":     {"a ", "é", "日本", "😀"},
	"utf-16be":     {"a ", "é", "日本", "😀"},
	"utf-16":       {"a ", "é", "日本", "😀"},
	"latin1":       {"a ", "é", "ß\n"},
	"koi8-r":       {"a ", "д", "ж "},
	"shift_jis":    {"a ", "日", "本 ", "ｱ"},
	"euc-jp":       {"a ", "日", "本 "},
	"iso-2022-jp":  {"a ", "日", "本 ", "b"},
	"gbk":          {"a ", "中", "文 "},
	"gb18030":      {"a ", "中", "文 ", "😀"},
	"big5":         {"a ", "中", "文 "},
	"euc-kr":       {"a ", "한", "국 "},
	"windows-1252": {"a ", "€", "é"},
}

// TestEncodingsInPieces cuts texts of several pieces, whose ends fall anywhere in a
// character, in all kinds of encodings. The chunks are those of the whole text.
func TestEncodingsInPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	l := newLab(t, seams[0], PoolOptions{})
	defer l.close()
	for _, name := range someOf(slices.Sorted(maps.Keys(pieceEncodings)), 3) {
		alphabet := pieceEncodings[name]
		var text strings.Builder
		for text.Len() < 2*pieceSize/stride(2) {
			text.WriteString(alphabet[r.IntN(len(alphabet))])
		}
		require.NoError(t, os.WriteFile(l.onDisk("in/a.txt"), encoded(t, name, text.String()), 0o666))
		for _, unit := range []Unit{Chars, Tokens} {
			o := &ChunkOptions{Unit: unit, Size: 1000, Overlap: 0.1, Encoding: name}
			want, err := l.pool.FileToChunks(t.Context(), l.at("in/a.txt"), o)
			require.NoError(t, err, name)
			l.pool.streamSize = 1
			got, err := collect(l.pool.Chunks(t.Context(), l.at("in/a.txt"), o))
			require.NoError(t, err, name)
			require.True(t, len(want) == len(got), "%s: %d chunks, not %d", name, len(got), len(want))
			for i := range want {
				require.Equal(t, want[i], got[i], "%s, %v", name, unit)
			}
		}
	}
}

// TestDoubtfulPieces cuts texts with a genuine U+FFFD, with undecodable bytes in their
// middle and at their end, and with byte order marks.
func TestDoubtfulPieces(t *testing.T) {
	l := newLab(t, seams[0], PoolOptions{})
	defer l.close()
	long := strings.Repeat("text ", pieceSize/5)
	for name, data := range map[string]struct{ encoding, data string }{
		"genuine":          {"utf-16le", string(encoded(t, "utf-16le", long+"\ufffd"+long))},
		"half a pair":      {"utf-16le", string(encoded(t, "utf-16le", long)) + "\x00\xd8"},
		"half a unit":      {"utf-16le", string(encoded(t, "utf-16le", long)) + "x"},
		"half a character": {"gbk", long + "\xd6"},
		"in the middle":    {"shift_jis", long + "\xff" + long},
		"big-endian mark":  {"utf-16", "\xfe\xff" + string(encoded(t, "utf-16be", long))},
		"little-endian":    {"utf-16", "\xff\xfe" + string(encoded(t, "utf-16le", long))},
		"empty":            {"utf-16", ""},
		"one byte":         {"utf-16", "x"},
		"invalid utf-8":    {"utf-8", long + long + "\xff"},
		"half at the end":  {"utf-8", long + long + "\xe6\x97"},
	} {
		require.NoError(t, os.WriteFile(l.onDisk("in/a.txt"), []byte(data.data), 0o666))
		o := &ChunkOptions{Size: 1000, Encoding: data.encoding}
		want, wantErr := l.pool.FileToChunks(t.Context(), l.at("in/a.txt"), o)
		l.pool.streamSize = 1
		got, err := collect(l.pool.Chunks(t.Context(), l.at("in/a.txt"), o))
		require.Equal(t, wantErr, err, name)
		require.Equal(t, want, got, name)
	}
}

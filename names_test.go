package fileops

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// requireMade requires that made recognises a name of fileName, if the timestamp
// can be read back, and no other stem.
func requireMade(t *testing.T, o *SaveOptions, stem string, isStem func(string) bool, now time.Time) {
	t.Helper()
	if o.Timestamp {
		if _, err := time.Parse(o.timestampFormat(), now.Format(o.timestampFormat())); err != nil {
			return
		}
	}
	name := o.fileName(stem, now)
	require.True(t, o.made(name, isStem), "%q by %+v", name, o)
	require.False(t, o.made(name, func(string) bool { return false }), "%q by %+v", name, o)
	if !o.TimePrefix {
		require.False(t, o.made("my "+name, isStem), "%q by %+v", name, o)
	}
}

func TestSavedNamesAreRecognised(t *testing.T) {
	times := []time.Time{
		time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC),
		time.Date(2026, 12, 31, 23, 59, 59, 999_999_999, time.FixedZone("CET", 3600)),
		time.Date(2024, 2, 29, 12, 0, 0, 120_000_000, time.FixedZone("MART", -9*3600-1800)),
		time.Date(9999, 10, 10, 10, 10, 10, 10, time.UTC),
	}
	layouts := []string{
		"", defaultTimestamp, "20060102", "2006-01-02", "2006-01-02_15.04.05", "06-1-2", "2006-002", "150405.000", "20060102-150405.999999",
		"at_2006_on_01_02", "chunk_2006-01-02", "2006-01-02_chunk_15", "abc", "deadbeef",
		time.ANSIC, time.RFC1123, time.RFC1123Z, time.RFC3339, time.RFC3339Nano, time.Kitchen, time.Stamp, time.StampNano, time.DateTime,
	}
	recognised := 0
	for _, now := range times {
		for _, layout := range layouts {
			for _, o := range []SaveOptions{
				{}, {Timestamp: true}, {Timestamp: true, TimePrefix: true}, {Timestamp: true, RandomHashDigits: 6}, {RandomHashDigits: 1}, {RandomHashDigits: 255},
				{Timestamp: true, TimePrefix: true, RandomHashDigits: 9},
			} {
				o.TimestampFormat = layout
				for _, extension := range []string{"", "md", ".md", ".tar.gz", "."} {
					o.Extension = extension
					for _, i := range []int{0, 8, 9, 99_999} {
						c := o.forChunks()
						require.True(t, c.made(c.fileName(chunkStem(i), now), isChunkStem), "%v by %+v", now, c)
						require.True(t, o.made(o.fileName(concatStem, now), isConcatStem), "%v by %+v", now, o)
						recognised++
					}
				}
			}
		}
	}
	require.Positive(t, recognised)
}

func TestOtherNamesAreNotRecognised(t *testing.T) {
	for _, name := range []string{
		"", ".", "_", "-", ".txt", "concatenated_text", "concatenated_text.txt", "concatenated_text_.txt", "concatenated_text_20250101120000.txt",
		"concatenated_text_20250101120000-abcde.txt", "concatenated_text_20250101120000-abcdef0.txt", "concatenated_text_20250101120000-abcdeg.txt",
		"concatenated_text_20250101120000-abcdef.md", "concatenated_text_20250101120000-abcdef.txt.bak", "concatenated_text_20250101120000-abcdef",
		"concatenated_text_2025010112000-abcdef.txt", "concatenated_text_202501011200000-abcdef.txt", "concatenated_text_20250230120000-abcdef.txt",
		"concatenated_text 20250101120000-abcdef.txt", "concatenated_text_20250101120000_abcdef.txt", "20250101120000_concatenated_text-abcdef.txt",
		"a concatenated_text_20250101120000-abcdef.txt", "concatenated_text_20250101120000-ABCDEF.txt", "Concatenated_text_20250101120000-abcdef.txt",
	} {
		require.False(t, concatNaming.made(name, isConcatStem), name)
	}
	require.True(t, concatNaming.made("concatenated_text_20250101120000-abcdef.txt", isConcatStem))
	for _, stem := range []string{"", "chunk", "chunk_", "chunk_0", "chunk_01", "chunk_-1", "chunk_+1", "chunk_1 ", "chunk_1a", "chunk_a", "chunk_1.5", "chunk_１", "chunks_1", "Chunk_1"} {
		require.False(t, isChunkStem(stem), stem)
	}
	require.True(t, isChunkStem("chunk_1") && isChunkStem("chunk_10203"))
}

// FuzzSavedNames makes names and recognises them, and lets made take any text
// for a name.
func FuzzSavedNames(f *testing.F) {
	f.Add("chunk_1_20250101120000-abcd.json", "", "json", int64(1735732800), 3, 4, true, false)
	f.Add("20250101_chunk_7.md", "20060102", ".md", int64(0), 0, 0, true, true)
	f.Add("chunk_2-", "_2006_", ".", int64(-1), 99, 1, true, true)
	f.Add("-", "", "", int64(1), 1, 255, false, false)
	f.Fuzz(func(t *testing.T, name, layout, extension string, seconds int64, i, digits int, timestamp, prefix bool) {
		o := &SaveOptions{Extension: extension, Timestamp: timestamp, TimePrefix: prefix, TimestampFormat: layout, RandomHashDigits: digits}
		if o.check() != nil || i < 0 || i > 1<<30 || len(layout) > 1000 {
			return
		}
		now := time.Unix(seconds%(1<<37), 0).UTC()
		requireMade(t, o, chunkStem(i), isChunkStem, now)
		requireMade(t, o, concatStem, isConcatStem, now)

		// A name that is recognised holds all the parts.
		if o.made(name, isChunkStem) {
			require.Contains(t, name, chunkPrefix)
			require.True(t, strings.HasSuffix(name, o.extension()))
			require.GreaterOrEqual(t, len(name), len(chunkPrefix)+1+digits)
		}
	})
}

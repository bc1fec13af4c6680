package charset

import (
	"strings"
	"sync"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// A Charset is an encoding of text.
type Charset struct {
	// Encoding decodes a text without a mark. It is nil for UTF-8.
	Encoding encoding.Encoding

	// Marks are the byte order marks that a text may begin with. A mark is no
	// part of the text and says how the text is encoded.
	Marks []Mark
}

// A Mark is a byte order mark.
type Mark struct {
	Bytes    string
	Encoding encoding.Encoding // of the text after it, nil for UTF-8
}

var (
	utf16LE = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	utf16BE = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	utf32LE = utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM)
	utf32BE = utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM)

	utf8Marked = Charset{Marks: []Mark{{"\xef\xbb\xbf", nil}}}

	// Without a mark these are little-endian, as UTF-16 is in the WHATWG Encoding
	// Standard.
	utf16Marked = Charset{utf16LE, []Mark{{"\xff\xfe", utf16LE}, {"\xfe\xff", utf16BE}}}
	utf32Marked = Charset{utf32LE, []Mark{{"\xff\xfe\x00\x00", utf32LE}, {"\x00\x00\xfe\xff", utf32BE}}}
)

// Find returns the encoding with a name. It looks among the labels of the WHATWG
// Encoding Standard (encoding.spec.whatwg.org) first, as browsers do, then in the
// register of the IANA, and then among Python's names, as Python does: case counts
// for nothing, and each run of hyphens, underscores and blanks is like any other.
func Find(name string) (c Charset, ok bool) {
	label := strings.ToLower(strings.TrimSpace(name))
	switch label {
	case "", "utf-8", "utf8", "unicode-1-1-utf-8":
		return Charset{}, true
	case "utf-16", "utf16":
		return utf16Marked, true
	}
	if c, ok := registered(label); ok {
		return c, true
	}
	label = normalized(label)
	if c, ok := pythonNames()[label]; ok {
		return c, true
	}
	return registered(strings.ReplaceAll(label, "_", "-"))
}

// registered returns the encoding with a label of the WHATWG or a name of the IANA.
func registered(label string) (Charset, bool) {
	e, err := htmlindex.Get(label)
	if err != nil {
		e, err = ianaindex.IANA.Encoding(label)
	}
	switch {
	case err != nil, e == nil, e == encoding.Replacement:
		return Charset{}, false
	case e == unicode.UTF8:
		return Charset{}, true
	}
	return Charset{Encoding: e}, true
}

// normalized is Python's encodings.normalize_encoding, for the punctuation that
// names have.
func normalized(label string) string {
	isPunctuation := func(r rune) bool { return r == '-' || r == '_' || r == ' ' }
	return strings.Join(strings.FieldsFunc(label, isPunctuation), "_")
}

// pythonNames are the names of Python's codecs and their aliases, as far as they
// are no labels of the WHATWG and no names of the IANA. Where such a name means
// another encoding there, the WHATWG and the IANA win: Python's "latin1" is the
// windows-1252 of browsers. See docs.python.org/3/library/codecs.html.
var pythonNames = sync.OnceValue(func() map[string]Charset {
	names := map[string]Charset{}
	for _, of := range []struct {
		charset Charset
		names   string
	}{
		{Charset{}, "utf_8 u8 utf cp65001 utf8_ucs2 utf8_ucs4"},
		{utf8Marked, "utf_8_sig utf8_sig"},
		{utf16Marked, "utf_16 u16"},
		{Charset{Encoding: utf16LE}, "utf_16_le utf_16le utf16_le utf16le unicodelittleunmarked"},
		{Charset{Encoding: utf16BE}, "utf_16_be utf_16be utf16_be utf16be unicodebigunmarked"},
		{utf32Marked, "utf_32 utf32 u32"},
		{Charset{Encoding: utf32LE}, "utf_32_le utf_32le utf32_le utf32le"},
		{Charset{Encoding: utf32BE}, "utf_32_be utf_32be utf32_be utf32be"},

		{Charset{Encoding: charmap.ISO8859_1}, "latin_1 latin 8859 iso8859 iso8859_1 iso_8859_1 iso_8859_1_1987 iso_ir_100"},
		{Charset{Encoding: charmap.ISO8859_2}, "iso_8859_2_1987"},
		{Charset{Encoding: charmap.ISO8859_3}, "iso_8859_3_1988"},
		{Charset{Encoding: charmap.ISO8859_4}, "iso_8859_4_1988"},
		{Charset{Encoding: charmap.ISO8859_5}, "iso_8859_5_1988"},
		{Charset{Encoding: charmap.ISO8859_6}, "iso_8859_6_1987"},
		{Charset{Encoding: charmap.ISO8859_7}, "iso_8859_7_1987 elot_928"},
		{Charset{Encoding: charmap.ISO8859_8}, "iso_8859_8_1988"},
		{Charset{Encoding: charmap.ISO8859_9}, "iso8859_9 iso_8859_9 iso_8859_9_1989"},
		{Charset{Encoding: charmap.ISO8859_10}, "iso_8859_10_1992"},
		{Charset{Encoding: charmap.ISO8859_13}, "l7 latin7"},
		{Charset{Encoding: charmap.ISO8859_14}, "iso_8859_14_1998"},
		{Charset{Encoding: charmap.ISO8859_15}, "latin9"},
		{Charset{Encoding: charmap.ISO8859_16}, "iso8859_16 iso_8859_16_2001 iso_ir_226 l10 latin10"},
		{Charset{Encoding: charmap.Windows874}, "cp874 iso8859_11 iso_8859_11_2001 thai tis_620 tis620 tis_620_0 tis_620_2529_0 tis_620_2529_1 iso_ir_166"},
		{Charset{Encoding: charmap.Windows1250}, "1250"},
		{Charset{Encoding: charmap.Windows1251}, "1251"},
		{Charset{Encoding: charmap.Windows1252}, "1252"},
		{Charset{Encoding: charmap.Windows1253}, "1253"},
		{Charset{Encoding: charmap.Windows1254}, "1254"},
		{Charset{Encoding: charmap.Windows1255}, "1255"},
		{Charset{Encoding: charmap.Windows1256}, "1256"},
		{Charset{Encoding: charmap.Windows1257}, "1257"},
		{Charset{Encoding: charmap.Windows1258}, "1258"},
		{Charset{Encoding: charmap.CodePage037}, "cp037 037 ibm039"},
		{Charset{Encoding: charmap.CodePage437}, "cp437 437"},
		{Charset{Encoding: charmap.CodePage850}, "cp850 850"},
		{Charset{Encoding: charmap.CodePage852}, "cp852 852"},
		{Charset{Encoding: charmap.CodePage855}, "cp855 855"},
		{Charset{Encoding: charmap.CodePage858}, "cp858 858 ibm858 csibm858"},
		{Charset{Encoding: charmap.CodePage860}, "cp860 860"},
		{Charset{Encoding: charmap.CodePage862}, "cp862 862"},
		{Charset{Encoding: charmap.CodePage863}, "cp863 863"},
		{Charset{Encoding: charmap.CodePage865}, "cp865 865"},
		{Charset{Encoding: charmap.CodePage866}, "cp866 866"},
		{Charset{Encoding: charmap.CodePage1140}, "cp1140 1140 ibm1140"},
		{Charset{Encoding: charmap.Macintosh}, "mac_roman macroman"},
		{Charset{Encoding: charmap.MacintoshCyrillic}, "mac_cyrillic maccyrillic"},

		{Charset{Encoding: japanese.ShiftJIS}, "cp932 932 ms932 ms_kanji mskanji s_jis shiftjis x_mac_japanese"},
		{Charset{Encoding: japanese.EUCJP}, "eucjp u_jis ujis"},
		{Charset{Encoding: japanese.ISO2022JP}, "iso2022_jp iso2022jp"},
		{Charset{Encoding: korean.EUCKR}, "cp949 949 ms949 uhc euckr ksx1001 ks_x_1001 ks_c_5601 ks_c_5601_1987 x_mac_korean"},
		{Charset{Encoding: traditionalchinese.Big5}, "cp950 950 ms950 big5_tw big5hkscs hkscs x_mac_trad_chinese"},
		{Charset{Encoding: simplifiedchinese.GBK}, "cp936 936 ms936 euc_cn euccn eucgb2312_cn gb2312_1980 gb2312_80 x_mac_simp_chinese"},
		{Charset{Encoding: simplifiedchinese.GB18030}, "gb18030_2000"},
		{Charset{Encoding: simplifiedchinese.HZGB2312}, "hz hz_gb hz_gb_2312 hzgb"},
	} {
		for name := range strings.FieldsSeq(of.names) {
			names[name] = of.charset
		}
	}
	return names
})

// CanonicalName returns the name in lower case by which Find and Python know the
// encoding with a name: that of the WHATWG if it has one.
func CanonicalName(name string) string {
	label := strings.ToLower(strings.TrimSpace(name))
	if e, err := htmlindex.Get(label); err == nil {
		if canonical, err := htmlindex.Name(e); err == nil {
			return canonical
		}
	}
	return label
}

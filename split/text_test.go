package split

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestTextLines shows the boundaries of lines and blank lines.
func TestTextLines(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, want string }{
		{"lines", "a\n|13|b\n|13|c"},
		{"indented lines", "  a\n|13|\tb\n"},
		{"a line that ends a sentence", "Go.\n|12|(Go!)\n|12|\"Go?\" \n|12|go,\n|13|Dr.\n|13|Go"},
		{"Chinese and Japanese", "去。\n|12|去。」\n|12|去，\n|13|去"},
		{"blank lines", "a\n\n|8|b\n\n\n|7|c\n \t\n|8|d\n"},
		{"blank lines at the ends", "\n\n|7|a\n\n\n"},
		{"CR LF", "a\r\n|13|b\r\n\r\n|8|c\r\n"},
		{"CR", "a\r|13|b\r\r|8|c\r"},
		{"LF CR", "a\n\r|8|b"},
		{"Unicode", "a\u0085|13|b\u2028|13|c\u2029|13|d\u2028\u2028|8|e"},
		{"form feed", "a\f|6|b\n\f\n|6|c\n\f|6|d"},
		{"no line breaks", "a\vb"},
	} {
		text := markers.ReplaceAllString(test.want, "")
		assert.Equal(t, test.want, show(Text(), text, levelAnyLine), test.name)
		if strings.HasPrefix(text, "\n") {
			continue
		}
		// The same far from the start, around the end of a look for rare breaks.
		for n := minAhead - 3; n <= minAhead+1; n++ {
			padding := strings.Repeat("x", n)
			assert.Equal(t, padding+test.want, show(Text(), padding+text, levelAnyLine), test.name)
		}
	}
}

// TestTextSentences shows the boundaries of sentences.
func TestTextSentences(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, want string }{
		{"marks", "One. |14|Two! |14|Three? |14|Four?! |14|Five... |14|Six"},
		{"quotations", "\"One.\" |14|\"Two!\" |14|(Three.) |14|“Four.” |14|Five"},
		{"lower case goes on", "One. two! |14|three? |14|four... five."},
		{"numbers", "Pi is 3.14. |14|It is .5 or 1.000.000 or 10.5.2026."},
		{"names of files", "See main.go and README.md. |14|Go."},
		{"titles", "Mr. Hale, Mrs. Hale, Dr. No and Prof. Yes met St. John. |14|They left."},
		{"Latin", "Fruit, e.g. Apples, i.e. Fruit, etc. And so on, cf. Smith vs. Jones et al. In print."},
		{"numbered", "No. 5 in Fig. 2, pp. 7 and vol. 3. |14|He said no. |14|Then he went. |14|It was a fig. |14|So?"},
		{"initials", "J. R. R. Tolkien and U.S. Grant. |14|He and I. |14|We."},
		{"no initials", "Input and I/O. |14|It is plan-B. |14|J.-P. Sartre."},
		{"months", "On Jan. 5 it was cold. |14|So it was in Jan. |14|But not in May. |14|Or?"},
		{"a long word is no abbreviation", "Incorporated. |14|Thedr. |14|Go"},
		{"Chinese", "今天。|14|明天！|14|“后天？”|14|大后天。|14|（完。）|14|结束。」|14|「再见。」|14|好"},
		{"Chinese goes on", "今天。。。|14|明天？！|14|后天。，大后天"},
		{"Japanese", "そうです。|14|はい。　|14|いいえ。"},
		{"full width", "今天．|14|明天｡|14|后天"},
		{"Russian", "Он пришёл. |14|Она ушла. потом"},
		{"accents", "C'est l'été. |14|Élan. été."},
		{"Arabic", "مرحبا؟ |14|نعم۔ |14|لا"},
		{"Hindi", "नमस्ते। |14|हाँ। |14|नहीं"},
	} {
		text := markers.ReplaceAllString(test.want, "")
		assert.Equal(t, test.want, show(Text(), text, levelSentence), test.name)
	}
}

// TestTextClauses shows the boundaries of clauses and words.
func TestTextClauses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, want string }{
		{"marks", "a, |15|b; |15|c: |15|d — |15|e |16|f"},
		{"quotations", "\"|17|a,\" |15|b, |15|\"|17|c\""},
		{"numbers", "1,000 |16|10:|17|30 |16|a:b"},
		{"Chinese", "一、|15|二，|15|三；|15|四：|15|“|17|五，”|15|六"},
		{"code", "f|17|(|17|a,|15|b);|15|c|17|[|17|d]"},
		{"words", "don't |16|e|17|-|17|mail |16|(|17|it)."},
		{"Han and Hiragana", "漢|17|字|17|か|17|な"},
		{"Katakana", "カタカナ"},
		{"marks that belong to a letter", "e\u0301e\u0301 |16|e\u0301"},
		{"a mark after a space", "a \u0301|17|b |16|c"},
		{"emoji", "👩‍👩‍👧|17|👍🏽 |16|🇩🇪"},
		{"flags stay together", "🇩🇪🇫🇷"},
	} {
		text := markers.ReplaceAllString(test.want, "")
		assert.Equal(t, test.want, show(Text(), text, levelPart), test.name)
	}
}

// TestTextIsCoarse finds no boundary inside the pieces of a long text that are
// short, and few words in those that are long.
func TestTextIsCoarse(t *testing.T) {
	t.Parallel()
	short := strings.Repeat("a, b. C ", fine/8)
	assert.Empty(t, offsets(short+"\n"+strings.Repeat("\n", shortText), levelPart))
	lines := strings.Repeat("twenty bytes a line\n", 100)
	assert.Equal(t, []int{120, 240, 360}, offsets(lines, levelPart)[:3])
	words := strings.Repeat("ten bytes ", 100)
	assert.Equal(t, []int{124, 250, 374, 500, 624, 750, 874}, offsets(words, levelPart))
	sentences := strings.Repeat("These are twenty, b. ", 100)
	assert.Len(t, offsets(sentences, levelPart), 94) // the last 128 bytes are short
}

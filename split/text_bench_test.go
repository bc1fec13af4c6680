package split_test

import (
	"strings"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/internal/textscan/texttest"
	"github.com/lion-agi/fileops/split"
	"github.com/stretchr/testify/require"
)

// BenchmarkText drains the boundaries of texts.
func BenchmarkText(b *testing.B) { benchmark(b, split.Text()) }

// BenchmarkMarkdown drains the boundaries of texts that are read as Markdown.
func BenchmarkMarkdown(b *testing.B) { benchmark(b, split.Markdown()) }

// BenchmarkChunks cuts texts into chunks with an overlap.
func BenchmarkChunks(b *testing.B) {
	o := fileops.ChunkOptions{Size: 1500, Overlap: 0.1, Splitter: split.Text()}
	for name, text := range benchTexts(b) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				_, err := fileops.ChunkText(text, &o)
				require.NoError(b, err)
			}
		})
	}
}

func benchmark(b *testing.B, splitter fileops.Splitter) {
	for name, text := range benchTexts(b) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				for range splitter("", text) {
				}
			}
			count := 0
			for range splitter("", text) {
				count++
			}
			b.ReportMetric(float64(len(text))/float64(count), "B/boundary")
		})
	}
}

// benchTexts returns texts of about 4 MB each.
func benchTexts(tb testing.TB) map[string]string {
	const size = 4 << 20
	fill := func(s string) string { return strings.Repeat(s, size/len(s)+1) }
	return map[string]string{
		"go":         fill(texttest.GoSource(tb, "net/http")),
		"lines":      fill(wrap(english, 72)),
		"paragraphs": fill(english),
		"chinese":    fill(chinese),
		"minified":   strings.ReplaceAll(fill(`if(a.b){c=function(d,e){return d+e/2},f("x",[1,2]);}`), "\n", ""),
		"markdown":   fill(document),
		"crlf":       fill(strings.ReplaceAll(wrap(english, 72), "\n", "\r\n")),
	}
}

// wrap breaks the lines of a text at spaces, at most width bytes after the last
// break.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for _, word := range strings.SplitAfter(text, " ") {
		if column+len(word) > width {
			b.WriteByte('\n')
			column = 0
		}
		b.WriteString(word)
		column += len(word)
		if strings.Contains(word, "\n") {
			column = 0
		}
	}
	return b.String()
}

const english = `The harbour master kept his books in a small room above the quay, and he wrote in them every evening, whatever the weather. It was said that no ship had left without his knowing; it was also said that he knew too much. "You may think so," he answered, when somebody asked him, "but a man who counts ships learns only to count." Mr. Hale, who had sailed with him in 1871, did not agree. He thought that the numbers hid a story, e.g. the story of the barque that came in on a Sunday with nobody at the wheel.

On the following morning the wind had gone round to the north. The boats lay close together behind the mole and knocked against each other with a sound like slow applause. Nobody went out. The women stood at the doors of the sheds with their arms folded and talked about the price of salt, which had risen by 2.5 per cent since March, and about the new road. Was it true that it would reach the village before winter? The engineer had promised it! But engineers, as everyone knew, promised a great many things that they had no power to keep, and this one was young.

`

const chinese = `港务长把账本放在码头上面的小房间里，每天晚上都写，不管天气如何。据说没有一艘船能在他不知道的情况下离开；也有人说他知道得太多了。“你可以这样想，”有人问他的时候他回答说，“但是数船的人只学会了数数。”黑尔先生在一八七一年和他一起航行过，他不同意这种说法。他认为数字背后藏着一个故事，比如那艘星期天无人掌舵而进港的三桅船的故事。

第二天早晨，风转到了北面。船只紧紧地靠在防波堤后面，互相碰撞，发出像缓慢掌声一样的声音。没有人出海。妇女们双臂交叉站在棚屋门口，谈论着盐的价格和新修的公路。冬天以前它真的会通到村子里吗？工程师答应过的！可是大家都知道，工程师答应过许多他们没有能力做到的事情，而这一位还很年轻。

`

const document = "# Harbour\n\n" + english + `## Books

The books are kept in [the room above the quay](https://example.com/quay) since 1871, and ` + "`books -list`" + ` shows them.

- ships that came in, by day
- ships that went out ([#123](https://example.com/issues/123), [#124](https://example.com/issues/124))
  - with their cargo
  - without

| ship | day | cargo |
|---|---|---|
| Anna | Sunday | salt |
| Berta | Monday | timber |

` + "```go\nfunc main() {\n\tfmt.Println(\"ships\")\n}\n```\n\n> Nobody was at the wheel.\n\n"

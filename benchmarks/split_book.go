package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A bookLanguage has the parts of a made-up book.
type bookLanguage struct {
	chapter  string            // the format of a chapter's title
	space    string            // stands between sentences
	patterns []string          // sentences, in which each rune of words stands for one of its words
	words    map[rune][]string // the words for each rune
}

// english makes sentences of every kind that a splitter can get wrong: speech,
// abbreviations, decimal points, dashes and brackets.
var english = bookLanguage{
	chapter: "CHAPTER %d",
	space:   " ",
	patterns: []string{
		"The ① ② had ③ the ② ④, and nobody in the town could say why.",
		"“I never saw a ① ②,” said Mr. ⑤, “that ③ so little ④!”",
		"Was it true that the ② had ③ a ① ②?",
		"It weighed 2.5 pounds (the ② weighed more), i.e. less than the ① ② that Dr. ⑤ had ③ ④ in 1871.",
		"Mrs. ⑤ ③ the ②; the ② was ① — and so it stayed.",
		"When the ① ② had ③ the ②, the others, who had waited ④ since the morning, ③ it too.",
		"Nobody answered.",
	},
	words: map[rune][]string{
		'①': {"old", "quiet", "well-known", "narrow", "grey", "half-forgotten", "honest", "cold"},
		'②': {"harbour", "captain", "letter", "house", "clerk", "lantern", "garden", "bell", "road", "winter"},
		'③': {"forgotten", "carried", "counted", "painted", "remembered", "sold", "followed", "mended"},
		'④': {"above the quay", "behind the church", "in the rain", "at the end of the road", "on a Sunday", "without a word"},
		'⑤': {"Hale", "Winter", "O'Brien", "Ashdown", "Petersen", "Lowe"},
	},
}

// chinese has no blanks between words. Its sentences end with marks of their own.
var chinese = bookLanguage{
	chapter: "第%d章",
	patterns: []string{
		"①②④③了②，城里没有人知道为什么。",
		"“我从来没有见过这么①的②，”⑤先生说，“它④③了我们！”",
		"②真的③了①②吗？",
		"它重2.5公斤（②更重），比⑤博士在1871年④③的②轻；没有人相信。",
		"⑤太太③了②、②和①②：这就是全部。",
		"没有人回答。",
	},
	words: map[rune][]string{
		'①': {"古老的", "安静的", "有名的", "狭窄的", "灰色的", "诚实的", "寒冷的"},
		'②': {"港口", "船长", "书信", "房子", "书记", "灯笼", "花园", "大钟", "公路", "冬天"},
		'③': {"忘记", "搬走", "数过", "画下", "记住", "卖掉", "跟随", "修好"},
		'④': {"在码头上", "在教堂后面", "在雨中", "在路的尽头", "星期天", "一言不发地"},
		'⑤': {"王", "李", "欧阳", "陈", "司马", "赵"},
	},
}

// book makes a book of at least size bytes, the same on each call. A paragraph is
// one line, and a blank line follows it.
func (l bookLanguage) book(size int) string {
	random := rand.New(rand.NewPCG(3, 4))
	var text strings.Builder
	for chapter := 1; text.Len() < size; chapter++ {
		fmt.Fprintf(&text, l.chapter+"\n\n", chapter)
		for range 10 + random.IntN(20) {
			l.paragraph(&text, random)
		}
	}
	return text.String()
}

// paragraph appends a paragraph.
func (l bookLanguage) paragraph(text *strings.Builder, random *rand.Rand) {
	for i := range 1 + random.IntN(9) {
		if i > 0 {
			text.WriteString(l.space)
		}
		for _, r := range l.patterns[random.IntN(len(l.patterns))] {
			if words := l.words[r]; words != nil {
				text.WriteString(words[random.IntN(len(words))])
			} else {
				text.WriteRune(r)
			}
		}
	}
	text.WriteString("\n\n")
}

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
)

// A textMaker makes a text of about size bytes, the same on each call.
type textMaker func(size int) (string, error)

// asciiText makes a text of Go source. It joins those files of the corpus that
// are pure ASCII, and starts again with the first one if they are not enough.
func (in *inputs) asciiText(size int) (string, error) {
	c, err := in.corpus()
	if err != nil {
		return "", err
	}
	var text strings.Builder
	text.Grow(size)
	for text.Len() < size {
		before := text.Len()
		if err := appendASCII(&text, c.paths, size); err != nil {
			return "", err
		}
		if text.Len() == before {
			return "", fmt.Errorf("%s: no ASCII text", in.src)
		}
	}
	return text.String(), nil
}

// appendASCII appends the files that are pure ASCII until the text has size
// bytes.
func appendASCII(text *strings.Builder, paths []string, size int) error {
	for _, path := range paths {
		if text.Len() == size {
			break
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if isASCII(b) {
			text.Write(b[:min(len(b), size-text.Len())])
		}
	}
	return nil
}

// isASCII reports whether b has no byte above 0x7f.
func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// sentences are the sentences of mixedText: plain English, accents, Greek,
// Cyrillic, Chinese, Japanese, Korean, Hindi and emoji.
var sentences = []string{
	"The server reads every file it is given, and answers when the last one is done.",
	"A chunk begins where the one before it ended, give or take the overlap.",
	"Les fichiers déjà copiés ne sont pas relus, même après une coupure d'électricité.",
	"Größere Dateien werden stückweise geprüft, weil sonst der Speicher überläuft.",
	"El año pasado se archivó aquí más de un millón de páginas en español.",
	"Η ταχύτητα του δίσκου δεν είναι το μόνο όριο.",
	"Каждый файл читается один раз и целиком.",
	"文件按路径排序，然后依次写入同一个输出文件。",
	"ファイルは順番に読み込まれ、正しく閉じられます。",
	"모든 파일은 한 번만 읽히고 바로 닫힙니다.",
	"हर फ़ाइल एक बार पढ़ी जाती है।",
	"All done 🎉 — 3 files skipped ⚠️, 12 saved ✅, none lost 🚀.",
}

// mixedText makes a text of prose in many scripts. It ends with a whole
// sentence, so it may be a little shorter than size.
func (in *inputs) mixedText(size int) (string, error) {
	random := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	text.Grow(size)
	for {
		s := sentences[random.IntN(len(sentences))]
		end := " "
		if random.IntN(8) == 0 {
			end = "\n\n"
		}
		if text.Len()+len(s)+len(end) > size {
			return text.String(), nil
		}
		text.WriteString(s)
		text.WriteString(end)
	}
}

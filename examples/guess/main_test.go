package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// A language has sentences of which texts in an older encoding are made.
type language struct {
	name      string
	encoding  encoding.Encoding
	sentences []string

	// right is how many of texts of each of sizes must come back as they were, a little
	// less than chardet 1.0.5 has reached. The rest must be refused, not garbled.
	right [len(sizes)]int
}

var sizes = [...]int{64, 256, 1 << 10, 4 << 10, 64 << 10}

// texts is the number of texts of each size and language.
const texts = 100

var languages = []language{
	{"Shift-JIS", japanese.ShiftJIS, []string{
		"今日は朝から雨が降っていたので、傘を持って出かけました。", "この資料は来週の会議で使う予定です。", "駅前の新しい店でコーヒーを飲んだ。",
		"システムの設定を変更したら、必ず再起動してください。", "子どもたちは公園で元気に遊んでいます。", "お問い合わせの件について、担当者から連絡いたします。",
		"昨日買った本はとても面白かった。", "データベースに接続できない場合は、ログを確認する。",
	}, [len(sizes)]int{40, 94, 100, 100, 100}},
	{"EUC-KR", korean.EUCKR, []string{
		"오늘은 아침부터 비가 와서 우산을 들고 나갔습니다.", "이 자료는 다음 주 회의에서 사용할 예정입니다.", "역 앞에 새로 생긴 가게에서 커피를 마셨다.",
		"설정을 바꾼 뒤에는 반드시 다시 시작하십시오.", "아이들이 공원에서 신나게 놀고 있다.", "문의하신 내용은 담당자가 연락을 드리겠습니다.",
		"어제 산 책은 아주 재미있었다.", "서버에 연결할 수 없으면 기록을 확인한다.",
	}, [len(sizes)]int{98, 98, 100, 100, 100}},
	{"GBK", simplifiedchinese.GBK, []string{
		"今天早上一直在下雨，所以我带着伞出门。", "这份资料准备在下周的会议上使用。", "我在车站前面新开的店里喝了一杯咖啡。",
		"修改系统设置以后，请务必重新启动。", "孩子们正在公园里高兴地玩耍。", "关于您提出的问题，我们会尽快与您联系。",
		"昨天买的那本书非常有意思。", "如果无法连接数据库，请检查日志文件。",
	}, [len(sizes)]int{98, 98, 100, 100, 100}},
	{"windows-1252", charmap.Windows1252, []string{
		"Ce matin, il pleuvait déjà très fort, et j’ai pris mon parapluie.", "Die Unterlagen für die nächste Sitzung müssen noch geprüft werden.",
		"El niño pequeño jugaba en el jardín después de la lección.", "A reunião de amanhã começa às nove horas, não às dez.",
		"Le café coûte 3 € à l’hôtel, où nous avons déjeuné.", "Größere Änderungen können später übernommen werden.",
		"Mañana habrá más información sobre la situación.", "“Voilà”, répondit-elle – “c’est déjà terminé”.",
	}, [len(sizes)]int{98, 98, 100, 100, 100}},
	{"KOI8-R", charmap.KOI8R, []string{
		"Сегодня с утра шёл дождь, поэтому я взял зонт.", "Эти материалы понадобятся на совещании на следующей неделе.",
		"В новом кафе у вокзала мы выпили по чашке кофе.", "После изменения настроек обязательно перезапустите систему.",
		"Дети весело играют в парке.", "По вашему вопросу с вами свяжется наш сотрудник.", "Книга, которую я вчера купил, очень интересная.",
		"Если соединиться с сервером не удалось, посмотрите журнал.",
	}, [len(sizes)]int{98, 98, 100, 100, 100}},
}

// text returns sentences in a random order, of at most size bytes in the encoding.
func (l language) text(t *testing.T, r *rand.Rand, size int) (text, encoded string) {
	var plain, bytes strings.Builder
	for {
		sentence := l.sentences[r.IntN(len(l.sentences))] + []string{" ", "\n", "\r\n"}[r.IntN(3)]
		more, err := l.encoding.NewEncoder().String(sentence)
		require.NoError(t, err)
		if bytes.Len()+len(more) > size && bytes.Len() > 0 {
			return plain.String(), bytes.String()
		}
		plain.WriteString(sentence)
		bytes.WriteString(more)
	}
}

// TestGuessIsOftenRight decodes generated texts and counts those that come back.
func TestGuessIsOftenRight(t *testing.T) {
	path := filepath.Join(t.TempDir(), "text")
	for _, l := range languages {
		r := rand.New(rand.NewPCG(1, 2))
		for i, size := range sizes {
			right, refused := 0, 0
			for range texts {
				want, encoded := l.text(t, r, size)
				require.NoError(t, os.WriteFile(path, []byte(encoded), 0o666))
				result, err := fileops.Concat(t.Context(), []string{path}, &fileops.ConcatOptions{Encoding: "auto", Guess: guess})
				require.NoError(t, err)
				switch {
				case len(result.Skipped) > 0:
					refused++
				case strings.HasSuffix(result.Text, "\n\n"+want):
					right++
				}
			}
			t.Logf("%-12s %6d bytes: %d right, %d garbled, %d refused", l.name, size, right, texts-right-refused, refused)
			require.GreaterOrEqual(t, right, l.right[i], "%s, %d bytes", l.name, size)
			require.Equal(t, texts, right+refused, "%s, %d bytes", l.name, size)
		}
	}
}

// Package texts has the texts of the benchmarks and of the tests.
package texts

import (
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Go returns sources of the Go standard library, joined, up to size bytes.
func Go(size int) (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", err
	}
	var text strings.Builder
	err = filepath.WalkDir(filepath.Join(strings.TrimSpace(string(root)), "src"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" {
			return err
		}
		source, err := os.ReadFile(path)
		text.Write(source)
		if text.Len() >= size {
			return fs.SkipAll
		}
		return err
	})
	return text.String()[:min(size, text.Len())], err
}

// English returns prose of size bytes or a little more.
func English(size int) string { return prose(strings.Fields(english), " ", ". ", size) }

// Chinese returns prose of size bytes or a little more.
func Chinese(size int) string { return prose(strings.Fields(chinese), "", "。", size) }

// prose makes sentences of words, the same on each call. Words at the front of the
// list come more often.
func prose(words []string, gap, stop string, size int) string {
	random := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	for text.Len() < size {
		for i := range 5 + random.IntN(15) {
			if i > 0 {
				text.WriteString(gap)
			}
			text.WriteString(words[int(float64(len(words))*random.Float64()*random.Float64())])
		}
		text.WriteString(stop)
	}
	return text.String()
}

// WorstCases returns texts of size bytes by name. Each is one piece, or reads a
// piece more than once, or makes the merges go back.
func WorstCases(size int) map[string]string {
	return map[string]string{
		"letter":     strings.Repeat("a", size),
		"capital":    strings.Repeat("A", size),
		"underscore": strings.Repeat("_", size),
		"blanks":     strings.Repeat(" ", size),
		"newlines":   strings.Repeat("\n", size),
		"blank tail": "\n" + strings.Repeat(" ", size) + "x",
		"digits":     strings.Repeat("7", size),
		"han":        strings.Repeat("中", size/3),
		"han tail":   "中" + strings.Repeat("A", size),
		"marks":      strings.Repeat("\u0301", size/2),
		"emoji":      strings.Repeat("😀", size/4),
		"pairs":      strings.Repeat("ab", size/2),
		"apostrophe": strings.Repeat("'s", size/2),
		"quotes":     strings.Repeat("'", size),
		"invalid":    strings.Repeat("\x80", size),
	}
}

const english = `
	the of and to in a is that for it as was with be by on not he his but at are this have from which or had they
	you an were one all we there been would their her more when who will no if out so what up said about than them
	can into only other new some could time these two may then do first any my now such like our over man me even
	most made after also did many before must through back years where much your way well down should because each
	just those people how too little state good very make world still see own men work long here get both between
	life being under never day same another know while last might us great old year off come since against go came
	right used take three improbable circumstances nevertheless philosophical understanding acknowledgement
	unfortunately extraordinary correspondence neighbourhood gratitude melancholy countenance perseverance
	entanglement bureaucratic thermodynamics photosynthesis`

const chinese = `
	的 一 是 不 了 在 人 有 我 他 这 个 们 中 来 上 大 为 和 国 地 到 以 说 时 要 就 出 会 可 也 你 对 生 能 而 子
	那 得 于 着 下 自 之 年 过 发 后 作 里 用 道 行 所 然 家 种 事 成 方 多 经 么 去 法 学 如 都 同 现 当 没 动 面
	起 看 定 天 分 还 进 好 小 部 其 些 主 样 理 心 她 本 前 开 但 因 只 从 想 实 日 军 者 意 无 力 它 与 长 把 机
	十 民 第 公 此 已 工 使 情 明 性 知 全 三 又 关 点 正 业 外 将 两 高 间 由 问 很 最 重 并 物 手 应 战 向 头 文
	体 政 美 相 见 被 利 什 二 等 产 或 新 己 制 身 果 加 西 斯 月 话 合 回 特 代 内 信 表 化 老 给 世 位 次 度 门
	任 常 先 海 通 教 儿 原 东 声 提 立 及 比 员 解 水 名 真 论 处 走 义 各 入 几 口 认 条 平 系 气 题 活 尔 更 别
	打 女 变 四 神 总 何 电 数 安 少 报 才 结 反 受 目 太 量 再 感 建 务 做 接 必 场 件 计 管 期 市 直 德 资 命 山
	金 指 克 许 统 区 保 至 队 形 社 便 空 决 治 展 马 科 司 五 基 眼 书 非 则 听 白 却 界 达 光 放 强 即 像 难 且
	权 思 王 象 完 设 式 色 路 记 南 品 住 告 类 求 据 程 北 边 死 张 该 交 规 万 取 拉 格 望 觉 术 领 共 确 传 师
	观 清 今 切 院 让 识 候 带 导 争 运 中国 经济 社会 问题 工作 发展 我们 没有 自己 他们 可以 这个 什么 现在
	因为 所以 如果 但是 时候 知道 政府 人民 企业 市场 技术 学生 国家 北京 上海 历史 文化 教育 研究 科学
	人工智能 互联网 图书馆`

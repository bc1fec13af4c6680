package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// inputs is the data the works share. Texts are made anew each time, so that
// no work's figures depend on what another one holds in memory.
type inputs struct {
	quick  bool
	goroot string // the Go distribution, without symlinks in its path
	list   string // the directory whose files are listed
	src    string // the directory of the corpus
	disk   string // a scratch directory on disk
	memory string // a scratch directory in memory, where the system has one
	place  string // what to call it: "tmpfs", "disk" or the directory asked for

	corpus func() (corpus, error) // the files of src
	dirs   int                    // how many directories fresh has made
}

// A corpus is a list of files and the sum of their sizes.
type corpus struct {
	paths []string
	bytes int64
}

// newInputs finds the Go distribution and makes the scratch directories,
// the one in memory under dir if that is not empty.
func newInputs(quick bool, dir string) (*inputs, error) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	goroot, err := filepath.EvalSymlinks(strings.TrimSpace(string(out)))
	if err != nil {
		return nil, err
	}
	in := &inputs{quick: quick, goroot: goroot, list: goroot, src: filepath.Join(goroot, "src"), place: dir}
	if quick {
		in.src = filepath.Join(in.src, "encoding")
		in.list = in.src
	}
	if dir == "" {
		in.place = "disk"
		if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
			dir, in.place = "/dev/shm", "tmpfs"
		}
	}
	if in.disk, err = os.MkdirTemp("", "fileops-benchmarks-"); err != nil {
		return nil, err
	}
	if in.memory, err = os.MkdirTemp(dir, "fileops-benchmarks-"); err != nil {
		return nil, errors.Join(err, in.close())
	}
	in.corpus = sync.OnceValues(func() (corpus, error) { return readCorpus(in.src) })
	return in, nil
}

// close removes the scratch directories.
func (in *inputs) close() error {
	return errors.Join(os.RemoveAll(in.disk), os.RemoveAll(in.memory))
}

// fresh makes a new directory below parent.
func (in *inputs) fresh(parent string) (string, error) {
	in.dirs++
	dir := filepath.Join(parent, fmt.Sprintf("%03d", in.dirs))
	return dir, os.Mkdir(dir, 0o755)
}

// file writes text to a new file below parent.
func (in *inputs) file(parent, text string) (string, error) {
	dir, err := in.fresh(parent)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "file.txt")
	return path, os.WriteFile(path, []byte(text), 0o644)
}

// largeSize is the size of a large file.
func (in *inputs) largeSize() int {
	if in.quick {
		return 1 << 20
	}
	return 64 << 20
}

// chunkCount is how many chunks are saved.
func (in *inputs) chunkCount() int {
	if in.quick {
		return 100
	}
	return 10_000
}

// readCorpus finds the Go files below dir.
func readCorpus(dir string) (corpus, error) {
	var c corpus
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || !isFile(path, d) {
			return err
		}
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		c.paths = append(c.paths, path)
		c.bytes += info.Size()
		return nil
	})
	return c, err
}

// isFile reports whether an entry met on a walk is a regular file or a
// symlink to one.
func isFile(path string, d fs.DirEntry) bool {
	if d.Type()&fs.ModeSymlink == 0 {
		return d.Type().IsRegular()
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// A textMaker makes a text of about size bytes, the same on each call.
type textMaker func(size int) (string, error)

// ascii makes a text of Go source: the corpus' files of nothing but ASCII one
// after the other, and again from the start when they are used up.
func (in *inputs) ascii(size int) (string, error) {
	c, err := in.corpus()
	if err != nil {
		return "", err
	}
	var text strings.Builder
	text.Grow(size)
	for text.Len() < size {
		before := text.Len()
		for _, path := range c.paths {
			if text.Len() == size {
				break
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return "", err
			}
			if isASCII(b) {
				text.Write(b[:min(len(b), size-text.Len())])
			}
		}
		if text.Len() == before {
			return "", fmt.Errorf("%s: no ASCII text", in.src)
		}
	}
	return text.String(), nil
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

// sentences are what mixed draws from: plain English, accents, Greek,
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

// mixed makes a text of prose in many scripts. It ends between two
// characters, so it may be a little shorter than size.
func (in *inputs) mixed(size int) (string, error) {
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

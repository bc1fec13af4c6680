package ignoretest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A Repo is a git repository of random trees. Nothing is added to its index.
type Repo struct {
	Dir string

	// Entries are the paths of all files and directories but .git, with slashes.
	// Each directory comes before its entries, and its path ends with a slash.
	Entries []string

	tb testing.TB
}

// Batch makes a repository with so many random trees, for the seed the same ones
// each time. A tree is a directory of the repository with ignore files of its own.
// The repository's .gitignore and .git/info/exclude apply to all of them.
//
// Batch skips the test if git is not installed.
func Batch(tb testing.TB, seed uint64, trees int) *Repo {
	tb.Helper()
	version := Version(tb)
	quirk, err := starsAfterName()
	if err != nil {
		tb.Fatal("ask git: ", err)
	}
	tb.Logf("%s, seed %d, %d trees", version, seed, trees)
	r := &Repo{Dir: tempDir(tb), tb: tb}
	r.git(nil, "init", "--quiet", "--template=")
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0)), starsAfterName: quirk}
	for i := range trees {
		tree := fmt.Sprintf("t%d/", i)
		r.Entries = append(r.Entries, tree)
		r.Entries = g.entries(r.Entries, tree, 0)
	}
	ignores := g.ignoreFiles(r.Entries)
	for _, entry := range r.Entries {
		r.make(entry)
	}
	for _, file := range ignores {
		r.write(file.path, file.data)
		if !strings.HasPrefix(file.path, ".git/") {
			r.Entries = append(r.Entries, file.path)
		}
	}
	slices.Sort(r.Entries)
	return r
}

// tempDir returns a new directory, in memory where the system has such a place:
// there, thousands of files take a tenth of the time.
func tempDir(tb testing.TB) string {
	tb.Helper()
	const memory = "/dev/shm"
	dir, err := os.MkdirTemp(memory, "fileops-test-")
	if err != nil {
		return tb.TempDir()
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Error(err)
		}
	})
	return dir
}

// make makes an empty file or a directory.
func (r *Repo) make(entry string) {
	r.tb.Helper()
	if !strings.HasSuffix(entry, "/") {
		r.write(entry, nil)
		return
	}
	if err := os.Mkdir(filepath.Join(r.Dir, filepath.FromSlash(entry)), 0o700); err != nil {
		r.tb.Fatal(err)
	}
}

func (r *Repo) write(name string, data []byte) {
	r.tb.Helper()
	file := filepath.Join(r.Dir, filepath.FromSlash(name))
	if strings.HasPrefix(name, ".git/") {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			r.tb.Fatal(err)
		}
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		r.tb.Fatal(err)
	}
}

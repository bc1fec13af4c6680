// Package ignoretest compares ignore rules with those of git. It makes repositories
// of random files and patterns, and asks git which files it takes, and why.
package ignoretest

import (
	"bytes"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A Verdict tells which rule of git decides on a file or a directory. The zero
// value tells that no rule matches.
type Verdict struct {
	Source  string // the ignore file, relative to Repo.Dir, with slashes
	Line    int
	Pattern string
}

// Ignored reports whether the rule excludes the file.
func (v Verdict) Ignored() bool {
	return v.Source != "" && !strings.HasPrefix(v.Pattern, "!")
}

// Taken returns the files that git takes, sorted: those of
// git ls-files --cached --others --exclude-standard.
func (r *Repo) Taken() []string {
	r.tb.Helper()
	out := r.git(nil, "ls-files", "-co", "--exclude-standard", "-z")
	files := fields(out)
	slices.Sort(files)
	return files
}

// Verdicts returns git's verdict on each file and directory. The path of a
// directory ends with a slash. Below an excluded directory, the verdict is the one
// on that directory.
func (r *Repo) Verdicts() map[string]Verdict {
	r.tb.Helper()
	var input bytes.Buffer
	for _, entry := range r.Entries {
		input.WriteString(strings.TrimSuffix(entry, "/") + "\x00")
	}
	out := fields(r.git(input.Bytes(), "check-ignore", "--verbose", "--non-matching", "--no-index", "--stdin", "-z"))
	const perEntry = 4 // source, line, pattern, path
	if len(out) != perEntry*len(r.Entries) {
		r.tb.Fatalf("git check-ignore judges %d of %d entries", len(out)/perEntry, len(r.Entries))
	}
	verdicts := map[string]Verdict{}
	for i, entry := range r.Entries {
		answer := out[perEntry*i:][:perEntry]
		if answer[3] != strings.TrimSuffix(entry, "/") {
			r.tb.Fatalf("git check-ignore answers %q for %q", answer, entry)
		}
		line, _ := strconv.Atoi(answer[1]) // empty without a rule
		verdicts[entry] = Verdict{Source: answer[0], Line: line, Pattern: answer[2]}
	}
	return verdicts
}

// fields splits output that has a NUL after each field.
func fields(out []byte) []string {
	if len(out) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// git runs git in the repository and returns its output.
func (r *Repo) git(input []byte, args ...string) []byte {
	r.tb.Helper()
	out, err := runGit(r.Dir, input, args...)
	if err != nil {
		r.tb.Fatalf("git %s: %v", args[0], err)
	}
	return out
}

// runGit runs git without the settings of the user and the system. git
// check-ignore exits with 1 if it finds nothing to report, which is no error.
func runGit(dir string, input []byte, args ...string) ([]byte, error) {
	settings := []string{
		"-c", "core.excludesFile=", "-c", "core.quotePath=false",
		"-c", "core.ignoreCase=false", "-c", "core.precomposeUnicode=false",
	}
	cmd := exec.Command("git", append(settings, args...)...)
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(input)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GIT_") }),
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "LC_ALL=C")
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() == 1 && args[0] == "check-ignore" {
		err = nil
	}
	return out, err
}

// Version returns the version of git. It skips the test if git is not installed.
func Version(tb testing.TB) string {
	tb.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		tb.Skip("git is not installed: ", err)
	}
	out, err := runGit("", nil, "version")
	if err != nil {
		tb.Fatal("git version: ", err)
	}
	return strings.TrimSpace(string(out))
}

// starsAfterName reports whether git lets "a**/b" match ab. Git does so before
// version 2.52, which mends it (commit 1940a02dc1).
var starsAfterName = sync.OnceValues(func() (bool, error) {
	dir, err := os.MkdirTemp("", "ignoretest")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	if _, err := runGit(dir, nil, "init", "--quiet"); err != nil {
		return false, err
	}
	if err := os.WriteFile(path.Join(dir, ".gitignore"), []byte("a**/b\n"), 0o600); err != nil {
		return false, err
	}
	out, err := runGit(dir, []byte("ab\x00"), "check-ignore", "--no-index", "--stdin", "-z")
	return len(out) > 0, err
})

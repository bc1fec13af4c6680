package fileops

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lion-agi/fileops/internal/ignore"
	"github.com/lion-agi/fileops/internal/vfs"
)

// This file reads the ignore files of a [Selection], in the slot of the listing of
// their directory.

// maxIgnoreFile is the size of the largest ignore file. Its patterns take up to some
// hundred times as much memory while the walk is below its directory.
const maxIgnoreFile = 1 << 20

// scopeOf returns the scope of a directory with the given entries.
func (w *walk) scopeOf(d *directory, entries []vfs.Entry) (*scope, error) {
	if w.sel == nil {
		return nil, nil
	}
	in := scope{}
	if d.in != nil {
		in = *d.in
	}
	found := w.ignoreFiles(entries)
	if w.sel.Git {
		if err := w.enterRepository(d, &in, found.git); err != nil {
			return nil, err
		}
	}
	prefix := w.prefix(d.path)
	base := len(w.below(prefix))
	for _, name := range found.names {
		if err := w.addRules(&in.custom, prefix+name, base); err != nil {
			return nil, err
		}
	}
	if found.gitignore {
		if err := w.addRules(&in.git, prefix+gitIgnore, base); err != nil {
			return nil, err
		}
	}
	if d.in != nil && in == *d.in {
		return d.in, nil
	}
	return &in, nil
}

const gitIgnore = ".gitignore"

// ignoreFiles are those among the entries of a directory that may have patterns.
type ignoreFiles struct {
	names          []string // of IgnoreFiles, in their order
	git, gitignore bool     // whether the entry is there
}

func (w *walk) ignoreFiles(entries []vfs.Entry) (f ignoreFiles) {
	for _, e := range entries {
		switch {
		case !w.sel.Git:
		case e.Name == ".git":
			f.git = true
		case e.Name == gitIgnore:
			f.gitignore = true
		}
		if slices.Contains(w.sel.IgnoreFiles, e.Name) {
			f.names = append(f.names, e.Name)
		}
	}
	slices.SortFunc(f.names, func(a, b string) int {
		return slices.Index(w.sel.IgnoreFiles, a) - slices.Index(w.sel.IgnoreFiles, b)
	})
	return f
}

// below returns the path, below the top of the repository and with slashes, of what
// has the prefix.
func (w *walk) below(prefix string) string { return w.above + w.slashed(prefix[len(w.top):]) }

// slashed returns a path with slashes.
func (w *walk) slashed(path string) string {
	if w.task.pool.paths.Separator() == '/' {
		return path
	}
	return filepath.ToSlash(path)
}

// cleaned returns a path without "..".
func (w *walk) cleaned(name string) string {
	if w.task.pool.opts.FS != nil {
		return path.Clean(name)
	}
	return filepath.Clean(name)
}

// prefix returns the text before a name in a directory.
func (w *walk) prefix(dir string) string { return w.task.pool.paths.Prefix(dir) }

// enterRepository adds git's rules that do not come from the directory's own
// .gitignore: if it is the top of a repository its .git/info/exclude, and if the
// walk begins in the middle of one the files above.
func (w *walk) enterRepository(d *directory, in *scope, hasGit bool) error {
	prefix := w.prefix(d.path)
	if hasGit {
		gitDir, err := w.gitDir(prefix)
		if err != nil {
			return err
		}
		if gitDir != "" {
			in.git = nil
			return w.addRules(&in.git, w.infoExclude(gitDir), len(w.below(prefix)))
		}
	}
	if d.top {
		return w.addRulesAbove(in, d.path)
	}
	return nil
}

func (w *walk) infoExclude(gitDir string) string {
	return w.prefix(w.prefix(gitDir)+"info") + "exclude"
}

// addRulesAbove finds the top of the repository that a directory is in, and adds the
// rules from there down to the directory.
func (w *walk) addRulesAbove(in *scope, dir string) error {
	names, straight, err := w.namesFromTop(dir)
	if err != nil {
		return err
	}
	above := func(height int) string { // the prefix of a directory above
		up := w.prefix(dir) + strings.Repeat(".."+string(w.task.pool.paths.Separator()), height)
		if straight {
			up = w.prefix(w.cleaned(up))
		}
		return up
	}
	for height := 1; height <= len(names); height++ {
		gitDir, err := w.gitDir(above(height))
		if err != nil {
			return err
		}
		if gitDir != "" {
			return w.addRulesBetween(in, names[len(names)-height:], gitDir, above)
		}
	}
	return nil
}

// namesFromTop is [vfs.NamesFromTop] for the files that the pool reads. Those of an FS
// have no links.
func (w *walk) namesFromTop(dir string) (names []string, straight bool, err error) {
	pool := w.task.pool
	if pool.opts.FS != nil {
		return vfs.Names(path.Clean(dir)), true, nil
	}
	return vfs.NamesFromTop(pool.fs, dir, pool.opts.Root != nil)
}

// addRulesBetween adds the rules of a repository that lie above the directory that
// the walk begins at. The names lead there from the top of the repository.
func (w *walk) addRulesBetween(in *scope, names []string, gitDir string, above func(height int) string) error {
	w.above = strings.Join(names, "/") + "/"
	if err := w.addRules(&in.git, w.infoExclude(gitDir), 0); err != nil {
		return err
	}
	base := 0
	for i, name := range names {
		if err := w.addRules(&in.git, above(len(names)-i)+gitIgnore, base); err != nil {
			return err
		}
		base += len(name) + 1
	}
	return nil
}

// gitDir returns the directory with the data of the repository whose top has the
// prefix, "" if no repository begins there. In a work tree and in a submodule ".git"
// is a file that names the directory, see gitrepository-layout(5).
func (w *walk) gitDir(prefix string) (string, error) {
	files, dir := w.task.files(), prefix+".git"
	st, err := files.Stat(dir)
	switch {
	case err != nil:
		return "", w.harmless(dir, err)
	case st.Mode.IsDir():
		head := w.prefix(dir) + "HEAD" // git itself takes a directory without one for no repository
		if _, err := files.Lstat(head); err != nil {
			return "", w.harmless(head, err)
		}
		return dir, nil
	}
	data, err := w.readSmall(dir)
	name, ok := bytes.CutPrefix(data, []byte("gitdir: "))
	if err != nil || !ok {
		return "", err
	}
	dir = rebased(prefix, string(bytes.TrimRight(name, "\r\n")))
	common, err := w.readSmall(w.prefix(dir) + "commondir")
	if err != nil || len(common) == 0 {
		return dir, err
	}
	return rebased(w.prefix(dir), string(bytes.TrimRight(common, "\r\n"))), nil
}

// rebased returns a path that is relative to the directory with the prefix.
func rebased(prefix, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return prefix + path
}

// addRules puts the rules of an ignore file before the others, if there are any.
func (w *walk) addRules(all **rules, path string, base int) error {
	data, err := w.readSmall(path)
	if err != nil {
		return err
	}
	if list := ignore.Parse(data); list.Len() > 0 {
		*all = &rules{list: list, source: w.task.pool.paths.Clean(path), base: base, next: *all}
	}
	return nil
}

// readSmall reads a file of the repository. It returns nothing if the file is missing
// or no regular file: git does not follow links to such files.
func (w *walk) readSmall(path string) ([]byte, error) {
	st, err := w.task.files().Lstat(path)
	if err != nil || !st.Mode.IsRegular() {
		return nil, w.harmless(path, err)
	}
	data, _, err := w.task.appendFile(w.task.files(), nil, path, maxIgnoreFile, nil)
	switch {
	case errors.Is(err, errTooLargeToHold{}):
		return nil, fmt.Errorf("%s: %w", oneLine(path), ErrTooLarge)
	case err != nil:
		return nil, w.harmless(path, err)
	}
	return data, nil
}

// harmless returns an error of the file unless it says that there is none.
func (w *walk) harmless(path string, err error) error {
	if err == nil || vfs.LeadsNowhere(err) || errors.Is(err, ErrNotRegular) {
		return nil
	}
	if vfs.OutOfDescriptors(err) {
		return err
	}
	return fmt.Errorf("%s: %w", oneLine(path), vfs.Reason(err))
}

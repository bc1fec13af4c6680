package fileops_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/internal/ignore/ignoretest"
	"github.com/stretchr/testify/require"
)

// selectors are the choosers and the operations that list.
var selectors = append(slices.Clone(choosers),
	chooser{"DirToFiles", "list", func(ctx context.Context, p place, dir string, o choice) (taken []string, left []fileops.SkippedFile, err error) {
		taken, err = p.DirToFiles(ctx, dir, &fileops.DirOptions{
			FileTypes: o.types, Select: o.sel, Shallow: o.shallow, OnSkip: func(s fileops.SkippedFile) { left = append(left, s) },
		})
		return taken, left, err
	}},
	chooser{"Files", "list", func(ctx context.Context, p place, dir string, o choice) (taken []string, left []fileops.SkippedFile, err error) {
		for f, err := range p.Files(ctx, dir, &fileops.DirOptions{
			FileTypes: o.types, Select: o.sel, Shallow: o.shallow, OnSkip: func(s fileops.SkippedFile) { left = append(left, s) },
		}) {
			if err != nil {
				return taken, left, err
			}
			taken = append(taken, f.Path)
		}
		return taken, left, nil
	}},
)

// everySelector runs a test with each selector in each place.
func everySelector(t *testing.T, test func(t *testing.T, p place, c chooser)) {
	t.Helper()
	eachOf(t, selectors, test)
}

// A selectCase is a tree, a selection, and the right answer. Each file has its own
// name as its text, unless it has another.
type selectCase struct {
	name  string
	files []string          // names, or links as "name -> target"
	texts map[string]string // of other files
	dir   string            // to read, below the tree
	sel   fileops.Selection
	taken []string
	left  map[string]string // the ends of the errors, by path
}

const head = "ref: refs/heads/main\n"

var selectCases = []selectCase{
	{
		name:  "nothing",
		files: []string{".git/HEAD", ".x", "a/b"},
		sel:   fileops.Selection{Include: []string{}},
		taken: []string{".git/HEAD", ".x", "a/b"},
	}, {
		name:  "Include takes files, and all below a directory",
		files: []string{"a.go", "a.txt", "docs/a.png", "docs/deep/b", "sub/docs/c", "sub/d.go", "x/README.TXT"},
		sel:   fileops.Selection{Include: []string{"*.go", "/docs/", "*.[tT][xX][tT]", "!a.txt"}},
		taken: []string{"a.go", "docs/a.png", "docs/deep/b", "sub/d.go", "x/README.TXT"},
		left:  map[string]string{"a.txt": "excluded by Include", "sub/docs/c": "excluded by Include"},
	}, {
		name:  "Include takes back below a directory",
		files: []string{"docs/a.md", "docs/b.png", "docs/img/c.png"},
		sel:   fileops.Selection{Include: []string{"docs", "!*.png"}},
		taken: []string{"docs/a.md"},
		left:  map[string]string{"docs/b.png": "excluded by Include", "docs/img/c.png": "excluded by Include"},
	}, {
		name:  "Include that matches nothing is told",
		files: []string{"a.go", "b/main.go"},
		sel:   fileops.Selection{Include: []string{"*.go", "main.*", "*.rs", "/main.go", "!none"}},
		taken: []string{"a.go", "b/main.go"},
		left:  map[string]string{"*.rs": `option Select.Include = "*.rs": matches no file or directory`, "main.go": `option Select.Include = "/main.go": matches no file or directory`},
	}, {
		name:  "Exclude does not enter a directory",
		files: []string{"a/build/x", "a/c.txt", "build/y", "keep/build"},
		sel:   fileops.Selection{Exclude: []string{"build/", "!/build/y"}},
		taken: []string{"a/c.txt", "keep/build"},
		left:  map[string]string{"a/build": "excluded by Exclude: build/", "build": "excluded by Exclude: build/"},
	}, {
		name:  "Exclude takes back hidden and ignored files",
		files: []string{".env", ".env.example", "a.log", "b.log"},
		texts: map[string]string{".gitignore": "*.log\n"},
		sel:   fileops.Selection{Git: true, SkipHidden: true, Exclude: []string{"!b.log", "!.env.example"}},
		taken: []string{".env.example", "b.log"},
		left:  map[string]string{".env": "excluded by SkipHidden: .*", ".gitignore": "excluded by SkipHidden: .*", "a.log": "excluded by .gitignore:1: *.log"},
	}, {
		name:  "IgnoreFiles, deeper and later ones first",
		files: []string{"a.log", "b.tmp", "c.txt", "sub/a.log", "sub/b.tmp"},
		texts: map[string]string{".ignore": "*.log\n", ".gitignore": "\n*.tmp\n!*.log\nc.txt", "sub/.ignore": "!a.log\r\n"},
		sel:   fileops.Selection{IgnoreFiles: []string{".gitignore", ".ignore"}},
		taken: []string{".gitignore", ".ignore", "sub/.ignore", "sub/a.log"},
		left: map[string]string{
			"a.log": "excluded by .ignore:1: *.log", "b.tmp": "excluded by .gitignore:2: *.tmp", "c.txt": "excluded by .gitignore:4: c.txt",
			"sub/b.tmp": "excluded by .gitignore:2: *.tmp",
		},
	}, {
		name:  "IgnoreFiles come before Git",
		files: []string{"a", "b"},
		texts: map[string]string{".ignore": "!a\n", ".gitignore": "a\nb\n"},
		sel:   fileops.Selection{Git: true, IgnoreFiles: []string{".ignore"}},
		taken: []string{".gitignore", ".ignore", "a"},
		left:  map[string]string{"b": "excluded by .gitignore:2: b"},
	}, {
		name:  "Git without a repository",
		files: []string{"a/x.o", "a/x.c", "y.o"},
		texts: map[string]string{"a/.gitignore": "*.o"},
		dir:   "a",
		sel:   fileops.Selection{Git: true},
		taken: []string{".gitignore", "x.c"},
		left:  map[string]string{"x.o": "excluded by a/.gitignore:1: *.o"},
	}, {
		name:  "Git in the middle of a repository",
		files: []string{"top/sub/deep/a.c", "top/sub/deep/b.o", "top/sub/deep/c.log", "top/sub/deep/d.tmp", "top/sub/deep/out/e"},
		texts: map[string]string{
			"top/.git/HEAD": head, ".gitignore": "*", "top/.gitignore": "*.o\n/sub/deep/out\n*.tmp\n", "top/sub/.gitignore": "*.log\n!d.tmp\n",
			"top/.git/info/exclude": "# comment\na.*\n", "top/sub/deep/.gitignore": "!c.log",
		},
		dir:   "top/sub/deep",
		sel:   fileops.Selection{Git: true},
		taken: []string{".gitignore", "c.log", "d.tmp"},
		left: map[string]string{
			"a.c": "excluded by top/.git/info/exclude:2: a.*", "b.o": "excluded by top/.gitignore:1: *.o", "out": "excluded by top/.gitignore:2: /sub/deep/out",
		},
	}, {
		name:  "Git: a repository in another one",
		files: []string{"a.o", "lib/a.o", "lib/b.log", "lib/sub/b.log", "mod/a.o", "mod/c.txt", "plain/a.o"},
		texts: map[string]string{
			".git/HEAD": head, ".gitignore": "*.o\n", "lib/.git/HEAD": head, "lib/.gitignore": "*.log\n",
			".git/modules/mod/info/exclude": "c.*\n", ".git/modules/mod/HEAD": head, "mod/.git": "gitdir: ../.git/modules/mod\n",
			"plain/.git/nothing": "",
		},
		sel:   fileops.Selection{Git: true},
		taken: []string{".gitignore", "lib/.gitignore", "lib/a.o", "mod/a.o"},
		left: map[string]string{
			".git": "excluded by Git: .git", "a.o": "excluded by .gitignore:1: *.o", "lib/.git": "excluded by Git: .git",
			"lib/b.log": "excluded by lib/.gitignore:1: *.log", "lib/sub/b.log": "excluded by lib/.gitignore:1: *.log",
			"mod/.git": "excluded by Git: .git", "mod/c.txt": "excluded by mod/../.git/modules/mod/info/exclude:1: c.*",
			"plain/.git": "excluded by Git: .git", "plain/a.o": "excluded by .gitignore:1: *.o",
		},
	}, {
		name:  "Git: a work tree",
		files: []string{"main/.git/HEAD", "tree/a.txt", "tree/b.txt", "tree/sub/b.txt"},
		texts: map[string]string{
			"main/.git/info/exclude": "b.txt\n", "main/.git/worktrees/tree/HEAD": head, "main/.git/worktrees/tree/commondir": "../..\n",
			"tree/.git": "gitdir: ../main/.git/worktrees/tree\n",
		},
		dir:  "tree/sub",
		sel:  fileops.Selection{Git: true},
		left: map[string]string{"b.txt": "excluded by tree/../main/.git/worktrees/tree/../../info/exclude:1: b.txt"},
	}, {
		name:  "ignore files that are links are not read",
		files: []string{"a", "b", ".gitignore -> rules", ".ignore -> none"},
		texts: map[string]string{"rules": "a\n"},
		sel:   fileops.Selection{Git: true, IgnoreFiles: []string{".ignore"}},
		taken: []string{".gitignore", "a", "b", "rules"},
		left:  map[string]string{".ignore": "no such file or directory"},
	}, {
		name:  "MaxSize",
		files: []string{"1", "sub/2"},
		texts: map[string]string{"large": strings.Repeat("x", 11), "sub/fits": strings.Repeat("x", 10)},
		sel:   fileops.Selection{MaxSize: 10},
		taken: []string{"1", "sub/2", "sub/fits"},
		left:  map[string]string{"large": "excluded by MaxSize: 10"},
	}, {
		name:  "links are not followed",
		files: []string{"real/a", "link -> real", "link.txt -> real/a"},
		sel:   fileops.Selection{Include: []string{"*"}},
		taken: []string{"link.txt", "real/a"},
		left:  map[string]string{"link": "link to a directory is not followed"},
	}, {
		name:  "FollowLinks enters each directory once",
		files: []string{"b/loop -> ..", "b/self -> .", "b/x/y", "in -> b/x", "none -> nowhere", "z -> b"},
		sel:   fileops.Selection{FollowLinks: true},
		taken: []string{"b/x/y"},
		left: map[string]string{
			"b/loop": "is read as .", "b/self": "is read as b", "in": "is read as b/x", "none": "no such file or directory", "z": "is read as b",
		},
	}, {
		name:  "FollowLinks and a directory that is excluded where it is",
		files: []string{"real/.store/pkg/a.js", "real/.store/pkg/b.md", "pkg -> real/.store/pkg"},
		sel:   fileops.Selection{FollowLinks: true, SkipHidden: true, Exclude: []string{"/pkg/*.js"}},
		taken: []string{"pkg/b.md"},
		left:  map[string]string{"pkg/a.js": "excluded by Exclude: /pkg/*.js", "real/.store": "excluded by SkipHidden: .*"},
	}, {
		name:  "names in every script and with every blank",
		files: []string{"été.txt", "日本/語.txt", "a b ", "#c"},
		sel:   fileops.Selection{Exclude: []string{"日本/", `a\ b\ `, `\#c`}},
		taken: []string{"été.txt"},
		left:  map[string]string{"日本": "excluded by Exclude: 日本/", "a b ": `excluded by Exclude: a\ b\ `, "#c": `excluded by Exclude: \#c`},
	},
}

// make makes the tree of a case in a directory of the place.
func (c *selectCase) make(t *testing.T, p place, top string) {
	t.Helper()
	links := map[string]string{}
	for _, name := range c.files {
		if name, target, ok := strings.Cut(name, " -> "); ok {
			links[name] = target
			continue
		}
		p.write(t, top+"/"+name, name)
	}
	for name, text := range c.texts {
		p.write(t, top+"/"+name, text)
	}
	for name, target := range links {
		p.symlink(t, target, top+"/"+name)
	}
}

// TestSelect selects the files of each tree by each operation.
func TestSelect(t *testing.T) {
	t.Parallel()
	everySelector(t, func(t *testing.T, p place, s chooser) {
		for i, c := range selectCases {
			top := fmt.Sprint("top", i)
			c.make(t, p, top)
			dir := filepath.Join(top, filepath.FromSlash(c.dir))
			taken, left, err := s.run(t.Context(), p, p.at(dir), choice{sel: &c.sel})
			require.NoError(t, err, c.name)
			short := func(path string) string {
				rel, err := filepath.Rel(p.at(dir), path)
				require.NoError(t, err)
				return filepath.ToSlash(rel)
			}
			var names []string
			for _, path := range taken {
				names = append(names, short(path))
			}
			require.Equal(t, c.taken, names, c.name)
			reasons := map[string]string{}
			for path, err := range byPath(t, left) {
				reason := filepath.ToSlash(strings.ReplaceAll(err.Error(), p.at(top)+string(filepath.Separator), ""))
				want := c.left[short(path)]
				if strings.HasSuffix(reason, want) || want == "is read as ." && strings.HasSuffix(reason, p.at(top)) {
					reason = want
				}
				reasons[short(path)] = reason
				pathErr, ok := errors.AsType[*fs.PathError](err)
				require.True(t, ok)
				require.Equal(t, path, pathErr.Path)
				if out, ok := errors.AsType[*fileops.ExcludedError](err); ok {
					require.ErrorIs(t, err, fileops.ErrExcluded)
					require.Equal(t, path, out.Path)
					require.Equal(t, s.op, pathErr.Op)
				}
			}
			if c.left == nil {
				c.left = map[string]string{}
			}
			require.Equal(t, c.left, reasons, c.name)
		}
	})
}

// TestSelectInAnFS selects the files of each tree without links in the same way from
// an FS, by directory.
func TestSelectInAnFS(t *testing.T) {
	for i, c := range selectCases {
		if slices.ContainsFunc(c.files, func(name string) bool { return strings.Contains(name, " -> ") }) {
			continue
		}
		p := newSystemPlace(t, fileops.PoolOptions{})
		c.make(t, p, "whole")
		pool := fileops.NewPool(fileops.PoolOptions{FS: os.DirFS(p.dir)})
		dir := path.Join("whole", c.dir)
		var taken []string
		left := map[string]string{}
		for f, err := range pool.Files(t.Context(), dir, &fileops.DirOptions{Select: &c.sel, OnSkip: func(s fileops.SkippedFile) {
			name := strings.TrimPrefix(s.Path, dir+"/")
			left[name] = strings.ReplaceAll(s.Err.Error(), "whole/", "")
			if strings.HasSuffix(left[name], c.left[name]) {
				left[name] = c.left[name]
			}
		}}) {
			require.NoError(t, err, c.name)
			taken = append(taken, strings.TrimPrefix(f.Path, dir+"/"))
		}
		require.Equal(t, c.taken, taken, "%d %s", i, c.name)
		if c.left == nil {
			c.left = map[string]string{}
		}
		require.Equal(t, c.left, left, c.name)
		require.NoError(t, pool.Close(t.Context()))
	}
}

// TestFollowedLinksStayInRoot follows a link that leads out of the Root of a pool that
// has one.
func TestFollowedLinksStayInRoot(t *testing.T) {
	outside := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o666))
	everySelector(t, func(t *testing.T, p place, s chooser) {
		p.write(t, "in/a", "a")
		p.symlink(t, outside, "in/out")
		taken, left, err := s.run(t.Context(), p, p.at("in"), choice{sel: &fileops.Selection{FollowLinks: true}})
		require.NoError(t, err)
		if p.confined {
			require.Equal(t, p.ats("in/a"), taken)
			require.ErrorIs(t, byPath(t, left)[p.at("in/out")], fileops.ErrEscapes)
			return
		}
		require.Equal(t, p.ats("in/a", "in/out/secret"), taken)
		require.Empty(t, left)
	})
}

// TestFollowLinksIsTheSameEachTime follows links between many directories. The workers
// list them in any order, and the walk enters them in the order of paths.
func TestFollowLinksIsTheSameEachTime(t *testing.T) {
	p := newSystemPlace(t, fileops.PoolOptions{})
	const dirs = 20
	for i := range dirs {
		p.write(t, fmt.Sprintf("in/%02d/file", i), "text")
		for j := range dirs {
			p.symlink(t, fmt.Sprintf("../%02d", (i*7+j*3)%dirs), fmt.Sprintf("in/%02d/%c", i, 'a'+j))
		}
	}
	o := &fileops.DirOptions{Select: &fileops.Selection{FollowLinks: true}}
	want, err := p.DirToFiles(t.Context(), p.at("in"), o)
	require.NoError(t, err)
	require.Len(t, want, dirs)
	require.True(t, slices.IsSorted(want))
	for range 20 {
		got, err := p.DirToFiles(t.Context(), p.at("in"), o)
		require.NoError(t, err)
		require.Equal(t, want, got)
		var streamed []string
		for f, err := range p.Files(t.Context(), p.at("in"), o) {
			require.NoError(t, err)
			streamed = append(streamed, f.Path)
		}
		require.Equal(t, want, streamed)
	}
}

// TestSelectTakesNamedFiles selects nothing of the files that a caller names.
func TestSelectTakesNamedFiles(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		path := p.write(t, ".hidden.log", "text")
		sel := &fileops.Selection{Exclude: []string{"*.log"}, SkipHidden: true, MaxSize: 1, Include: []string{"*.txt"}}
		r, err := p.Concat(t.Context(), []string{path}, &fileops.ConcatOptions{Select: sel})
		require.NoError(t, err)
		require.Equal(t, []string{path}, r.Files)
		chunks, err := p.Chunk(t.Context(), path, &fileops.ChunkOptions{Select: sel})
		require.NoError(t, err)
		require.Len(t, chunks, 1)
		p.write(t, ".hidden/a.txt", "a")
		files, err := p.DirToFiles(t.Context(), p.at(".hidden"), &fileops.DirOptions{Select: &fileops.Selection{SkipHidden: true, Exclude: []string{".hidden/"}}})
		require.NoError(t, err)
		require.Equal(t, []string{p.at(".hidden/a.txt")}, files)
	})
}

// TestSelectRefusesOptions gives each option values that nobody can mean.
func TestSelectRefusesOptions(t *testing.T) {
	p := newSystemPlace(t, fileops.PoolOptions{})
	for _, c := range []struct {
		option string
		sel    fileops.Selection
	}{
		{"Select.Include", fileops.Selection{Include: []string{"a", ""}}},
		{"Select.Include", fileops.Selection{Include: []string{" "}}},
		{"Select.Exclude", fileops.Selection{Exclude: []string{"/"}}},
		{"Select.Exclude", fileops.Selection{Exclude: []string{"!"}}},
		{"Select.Exclude", fileops.Selection{Exclude: []string{"a\nb"}}},
		{"Select.Include", fileops.Selection{Include: []string{"#a comment"}}},
		{"Select.IgnoreFiles", fileops.Selection{IgnoreFiles: []string{""}}},
		{"Select.IgnoreFiles", fileops.Selection{IgnoreFiles: []string{"a/b"}}},
		{"Select.IgnoreFiles", fileops.Selection{IgnoreFiles: []string{".."}}},
		{"Select.MaxSize", fileops.Selection{MaxSize: -1}},
	} {
		for _, s := range selectors {
			_, _, err := s.run(t.Context(), p, p.dir, choice{sel: &c.sel})
			bad, ok := errors.AsType[*fileops.OptionError](err)
			require.True(t, ok, "%s: %v", s.name, err)
			require.Equal(t, c.option, bad.Option)
		}
	}
}

// TestLargeIgnoreFileLeavesItsDirectoryOut bounds the memory of patterns.
func TestLargeIgnoreFileLeavesItsDirectoryOut(t *testing.T) {
	everySelector(t, func(t *testing.T, p place, s chooser) {
		p.write(t, "d/a.txt", "a")
		p.write(t, "d/large/.gitignore", strings.Repeat("b.txt\n", 1<<20/6+1))
		p.write(t, "d/large/b.txt", "b")
		p.write(t, "d/fits/.gitignore", strings.Repeat("b.txt\n", 1<<20/6))
		p.write(t, "d/fits/b.txt", "b")
		_, left, err := s.run(t.Context(), p, p.at("d"), choice{sel: &fileops.Selection{Git: true}})
		if err != nil { // of the operations for which it is a failure to list
			requirePathError(t, err, fileops.ErrTooLarge, "list", p.at("d/large"))
			return
		}
		reasons := byPath(t, left)
		requirePathError(t, reasons[p.at("d/large")], fileops.ErrTooLarge, "list", p.at("d/large"))
		require.ErrorContains(t, reasons[p.at("d/large")], ".gitignore")
		require.ErrorIs(t, reasons[p.at("d/fits/b.txt")], fileops.ErrExcluded)
	})
}

// TestUnreadableIgnoreFileLeavesItsDirectoryOut: without its rules nobody knows which
// files of the directory may be taken.
func TestUnreadableIgnoreFileLeavesItsDirectoryOut(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root can read everything")
	}
	everySelector(t, func(t *testing.T, p place, s chooser) {
		p.write(t, "d/a.txt", "a")
		p.write(t, "d/sub/b.txt", "b")
		require.NoError(t, os.Chmod(p.abs(filepath.FromSlash(p.write(t, "d/sub/.ignore", "b.*")[len(p.at("d"))-1:])), 0o000))
		_, left, err := s.run(t.Context(), p, p.at("d"), choice{sel: &fileops.Selection{IgnoreFiles: []string{".ignore"}}})
		if err != nil {
			require.ErrorIs(t, err, fs.ErrPermission)
			return
		}
		require.ErrorIs(t, byPath(t, left)[p.at("d/sub")], fs.ErrPermission)
	})
}

// TestSelectAgreesWithGit compares the selection with git over random trees: the files
// taken, the rule for each thing that is left out, and the files below a directory in
// the middle of the repository.
func TestSelectAgreesWithGit(t *testing.T) {
	t.Parallel()
	t.Log("git", ignoretest.Version(t))
	const trees = 250
	p := newSystemPlace(t, fileops.PoolOptions{})
	for seed := range uint64(unlessShort(8, 1)) {
		repo := ignoretest.Batch(t, 1<<32+seed, trees)
		taken := repo.Taken()
		verdicts := repo.Verdicts()
		requireSelected(t, p, repo.Dir, "", taken, verdicts)
		subdirs := 0
		for path, verdict := range verdicts {
			dir, ok := strings.CutSuffix(path, "/")
			if !ok || verdict.Ignored() || subdirs >= 40 {
				continue
			}
			subdirs++
			var below []string
			for _, name := range taken {
				if name, ok := strings.CutPrefix(name, path); ok {
					below = append(below, name)
				}
			}
			requireSelected(t, p, repo.Dir, dir, below, verdicts)
		}
	}
}

// requireSelected compares the files below a directory of a repository with those that
// git takes, and the things that are left out with git's verdicts.
func requireSelected(t *testing.T, p place, repo, dir string, want []string, verdicts map[string]ignoretest.Verdict) {
	t.Helper()
	top := filepath.Join(repo, filepath.FromSlash(dir))
	rel := func(from, path string) string {
		name, err := filepath.Rel(from, path)
		require.NoError(t, err)
		return filepath.ToSlash(name)
	}
	onSkip := func(s fileops.SkippedFile) {
		out, ok := errors.AsType[*fileops.ExcludedError](s.Err)
		require.True(t, ok, "%v", s.Err)
		if out.Source == "Git" {
			return
		}
		name := rel(repo, s.Path)
		verdict, ok := verdicts[name]
		if !ok {
			verdict = verdicts[name+"/"]
		}
		require.Equal(t, verdict, ignoretest.Verdict{Source: rel(repo, out.Source), Line: out.Line, Pattern: out.Rule}, "%q", name)
	}
	var got []string
	for f, err := range p.Files(t.Context(), top, &fileops.DirOptions{Select: &fileops.Selection{Git: true}, OnSkip: onSkip}) {
		require.NoError(t, err)
		got = append(got, rel(top, f.Path))
	}
	slices.Sort(want)
	slices.Sort(got)
	require.Equal(t, want, got, "%q", dir)
}

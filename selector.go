package fileops

import (
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/lion-agi/fileops/internal/ignore"
	"github.com/lion-agi/fileops/internal/vfs"
)

// A selector is a [Selection] at work in one walk. A nil selector takes everything.
type selector struct {
	*Selection
	include *ignore.List
	exclude *ignore.List

	// unmatched are the patterns of Include that have matched nothing yet.
	unmatched []unmatchedInclude
	pending   atomic.Int32 // the number of these
}

// An unmatchedInclude is a pattern of Include, on its own.
type unmatchedInclude struct {
	list    *ignore.List
	matched atomic.Bool
}

// newSelector compiles the patterns of a selection that has been checked.
func newSelector(s *Selection) *selector {
	if s == nil {
		return nil
	}
	own := *s // a callback may change those of the caller
	s = &own
	sel := &selector{Selection: s, include: ignore.Compile(s.Include), exclude: ignore.Compile(s.Exclude)}
	sel.unmatched = make([]unmatchedInclude, len(s.Include))
	for i, pattern := range s.Include {
		sel.unmatched[i].list = ignore.Compile([]string{pattern})
		if strings.HasPrefix(pattern, "!") {
			sel.unmatched[i].matched.Store(true)
			continue
		}
		sel.pending.Add(1)
	}
	return sel
}

// A scope is the knowledge of a selector about a directory. Directories share a scope if
// nothing changes from one to the other.
type scope struct {
	custom   *rules // of IgnoreFiles
	git      *rules // of Git
	included bool   // a pattern of Include matches the directory or one above
}

// Rules are the patterns of an ignore file, and all that come after them.
type rules struct {
	list   *ignore.List
	source string // the file's path
	base   int    // the length of the path of the file's directory, with a slash
	next   *rules // of less weight
}

// match returns the rule that decides about a path, nil if there is none.
func (r *rules) match(path string, isDir bool) (rule *ignore.Rule, source string) {
	for ; r != nil; r = r.next {
		if rule := r.list.Match(path[r.base:], isDir); rule != nil {
			return rule, r.source
		}
	}
	return nil, ""
}

// A candidate is an entry of a directory for the selector to judge.
type candidate struct {
	path  string // below the top of the repository, with slashes; valid during the call
	start int    // where the path below the directory that the walk begins at starts
	name  string
	kind  vfs.Kind // KindLink for a link that is not followed
}

// judge returns why an entry is left out, nil if it is not. The reason has no path
// yet.
func (s *selector) judge(in *scope, c candidate) *ExcludedError {
	if s.Git && c.name == ".git" {
		return &ExcludedError{Rule: ".git", Source: "Git"}
	}
	below := c.path[c.start:]
	if rule := s.exclude.Match(below, c.isDir()); rule != nil {
		if !rule.Negated {
			return &ExcludedError{Rule: rule.Pattern, Source: "Exclude"}
		}
	} else if out := s.ignored(in, c); out != nil {
		return out
	}
	return s.notIncluded(in, below, c.kind)
}

func (c *candidate) isDir() bool { return c.kind == vfs.KindDir }

// ignored returns why an entry is left out that Exclude does not mention.
func (s *selector) ignored(in *scope, c candidate) *ExcludedError {
	if s.SkipHidden && strings.HasPrefix(c.name, ".") {
		return &ExcludedError{Rule: ".*", Source: "SkipHidden"}
	}
	rule, source := in.custom.match(c.path, c.isDir())
	if rule == nil {
		rule, source = in.git.match(c.path, c.isDir())
	}
	if rule == nil || rule.Negated {
		return nil
	}
	return &ExcludedError{Rule: rule.Pattern, Source: source, Line: rule.Line}
}

// notIncluded returns why Include leaves a file out, nil if it does not.
func (s *selector) notIncluded(in *scope, below string, kind vfs.Kind) *ExcludedError {
	if len(s.Include) == 0 || kind != vfs.KindFile && kind != vfs.KindDir {
		return nil
	}
	isDir := kind == vfs.KindDir
	if s.pending.Load() > 0 {
		s.noteMatches(below, isDir)
	}
	if isDir || s.includes(in, below, false) {
		return nil
	}
	return &ExcludedError{Source: "Include"}
}

// includes reports whether a pattern of Include matches an entry or a directory that
// it is in.
func (s *selector) includes(in *scope, below string, isDir bool) bool {
	if rule := s.include.Match(below, isDir); rule != nil {
		return !rule.Negated
	}
	return in.included
}

// scopeBelow returns the scope that a directory gets from the one above it.
func (s *selector) scopeBelow(in *scope, below string) *scope {
	if s == nil || len(s.Include) == 0 || s.includes(in, below, true) == in.included {
		return in
	}
	other := *in
	other.included = !in.included
	return &other
}

// scopeAbove returns the scope of the directory of a file in a flat listing, which
// has no ignore files.
func (s *selector) scopeAbove(below string) *scope {
	in := new(scope)
	if len(s.Include) == 0 {
		return in
	}
	for i := range len(below) {
		if below[i] != '/' {
			continue
		}
		if s.pending.Load() > 0 {
			s.noteMatches(below[:i], true)
		}
		in.included = s.includes(in, below[:i], true)
	}
	return in
}

// needsDirectories reports whether the selection depends on the contents of each
// directory.
func (s *selector) needsDirectories() bool {
	return s != nil && (s.Git || s.FollowLinks || len(s.IgnoreFiles) > 0)
}

// noteMatches notes which patterns of Include an entry matches.
func (s *selector) noteMatches(below string, isDir bool) {
	for i := range s.unmatched {
		u := &s.unmatched[i]
		if !u.matched.Load() && u.list.Match(below, isDir) != nil && u.matched.CompareAndSwap(false, true) {
			s.pending.Add(-1)
		}
	}
}

// missed returns the patterns of Include that have matched nothing, as things in the
// directory with the prefix that are left out.
func (s *selector) missed(prefix string) (missed []found) {
	if s == nil || s.pending.Load() == 0 {
		return nil
	}
	for i, pattern := range s.Include {
		if !s.unmatched[i].matched.Load() {
			path := prefix + strings.TrimPrefix(pattern, "/")
			missed = append(missed, found{path: path, err: &OptionError{"Select.Include", pattern, "matches no file or directory"}, byRule: true})
		}
	}
	return missed
}

// tooLarge returns why a file of that size is left out, nil if it is not.
func (s *selector) tooLarge(size int64) *ExcludedError {
	if s == nil || s.MaxSize == 0 || size <= s.MaxSize {
		return nil
	}
	return &ExcludedError{Rule: strconv.FormatInt(s.MaxSize, 10), Source: "MaxSize"}
}

// limitsSize reports whether the sizes of files count.
func (s *selector) limitsSize() bool { return s != nil && s.MaxSize > 0 }

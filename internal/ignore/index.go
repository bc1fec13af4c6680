package ignore

import "strings"

// An index finds the last rule that matches a path. A literal name or path costs
// one map lookup, and a pattern such as "*.o" a walk from the end of the name, for
// any number of rules. Only the globs are tried one by one.
type index struct {
	names    map[string]last // by the last name of a path
	paths    map[string]last
	suffixes suffix
	globs    []glob
}

// A glob is a rule that has to be tried.
type glob struct {
	pattern
	rule *Rule
}

// A last holds the last one of some rules that match the same paths.
type last struct {
	any *Rule // of those for files and directories
	dir *Rule // of all: a directory's
}

func (l *last) add(r *Rule) {
	l.dir = r
	if !r.DirOnly {
		l.any = r
	}
}

func (l *last) get(isDir bool) *Rule {
	if isDir {
		return l.dir
	}
	return l.any
}

// later returns the later one of two rules of a list. Both may be nil.
func later(a, b *Rule) *Rule {
	if a == nil || b != nil && b.Line > a.Line {
		return b
	}
	return a
}

// add adds a rule. Rules come in their order.
func (x *index) add(r *Rule) {
	p, ok := compile(r)
	switch {
	case !ok:
	case len(p.ops) == 0 && p.name:
		put(&x.names, p.head, r)
	case len(p.ops) == 0:
		put(&x.paths, p.head, r)
	case len(p.ops) == 1 && p.ops[0].kind == star && p.name && p.head == "":
		x.suffixes.add(p.tail, r)
	default:
		x.globs = append(x.globs, glob{p, r})
	}
}

func put(m *map[string]last, key string, r *Rule) {
	if *m == nil {
		*m = map[string]last{}
	}
	l := (*m)[key]
	l.add(r)
	(*m)[key] = l
}

// last returns the last rule that matches the path, or nil.
func (x *index) last(path string, isDir bool) *Rule {
	name := path[strings.LastIndexByte(path, '/')+1:]
	ofName, ofPath := x.names[name], x.paths[path]
	found := later(ofName.get(isDir), ofPath.get(isDir))
	found = later(found, x.suffixes.lastOf(name, isDir))
	for i := len(x.globs) - 1; i >= 0; i-- {
		g := &x.globs[i]
		if found != nil && found.Line > g.rule.Line {
			break
		}
		if g.rule.DirOnly && !isDir {
			continue
		}
		if g.name && g.match(name) || !g.name && g.match(path) {
			return g.rule
		}
	}
	return found
}

// A suffix is a node of a tree of suffixes. A child stands for one more byte,
// towards the beginning of the name.
type suffix struct {
	last
	children map[byte]*suffix
}

// add adds the rule of a suffix.
func (s *suffix) add(text string, r *Rule) {
	for i := len(text) - 1; i >= 0; i-- {
		if s.children == nil {
			s.children = map[byte]*suffix{}
		}
		child := s.children[text[i]]
		if child == nil {
			child = new(suffix)
			s.children[text[i]] = child
		}
		s = child
	}
	s.last.add(r)
}

// lastOf returns the last rule of a suffix of the name, or nil.
func (s *suffix) lastOf(name string, isDir bool) (found *Rule) {
	for i := len(name) - 1; s != nil; i-- {
		found = later(found, s.get(isDir))
		if i < 0 {
			break
		}
		s = s.children[name[i]]
	}
	return found
}

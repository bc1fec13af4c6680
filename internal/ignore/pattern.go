package ignore

import "strings"

// A pattern is the compiled form of a rule: literal text, then operations, then
// literal text. Most rules have few operations or none.
type pattern struct {
	name bool   // the pattern matches the last name of a path, not all of it
	head string // the text before the first operation
	ops  []op
	tail string // the text after the last operation
	need string // the longest text between operations: cheap to look for
}

// An op is one operation of a pattern.
type op struct {
	kind kind
	text string // of literal
	set  *set   // of oneOf
}

type kind byte

const (
	literal  kind = iota
	anyByte       // "?"
	oneOf         // "[...]"
	star          // "*": anything within one name
	dirs          // "**/": any number of whole names, also none
	slashed       // "**\/": anything that ends with a slash
	anything      // "**" at the end: anything
)

// compile returns the compiled form of a rule. ok is false if the rule can match
// nothing.
func compile(r *Rule) (p pattern, ok bool) {
	text := r.Pattern
	if r.Negated {
		text = text[1:]
	}
	if r.DirOnly {
		text = text[:len(text)-1]
	}
	// Any slash anchors the pattern to the directory of its file: one that is
	// escaped, and one within a class.
	p.name = !strings.Contains(text, "/")
	text = strings.TrimPrefix(text, "/")
	c := compiler{text: text, prefix: literalPrefix(text)}
	if text == "" || !c.run() {
		return p, false
	}
	p.split(c.ops)
	p.unanchor()
	for _, o := range p.ops {
		if len(o.text) > len(p.need) {
			p.need = o.text
		}
	}
	return p, true
}

// literalPrefix returns the length of the text before the first special byte.
func literalPrefix(text string) int {
	if i := strings.IndexAny(text, `*?[\`); i >= 0 {
		return i
	}
	return len(text)
}

// split divides the operations into head, ops and tail.
func (p *pattern) split(ops []op) {
	if len(ops) > 0 && ops[0].kind == literal {
		p.head, ops = ops[0].text, ops[1:]
	}
	if last := len(ops) - 1; last >= 0 && ops[last].kind == literal {
		p.tail, ops = ops[last].text, ops[:last]
	}
	p.ops = ops
}

// unanchor turns a pattern such as "**/*.o" into one that matches names, "*.o".
func (p *pattern) unanchor() {
	if p.name || p.head != "" || len(p.ops) == 0 || p.ops[0].kind != dirs || strings.Contains(p.tail, "/") {
		return
	}
	for _, o := range p.ops[1:] {
		if o.kind == slashed || strings.Contains(o.text, "/") {
			return
		}
	}
	rest := p.ops[1:]
	if len(rest) == 0 {
		p.head, p.tail = p.tail, ""
	} else if rest[0].kind == literal {
		p.head, rest = rest[0].text, rest[1:]
	}
	p.name, p.ops = true, rest
}

// A compiler reads the text of a pattern.
type compiler struct {
	text   string
	prefix int // length of the literal prefix
	at     int // next byte to read
	ops    []op
	plain  []byte // literal text that is no operation yet
}

// emit appends an operation, after the literal text before it.
func (c *compiler) emit(o op) {
	c.flush()
	c.ops = append(c.ops, o)
}

// flush makes an operation of the literal text so far.
func (c *compiler) flush() {
	if len(c.plain) > 0 {
		c.ops = append(c.ops, op{kind: literal, text: string(c.plain)})
		c.plain = nil
	}
}

// run compiles the whole text. It returns false if the text is malformed: git
// lets such a pattern match nothing.
func (c *compiler) run() bool {
	for c.at < len(c.text) {
		switch b := c.text[c.at]; b {
		case '*':
			c.stars()
		case '?':
			c.emit(op{kind: anyByte})
			c.at++
		case '[':
			s, next, ok := parseClass(c.text, c.at+1)
			if !ok {
				return false
			}
			c.emit(op{kind: oneOf, set: s})
			c.at = next
		case '\\':
			if c.at++; c.at == len(c.text) {
				return false
			}
			fallthrough
		default:
			c.plain = append(c.plain, c.text[c.at])
			c.at++
		}
	}
	c.flush()
	return true
}

// stars compiles a run of asterisks. Two and more are special only between
// slashes.
//
// Git up to 2.51 takes the end of the literal prefix for the beginning of the
// pattern, so that "foo**/bar" matches foobar and foo/x/bar. Git 2.52 corrects
// that (commit 1940a02dc1). Most installed versions do not, hence the same here.
func (c *compiler) stars() {
	first := c.at
	for c.at < len(c.text) && c.text[c.at] == '*' {
		c.at++
	}
	rest := c.text[c.at:]
	between := first == c.prefix || c.text[first-1] == '/'
	switch {
	case c.at-first == 1 || !between:
		c.emit(op{kind: star})
	case rest == "":
		c.emit(op{kind: anything})
	case rest[0] == '/':
		c.emit(op{kind: dirs})
		c.at++
	case strings.HasPrefix(rest, `\/`):
		c.emit(op{kind: slashed})
		c.at += 2
	default:
		c.emit(op{kind: star})
	}
}

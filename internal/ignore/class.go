package ignore

import "strings"

// A set holds bytes: one bit for each.
type set [256 / 64]uint64

func (s *set) add(b byte)           { s[b/64] |= 1 << (b % 64) }
func (s *set) remove(b byte)        { s[b/64] &^= 1 << (b % 64) }
func (s *set) contains(b byte) bool { return s[b/64]&(1<<(b%64)) != 0 }

// parseClass parses the character class whose first byte after the "[" is
// text[at]. It returns the bytes that the class matches and the index after the
// "]". It returns false if the class is malformed.
func parseClass(text string, at int) (s *set, next int, ok bool) {
	c := classParser{text: text, at: at}
	negated := c.skip('!') || c.skip('^')
	// The first byte is a member even if it is a "]".
	for first := true; first || c.peek() != ']'; first = false {
		if !c.member() {
			return nil, 0, false
		}
	}
	if negated {
		for i := range c.set {
			c.set[i] = ^c.set[i]
		}
	}
	c.set.remove('/')
	return &c.set, c.at + 1, true
}

type classParser struct {
	text string
	at   int // next byte to read
	set  set

	closing int // the index of the next "]", if it is not before at

	// low is the byte that a following "-" makes the beginning of a range. It is 0
	// at the beginning, after a range and after a named class.
	low byte
}

// peek returns the next byte, or 0 at the end: a pattern contains no NUL.
func (c *classParser) peek() byte {
	if c.at == len(c.text) {
		return 0
	}
	return c.text[c.at]
}

// skip skips the next byte if it is b.
func (c *classParser) skip(b byte) bool {
	found := c.peek() == b
	if found {
		c.at++
	}
	return found
}

// member adds one member of the class: a byte, a range or a named class. It
// returns false if the member is malformed.
func (c *classParser) member() bool {
	rest := c.text[c.at:]
	if c.low != 0 && len(rest) > 1 && rest[0] == '-' && rest[1] != ']' {
		c.at++
		return c.rangeTo()
	}
	if strings.HasPrefix(rest, "[:") {
		// The name ends at the next "]". The class has no name if no ":" stands
		// before that: then the "[" is a byte like any other.
		end, ok := c.findClosing(c.at + len("[:"))
		if !ok {
			return false
		}
		if name, named := strings.CutSuffix(c.text[c.at+len("[:"):end], ":"); named {
			c.at = end + 1
			c.low = 0
			return c.addNamed(name)
		}
	}
	b, ok := c.next()
	c.set.add(b)
	c.low = b
	return ok
}

// findClosing returns the index of the first "]" that is not before from. It looks
// at each byte of the text only once, whatever the number of its calls.
func (c *classParser) findClosing(from int) (int, bool) {
	if c.closing < from {
		n := strings.IndexByte(c.text[from:], ']')
		if n < 0 {
			return 0, false
		}
		c.closing = from + n
	}
	return c.closing, true
}

// rangeTo adds the range from low to the next byte.
func (c *classParser) rangeTo() bool {
	high, ok := c.next()
	for b := int(c.low); b <= int(high); b++ {
		c.set.add(byte(b))
	}
	c.low = 0
	return ok
}

// next reads a byte. A backslash escapes it. It returns false at the end.
func (c *classParser) next() (byte, bool) {
	c.skip('\\')
	b := c.peek()
	if b == 0 {
		return 0, false
	}
	c.at++
	return b, true
}

// addNamed adds the bytes of a class such as "alpha". It returns false if it does
// not know the name.
func (c *classParser) addNamed(name string) bool {
	contains, ok := namedClasses[name]
	if !ok {
		return false
	}
	for b := range 256 {
		if contains(byte(b)) {
			c.set.add(byte(b))
		}
	}
	return true
}

// namedClasses are the classes of git's ctype.c: ASCII in every locale, and no
// vertical tab or form feed among the spaces.
var namedClasses = map[string]func(byte) bool{
	"alnum":  func(b byte) bool { return isAlpha(b) || isDigit(b) },
	"alpha":  isAlpha,
	"blank":  func(b byte) bool { return b == ' ' || b == '\t' },
	"cntrl":  func(b byte) bool { return b < ' ' || b == 0x7f },
	"digit":  isDigit,
	"graph":  isGraph,
	"lower":  isLower,
	"print":  func(b byte) bool { return b == ' ' || isGraph(b) },
	"punct":  func(b byte) bool { return isGraph(b) && !isAlpha(b) && !isDigit(b) },
	"space":  func(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' },
	"upper":  isUpper,
	"xdigit": func(b byte) bool { return isDigit(b) || 'a' <= b && b <= 'f' || 'A' <= b && b <= 'F' },
}

func isLower(b byte) bool { return 'a' <= b && b <= 'z' }
func isUpper(b byte) bool { return 'A' <= b && b <= 'Z' }
func isAlpha(b byte) bool { return isLower(b) || isUpper(b) }
func isDigit(b byte) bool { return '0' <= b && b <= '9' }
func isGraph(b byte) bool { return ' ' < b && b < 0x7f }

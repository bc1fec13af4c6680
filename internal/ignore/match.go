package ignore

import "strings"

// matches reports whether the pattern matches the path.
func (p *pattern) matches(path string) bool {
	s := path
	if p.name {
		s = path[strings.LastIndexByte(path, '/')+1:]
	}
	if len(s) < len(p.head)+len(p.tail) || !strings.HasPrefix(s, p.head) || !strings.HasSuffix(s, p.tail) {
		return false
	}
	s = s[len(p.head) : len(s)-len(p.tail)]
	return strings.Contains(s, p.need) && matchOps(p.ops, s)
}

// matchOps reports whether the operations match all of s.
//
// It tries the shortest text for each star and prolongs only the last one: text
// that an earlier star could match in addition is text that the last one can match
// as well. The same holds for the last "**". A star ends at a slash, so the pieces
// of s that one star tries do not overlap with those of the next one, and the steps
// are at most len(s) times the length of the operations. Git 2.40 and earlier try
// all combinations, in exponential time.
func matchOps(ops []op, s string) bool {
	var (
		i, at            int      // the next operation, the next byte
		lastStar, lastDD = -1, -1 // the last star, the last "**"
		starEnd, ddEnd   int      // the ends of the texts that they match
	)
	for {
		if i == len(ops) {
			if at == len(s) {
				return true
			}
		} else {
			switch o := &ops[i]; o.kind {
			case star:
				lastStar, starEnd = i, at
				i++
				continue
			case anything:
				return true
			case dirs:
				lastDD, ddEnd, lastStar = i, at, -1
				i++
				continue
			case slashed:
				lastDD, ddEnd, lastStar = i, at, -1
			default:
				if n := o.length(s[at:]); n > 0 {
					i, at = i+1, at+n
					continue
				}
			}
		}
		switch {
		case lastStar >= 0 && starEnd < len(s) && s[starEnd] != '/':
			starEnd++
			i, at = lastStar+1, starEnd
		case lastDD >= 0:
			slash := strings.IndexByte(s[ddEnd:], '/')
			if slash < 0 {
				return false
			}
			ddEnd += slash + 1
			i, at, lastStar = lastDD+1, ddEnd, -1
		default:
			return false
		}
	}
}

// length returns the length of the text at the beginning of s that a literal, a
// "?" or a class matches. It returns 0 if there is none.
func (o *op) length(s string) int {
	switch {
	case o.kind == literal && strings.HasPrefix(s, o.text):
		return len(o.text)
	case o.kind == anyByte && s != "" && s[0] != '/':
		return 1
	case o.kind == oneOf && s != "" && o.set.contains(s[0]):
		return 1
	}
	return 0
}

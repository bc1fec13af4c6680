package split

import "strings"

// An htmlKind is one of the seven start conditions of an HTML block in the
// CommonMark specification.
type htmlKind int

const (
	noHTML          htmlKind = iota
	rawHTML                  // <pre, <script, <style, <textarea
	commentHTML              // <!--
	processingHTML           // <?
	declarationHTML          // <!A
	cdataHTML                // <![CDATA[
	elementHTML              // a tag of a block, such as <div
	tagHTML                  // any other tag alone in a line
)

// htmlKindOf returns the kind of the HTML block that begins with a line, without
// its indentation. In a paragraph, a tag alone in a line begins none.
func htmlKindOf(line string, paragraph bool) htmlKind {
	switch {
	case strings.HasPrefix(line, "<!--"):
		return commentHTML
	case strings.HasPrefix(line, "<?"):
		return processingHTML
	case strings.HasPrefix(line, "<![CDATA["):
		return cdataHTML
	case len(line) > 2 && line[1] == '!' && isLetter(line[2]):
		return declarationHTML
	}
	name, closing := tagName(line)
	after := ""
	if name != "" {
		after = line[strings.Index(line, name)+len(name):]
	}
	switch {
	case name == "":
		return noHTML
	case !closing && isRawElement(name) && (after == "" || strings.IndexByte(" \t>", after[0]) >= 0):
		return rawHTML
	case isBlockElement(name) && (after == "" || strings.IndexByte(" \t>", after[0]) >= 0 || strings.HasPrefix(after, "/>")):
		return elementHTML
	case !paragraph && !isRawElement(name) && isRestOfTag(after, closing):
		return tagHTML
	}
	return noHTML
}

// endsIn tells if the HTML block ends in a line.
func (k htmlKind) endsIn(line string) bool {
	switch k {
	case rawHTML:
		for {
			i := strings.Index(line, "</")
			if i < 0 {
				return false
			}
			name, _ := tagName(line[i:])
			if line = line[i+2:]; isRawElement(name) && strings.HasPrefix(line[len(name):], ">") {
				return true
			}
		}
	case commentHTML:
		return strings.Contains(line, "-->")
	case processingHTML:
		return strings.Contains(line, "?>")
	case declarationHTML:
		return strings.Contains(line, ">")
	case cdataHTML:
		return strings.Contains(line, "]]>")
	}
	return line == ""
}

// tagName returns the name of the tag that a line starts with, or "".
func tagName(line string) (name string, closing bool) {
	i := 1
	if strings.HasPrefix(line, "</") {
		i, closing = 2, true
	}
	start := i
	for i < len(line) && (isLetter(line[i]) || i > start && (isDigit(line[i]) || line[i] == '-')) {
		i++
	}
	return line[start:i], closing
}

func isRawElement(name string) bool {
	switch strings.ToLower(name) {
	case "pre", "script", "style", "textarea":
		return true
	}
	return false
}

func isBlockElement(name string) bool {
	switch strings.ToLower(name) {
	case "address", "article", "aside", "base", "basefont", "blockquote", "body", "caption", "center", "col",
		"colgroup", "dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure",
		"footer", "form", "frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html",
		"iframe", "legend", "li", "link", "main", "menu", "menuitem", "nav", "noframes", "ol", "optgroup",
		"option", "p", "param", "search", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead",
		"title", "tr", "track", "ul":
		return true
	}
	return false
}

// isRestOfTag tells if s is the rest of a tag after its name, and blank after the
// tag.
func isRestOfTag(s string, closing bool) bool {
	for {
		trimmed := strings.TrimLeft(s, " \t")
		switch {
		case strings.HasPrefix(trimmed, ">"):
			return isBlankLine(trimmed[1:])
		case closing:
			return false
		case strings.HasPrefix(trimmed, "/>"):
			return isBlankLine(trimmed[2:])
		case len(trimmed) == len(s):
			return false // no white space before an attribute
		}
		rest, ok := afterAttribute(trimmed)
		if !ok {
			return false
		}
		s = rest
	}
}

// afterAttribute returns the text after the attribute that s starts with.
func afterAttribute(s string) (rest string, ok bool) {
	n := strings.IndexFunc(s, func(r rune) bool {
		return r >= 0x80 || !isLetter(byte(r)) && !isDigit(byte(r)) && strings.IndexByte("_:.-", byte(r)) < 0
	})
	if n <= 0 || !isLetter(s[0]) && s[0] != '_' && s[0] != ':' {
		return "", false
	}
	value, hasValue := strings.CutPrefix(strings.TrimLeft(s[n:], " \t"), "=")
	if !hasValue {
		return s[n:], true
	}
	value = strings.TrimLeft(value, " \t")
	if value == "" {
		return "", false
	}
	if quote := value[0]; quote == '"' || quote == '\'' {
		_, rest, ok = strings.Cut(value[1:], value[:1])
		return rest, ok
	}
	n = strings.IndexAny(value, " \t\"'=<>`")
	if n <= 0 {
		return "", false
	}
	return value[n:], true
}

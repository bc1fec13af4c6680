package split

import "strings"

// htmlLevels has the levels of the tags that begin a block. The text of h1 to h6
// makes the section.
var htmlLevels = func() map[string]int {
	levels := map[string]int{}
	for level, tags := range []string{
		"body head main section article header footer nav aside template script style h1",
		"h2",
		"h3",
		"h4 h5 h6",
		"div table ul ol dl form figure blockquote pre details fieldset video svg",
		"p li tr dt dd option hr thead tbody tfoot caption summary textarea",
	} {
		for _, tag := range strings.Fields(tags) {
			levels[tag] = level
		}
	}
	return levels
}()

// maxTitle bounds the text of a heading in a section.
const maxTitle = 200

// An htmlReader splits HTML and XML at their tags.
type htmlReader struct {
	*writer
	titles [7]string // of the headings in force, by their level
	after  int       // the end of the comment or tag to which the next tag belongs
}

func splitHTML(w *writer) {
	h := htmlReader{writer: w, after: none}
	for i := 0; i < len(w.text) && !w.stopped; {
		end := lineEnd(w.text, i)
		first := skipBlanks(w.text, i, end)
		if first < end && w.text[first] != '<' {
			w.emit(i, levelLine)
		}
		i = h.readLine(i, first, end)
	}
}

// readLine reads the tags of a line. It returns the start of the next line.
func (h *htmlReader) readLine(begin, first, end int) int {
	at := first
	for at < end && !h.stopped {
		n := strings.IndexByte(h.text[at:end], '<')
		if n < 0 {
			break
		}
		h.inside(at, at+n, levelBlank)
		at += n
		place := at
		if at == first {
			place = begin
		}
		next := h.readTag(at, place, at == first)
		for place < next && next > end { // the tag spans lines
			place = lineEnd(h.text[:next], place) + 1
			if place < next {
				h.emit(place, levelLine)
			}
		}
		if next > end {
			end = lineEnd(h.text, next)
		}
		at = next
	}
	h.inside(at, end, levelBlank)
	return end + 1
}

// readTag reads the tag at i, whose boundary is at place. It returns the end of
// the tag, or of its contents if these are no HTML.
func (h *htmlReader) readTag(i, place int, starts bool) int {
	rest := h.text[i+1:]
	if strings.HasPrefix(rest, "!--") {
		return h.readComment(i, place)
	}
	size := 0
	for size < len(rest) && size < 32 && (isWord[rest[size]] || rest[size] == '-' || rest[size] == ':') {
		size++
	}
	name := strings.ToLower(rest[:size])
	level, known := htmlLevels[name]
	switch {
	case known:
	case starts && size > 0:
		level = statement((i-place)/2, rankStatement)
	case starts:
		level = levelLine
	default:
		return i + 1 + size
	}
	index := h.placeTag(i, place, level)
	if len(name) == 2 && name[0] == 'h' && '1' <= name[1] && name[1] <= '6' {
		h.setTitle(index, int(name[1]-'0'), rest[size:])
	}
	if known {
		h.lead, h.after = index, h.find(i, ">")
	}
	switch name {
	case "script", "style", "pre", "textarea":
		if end := h.find(i+1+size, "</"+rest[:size]); end >= 0 {
			return end
		}
	}
	return i + 1 + size
}

// placeTag emits the boundary of the tag at i: before the comment and the tags
// directly before it.
func (h *htmlReader) placeTag(i, place, level int) int {
	index := h.lead
	h.lead = none
	if index >= 0 && h.adjoins(i) {
		h.out[index].Level = min(level, h.out[index].Level)
		h.held = index
		h.emit(place, levelLine)
	} else {
		h.held = none
		h.held = h.emit(place, level)
	}
	index, h.held = h.held, none
	return index
}

// adjoins reports whether only blanks stand between h.after and i.
func (h *htmlReader) adjoins(i int) bool {
	return h.after >= 0 && h.after <= i && strings.TrimLeft(h.text[h.after:i], " \t\r\n") == ""
}

func (h *htmlReader) readComment(i, place int) int {
	end := h.find(i, "-->")
	if end < 0 {
		return i + 1
	}
	if h.lead < 0 || !h.adjoins(i) {
		h.lead = none
		h.lead = h.emit(place, levelLine)
	} else {
		h.emit(place, levelLine)
	}
	h.after = end
	return end
}

// setTitle makes the text up to the next closing tag the title of a level.
func (h *htmlReader) setTitle(index, depth int, text string) {
	text = text[:min(len(text), maxTitle)]
	_, text, _ = strings.Cut(text, ">")
	text, _, _ = strings.Cut(text, "</h")
	clear(h.titles[depth:])
	h.titles[depth] = strings.Join(strings.Fields(withoutTags(text)), " ")
	var section []string
	for _, title := range h.titles[1:] {
		if title != "" {
			section = append(section, title)
		}
	}
	h.setSection(index, section)
}

func withoutTags(text string) string {
	var b strings.Builder
	for text != "" {
		before, rest, found := strings.Cut(text, "<")
		b.WriteString(before)
		if !found {
			break
		}
		_, text, _ = strings.Cut(rest, ">")
	}
	return strings.ToValidUTF8(b.String(), "")
}

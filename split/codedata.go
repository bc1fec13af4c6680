package split

import "strings"

// byComma is for data, whose elements end with a comma.
func byComma(s *scanner, last byte, _ int) bool {
	return last != ',' && last != '{' && last != '[' && last != '}' && last != ']'
}

// keyHeader returns the key of an object or array of JSON.
func keyHeader(_ *scanner, text string, braced bool) header {
	h := header{kind: containerScope}
	if !braced {
		return h
	}
	if n := strings.LastIndexByte(text, ':'); n >= 0 {
		key := strings.TrimRight(text[:n], " \t\r\n\"")
		h.name = key[strings.LastIndexByte(key, '"')+1:]
	}
	return h
}

// ruleHeader returns the selector of a rule of CSS, on one line.
func ruleHeader(_ *scanner, text string, braced bool) header {
	if !braced {
		return header{kind: blockScope}
	}
	name := text
	if n := strings.LastIndexByte(name, ';'); n >= 0 {
		name = name[n+1:]
	}
	name = strings.TrimSpace(name)
	if len(name) > longLine || strings.Contains(name, "/*") {
		name = ""
	}
	h := header{kind: blockScope, name: strings.Join(strings.Fields(name), " ")}
	if strings.HasPrefix(name, "@") {
		h.kind = containerScope
	}
	return h
}

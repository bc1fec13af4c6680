package split

// isAbbreviated tells if a full stop after a word in lower case does not end a
// sentence.
func isAbbreviated(word []byte) bool {
	switch string(word) {
	case "mr", "mrs", "ms", "mx", "dr", "prof", "sr", "jr", "st", "messrs", "mme", "mlle", "hon", "rev", "fr",
		"gen", "col", "maj", "capt", "cmdr", "lt", "sgt", "cpl", "adm", "gov", "sen", "rep", "pres",
		"vs", "etc", "cf", "al", "ca", "approx", "viz", "resp", "incl", "excl", "esp",
		"inc", "ltd", "corp", "dept", "univ", "assn", "bros", "est", "ave", "blvd", "bzw", "usw", "vgl":
		return true
	}
	return false
}

// isNumbered tells if a full stop after a word in lower case does not end a
// sentence when a number comes next. Before another word it does: "He said no."
func isNumbered(word []byte) bool {
	switch string(word) {
	case "no", "nos", "nr", "fig", "figs", "vol", "vols", "p", "pp", "ch", "sec", "sect", "art", "eq", "eqs", "ex",
		"par", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec":
		return true
	}
	return false
}

// longestAbbreviation is the length of the longest of these words.
const longestAbbreviation = 6

// isAbbreviation tells if the full stop at the offset i of a line belongs to an
// abbreviation or to an initial, such as "J. Smith", "e.g." and "U.S.".
func isAbbreviation(line string, i int) bool {
	start := i
	for start > 0 && isLetter(line[start-1]) {
		if i-start == longestAbbreviation {
			return false
		}
		start--
	}
	if start == i || start > 0 && !mayPrecedeWord(line[start-1]) {
		return false
	}
	if i-start == 1 {
		return isInitial(line, start)
	}
	var lower [longestAbbreviation]byte
	for j := start; j < i; j++ {
		lower[j-start] = line[j] | 0x20
	}
	word := lower[:i-start]
	return isAbbreviated(word) || isNumbered(word) && numberFollows(line, i+1)
}

// mayPrecedeWord tells if a word may begin after the byte c.
func mayPrecedeWord(c byte) bool {
	return c < 0x80 && !isDigit(c) && c != '_'
}

// isInitial tells if the letter at the offset i of a line is an initial or a part
// of an abbreviation. "I" is a word, and the letters of "I/O" and "plan-B" are parts
// of one.
func isInitial(line string, i int) bool {
	if i > 0 {
		switch before := line[i-1]; {
		case before == '.':
			return true
		case before == '/', before == '-' && (i == 1 || line[i-2] != '.'): // but J.-P. is
			return false
		}
	}
	if line[i]|0x20 == 'p' && numberFollows(line, i+2) { // a page
		return true
	}
	return isUpper(line[i]) && line[i] != 'I'
}

// numberFollows tells if a number comes at the offset i of a line, after spaces.
func numberFollows(line string, i int) bool {
	i = skipSpace(line, i, len(line))
	return i < len(line) && isDigit(line[i])
}

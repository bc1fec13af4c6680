package split

import "strings"

// A class is the set of tokens that a byte of the code may begin.
type class uint8

const (
	plain     class = iota
	opener          // ( [
	closer          // ) ]
	brace           // {
	unbrace         // }
	quote           // a string or character
	remark          // a comment, or else a special token
	special         // a token that only this language has
	semicolon       // the rest has a class in long lines only
	comma
	blank
)

type classes [256]class

// A wordKind is the meaning of a word at the start of a statement.
type wordKind uint8

const (
	otherWord     wordKind = iota
	modifierWord           // stands before a declaration: public, async
	functionWord           // begins a function, and its name follows
	selfWord               // begins a function and is its name: constructor
	containerWord          // begins a scope of declarations: class
	implWord               // begins one whose name is the last word: impl A for B
	variableWord           // begins a declaration without a section: const
	packageWord            // names the package of the file
	controlWord            // begins a statement with a block: if
	caseWord               // begins a case
	followWord             // continues the statement before: else
	stopWord               // ends the name of a container: extends
)

// A quoteForm says how a string is read.
type quoteForm uint8

const (
	spansLines  quoteForm = 1 << iota // it may span lines
	noEscapes                         // a backslash has no meaning
	comesTriple                       // three quotes begin another form
)

// A word has a meaning at the start of a statement.
type word struct {
	text string
	kind wordKind
}

// A remarkForm is a form of comment. A close of "" stands for the end of the
// line.
type remarkForm struct {
	open, close string
	except      string // no comment if these bytes, one of them, follow open
	nests       bool
	spaced      bool // blanks or a semicolon stand before it
}

// A language says how the code of one language is read.
type language struct {
	run      func(w *writer)       // splits the text; nil means the scanner
	prologue func(text string) int // the length of the text before the code

	remarks    []remarkForm
	quotes     string // the bytes that begin strings
	multiline  string // those of them whose strings may span lines
	verbatim   string // those of them whose strings have no escapes
	triple     string // those of them that also come in threes
	specials   string // the bytes that may begin special tokens
	special    func(s *scanner, i int) int
	raw        func(text string, i int) string // the end of a raw string, by its first quote
	brackets   bool                            // [ ] are scopes as { } are
	indents    bool                            // indentation makes scopes, and braces do not
	flat       bool                            // brackets of no kind are counted
	directives bool                            // lines that begin with # are directives
	entries    bool                            // every line is an entry, with a header
	headed     bool                            // a line that begins with [ heads those below
	decorators bool                            // a line that begins with @ belongs to the declaration below

	hereSign  string // what begins a here document, if not <<
	hereBlank bool   // blanks may stand between << and its word
	hereUpper bool   // the word is quoted or begins with a capital

	words    map[string]wordKind
	folded   bool // the words are in any case
	declares bool // every statement of a file is a declaration
	outdent  bool // but for indented ones
	shallow  bool // there are declarations in files alone, not in blocks
	named    int  // the names that a section has at most
	typed    bool // a function begins with its type: the name stands before (
	assigned bool // a function may be a value: const f = () => {
	lastName bool // the last word before { or : names a container: class EXPORT Name {

	header    func(s *scanner, header string, braced bool) header
	continued func(s *scanner, last byte, first int) bool // whether the line at first continues a statement that ends with last
	group     func(line string) int                       // the index of a parenthesis that opens a scope

	code, long classes
	forms      [256]quoteForm // of the strings that the bytes begin
	starts     [256][]word    // the words by their first two letters
}

// compile fills the tables that derive from the fields.
func (l *language) compile() *language {
	set := func(bytes string, c class) {
		for i := range len(bytes) {
			l.code[bytes[i]] = c
		}
	}
	if !l.flat {
		set("([", opener)
		set(")]", closer)
		switch {
		case l.indents:
			set("{", opener)
			set("}", closer)
		case l.brackets:
			set("{[", brace)
			set("}]", unbrace)
		default:
			set("{", brace)
			set("}", unbrace)
		}
	}
	set(l.specials, special)
	set(l.quotes, quote)
	for i := range len(l.multiline) {
		l.forms[l.multiline[i]] |= spansLines
	}
	for i := range len(l.verbatim) {
		l.forms[l.verbatim[i]] |= noEscapes
	}
	for i := range len(l.triple) {
		l.forms[l.triple[i]] |= comesTriple
	}
	for _, r := range l.remarks {
		set(r.open[:1], remark)
	}
	l.long = l.code
	l.long[';'], l.long[','], l.long[' '], l.long['\t'] = semicolon, comma, blank, blank
	for text, kind := range l.words {
		start := startOf(text[0], text[1])
		l.starts[start] = append(l.starts[start], word{text, kind})
	}
	return l
}

// kind returns the meaning of the word at i, and its end if it has one.
func (l *language) kind(text string, i int) (wordKind, int) {
	if i+1 >= len(text) {
		return otherWord, i
	}
	for _, w := range l.starts[startOf(text[i], text[i+1])] {
		end := i + len(w.text)
		if end > len(text) || end < len(text) && isWord[text[end]] {
			continue
		}
		if found := text[i:end]; found == w.text || l.folded && strings.EqualFold(found, w.text) {
			return w.kind, end
		}
	}
	return otherWord, i
}

// startOf returns a hash of the first two letters of a word in any case.
func startOf(a, b byte) byte { return (a|0x20)*7 + (b | 0x20) }

// wordEnd returns the end of the word at i.
func wordEnd(text string, i int) int {
	for i < len(text) && isWord[text[i]] {
		i++
	}
	return i
}

// isWord has the bytes of identifiers.
var isWord = func() (set [256]bool) {
	for c := range set {
		set[c] = c >= 0x80 || c == '_' || c == '$' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
	}
	return set
}()

// kinds joins lists of words with their meanings.
func kinds(of map[wordKind]string) map[string]wordKind {
	words := map[string]wordKind{}
	for kind := modifierWord; kind <= stopWord; kind++ { // a later meaning wins
		for _, word := range strings.Fields(of[kind]) {
			words[word] = kind
		}
	}
	return words
}

package split

import "strings"

const phpSpecials = "?<"

// The comments that several languages share.
var (
	slashes = []remarkForm{{open: "//"}, {open: "/*", close: "*/"}}
	nesting = []remarkForm{{open: "//"}, {open: "/*", close: "*/", nests: true}}
)

const controls = " if for while switch do try return throw"

// languages has the languages by their names.
var languages = map[string]*language{
	"go": golang.compile(),
	"javascript": (&language{
		remarks: slashes, quotes: `"'`, specials: "`/", special: slashOrTemplate,
		words: kinds(map[wordKind]string{
			modifierWord: "export default async declare abstract public private protected static readonly override get set accessor",
			functionWord: "function", selfWord: "constructor",
			containerWord: "class interface namespace", variableWord: "const let var type enum import",
			controlWord: "with" + controls, caseWord: "case", followWord: "else catch finally", stopWord: "extends implements",
		}),
		named: 6, typed: true, assigned: true, header: readHeader, continued: byLine,
	}).compile(),
	"java": (&language{
		remarks: slashes, quotes: `"'`, triple: `"`,
		words: kinds(map[wordKind]string{
			modifierWord:  "public private protected static final abstract synchronized native default sealed strictfp transient volatile",
			containerWord: "class interface enum record", packageWord: "package", variableWord: "import",
			controlWord: "new yield" + controls, caseWord: "case", followWord: "else catch finally",
			stopWord: "extends implements permits throws",
		}),
		named: 6, typed: true, declares: true, header: readHeader, continued: bySemicolon,
	}).compile(),
	"c": (&language{
		remarks: slashes, quotes: `"`, specials: "'", special: charOfC, raw: rawC, directives: true,
		words: kinds(map[wordKind]string{
			modifierWord:  "static extern inline const volatile template typename friend virtual explicit constexpr final alignas public private protected signals slots typedef",
			containerWord: "class struct union enum namespace", variableWord: "using",
			controlWord: "goto" + controls, caseWord: "case default", followWord: "else catch",
		}),
		named: 6, typed: true, declares: true, lastName: true, shallow: true, header: readHeader, continued: bySemicolon,
	}).compile(),
	"csharp": (&language{
		remarks: slashes, quotes: `"'`, raw: rawCSharp, triple: `"`, directives: true,
		words: kinds(map[wordKind]string{
			modifierWord:  "public private protected internal static sealed abstract virtual override readonly partial async unsafe extern new file required",
			containerWord: "class interface struct enum record namespace", variableWord: "using",
			controlWord: "foreach lock fixed" + controls, caseWord: "case default", followWord: "else catch finally",
			stopWord: "where",
		}),
		named: 6, typed: true, declares: true, header: readHeader, continued: bySemicolon,
	}).compile(),
	"rust": (&language{
		remarks: nesting, quotes: `"`, specials: "'", special: lifetime, multiline: `"`, raw: rawRust,
		words: kinds(map[wordKind]string{
			modifierWord: "pub async unsafe extern default const static", functionWord: "fn macro_rules",
			containerWord: "struct enum union trait mod", implWord: "impl", variableWord: "use type",
			controlWord: "match loop else for if while let", followWord: "else", stopWord: "where",
		}),
		named: 6, declares: true, header: readHeader, continued: bySemicolon,
	}).compile(),
	"php": (&language{
		prologue: func(text string) int { return phpCode(text, 0) },
		remarks:  []remarkForm{{open: "//"}, {open: "#", except: "["}, {open: "/*", close: "*/"}},
		quotes:   `"'`, multiline: `"'`, specials: phpSpecials, special: phpToken, hereSign: "<<<", hereBlank: true,
		words: kinds(map[wordKind]string{
			modifierWord: "abstract final public private protected static readonly var", functionWord: "function",
			containerWord: "class interface trait enum", packageWord: "namespace", variableWord: "use const",
			controlWord: "foreach declare match new" + controls, caseWord: "case default", followWord: "else elseif catch finally",
			stopWord: "extends implements",
		}),
		named: 6, header: readHeader, continued: bySemicolon,
	}).compile(),
	"kotlin": (&language{
		remarks: nesting, quotes: `"'`, triple: `"`,
		words: kinds(map[wordKind]string{
			modifierWord: "public private protected internal open abstract final sealed data inline value inner enum annotation override suspend operator infix tailrec lateinit const companion external expect actual",
			functionWord: "fun", selfWord: "constructor init", containerWord: "class interface object",
			variableWord: "val var typealias import", packageWord: "package",
			controlWord: "when" + controls, followWord: "else catch finally", stopWord: "where",
		}),
		named: 6, header: readHeader, continued: byLine,
	}).compile(),
	"swift": (&language{
		remarks: nesting, quotes: `"`, triple: `"`, raw: rawSwift,
		words: kinds(map[wordKind]string{
			modifierWord: "public private fileprivate internal open static final lazy weak unowned mutating override required convenience indirect nonisolated async",
			functionWord: "func", selfWord: "init deinit subscript", containerWord: "class struct enum protocol extension actor",
			variableWord: "let var typealias import",
			controlWord:  "guard repeat defer" + controls, caseWord: "case default", followWord: "else catch", stopWord: "where",
		}),
		named: 6, header: readHeader, continued: byLine,
	}).compile(),
	"css": (&language{
		remarks: slashes[1:], quotes: `"'`, declares: true, header: ruleHeader, named: 3, continued: bySemicolon,
	}).compile(),
	"scss": (&language{
		remarks: slashes, quotes: `"'`, declares: true, header: ruleHeader, named: 3, continued: bySemicolon,
	}).compile(),
	"json": (&language{
		remarks: slashes, quotes: `"`, brackets: true, declares: true, header: keyHeader, named: 3, continued: byComma,
	}).compile(),
	"sql": (&language{
		remarks: []remarkForm{{open: "--"}, {open: "/*", close: "*/"}},
		quotes:  "'\"`", multiline: "'\"`", verbatim: "'\"`", specials: "$", special: dollarQuote, folded: true, outdent: true,
		words: kinds(map[wordKind]string{
			modifierWord:  "create or replace alter temporary temp global local unique materialized external if not exists definer",
			containerWord: "table view function procedure index trigger type schema sequence database package",
		}),
		named: 1, declares: true, header: readHeader, continued: bySemicolon,
	}).compile(),
	"python": (&language{
		remarks: []remarkForm{{open: "#"}}, quotes: `"'`, triple: `"'`, indents: true, decorators: true,
		words: kinds(map[wordKind]string{
			modifierWord: "async", functionWord: "def", containerWord: "class", followWord: "else elif except finally", caseWord: "case",
		}),
		named: 6, header: readHeader, continued: byBackslash,
	}).compile(),
	"ruby": (&language{
		remarks: []remarkForm{{open: "#"}, {open: "=begin", close: "\n=end"}},
		quotes:  `"'`, specials: "<", special: hereDocument, hereUpper: true, indents: true,
		words: kinds(map[wordKind]string{
			modifierWord: "private protected public private_class_method module_function", functionWord: "def", containerWord: "class module",
			followWord: "else elsif rescue ensure end when in then",
		}),
		named: 6, header: readHeader, continued: byOperator,
	}).compile(),
	"shell": (&language{
		remarks: []remarkForm{{open: "#", spaced: true}}, quotes: "\"'", multiline: "\"'", verbatim: "'",
		specials: `<\$`, special: shellToken, hereBlank: true, indents: true, flat: true,
		words: kinds(map[wordKind]string{
			functionWord: "function", followWord: "else elif fi done esac then do",
		}),
		named: 2, header: shellHeader, entries: true, continued: byBackslash,
	}).compile(),
	"toml": (&language{
		remarks: []remarkForm{{open: "#"}}, quotes: `"'`, triple: `"'`, verbatim: `'`, indents: true,
		named: 1, header: tableHeader, entries: true, headed: true, continued: byBackslash,
	}).compile(),
	"yaml": (&language{
		remarks: []remarkForm{{open: "#", spaced: true}}, indents: true, flat: true, named: 3, entries: true, header: entryHeader, continued: byBackslash,
	}).compile(),
	"makefile": (&language{
		remarks: []remarkForm{{open: "#", spaced: true}}, indents: true, flat: true, declares: true, continued: byBackslash,
	}).compile(),
	"html": {run: splitHTML},
}

// aliases has the other names of the languages.
var aliases = map[string]string{
	"golang": "go", "js": "javascript", "jsx": "javascript", "mjs": "javascript", "ts": "javascript", "tsx": "javascript",
	"typescript": "javascript", "c++": "c", "cpp": "c", "objective-c": "c", "objc": "c", "c#": "csharp", "cs": "csharp",
	"rs": "rust", "kt": "kotlin", "py": "python", "python3": "python", "rb": "ruby", "sh": "shell", "bash": "shell",
	"zsh": "shell", "yml": "yaml", "jsonc": "json", "json5": "json", "less": "scss", "sass": "scss", "xml": "html",
	"htm": "html", "vue": "html", "svelte": "html", "make": "makefile", "dockerfile": "makefile", "cmake": "makefile",
}

// rawC returns the end of a string such as R"x(...)x".
func rawC(text string, i int) string {
	if i == 0 || text[i-1] != 'R' {
		return ""
	}
	if n := strings.IndexByte(text[i:min(len(text), i+18)], '('); n > 0 {
		return ")" + text[i+1:i+n] + `"`
	}
	return ""
}

// rawCSharp returns the end of a string such as @"...". A quote is doubled in it,
// and that reads as the end of one string and the start of another.
func rawCSharp(text string, i int) string {
	if text[i] == '"' && i > 0 && (text[i-1] == '@' || text[i-1] == '$' && i > 1 && text[i-2] == '@') {
		return `"`
	}
	return ""
}

// rawRust returns the end of a string such as r##"..."##.
func rawRust(text string, i int) string {
	start := i
	for start > 0 && text[start-1] == '#' {
		start--
	}
	if start > 0 && text[start-1] == 'r' {
		return `"` + text[start:i]
	}
	return ""
}

// rawSwift returns the end of a string such as #"..."#.
func rawSwift(text string, i int) string {
	start := i
	for start > 0 && text[start-1] == '#' {
		start--
	}
	switch {
	case start == i:
		return ""
	case strings.HasPrefix(text[i:], `"""`):
		return `"""` + text[start:i]
	}
	return `"` + text[start:i]
}

// charOfC tells the characters of C from the separators of digits: 'a', 1'000.
func charOfC(s *scanner, i int) int {
	start := i
	for start > s.begin && isWord[s.text[start-1]] {
		start--
	}
	if start < i && '0' <= s.text[start] && s.text[start] <= '9' {
		return i + 1
	}
	return s.stringEnd(i)
}

// lifetime tells the characters of Rust from its lifetimes: 'a' from 'a.
func lifetime(s *scanner, i int) int {
	rest := s.text[i+1 : s.end]
	if strings.HasPrefix(rest, `\`) {
		if end := s.quoteEnd(i+1, s.end, '\''); end >= 0 {
			return end
		}
		return i + 1
	}
	if n := strings.IndexByte(rest[:min(len(rest), 5)], '\''); n > 0 && (n == 1 || rest[0] >= 0x80) {
		return i + n + 2
	}
	return i + 1
}

// phpCode returns the end of the tag that opens code from i on.
func phpCode(text string, i int) int {
	n := strings.Index(text[i:], "<?")
	if n < 0 {
		return len(text)
	}
	i += n + 2
	for i < len(text) && (isWord[text[i]] || text[i] == '=') {
		i++
	}
	return i
}

// phpToken reads here documents and the text outside the tags of PHP.
func phpToken(s *scanner, i int) int {
	if !strings.HasPrefix(s.text[i:], "?>") {
		return hereDocument(s, i)
	}
	s.mark(i)
	end := phpCode(s.text, i)
	s.skip(i, end)
	s.from, s.code = end, 0
	return end
}

// dollarQuote returns the end of a body such as $tag$...$tag$.
func dollarQuote(s *scanner, i int) int {
	end := i + 1
	for end < s.end && isWord[s.text[end]] && s.text[end] != '$' {
		end++
	}
	if end == s.end || s.text[end] != '$' {
		return i + 1
	}
	if closed := s.find(end+1, s.text[i:end+1]); closed >= 0 {
		return closed
	}
	return i + 1
}

// shellToken reads here documents, escapes and the $# that is no comment.
func shellToken(s *scanner, i int) int {
	switch s.text[i] {
	case '<':
		return hereDocument(s, i)
	case '$':
		end := i + 1
		if end < s.end && s.text[end] == '{' {
			end++
		}
		if end < s.end && s.text[end] == '#' {
			end++
		}
		return end
	}
	return min(i+2, s.end)
}

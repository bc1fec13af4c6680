package split

import "strings"

// extensions has the languages of the files by their extensions.
var extensions = byWord(map[string]string{
	"go":         "go",
	"javascript": "js jsx mjs cjs ts tsx mts cts",
	"java":       "java",
	"c":          "c h cc cpp cxx hh hpp hxx inl ipp m mm ino cu cuh",
	"csharp":     "cs csx",
	"rust":       "rs",
	"php":        "php phtml php5 php7",
	"kotlin":     "kt kts",
	"swift":      "swift",
	"css":        "css",
	"scss":       "scss sass less",
	"json":       "json jsonc json5 jsonl ndjson geojson webmanifest ipynb",
	"sql":        "sql ddl pgsql",
	"python":     "py pyi pyw pyx",
	"ruby":       "rb rake gemspec ru",
	"shell":      "sh bash zsh ksh",
	"toml":       "toml",
	"yaml":       "yaml yml",
	"makefile":   "mk mak cmake dockerfile",
	"html":       "html htm xhtml xml xsd xsl svg vue svelte",
})

// fileNames has the languages of the files that are known by their whole name,
// in lower case.
var fileNames = byWord(map[string]string{
	"makefile": "makefile gnumakefile bsdmakefile dockerfile containerfile cmakelists.txt justfile",
	"ruby":     "rakefile gemfile podfile fastfile brewfile vagrantfile",
	"python":   "sconstruct sconscript wscript",
	"shell":    ".bashrc .bash_profile .bash_aliases .profile .zshrc .zprofile pkgbuild apkbuild",
	"json":     ".babelrc .eslintrc .prettierrc composer.lock pipfile.lock",
	"toml":     "cargo.lock poetry.lock pipfile uv.lock",
	"yaml":     ".clang-format .clang-tidy .gemrc",
})

// interpreters has the languages of the programs that a first line with #! names.
var interpreters = byWord(map[string]string{
	"shell":      "sh bash dash zsh ksh ash",
	"python":     "python pypy",
	"ruby":       "ruby",
	"javascript": "node nodejs deno bun ts-node tsx",
	"php":        "php",
	"kotlin":     "kotlin",
	"swift":      "swift",
	"makefile":   "make",
})

// byWord turns a map of lists of words around.
func byWord(lists map[string]string) map[string]string {
	words := map[string]string{}
	for language, list := range lists {
		for _, word := range strings.Fields(list) {
			words[word] = language
		}
	}
	return words
}

// languageOf returns the language of a text by the extension or the name of its
// path, or by its first line if that begins with #!. It returns "" if it knows
// none.
func languageOf(path, text string) string {
	name := strings.ToLower(path[strings.LastIndexAny(path, `/\`)+1:])
	if language, ok := fileNames[name]; ok {
		return language
	}
	stem, _, _ := strings.Cut(name, ".")
	if dot := strings.LastIndexByte(name, '.'); dot >= 0 {
		if language, ok := extensions[name[dot+1:]]; ok {
			return language
		}
		if stem == "dockerfile" || stem == "makefile" { // Dockerfile.dev
			return "makefile"
		}
	}
	return interpreted(text)
}

// interpreted returns the language of a script by its first line.
func interpreted(text string) string {
	if !strings.HasPrefix(text, "#!") {
		return ""
	}
	line, _, _ := strings.Cut(text[2:min(len(text), 256)], "\n")
	for _, field := range strings.Fields(line) {
		program := field[strings.LastIndexByte(field, '/')+1:]
		if program == "env" || strings.HasPrefix(program, "-") || strings.Contains(program, "=") {
			continue
		}
		if language, ok := interpreters[program]; ok {
			return language
		}
		return interpreters[strings.TrimRight(program, "0123456789.")]
	}
	return ""
}

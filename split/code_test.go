package split

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the expected joints of the samples")

// TestCodeSamples compares the joints of a sample in each language with the
// expected ones.
func TestCodeSamples(t *testing.T) {
	samples, err := filepath.Glob("testdata/code/*")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, sample := range samples {
		if strings.HasSuffix(sample, ".joints") {
			continue
		}
		seen[languageOf(sample, "")] = true
		t.Run(filepath.Base(sample), func(t *testing.T) {
			text, err := os.ReadFile(sample)
			require.NoError(t, err)
			got := joints(sample, string(text))
			if *update {
				require.NoError(t, os.WriteFile(sample+".joints", []byte(got), 0o644))
			}
			want, err := os.ReadFile(sample + ".joints")
			require.NoError(t, err)
			require.Equal(t, string(want), got)
		})
	}
	for name := range languages {
		require.True(t, seen[name] || name == "scss", "%s has no sample", name)
	}
}

// joints returns a line for each boundary that is no plain line: its level, its
// line and its section.
func joints(path, text string) string {
	var b strings.Builder
	for at := range Code("")(path, text) {
		if at.Level >= levelLine {
			continue
		}
		level := fmt.Sprint("declaration ", at.Level)
		if at.Level >= levelStatement {
			rank := [...]string{"case", "paragraph", "statement", "element"}[(at.Level-levelStatement)%4]
			level = fmt.Sprint(rank, " ", (at.Level-levelStatement)/4)
		}
		fmt.Fprintf(&b, "%-14s %4d  %s", level, strings.Count(text[:at.At], "\n")+1, strings.TrimSpace(text[at.At:lineEnd(text, at.At)]))
		if at.Section != nil {
			fmt.Fprintf(&b, "  ⟨%s⟩", strings.Join(at.Section, " ▸ "))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestCodeProperties checks the laws of boundaries on texts that are nasty in
// every language.
func TestCodeProperties(t *testing.T) {
	pieces := []string{
		"{", "}", "(", ")", "[", "]", "\"", "'", "`", "/*", "*/", "//", "#", "<<EOT\n", "<<<EOT\n", "EOT\n", "\"\"\"", "'''", "r#\"", "R\"x(",
		"${", "\\", "\r\n", "\n", "\r", "\t", "é", "\xff", "\x00", "\u2028", "👩‍👩‍👧", "<!--", "-->", "<script>", "</script>", "<h1>", "<?php", "?>",
		"@a", "#if\n", "#else\n", "#endif\n", "func f() {\n", "class A {\n", "def f\n", "end\n", "package p\n", "key:\n", "- a: |\n", "[t]\n",
		"$$", "--", ";", ",", ":", "=", "=>", "extern \"C\" {", strings.Repeat("a ", longLine), "#[x]\n", "\n\n", "  ",
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var b strings.Builder
		for range random.IntN(60) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		for language := range languages {
			checkBoundaries(t, language, b.String())
		}
		checkBoundaries(t, "unknown", b.String())
	}
}

// checkBoundaries checks that the boundaries ascend, lie inside the text at the
// edges of code points, and never between CR and LF, and that a consumer may stop.
func checkBoundaries(t testing.TB, language, text string) {
	t.Helper()
	edges := make([]bool, len(text)+1)
	for i := range text {
		edges[i] = true
	}
	last, count := -1, 0
	for b := range Code(language)("", text) {
		if b.At <= last || b.At == 0 && b.Section == nil || b.At >= len(text) || b.Level < 0 || b.Level > levelInside || !edges[b.At] ||
			b.At > 0 && text[b.At-1] == '\r' && text[b.At] == '\n' || slices.Contains(b.Section, "") {
			require.Fail(t, "a boundary breaks a law", "%s %q: %+v after %d", language, text, b, last)
		}
		last = b.At
		count++
	}
	stop := count / 2
	for range Code(language)("", text) {
		if stop--; stop < 0 {
			break
		}
	}
}

// TestCodeIsLinear runs texts that would take hours if the time were quadratic.
func TestCodeIsLinear(t *testing.T) {
	const n = 20_000
	for _, piece := range []string{
		"{", "}", "(", "[", "{\n", "(\n", "\"", "'", "`", "`${", "/*", "/* ", "R\"x(", "r#\"", "#\"", "\"\"\"", "'''", "\\", "\\\n", "<<A\n", "<<<A\n", "$a$", "<!--", "<h1>",
		"<script>", "<", "<?", "?>", " ", "\n", "\t", "//\n", "# \n", "@a\n", "@a(", "#[a]", "#if\n", "#else\n", "a:\n", "a: |\n", "class A {", "class A {\n", "a<", "<div", "/", "/ ",
		"func f() {", "func f() {\n", "var (\n", "type (", "def f(\n", " def f\n", "=begin\n", "a,", "a;", "a ", "x\n  ", "--", "- ", "-", "#", "1'", "[a]\n", "f()", "extern \"",
	} {
		text := strings.Repeat(piece, n)
		for language := range languages {
			for range Code(language)("", text) {
			}
		}
	}
	var deeper strings.Builder // every line is indented by one more
	for i := range 3000 {
		deeper.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for language := range languages {
		for range Code(language)("", deeper.String()) {
		}
	}
}

func FuzzCode(f *testing.F) {
	names := append(slices.Sorted(maps.Keys(languages)), "unknown")
	samples, err := filepath.Glob("testdata/code/*")
	require.NoError(f, err)
	for _, sample := range samples {
		text, err := os.ReadFile(sample)
		require.NoError(f, err)
		f.Add(uint8(max(0, slices.Index(names, languageOf(sample, "")))), string(text))
	}
	f.Fuzz(func(t *testing.T, language uint8, text string) {
		name := names[int(language)%len(names)]
		checkBoundaries(t, name, text)
		if oracle := parseGo(text); name == "go" && oracle != nil {
			require.Empty(t, oracle.missed(text))
		}
	})
}

func TestLanguageOf(t *testing.T) {
	for _, tt := range []struct{ path, text, want string }{
		{"a/b.go", "", "go"},
		{`a\b.TSX`, "", "javascript"},
		{"a.h", "", "c"},
		{"Makefile", "", "makefile"},
		{"Makefile.am", "", "makefile"},
		{"src/CMakeLists.txt", "", "makefile"},
		{"Dockerfile", "", "makefile"},
		{"Dockerfile.dev", "", "makefile"},
		{"dev.dockerfile", "", "makefile"},
		{"Gemfile", "", "ruby"},
		{".bashrc", "", "shell"},
		{"go.mod", "", ""},
		{"notes.txt", "", ""},
		{"a.go.txt", "", ""},
		{"go", "", ""},
		{"", "", ""},
		{"run", "#!/bin/sh\n", "shell"},
		{"run", "#!/usr/bin/env python3\n", "python"},
		{"run", "#!/usr/bin/env -S A=b node --flag\r\n", "javascript"},
		{"run", "#! /usr/local/bin/ruby2.7 -w", "ruby"},
		{"run", "#!/usr/bin/perl\n", ""},
		{"run", "#!", ""},
		{"run", " #!/bin/sh\n", ""},
		{"run.py", "#!/bin/sh\n", "python"},
	} {
		require.Equal(t, tt.want, languageOf(tt.path, tt.text), "%q %q", tt.path, tt.text)
	}
}

// TestLanguageTables checks that all tables know the same languages.
func TestLanguageTables(t *testing.T) {
	for _, table := range []map[string]string{extensions, fileNames, interpreters, aliases} {
		for name, language := range table {
			require.Contains(t, languages, language, name)
		}
	}
}

// TestCodeNames checks that names of languages are known in any case.
func TestCodeNames(t *testing.T) {
	const text = "package p\n\nfunc f() {\n}\n"
	want := slices.Collect(Code("go")("", text))
	require.Equal(t, []string{"p", "f"}, want[len(want)-2].Section)
	require.Equal(t, want, slices.Collect(Code("GoLang")("", text)))
	require.Equal(t, want, slices.Collect(Code("")("a.go", text)))
	require.NotEqual(t, want, slices.Collect(Code("")("a.txt", text)))
}

// TestCodeOfOneLine finds the blanks of a line that is a text of its own, and not those
// of a short line of a longer text.
func TestCodeOfOneLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]int{
		`x := f(a, "b c")`:             {2, 5, 9, 10, 13},
		"x := f(a, 1)\n":               nil,
		"// A comment of a few words.": {3, 5, 13, 16, 18, 22},
	} {
		var got []int
		for b := range Code("go")("", text) {
			got = append(got, b.At)
		}
		require.Equal(t, want, got, text)
	}
}

// TestCodeIsCoarse finds few boundaries of one level in a long line, each stronger
// one, and every blank in a text of one line.
func TestCodeIsCoarse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, text string
		want       []int
	}{
		{"commas", "f(" + strings.Repeat("ab,", 50) + ")\n", []int{65, 131}},
		{"blanks", "x = " + strings.Repeat("ab ", 50) + "\n", []int{64, 130}},
		{"a string", "x = '" + strings.Repeat("ab ", 50) + "'\n", []int{65, 131}},
		{"a comma after blanks", "f(" + strings.Repeat("ab ", 30) + "ab," + strings.Repeat("ab ", 30) + ")\n", []int{65, 95, 161}},
		{"a short line", "f(" + strings.Repeat("ab, ", 20) + ")\n", nil},
		{"a text of one line", "f(ab, cd, ef)", []int{5, 6, 9, 10}},
	} {
		var got []int
		for b := range Code("javascript")("", test.text) {
			got = append(got, b.At)
		}
		assert.Equal(t, test.want, got, test.name)
	}
}

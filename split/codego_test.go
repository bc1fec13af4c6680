package split

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// goFiles returns the Go files of the standard library, or with -short some of
// them.
func goFiles(tb testing.TB) (files map[string]string) {
	tb.Helper()
	dir, err := exec.Command("go", "env", "GOROOT").Output()
	require.NoError(tb, err)
	root := filepath.Join(strings.TrimSpace(string(dir)), "src")
	if testing.Short() {
		root = filepath.Join(root, "net")
	}
	files = map[string]string{}
	require.NoError(tb, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			// testdata has errors that parse, such as two receivers.
			if err == nil && (d.Name() == "testdata" || d.Name() == "cmd") {
				return fs.SkipDir
			}
			return err
		}
		text, err := os.ReadFile(path)
		files[path] = string(text)
		return err
	}))
	require.NotEmpty(tb, files)
	return files
}

// TestGoAgreesWithParser compares the boundaries in every file of the standard
// library with the declarations and statements that go/parser finds.
func TestGoAgreesWithParser(t *testing.T) {
	checked := 0
	for path, text := range goFiles(t) {
		if oracle := parseGo(text); oracle != nil {
			for _, disagreement := range oracle.disagreements(text) {
				t.Errorf("%s: %s", path, disagreement)
			}
			checked++
		}
	}
	require.Greater(t, checked, 100)
}

// A goOracle has the places that go/parser finds in a text.
type goOracle struct {
	declarations map[int]bool     // the starts, comments above included
	sections     map[int][]string // of the declarations
	statements   map[int]bool     // the starts of all that may be cut before
}

// parseGo returns nil if the text does not parse.
func parseGo(text string) *goOracle {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	o := &goOracle{map[int]bool{}, map[int][]string{}, map[int]bool{}}
	offset := set.File(file.FileStart).Offset
	lineStart := func(at int) int { return strings.LastIndexByte(text[:at], '\n') + 1 }
	above := map[int]int{} // the start of the line after a comment that begins a line → the comment's start
	for _, group := range file.Comments {
		start := offset(group.Pos())
		first := 0 // the first comment of the group that begins a line
		for ; first < len(group.List); first++ {
			start = offset(group.List[first].Pos())
			if strings.TrimSpace(text[lineStart(start):start]) == "" {
				break
			}
		}
		if first < len(group.List) {
			if end := offset(group.End()); strings.TrimSpace(text[end:lineEnd(text, end)]) == "" {
				above[lineEnd(text, end)+1] = lineStart(start)
			}
			above[lineStart(offset(group.End()))] = lineStart(start)
			o.statements[lineStart(start)] = true
		}
	}
	place := func(pos token.Pos) int {
		at := offset(pos)
		if strings.TrimLeft(text[lineStart(at):at], " \t") == "" {
			if start, ok := above[lineStart(at)]; ok {
				return start
			}
		}
		return lineStart(at)
	}
	end := 0 // of the declaration before
	for _, d := range file.Decls {
		if place(d.Pos()) < end { // the line begins inside the declaration before
			continue
		}
		end = offset(d.End())
		o.declarations[place(d.Pos())] = true
		o.sections[place(d.Pos())] = goSection(file, d)
	}
	o.statements[place(file.Package)] = true
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case ast.Stmt, ast.Decl, ast.Spec, *ast.Field:
			o.statements[place(n.Pos())] = true
		case *ast.CompositeLit:
			for _, element := range n.Elts {
				o.statements[place(element.Pos())] = true
			}
		}
		return true
	})
	return o
}

// goSection returns the section of a declaration.
func goSection(file *ast.File, d ast.Decl) []string {
	section := []string{file.Name.Name}
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv != nil && len(d.Recv.List) > 0 {
			receiver := d.Recv.List[0].Type
			for {
				switch r := receiver.(type) {
				case *ast.StarExpr:
					receiver = r.X
					continue
				case *ast.ParenExpr:
					receiver = r.X
					continue
				case *ast.IndexExpr:
					receiver = r.X
					continue
				case *ast.IndexListExpr:
					receiver = r.X
					continue
				}
				break
			}
			if name, ok := receiver.(*ast.Ident); ok {
				section = append(section, name.Name)
			}
		}
		section = append(section, d.Name.Name)
	case *ast.GenDecl:
		if d.Tok == token.TYPE && !d.Lparen.IsValid() {
			section = append(section, d.Specs[0].(*ast.TypeSpec).Name.Name)
		}
	}
	return section
}

// missed returns a line for each declaration that the splitter misses or invents.
func (o *goOracle) missed(text string) (list []string) {
	for _, line := range o.disagreements(text) {
		if strings.Contains(line, "declaration") {
			list = append(list, line)
		}
	}
	return list
}

// disagreements returns a line for each place at which the splitter and go/parser
// disagree.
func (o *goOracle) disagreements(text string) (list []string) {
	line := func(at int) string { return text[at:lineEnd(text, at)] }
	found := map[int]bool{0: true}
	var section []string
	for b := range Code("go")("", text) {
		if b.Section != nil {
			section = b.Section
		}
		switch {
		case b.Level == 0:
			found[b.At] = true
			if !o.declarations[b.At] {
				list = append(list, "no declaration: "+line(b.At))
			} else if want := o.sections[b.At]; strings.Join(want, "\n") != strings.Join(section, "\n") {
				list = append(list, strings.Join(section, ".")+" is not the section of "+line(b.At))
			}
		case b.Level < levelLine && (b.Level-levelStatement)%4 < rankElement && !o.statements[b.At]:
			list = append(list, "no statement: "+line(b.At))
		}
	}
	for at := range o.declarations {
		if !found[at] {
			list = append(list, "declaration missed: "+line(at))
		}
	}
	return list
}

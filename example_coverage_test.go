package fileops_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEveryFunctionHasAnExample requires an Example for each exported function
// and method. A method of Pool with the name of a function shares the Example
// of the function.
func TestEveryFunctionHasAnExample(t *testing.T) {
	t.Parallel()
	declared := func(pattern string) (names []string) {
		paths, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, path := range paths {
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			require.NoError(t, err)
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && (pattern != "*.go" || !strings.HasSuffix(path, "_test.go")) {
					names = append(names, receiver(f)+f.Name.Name)
				}
			}
		}
		return names
	}
	examples := map[string]bool{}
	for _, name := range declared("example_*test.go") {
		examples[name] = true
	}
	functions := map[string]bool{}
	names := declared("*.go")
	for _, name := range names {
		functions[name] = true
	}
	for _, name := range names {
		typ, method, isMethod := strings.Cut(name, "_")
		switch {
		case !ast.IsExported(name) || isMethod && !ast.IsExported(method):
		case typ == "Pool" && functions[method]: // is the function on a pool
		case method == "Error" || method == "Unwrap" || method == "Is":
		default:
			require.True(t, examples["Example"+name], "%s has no example", name)
		}
	}
}

// receiver returns the name of a method's type and an underscore.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	typ := f.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	switch generic := typ.(type) {
	case *ast.IndexExpr:
		typ = generic.X
	case *ast.IndexListExpr:
		typ = generic.X
	}
	return typ.(*ast.Ident).Name + "_"
}

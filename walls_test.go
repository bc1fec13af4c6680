package fileops

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

const modulePath = "github.com/lion-agi/fileops"

// A wall limits what some files may use of the rest of the module.
type wall struct {
	dir   string   // relative to the root of the module
	files []string // the names of the files in dir; nil means all but tests

	// imports are the packages that the files may import. "std" stands for the
	// standard library.
	imports []string

	// uses are the package-level names of other files in dir that the files may
	// use. It has no effect if files is nil.
	uses []string
}

// walls are the walls of this module. Put a new one here.
var walls = []wall{
	{
		// The splitters are pure functions: they know the types of the root alone.
		dir:     "split",
		imports: []string{"std", modulePath, "github.com/clipperhouse/uax29/v2/sentences", "github.com/clipperhouse/uax29/v2/words"},
	},
	{dir: "internal/textscan", imports: []string{"std"}},
	{dir: "internal/textscan/texttest", imports: []string{"std"}},
	{dir: "internal/ignore", imports: []string{"bytes", "iter", "slices", "strings"}},
	{dir: "internal/ignore/ignoretest", imports: []string{"std"}},
	{dir: "internal/grapheme", imports: []string{"std", "github.com/clipperhouse/uax29/v2/graphemes"}},
	{dir: "internal/memlimit", imports: []string{"std", "golang.org/x/sys/unix", "golang.org/x/sys/windows"}},
	{
		dir: "internal/charset",
		imports: []string{
			"std", "golang.org/x/text/encoding", "golang.org/x/text/encoding/charmap", "golang.org/x/text/encoding/htmlindex",
			"golang.org/x/text/encoding/ianaindex", "golang.org/x/text/encoding/japanese", "golang.org/x/text/encoding/korean",
			"golang.org/x/text/encoding/simplifiedchinese", "golang.org/x/text/encoding/traditionalchinese",
			"golang.org/x/text/encoding/unicode", "golang.org/x/text/encoding/unicode/utf32", modulePath + "/internal/textscan",
		},
	},
	{dir: "internal/mounts", imports: []string{"std", "golang.org/x/sys/unix"}},
	{dir: "internal/sysmon", imports: []string{"std", "golang.org/x/sys/unix", "golang.org/x/sys/windows"}},
	{
		// The seam to the system knows nothing of the engine.
		dir:     "internal/vfs",
		imports: []string{"std", "golang.org/x/sys/unix", "golang.org/x/sys/windows", modulePath + "/internal/mounts", modulePath + "/internal/textscan"},
	},
	{dir: "internal/vfs/vfstest", imports: []string{"std", modulePath + "/internal/vfs"}},
	{
		// How a text is cut depends on neither the engine nor an output format.
		dir: ".", files: []string{"chunk.go", "cut.go", "boundarycut.go", "boundarycount.go"},
		imports: []string{
			"context", "fmt", "iter", "math", "slices", "sort", "strings", "unicode/utf8",
			modulePath + "/internal/grapheme", modulePath + "/internal/textscan",
		},
		uses: []string{"OptionError", "Progress", "SaveOptions", "Selection", "SkippedFile"},
	},
}

func TestWalls(t *testing.T) {
	for _, w := range walls {
		require.Empty(t, w.breaches(t, os.DirFS(".")), "%s %v", w.dir, w.files)
	}
}

// TestWallsFindBreaches builds a module that breaches a wall in each way.
func TestWallsFindBreaches(t *testing.T) {
	module := fstest.MapFS{
		"pure.go": {Data: []byte(`package p
			import ("fmt"; "os"; "example.com/other")
			type Options struct{ Size int }
			func (o *Options) size() int { return o.Size }
			func pure(o *Options, engine int) { fmt.Print(o.size(), engine, os.Args, other.X) }
			func impure(o *Options) { o.run(); start(allowed); var _ task; _ = limit }
		`)},
		"engine.go": {Data: []byte(`package p
			type task struct{}
			const limit = 1
			var engine, allowed = 1, 2
			func start(int) {}
			func (o *Options) run() {}
			func (t task) size() {}
		`)},
		"pure_test.go": {Data: []byte(`package p; import "testing"`)},
	}
	of := wall{dir: ".", files: []string{"pure.go"}, imports: []string{"fmt"}, uses: []string{"allowed"}}
	require.ElementsMatch(t, []string{
		"pure.go imports os",
		"pure.go imports example.com/other",
		"pure.go uses task of engine.go",
		"pure.go uses limit of engine.go",
		"pure.go uses start of engine.go",
		"pure.go uses Options.run of engine.go",
	}, of.breaches(t, module))
	require.Equal(t, []string{"pure.go imports example.com/other"}, wall{dir: ".", imports: []string{"std"}}.breaches(t, module))
}

// breaches returns a line for each use that the wall forbids.
func (w wall) breaches(t *testing.T, module fs.FS) (list []string) {
	t.Helper()
	inside, outside := w.parse(t, module)
	for name, file := range inside {
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			if !w.mayImport(imported) {
				list = append(list, fmt.Sprintf("%s imports %s", name, imported))
			}
		}
	}
	foreign := declarations(outside, declaredTypes(inside))
	for _, name := range w.uses {
		delete(foreign, name)
	}
	for name, file := range inside {
		for _, used := range usedNames(file, declaredTypes(inside)) {
			if from, ok := foreign[used]; ok {
				list = append(list, fmt.Sprintf("%s uses %s of %s", name, used, from))
			}
		}
	}
	return list
}

// parse returns the syntax of the wall's files and of the other files in dir.
// Test files are left out.
func (w wall) parse(t *testing.T, module fs.FS) (inside, outside map[string]*ast.File) {
	t.Helper()
	inside, outside = map[string]*ast.File{}, map[string]*ast.File{}
	entries, err := fs.ReadDir(module, w.dir)
	require.NoError(t, err)
	for _, entry := range entries {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := fs.ReadFile(module, path.Join(w.dir, name))
		require.NoError(t, err)
		file, err := parser.ParseFile(token.NewFileSet(), name, source, 0)
		require.NoError(t, err)
		if w.files == nil || slices.Contains(w.files, name) {
			inside[name] = file
		} else {
			outside[name] = file
		}
	}
	require.NotEmpty(t, inside)
	require.GreaterOrEqual(t, len(inside), len(w.files), "%v: a file is missing", w.files)
	return inside, outside
}

func (w wall) mayImport(imported string) bool {
	if slices.Contains(w.imports, imported) {
		return true
	}
	domain, _, _ := strings.Cut(imported, "/")
	return slices.Contains(w.imports, "std") && !strings.Contains(domain, ".")
}

// declaredTypes returns the names of the types that the files declare.
func declaredTypes(files map[string]*ast.File) (types []string) {
	for _, file := range files {
		for _, object := range file.Scope.Objects {
			if object.Kind == ast.Typ {
				types = append(types, object.Name)
			}
		}
	}
	return types
}

// declarations returns the package-level names that the files declare, with the
// file of each. The name of a method is Type.method; only the methods of types
// are included.
func declarations(files map[string]*ast.File, types []string) map[string]string {
	declared := map[string]string{}
	for name, file := range files {
		for object := range file.Scope.Objects {
			declared[object] = name
		}
		for _, declaration := range file.Decls {
			f, ok := declaration.(*ast.FuncDecl)
			if !ok || f.Recv == nil {
				continue
			}
			receiver := f.Recv.List[0].Type
			if star, ok := receiver.(*ast.StarExpr); ok {
				receiver = star.X
			}
			if of, ok := receiver.(*ast.Ident); ok && slices.Contains(types, of.Name) {
				declared[of.Name+"."+f.Name.Name] = name
			}
		}
	}
	return declared
}

// usedNames returns the names that the file uses and does not declare. Without
// type information, x.name may be a method of any of types.
func usedNames(file *ast.File, types []string) (names []string) {
	for _, unresolved := range file.Unresolved {
		names = append(names, unresolved.Name)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		if selector, ok := n.(*ast.SelectorExpr); ok {
			for _, of := range types {
				names = append(names, of+"."+selector.Sel.Name)
			}
		}
		return true
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// TestFilesAreShort checks that a file has one concept: no file but a test has
// more than 450 lines.
func TestFilesAreShort(t *testing.T) {
	for _, pattern := range []string{"*.go", "split/*.go", "internal/*/*.go", "internal/*/*/*.go", "examples/*/*.go"} {
		files, err := fs.Glob(os.DirFS("."), pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			if text, err := os.ReadFile(file); !strings.HasSuffix(file, "_test.go") {
				require.NoError(t, err)
				require.LessOrEqual(t, strings.Count(string(text), "\n"), 450, file)
			}
		}
	}
}

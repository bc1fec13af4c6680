package vfs

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// windowsSyntax is the syntax of Windows. Its volume is enough for the paths
// below: a drive, a drive with a prefix, or a share.
var windowsSyntax = PathSyntax{
	volume:    regexp.MustCompile(`^(?:[A-Za-z]:|\\\\[?.]\\[^\\/]+|\\\\[^\\/]+\\[^\\/]+)`).FindString,
	isSlash:   func(c byte) bool { return c == '/' || c == '\\' },
	separator: `\`,
}

func TestSplitPathsOfWindows(t *testing.T) {
	for path, want := range map[string][2]string{
		``:                   {`.`, ``},
		`f`:                  {`.`, `f`},
		`a\f`:                {`a`, `f`},
		`a/f`:                {`a`, `f`},
		`a\/f\`:              {`a`, `f`},
		`\f`:                 {`\`, `f`},
		`C:`:                 {`C:.`, ``},
		`C:f`:                {`C:.`, `f`},
		`C:.`:                {`C:.`, `.`},
		`C:a\f`:              {`C:a`, `f`},
		`C:.\f`:              {`C:.`, `f`},
		`C:\`:                {`C:\`, ``},
		`C:\f`:               {`C:\`, `f`},
		`C:/a//f/`:           {`C:/a`, `f`},
		`\\?\C:\`:            {`\\?\C:\`, ``},
		`\\?\C:\f`:           {`\\?\C:\`, `f`},
		`\\?\C:\a\f`:         {`\\?\C:\a`, `f`},
		`\\host\share\f`:     {`\\host\share\`, `f`},
		`\\host\share\a\f\\`: {`\\host\share\a`, `f`},
	} {
		dir, base := windowsSyntax.Split(path)
		require.Equal(t, want, [2]string{dir, base}, "%q", path)
		again, _ := windowsSyntax.Split(dir + `\f`)
		require.Equal(t, dir, again, "the way up from %q ends", path)
	}
}

func TestPrefixesOfWindows(t *testing.T) {
	for dir, want := range map[string]string{
		``: ``, `.`: ``, `a`: `a\`, `a\`: `a\`, `a/`: `a/`, `\`: `\`,
		`C:`: `C:`, `c:`: `c:`, `C:.`: `C:.\`, `C:a`: `C:a\`, `C:\`: `C:\`, `C:/`: `C:/`, `C:\a`: `C:\a\`,
		`\\?\C:`: `\\?\C:\`, `\\?\C:\a`: `\\?\C:\a\`, `\\host\share`: `\\host\share\`,
	} {
		require.Equal(t, want, windowsSyntax.Prefix(dir), "%q", dir)
	}
}

func TestSlashesOfWindows(t *testing.T) {
	for path, want := range map[string]string{
		``: ``, `\`: `\`, `\/`: `\`, `a\`: `a`, `a/\`: `a`, `C:`: `C:`, `C:\`: `C:\`, `C:\/`: `C:\`, `C:a\`: `C:a`,
		`\\?\C:\`: `\\?\C:\`, `\\?\C:\a\`: `\\?\C:\a`, `\\host\share\\`: `\\host\share\`,
	} {
		require.Equal(t, want, windowsSyntax.trimSlashes(path), "%q", path)
	}
}

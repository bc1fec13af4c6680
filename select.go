package fileops

import (
	"fmt"
	"strconv"
	"strings"
)

// A Selection says which files of a directory an operation takes, by the patterns
// of gitignore(5). nil, and the zero value, take every regular file.
//
// Patterns are compared with the path below the directory that is given to the
// operation, with slashes on every system. Letters are compared exactly: to take
// both cases, write "*.[tT][xX][tT]". A backslash escapes a character, also on
// Windows.
//
// An entry of a directory is left out by the first of these rules that says so: Git
// leaves out ".git"; Exclude; SkipHidden; the files of IgnoreFiles; the files of
// Git; and, for a file, Include and MaxSize. Within one of them the last pattern
// that matches decides. A pattern with "!" takes back the entries that Exclude and
// all rules after it, up to the files of Git, leave out. It cannot take back a file
// below a directory that is left out, because that directory is never entered.
//
// A file that the caller names, and a directory that the caller names, are taken
// whatever the Selection says.
type Selection struct {
	// Include takes a file only if one of these patterns matches it or a directory
	// that it is in. An empty list takes all files. A pattern that has matched nothing
	// when the directory has been read is reported as an *[OptionError], as if it were a
	// file that is left out.
	Include []string

	// Exclude leaves out the files and directories that match. It comes before the
	// files of IgnoreFiles and Git, so that "!*.log" takes back files that they leave out.
	Exclude []string

	// IgnoreFiles are the names of files with more patterns, such as ".ignore". The
	// patterns of a file count in its directory and below. Those of a deeper
	// directory come first, and in one directory those of a later name. A symbolic
	// link of such a name is not read, as git does not. If a file cannot be read,
	// or has more than 1 MiB, its directory is left out with the error.
	IgnoreFiles []string

	// Git leaves out the files that git would ignore: it reads the files .gitignore
	// of the directory, of those below and, in a repository, of those above up to
	// the top of the repository, and the repository's .git/info/exclude. Patterns
	// end at the top of a repository that lies in another one. Entries with the name
	// ".git" are left out. The user's own excludes (core.excludesFile) do not count,
	// because they differ from one machine to another.
	Git bool

	// SkipHidden leaves out the files and directories whose names begin with a dot.
	SkipHidden bool

	// FollowLinks enters the directories that symbolic links lead to. Each directory
	// is entered once, in the order of paths, and never by a link that leads out of
	// the pool's Root. A directory that has been entered already is left out as
	// [ErrNotFollowed]. The walk remembers the directories, in some 100 bytes each.
	FollowLinks bool

	// MaxSize leaves out larger files, in bytes. 0 means no bound.
	MaxSize int64
}

// An ExcludedError is the reason of a [SkippedFile] that the options exclude. It
// matches [ErrExcluded].
type ExcludedError struct {
	Path   string // of the file or directory
	Rule   string // the pattern or the value that excludes it, "" if no pattern of Include matches
	Source string // the name of the option, such as "Exclude", or the path of the ignore file
	Line   int    // of the pattern in the ignore file, from 1; 0 for an option
}

// Error implements error. The operation and the path come in front of it, by the
// [io/fs.PathError] that wraps it. It quotes a rule that is not one line of text.
func (e *ExcludedError) Error() string {
	source := oneLine(e.Source)
	if e.Line > 0 {
		source += ":" + strconv.Itoa(e.Line)
	}
	if e.Rule == "" {
		return "excluded by " + source
	}
	return fmt.Sprintf("excluded by %s: %s", source, oneLine(e.Rule))
}

// Is implements the interface of [errors.Is].
func (e *ExcludedError) Is(target error) bool { return target == ErrExcluded }

// check returns an *OptionError if an option is invalid.
func (s *Selection) check() error {
	if s == nil {
		return nil
	}
	for _, list := range []struct {
		option   string
		patterns []string
	}{{"Select.Include", s.Include}, {"Select.Exclude", s.Exclude}} {
		for _, pattern := range list.patterns {
			if strings.Trim(pattern, "!/ ") == "" || strings.ContainsAny(pattern, "\n\x00") || pattern[0] == '#' {
				return &OptionError{list.option, pattern, `must be a pattern as in a line of a .gitignore, where "\#" stands for "#" at the beginning`}
			}
		}
	}
	for _, name := range s.IgnoreFiles {
		if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\\x00") {
			return &OptionError{"Select.IgnoreFiles", name, `must be the name of a file such as ".ignore", without a directory`}
		}
	}
	if s.MaxSize < 0 {
		return &OptionError{"Select.MaxSize", s.MaxSize, "must not be negative"}
	}
	return nil
}

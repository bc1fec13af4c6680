package vfs

import (
	"path/filepath"
	"slices"
	"strings"
)

// NamesFromTop returns the names of the directories that lead from the top of files
// down to a directory, without links where the system can tell. The top is the root
// of the file system, or the directory that confines files. straight says that the
// directory's own path has these names, so that [filepath.Clean] does not change the
// meaning of ".." after it.
func NamesFromTop(files FS, dir string, confined bool) (real []string, straight bool, err error) {
	given := filepath.Clean(dir)
	if !confined {
		if given, err = filepath.Abs(dir); err != nil {
			return nil, false, err
		}
	}
	path, err := realPath(files, dir, confined)
	if path == "" {
		path = given
	}
	return Names(path), slices.Equal(Names(path), Names(given)), err
}

// realPath returns the path of a directory below the top of files, without links, or
// "" if that is unknown.
func realPath(files FS, dir string, confined bool) (string, error) {
	opened, err := files.OpenDir(dir)
	if err != nil {
		return "", err
	}
	defer opened.Close()
	path := opened.Path()
	if !confined {
		if path == "" {
			return filepath.EvalSymlinks(dir)
		}
		return path, nil
	}
	below, inside := strings.CutPrefix(path, files.Path())
	if path == "" || !inside {
		return "", nil
	}
	return OrDot(below), nil
}

// Names returns the names in a path.
func Names(path string) []string {
	path = path[len(filepath.VolumeName(path)):]
	var all []string
	for name := range strings.SplitSeq(filepath.ToSlash(path), "/") {
		if name != "" && name != "." {
			all = append(all, name)
		}
	}
	return all
}

package fileops

import (
	"context"
	"io"
	"strings"
)

// ConcatOptions says which files are concatenated and where the text goes. nil
// means the zero value: all files, nothing saved.
type ConcatOptions struct {
	// FileTypes are the suffixes of the files taken, ".txt"; nil means all.
	// They are compared as Python's Path.suffix: the last one counts, ".env"
	// and "a." have none, and "" matches files without one. A type that no file
	// can have, such as "*.txt" or ".tar.gz", is an *OptionError.
	FileTypes []string
	// Shallow leaves out the directories below the directories given.
	Shallow bool
	// Threshold leaves out files with fewer characters (code points).
	Threshold int
	// Exclude leaves out the files and directories whose path contains one of
	// these strings. In a directory that is given, the path below that directory
	// counts, with a slash before it and, for a directory, a slash after it: so
	// "/build/" matches each directory called build in it. Such a directory is
	// not entered. For a file that is given, the path counts as it is given.
	// Slashes match the separators of every system. The strings are not
	// patterns: an empty one, or one with "*", is an *OptionError.
	Exclude []string
	// Select says, by patterns, which files of a directory that is given are taken;
	// nil means all. A file that is given is taken whatever Select says.
	Select *Selection
	// Encoding is the name of the encoding of the files, as in [ChunkOptions]. ""
	// means utf-8. "auto" finds out the encoding of each file and takes byte order
	// marks off. The joined text is UTF-8.
	Encoding string
	// Guess is called with the Encoding "auto", as in [ChunkOptions].
	Guess func(sample []byte) (encoding string)
	// OutputDir is the directory to save the text in. "" means that the text is
	// not saved or, if OutputFile is set, that OutputFile is the whole path.
	// Texts that earlier runs have saved in OutputDir under a name of their own,
	// see OutputFile, are left out when a directory is read.
	OutputDir string
	// OutputFile is the saved file's name, local to OutputDir. "" means
	// concatenated_text_<timestamp>-<6 hex digits>.txt.
	OutputFile string
	// KeepExisting makes an existing OutputFile an error that matches
	// [fs.ErrExist]. Without it the file is replaced, in one step.
	KeepExisting bool
	// Progress is called as files are done: by one goroutine at a time, at
	// most some twenty times a second, and once at the end. nil means never.
	Progress func(Progress)
}

// ConcatResult is the result of [Concat], [ConcatFiles] and [ConcatTo].
type ConcatResult struct {
	Text     string        // Sections joined by "\n"; "" from ConcatTo
	Sections []string      // header and content of each file, in Text's memory; nil from ConcatTo
	Files    []string      // the files in the text, in order
	Skipped  []SkippedFile // the files left out, in the same order
	Path     string        // the saved file, "" if the text was not saved
	Chars    int           // code points in the text, at most math.MaxInt
}

// A SkippedFile is a file, a directory or a link that was left out.
type SkippedFile struct {
	Path string
	Err  error // an *ExcludedError, ErrBelowThreshold, ErrNotFollowed, or the file's own error
}

// Concat calls [Pool.Concat] on [DefaultPool].
func Concat(ctx context.Context, paths []string, opts *ConcatOptions) (*ConcatResult, error) {
	return DefaultPool.Concat(ctx, paths, opts)
}

// AsyncConcat calls [Pool.AsyncConcat] on [DefaultPool].
func AsyncConcat(ctx context.Context, paths []string, opts *ConcatOptions) *Future[*ConcatResult] {
	return DefaultPool.AsyncConcat(ctx, paths, opts)
}

// Concat joins text files to one text, each under a header with its path:
//
//	---
//	{path}
//	---
//
//	{content}
//
// A header has its path on one line: a path with a control character (Unicode's
// Cc), U+2028, U+2029 or invalid UTF-8 is quoted there as by [strconv.Quote]. So
// no name can make a header of its own, and the text is valid UTF-8. Contents are
// as they are and may look like headers; Sections has the true parts. Files and
// Skipped have the paths unquoted.
//
// paths are files, which are taken whatever their type, and directories, whose
// files of the given types are taken, recursively unless Shallow. A file that is
// named twice is taken once. Files are in the order of their paths.
//
// A file that is missing, unreadable or not valid in its encoding, or a directory that cannot
// be listed, does not end Concat but is in Skipped. Skipped also has the files
// and directories that Exclude matches, the files below Threshold, and the links
// to directories ([ErrNotFollowed]), links that lead nowhere, FIFOs, sockets and
// devices ([ErrNotRegular]) in a directory. Files of other types, and directories
// with Shallow, are not mentioned. The output file, and the files that earlier
// runs have saved in OutputDir, are never inputs but are in Skipped. An empty
// path is an error.
//
// Concat holds the whole text in memory; [Pool.ConcatTo] does not. It blocks
// until the text is complete, and saved, or ctx ends.
func (p *Pool) Concat(ctx context.Context, paths []string, opts *ConcatOptions) (*ConcatResult, error) {
	return run(ctx, p, concat("concat", markdownHeaders, paths, opts))
}

// AsyncConcat starts [Pool.Concat] and returns its future. It does not block;
// ctx cancels the work.
func (p *Pool) AsyncConcat(ctx context.Context, paths []string, opts *ConcatOptions) *Future[*ConcatResult] {
	return start(ctx, p, concat("concat", markdownHeaders, paths, opts))
}

// ConcatFiles calls [Pool.ConcatFiles] on [DefaultPool].
func ConcatFiles(ctx context.Context, paths []string, opts *ConcatOptions) (*ConcatResult, error) {
	return DefaultPool.ConcatFiles(ctx, paths, opts)
}

// AsyncConcatFiles calls [Pool.AsyncConcatFiles] on [DefaultPool].
func AsyncConcatFiles(ctx context.Context, paths []string, opts *ConcatOptions) *Future[*ConcatResult] {
	return DefaultPool.AsyncConcatFiles(ctx, paths, opts)
}

// ConcatFiles is [Pool.Concat] in another format. A header is the path between
// two lines of 52 dashes. Paths are taken in their sorted order, each with the
// files below it, so a file that is named twice is taken twice. A file named in
// paths is taken only if it has one of FileTypes; otherwise it is skipped as
// [ErrExcluded].
func (p *Pool) ConcatFiles(ctx context.Context, paths []string, opts *ConcatOptions) (*ConcatResult, error) {
	return run(ctx, p, concat("concat files", dashedHeaders, paths, opts))
}

// AsyncConcatFiles starts [Pool.ConcatFiles] and returns its future. It does not
// block; ctx cancels the work.
func (p *Pool) AsyncConcatFiles(ctx context.Context, paths []string, opts *ConcatOptions) *Future[*ConcatResult] {
	return start(ctx, p, concat("concat files", dashedHeaders, paths, opts))
}

// ConcatTo calls [Pool.ConcatTo] on [DefaultPool].
func ConcatTo(ctx context.Context, w io.Writer, paths []string, opts *ConcatOptions) (*ConcatResult, error) {
	return DefaultPool.ConcatTo(ctx, w, paths, opts)
}

// AsyncConcatTo calls [Pool.AsyncConcatTo] on [DefaultPool].
func AsyncConcatTo(ctx context.Context, w io.Writer, paths []string, opts *ConcatOptions) *Future[*ConcatResult] {
	return DefaultPool.AsyncConcatTo(ctx, w, paths, opts)
}

// ConcatTo writes the text of [Pool.Concat] to w while it reads the files. It
// reads some MiB ahead and no more, so the text may be larger than memory and w
// may be slow. While it waits for w it holds none of the pool's slots. An error
// of w ends it. OutputDir and OutputFile must be "".
//
// ConcatTo checks a file before it writes the file's header. So it reads a file
// of more than 32 MiB twice. If such a file changes or fails in between, the
// text has the part that was read and then the line "[fileops: {error}]", with
// the error quoted if a path would be, and the file is in both Files and Skipped.
//
// ConcatTo calls w.Write on its caller's goroutine and returns only when no
// Write is under way, so it blocks as long as w does.
func (p *Pool) ConcatTo(ctx context.Context, w io.Writer, paths []string, opts *ConcatOptions) (*ConcatResult, error) {
	return runInline(ctx, p, concatTo(w, paths, opts))
}

// AsyncConcatTo starts [Pool.ConcatTo] on another goroutine and returns its
// future. It does not block; ctx cancels the work. The future owns w until it
// is complete, even if an Await has given up.
func (p *Pool) AsyncConcatTo(ctx context.Context, w io.Writer, paths []string, opts *ConcatOptions) *Future[*ConcatResult] {
	return start(ctx, p, concatTo(w, paths, opts))
}

// A concatFormat is the difference between Concat and ConcatFiles.
type concatFormat struct {
	appendHeader func(dst []byte, path string) []byte
	namedByType  bool // FileTypes also counts for files named in paths
	merged       bool // the files make one sorted list without duplicates
}

var (
	markdownHeaders = concatFormat{
		appendHeader: func(dst []byte, path string) []byte {
			dst = append(dst, "---\n"...)
			dst = append(dst, oneLine(path)...)
			return append(dst, "\n---\n\n"...)
		},
		merged: true,
	}
	dashedHeaders = concatFormat{
		appendHeader: func(dst []byte, path string) []byte {
			dst = append(dst, dashes...)
			dst = append(dst, oneLine(path)...)
			return append(dst, dashes...)
		},
		namedByType: true,
	}
	dashes = "\n" + strings.Repeat("-", 52) + "\n"
)

func concat(name string, f concatFormat, paths []string, opts *ConcatOptions) operation[*ConcatResult] {
	return operation[*ConcatResult]{name: name, path: strings.Join(paths, ", "), do: func(t *task, _ string) (*ConcatResult, error) {
		var text heldText
		c, err := newConcatenation(t, f, paths, opts, &text)
		if err != nil {
			return nil, err
		}
		if err := c.run(); err != nil {
			return nil, err
		}
		c.keepText(text.String())
		if err := c.save(); err != nil {
			return nil, err
		}
		return c.result, nil
	}}
}

func concatTo(w io.Writer, paths []string, opts *ConcatOptions) operation[*ConcatResult] {
	return operation[*ConcatResult]{name: "concat to", path: strings.Join(paths, ", "), untimed: true, do: func(t *task, _ string) (*ConcatResult, error) {
		t.streams = true
		if err := checkWriter(w); err != nil {
			return nil, err
		}
		c, err := newConcatenation(t, markdownHeaders, paths, opts, w)
		if err != nil {
			return nil, err
		}
		if c.outputPath != "" {
			return nil, &OptionError{"OutputFile", c.outputPath, "ConcatTo writes to w, not to a file"}
		}
		return c.result, c.run()
	}}
}

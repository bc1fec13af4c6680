package fileops

import (
	"strconv"
	"strings"
	"time"

	"github.com/lion-agi/fileops/internal/vfs"
)

// This file has the names of the files that the package saves: fileName makes
// them and made recognises them.

// concatStem and concatNaming make the name of a text of [Concat] that has no
// OutputFile.
const concatStem = "concatenated_text"

var concatNaming = &SaveOptions{Timestamp: true, RandomHashDigits: 6, Extension: "txt"}

func isConcatStem(stem string) bool { return stem == concatStem }

// chunkPrefix is the beginning of the names of chunks.
const chunkPrefix = "chunk_"

// chunkStem returns the name of chunk i, counted from 0.
func chunkStem(i int) string { return chunkPrefix + strconv.Itoa(i+1) }

// isChunkStem reports whether chunkStem makes such a name.
func isChunkStem(stem string) bool {
	number, ok := strings.CutPrefix(stem, chunkPrefix)
	return ok && number != "" && number[0] != '0' && strings.Trim(number, "0123456789") == ""
}

// forChunks returns the options for the names of chunks, which are JSON files by
// default.
func (o *SaveOptions) forChunks() *SaveOptions {
	c := *o
	if c.Extension == "" {
		c.Extension = "json"
	}
	return &c
}

// timestampFormat returns the layout of the timestamp.
func (o *SaveOptions) timestampFormat() string {
	if o.TimestampFormat == "" {
		return defaultTimestamp
	}
	return o.TimestampFormat
}

// extension returns the extension for names that have none, without its dot.
func (o *SaveOptions) extension() string { return strings.TrimPrefix(o.Extension, ".") }

// fileName returns a file's name with the options' additions. It gives the
// original's answers.
func (o *SaveOptions) fileName(base string, now time.Time) string {
	stem, ext := base, o.extension()
	if dot := strings.LastIndexByte(base, '.'); dot >= 0 {
		stem, ext = base[:dot], base[dot+1:]
	}
	if o.Timestamp {
		if stamp := now.Format(o.timestampFormat()); o.TimePrefix {
			stem = stamp + "_" + stem
		} else {
			stem += "_" + stamp
		}
	}
	if o.RandomHashDigits > 0 {
		stem += "-" + vfs.RandomHex(o.RandomHashDigits)
	}
	if ext != "" || strings.HasSuffix(base, ".") {
		stem += "." + ext
	}
	return stem
}

// made reports whether fileName makes such a name, at some time, of a stem that
// isStem accepts and that has no dot. It knows the timestamps that [time.Parse]
// can read.
func (o *SaveOptions) made(name string, isStem func(stem string) bool) bool {
	if ext := o.extension(); ext != "" {
		var ok bool
		if name, ok = strings.CutSuffix(name, "."+ext); !ok {
			return false
		}
	}
	if n := o.RandomHashDigits; n > 0 {
		digits := max(0, len(name)-n)
		if !strings.HasSuffix(name[:digits], "-") || !vfs.IsRandomHex(name[digits:], n) {
			return false
		}
		name = name[:digits-1]
	}
	if !o.Timestamp {
		return isStem(name)
	}
	for i := range len(name) {
		if name[i] != '_' {
			continue
		}
		stem, stamp := name[:i], name[i+1:]
		if o.TimePrefix {
			stem, stamp = stamp, stem
		}
		if isStem(stem) && o.isTimestamp(stamp) {
			return true
		}
	}
	return false
}

// isTimestamp reports whether a text is a timestamp of the options.
func (o *SaveOptions) isTimestamp(text string) bool {
	_, err := time.Parse(o.timestampFormat(), text)
	return err == nil
}

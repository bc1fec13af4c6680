package fileopsbeam

import (
	"hash/fnv"
	"iter"
	"math/bits"
)

// A Part is the files that one call of [WritePart] cuts.
type Part struct {
	Files []File `json:"files"`
}

// Listed counts the files of a listing.
type Listed struct {
	Files int64 `json:"files"`
	Bytes int64 `json:"bytes"`
}

// add counts one more file.
func (l *Listed) add(f File) {
	l.Files++
	l.Bytes += f.Size
}

const (
	defaultPartSize = 32 << 20

	// fileCost is the cost of a file beside its bytes, in bytes. Without it, a
	// billion empty files would be one part. To open a file takes about as long as to
	// cut some KiB.
	fileCost = 4 << 10
)

// parts returns the number of parts of a listing, a power of two. A corpus that grows
// keeps that number for long, and so it keeps the parts in which nothing changed.
func (l Listed) parts(partSize int64) int {
	if partSize == 0 {
		partSize = defaultPartSize
	}
	cost := l.Bytes + l.Files*fileCost
	if cost <= partSize {
		return 1
	}
	return 1 << bits.Len64(uint64((cost-1)/partSize))
}

// partOf returns the part of a path. It depends on nothing else, so that a listing
// need not be sorted, and another file changes one part only.
func partOf(path string, parts int) int {
	h := fnv.New64a()
	h.Write([]byte(path))
	n := h.Sum64()
	n ^= n >> 32 // the low bits of FNV-1a depend only on the low bits of the input
	return int(n & uint64(parts-1))
}

// Plan makes parts of files. Their number comes from the bytes: see [Job].PartSize. It
// holds the references of all files. The first error of the sequence ends it.
func Plan(files iter.Seq2[File, error], partSize int64) (parts []Part, listed Listed, err error) {
	var all []File
	for f, err := range files {
		if err != nil {
			return nil, Listed{}, err
		}
		listed.add(f)
		all = append(all, f)
	}
	n := listed.parts(partSize)
	byNumber := make([]Part, n)
	for _, f := range all {
		p := &byNumber[partOf(f.Path, n)]
		p.Files = append(p.Files, f)
	}
	for _, p := range byNumber {
		if len(p.Files) > 0 {
			parts = append(parts, p)
		}
	}
	return parts, listed, nil
}

package fileops

import "iter"

// A feed gives a pipeline its sources, one after the other.
type feed[S any] interface {
	// next returns the next source. At the end ok is false, and err is the reason
	// if the feed ends too early. Unless next is to wait, ok may also be false
	// because there is no source yet.
	next(wait bool) (s S, ok bool, err error)
	// left returns how many sources are to come, or -1 if that is unknown.
	left() int
}

// A listFeed gives the elements of a list.
type listFeed[S any] struct{ list []S }

func (f *listFeed[S]) next(bool) (s S, ok bool, err error) {
	if len(f.list) == 0 {
		return s, false, nil
	}
	s, f.list = f.list[0], f.list[1:]
	return s, true, nil
}

func (f *listFeed[S]) left() int { return len(f.list) }

// A seqFeed gives the elements of a sequence. It waits as long as the sequence
// does.
type seqFeed[S any] struct{ pull func() (S, bool) }

// newSeqFeed returns a feed and a function that ends it.
func newSeqFeed[S any](seq iter.Seq[S]) (f *seqFeed[S], stop func()) {
	next, stop := iter.Pull(seq)
	return &seqFeed[S]{next}, stop
}

func (f *seqFeed[S]) next(bool) (s S, ok bool, err error) {
	s, ok = f.pull()
	return s, ok, nil
}

func (f *seqFeed[S]) left() int { return -1 }

// A numbered is a path with its place among those given.
type numbered struct {
	index int
	path  string
}

// A numberedFeed numbers paths.
type numberedFeed struct {
	paths feed[string]
	n     int
}

func (f *numberedFeed) next(wait bool) (s numbered, ok bool, err error) {
	s.path, ok, err = f.paths.next(wait)
	if ok {
		s.index = f.n
		f.n++
	}
	return s, ok, err
}

func (f *numberedFeed) left() int { return f.paths.left() }

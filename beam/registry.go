package fileopsbeam

import (
	"context"
	"fmt"
	"io/fs"
	"sync"

	"github.com/lion-agi/fileops"
)

// This file is the names of functions. A function cannot cross from one process to
// another one, but its name can. All processes of a job must register the same ones,
// from an init function.

// A registry has functions by name.
type registry[T any] struct {
	option string // of which the names are values
	mu     sync.Mutex
	named  map[string]T
}

var (
	tokenizers = registry[func(string) []string]{option: "Tokenizer"}
	splitters  = registry[fileops.Splitter]{option: "Splitter"}
	counters   = registry[func() fileops.Counter]{option: "Counter"}
	sources    = registry[OpenSource]{option: "Source"}
	stores     = registry[OpenStore]{option: "Output"}
)

// RegisterTokenizer gives a [fileops.ChunkOptions].Tokenizer a name for
// [Options].Tokenizer. It panics if the name is taken. A Tokenizer that changes needs
// a new name, because the name is part of the names of parts.
func RegisterTokenizer(name string, tokenizer func(string) []string) {
	tokenizers.register(name, tokenizer)
}

// RegisterSplitter gives a splitter a name for [Options].Splitter, as RegisterTokenizer
// does. The names "text", "markdown", "by-name" and "code" are those of package split,
// and so is "code-" with one of its languages, such as "code-go".
func RegisterSplitter(name string, splitter fileops.Splitter) { splitters.register(name, splitter) }

// RegisterCounter gives a counter a name for [Options].Counter, as RegisterTokenizer
// does. The names "o200k", "cl100k", "p50k" and "r50k" are those of package tokens.
func RegisterCounter(name string, counter fileops.Counter) {
	counters.register(name, func() fileops.Counter { return counter })
}

// OpenSource opens the files of a URL. It is called once in a process for each URL.
// The context is not that of a job: it must not end the use of the files.
type OpenSource func(ctx context.Context, url string) (fs.FS, error)

// RegisterSource makes [Job].Source take URLs with a scheme. It panics if the scheme
// is taken. Files that have versions should be a [VersionFS], and files behind a
// network a [fileops.ContextFS].
func RegisterSource(scheme string, open OpenSource) { sources.register(scheme, open) }

// OpenStore opens the store of a URL. It is called once in a process for each URL.
type OpenStore func(ctx context.Context, url string) (Store, error)

// RegisterStore makes [Job].Output take URLs with a scheme. It panics if the scheme is
// taken.
func RegisterStore(scheme string, open OpenStore) { stores.register(scheme, open) }

func (r *registry[T]) register(name string, value T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, taken := r.named[name]; taken || name == "" {
		panic(fmt.Sprintf("fileopsbeam: %s %q is empty or registered twice", r.option, name))
	}
	if r.named == nil {
		r.named = map[string]T{}
	}
	r.named[name] = value
}

func (r *registry[T]) has(name string) bool {
	_, err := r.get(name)
	return err == nil
}

func (r *registry[T]) get(name string) (value T, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	value, ok := r.named[name]
	if !ok {
		return value, &fileops.OptionError{Option: r.option, Value: name, Reason: "is not registered in this program"}
	}
	return value, nil
}

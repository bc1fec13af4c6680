package fileopsbeam

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/lion-agi/fileops"
)

// The generic register.DoFnNxM would spare reflection for each call, but here a call is
// a whole part, and it makes a program half as large again.
func init() {
	beam.RegisterDoFn(reflect.TypeFor[*listFn]())
	beam.RegisterDoFn(reflect.TypeFor[*inventoryFn]())
	beam.RegisterDoFn(reflect.TypeFor[*writeFn]())
	beam.RegisterDoFn(reflect.TypeFor[*tellListedFn]())
	beam.RegisterDoFn(reflect.TypeFor[*tellResultFn]())
	beam.RegisterDoFn(reflect.TypeFor[*manifestFn]())
	beam.RegisterDoFn(reflect.TypeFor[*chunkFn]())
	beam.RegisterType(reflect.TypeFor[Inventory]())
	beam.RegisterType(reflect.TypeFor[Record]())
}

// CounterNamespace is the namespace of the counters. They count tries: a part that a
// runner tries twice counts twice. Results are in the manifest.
const CounterNamespace = "fileopsbeam"

// The names of the counters.
const (
	CounterFilesListed = "files listed"
	CounterPartsDone   = "parts done"
	CounterPartsReused = "parts reused"
	CounterFilesDone   = "files done"
	CounterSkipped     = "files skipped"
	CounterChunks      = "chunks"
	CounterBytesRead   = "bytes read"
)

// count adds to a counter.
func count(ctx context.Context, name string, n int64) {
	beam.NewCounter(CounterNamespace, name).Inc(ctx, n)
}

// A batcher collects the references of parts, so that many cross in one element.
type batcher struct {
	parts  int
	emit   func(int, []byte)
	held   map[int][]byte
	bytes  int
	listed Listed
}

// batchBytes is how many bytes of references a batcher holds.
const batchBytes = 16 << 20

func newBatcher(parts int, emit func(int, []byte)) *batcher {
	return &batcher{parts: parts, emit: emit, held: map[int][]byte{}}
}

func (b *batcher) add(f File) {
	b.listed.add(f)
	part := partOf(f.Path, b.parts)
	before := len(b.held[part])
	b.held[part] = appendFile(b.held[part], f)
	if b.bytes += len(b.held[part]) - before; b.bytes >= batchBytes {
		b.flush()
	}
}

// flush emits the files that the batcher holds.
func (b *batcher) flush() {
	for part, files := range b.held {
		b.emit(part, files)
	}
	clear(b.held)
	b.bytes = 0
}

// finish emits the rest, and how many files there were.
func (b *batcher) finish(ctx context.Context, emitListed func([]byte)) error {
	b.flush()
	count(ctx, CounterFilesListed, b.listed.Files)
	data, err := json.Marshal(b.listed)
	if err == nil {
		emitListed(data)
	}
	return err
}

// A listFn lists a source. It cannot know the number of parts before it is done, so it
// holds the references until then.
type listFn struct{ Job Job }

func (f *listFn) ProcessElement(ctx context.Context, _ []byte, emit func(int, []byte), emitListed func([]byte)) error {
	var held []byte
	var listed Listed
	err := listFiles(ctx, &f.Job, func(file File) bool {
		listed.add(file)
		held = appendFile(held, file)
		return true
	})
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	b := newBatcher(listed.parts(f.Job.PartSize), emit)
	if err := eachFile(held, b.add); err != nil {
		return err
	}
	return b.finish(ctx, emitListed)
}

// An inventoryFn reads inventories.
type inventoryFn struct {
	Job   Job
	Parts int
}

func (f *inventoryFn) ProcessElement(ctx context.Context, inventory Inventory, emit func(int, []byte), emitListed func([]byte)) error {
	b := newBatcher(f.Parts, emit)
	for file, err := range inventory.Files(ctx, f.Job.Selection) {
		if err != nil {
			return err
		}
		b.add(file)
	}
	return b.finish(ctx, emitListed)
}

// partOfRefs makes a part of the references that crossed.
func partOfRefs(refs func(*[]byte) bool) (part Part, err error) {
	var data []byte
	for err == nil && refs(&data) {
		err = eachFile(data, func(f File) { part.Files = append(part.Files, f) })
	}
	return part, err
}

// A writeFn writes parts.
type writeFn struct{ Job Job }

func (f *writeFn) ProcessElement(ctx context.Context, _ int, refs func(*[]byte) bool, emit func([]byte)) error {
	part, err := partOfRefs(refs)
	if err != nil {
		return err
	}
	result, err := WritePart(ctx, f.Job, part)
	if err != nil {
		return err
	}
	count(ctx, CounterPartsDone, 1)
	if result.Reused {
		count(ctx, CounterPartsReused, 1)
	}
	count(ctx, CounterFilesDone, result.Cut)
	count(ctx, CounterSkipped, int64(len(result.Skipped)))
	count(ctx, CounterChunks, result.Chunks)
	count(ctx, CounterBytesRead, result.BytesRead)
	data, err := json.Marshal(result)
	if err == nil {
		emit(data)
	}
	return err
}

// A told is a part of a manifest: a listing or a result, and not both.
type told struct {
	Listed *Listed     `json:"listed,omitempty"`
	Result *PartResult `json:"result,omitempty"`
}

// tell emits a part of the manifest under the one key.
func tell(t told, emit func(int, []byte)) error {
	data, err := json.Marshal(t)
	if err == nil {
		emit(0, data)
	}
	return err
}

type tellListedFn struct{}

func (*tellListedFn) ProcessElement(listed []byte, emit func(int, []byte)) error {
	t := told{Listed: new(Listed)}
	if err := json.Unmarshal(listed, t.Listed); err != nil {
		return err
	}
	return tell(t, emit)
}

type tellResultFn struct{}

func (*tellResultFn) ProcessElement(result []byte, emit func(int, []byte)) error {
	t := told{Result: new(PartResult)}
	if err := json.Unmarshal(result, t.Result); err != nil {
		return err
	}
	return tell(t, emit)
}

// A manifestFn writes the manifest.
type manifestFn struct{ Job Job }

func (f *manifestFn) ProcessElement(ctx context.Context, _ int, all func(*[]byte) bool, emit func([]byte)) error {
	var listed Listed
	var results []PartResult
	var data []byte
	for all(&data) {
		var t told
		if err := json.Unmarshal(data, &t); err != nil {
			return err
		}
		if t.Listed != nil {
			listed.Files += t.Listed.Files
			listed.Bytes += t.Listed.Bytes
		}
		if t.Result != nil {
			results = append(results, *t.Result)
		}
	}
	m, err := SaveManifest(ctx, f.Job, listed, results)
	if err != nil {
		return err
	}
	summary := *m
	summary.Parts = nil
	if data, err = json.Marshal(summary); err == nil {
		emit(data)
	}
	return err
}

// A chunkFn cuts parts for a pipeline that goes on.
type chunkFn struct{ Job Job }

func (f *chunkFn) ProcessElement(ctx context.Context, _ int, refs func(*[]byte) bool, emit func(Record)) error {
	part, err := partOfRefs(refs)
	if err != nil {
		return err
	}
	c, err := newCut(ctx, f.Job, part)
	if err != nil {
		return err
	}
	var metadata string
	_, err = c.each(ctx, func(chunk *fileops.TextChunk) (err error) {
		if metadata == "" {
			metadata, err = metadataOf(chunk)
		}
		emit(newRecord(chunk, metadata))
		return err
	})
	count(ctx, CounterSkipped, int64(len(c.skips)))
	return err
}

package fileopsbeam

import (
	"errors"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
)

func init() { beam.RegisterDoFn(reflect.TypeFor[*compareFn]()) }

// A compareFn fails unless the records are the chunks that it knows as lines.
type compareFn struct{ Want []string }

func (f *compareFn) ProcessElement(_ int, records func(*Record) bool) error {
	var got []string
	var r Record
	for records(&r) {
		chunk, err := r.Chunk()
		if err != nil {
			return err
		}
		line, err := chunk.MarshalJSON()
		if err != nil {
			return err
		}
		got = append(got, string(line))
	}
	slices.Sort(got)
	if !slices.Equal(f.Want, got) {
		return errors.New("the records are not the chunks of fileops.Chunk")
	}
	return nil
}

package fileopsbeam

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/lion-agi/fileops"
)

func init() { beam.RegisterDoFn(reflect.TypeFor[*compareFn]()) }

// A compareFn fails unless the records are the chunks that it knows as lines.
type compareFn struct{ Want []string }

func (f *compareFn) ProcessElement(_ int, records func(*Record) bool) error {
	var got []string
	var r Record
	for records(&r) {
		chunk := fileops.TextChunk{
			Text: r.Text, ID: int(r.ID), Total: int(r.Total), Size: int(r.Size), Start: int(r.Start), End: int(r.End),
			FilePath: r.FilePath, FileName: r.FileName, FileSize: r.FileSize, Tokens: r.Tokens,
		}
		if err := json.Unmarshal([]byte(r.Metadata), &chunk.Metadata); err != nil {
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

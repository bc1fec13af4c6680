package fileopsbeam

import (
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
)

// This file is the transforms of Beam. They use ParDo, GroupByKey, Flatten and
// Reshuffle, which all runners have. They use no side inputs and no state.

// A Listing is the files of a job in a pipeline.
type Listing struct {
	// Files are references to files by the number of their part: KV<int, []byte>.
	Files beam.PCollection

	// Listed is how many files there are: the JSON of [Listed], in pieces.
	Listed beam.PCollection
}

// List lists the files of a job, on one worker, which holds the references. For more
// than some ten millions of files, use [FromInventory].
func List(s beam.Scope, job Job) Listing {
	s = s.Scope("fileopsbeam.List")
	files, listed := beam.ParDo2(s, &listFn{Job: job}, beam.Impulse(s))
	return Listing{files, listed}
}

// FromInventory reads the files of a job from inventories (see [Inventory]), each on a
// worker, which holds some MiB. listed is the sum of [Inventory.Count], from which the
// number of parts comes.
func FromInventory(s beam.Scope, job Job, listed Listed, inventories ...Inventory) Listing {
	s = s.Scope("fileopsbeam.FromInventory")
	all := beam.Reshuffle(s, beam.CreateList(s, inventories))
	files, counted := beam.ParDo2(s, &inventoryFn{Job: job, Parts: listed.parts(job.PartSize)}, all)
	return Listing{files, counted}
}

// WriteParts calls [WritePart] for each part of a listing. The result is a PCollection
// of the JSON of each [PartResult], as []byte.
//
// An error that may pass is the error of the DoFn, so that the runner tries again.
func WriteParts(s beam.Scope, job Job, listing Listing) beam.PCollection {
	s = s.Scope("fileopsbeam.WriteParts")
	return beam.ParDo(s, &writeFn{Job: job}, beam.GroupByKey(s, listing.Files))
}

// WriteManifest calls [SaveManifest] with the results of [WriteParts]. The result is a
// PCollection of one element: the JSON of a [Manifest] without its Parts, as []byte.
func WriteManifest(s beam.Scope, job Job, listing Listing, results beam.PCollection) beam.PCollection {
	s = s.Scope("fileopsbeam.WriteManifest")
	listed := beam.ParDo(s, &tellListedFn{}, listing.Listed)
	told := beam.Flatten(s, listed, beam.ParDo(s, &tellResultFn{}, results))
	return beam.ParDo(s, &manifestFn{Job: job}, beam.GroupByKey(s, told))
}

// Chunk cuts the files of a listing for those who go on in Beam. The result is a
// PCollection of [Record]. Skipped files are counted, and otherwise left out. To write
// chunks, WriteParts is several times as fast, because no text crosses the engine.
func Chunk(s beam.Scope, job Job, listing Listing) beam.PCollection {
	s = s.Scope("fileopsbeam.Chunk")
	return beam.ParDo(s, &chunkFn{Job: job}, beam.GroupByKey(s, listing.Files))
}

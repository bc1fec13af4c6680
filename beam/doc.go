// Package fileopsbeam cuts a corpus of any size into the chunks of fileops, on any
// number of machines.
//
// The unit of work is a [Part]: a set of files that one call of [WritePart] reads,
// cuts and publishes as one object. [ListFiles] or [ReadInventory] finds the files,
// [Plan] makes parts of them, and [SaveManifest] accounts for them all:
//
//	files := fileopsbeam.ListFiles(ctx, job)
//	parts, listed, err := fileopsbeam.Plan(files, job.PartSize)
//	// for each part, anywhere:
//	result, err := fileopsbeam.WritePart(ctx, job, part)
//	// with all results:
//	manifest, err := fileopsbeam.SaveManifest(ctx, job, listed, results)
//
// A job queue or a workflow engine can run these calls. [List], [WriteParts] and
// [WriteManifest] are the same as transforms of Apache Beam.
//
// # Promises
//
//   - The chunks are those of fileops.Chunk, byte for byte.
//   - The name of a part tells its files and options. A part that is there is not
//     written again, so a job that failed is run again as it was.
//   - An object is there whole or not at all. After a kill at any moment, and with
//     several jobs at once on one output, the next run gives the same manifest.
//   - A file that cannot be cut (it is gone, it is no text) is left out and named in
//     the manifest with the reason. An error that may pass (a store that throttles)
//     fails the part, for the engine to try again.
//   - Listed files = files cut + files skipped. A manifest for which this does not
//     hold is not written.
//
// Readers of the output go by the manifest. They do not list the output: it may also
// hold the parts of other jobs, and of listings of other days.
package fileopsbeam

// Package fileops reads, copies, measures, lists, saves, concatenates and chunks
// files, each as a plain function and as an Async function that returns a
// [Future], on a bounded pool. It is made for servers: a hung disk or a
// cancelled request costs a slot, never the process.
//
// # Operations
//
//   - read: [ReadFile], [ReadBytes], [ReadFiles], [ScanFiles]
//   - copy and measure: [CopyFile], [FileSize]
//   - list: [ListFiles], [DirToFiles], [Files]
//   - save: [SaveToFile], [SaveChunks]
//   - concatenate: [Concat], [ConcatFiles], [ConcatTo]
//   - chunk: [FileToChunks], [Chunk], [Chunks], [ChunkTo], and [ChunkText], which
//     only computes
//   - any other blocking call: [Submit]
//
// All of them but ChunkText take a context and run on [DefaultPool]. Each is
// also a method of [Pool], which has the full documentation. A pool of one's own
// has another number of workers, bounds on waiting, or a Root that no path leads
// out of.
//
// # Promises
//
//   - Plain and Async functions share one implementation and give the same
//     answers.
//   - At most Workers system-level operations are in flight, and a quarter more
//     while a mount hangs. A wait ends with its context, even if the disk never
//     answers. The hung call keeps its slot until it returns.
//   - A saved or copied file is the old one or the new one, whole, after any
//     failure. Only a killed process leaves temporary files behind. They are
//     called .fileops-*.tmp and are never listed.
//   - A file that is left out is reported with its path and the reason: in
//     Skipped or to OnSkip. So is a link that is not followed. Order is always
//     the sorted one or the caller's.
//   - With a Root, no name leads outside: not by "..", not by an absolute path,
//     not by a link.
//   - [Files], [Chunks], [ChunkTo] and [ConcatTo] hold some MiB in memory,
//     whatever the tree and the files. [ReadFiles] and [ScanFiles] do so for any
//     number of files, but hold each file whole.
//
// # Blocking
//
// A plain function blocks until it is done or its context ends. After that end
// it waits some milliseconds for its own work to stop, so that on a healthy disk
// nothing goes on in the background.
//
// An Async function, and [Submit], never block. [Future.Await] blocks until the
// future is complete or the context given to Await ends. The context given to
// the Async function cancels the work itself, at the next file or piece. A
// pool's Timeout bounds both kinds.
//
// Slices and options given to a function must not change before it returns or
// its future is complete. If a context ended it, they must not change at all,
// because a hung call may still use them.
//
// # Errors
//
// An error names the operation and the path. The system's errors are
// [*fs.PathError], so errors.Is finds the reason ([fs.ErrNotExist],
// syscall.ENOSPC). The end of a context, and this package's own errors
// ([ErrNotRegular], [ErrEscapes] and others), come in the same form.
// [*EncodingError], [*OptionError], [*PanicError] and [*StuckError] are types.
//
// A file may have any name. The text of a [*fs.PathError] has the path as it is,
// so quote it before it becomes a line of a report or of a terminal. The package's
// own types quote a path with control characters or invalid UTF-8.
//
// # Paths
//
// Paths come back as they were given, with names added. With a Root they are
// relative to it, and "." is the Root itself. An empty path is an error, as with
// package os. Only the directory that files are saved to may be empty: it is the
// current one, or the Root.
//
// A pool with a [PoolOptions].FS reads a zip, an embed.FS or a bucket in place of
// the system's files. Its paths are slash-separated and relative to the top.
package fileops

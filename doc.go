// Package fileops reads, copies, measures, lists, saves, concatenates and
// chunks files, each as a plain function and as an Async function that
// returns a [Future], on a bounded pool. It is made for servers: a hung disk
// or a cancelled request costs a slot, never the process.
//
// # Operations
//
//   - read: [ReadFile], [ReadBytes], [ReadFiles]
//   - copy and measure: [CopyFile], [FileSize]
//   - list: [ListFiles], [DirToFiles]
//   - save: [SaveToFile], [SaveChunks]
//   - concatenate: [Concat], [ConcatFiles], [ConcatTo]
//   - chunk: [FileToChunks], [Chunk], and [ChunkText], which computes only
//   - anything else that blocks: [Submit]
//
// All of them but ChunkText take a context and run on [DefaultPool]; each is
// also a method of [Pool], for a pool of one's own with another number of
// workers, bounds on waiting, or a Root that no path leads out of.
//
// # Promises
//
//   - Sync and async are one implementation and give the same answers.
//   - At most Workers system calls are in flight. A wait ends when its context
//     does, even if the disk never answers; the call it waited for keeps its
//     slot until it comes back.
//   - A file that is saved or copied is the old one or the new one, whole,
//     whatever fails in between. Temporary files, which only a killed process
//     can leave behind, are called .fileops-*.tmp and are never listed.
//   - What is left out is reported with its path and the reason, and order is
//     always the sorted one or the caller's.
//   - With a Root, no name leads outside: not by "..", not by an absolute
//     path, not by a link.
//   - [ReadFiles] and [ConcatTo] stream: they hold some MiB of the texts,
//     however many there are. ConcatTo does so however large they are, where
//     ReadFiles has each text in memory whole.
//
// # Blocking
//
// A plain function blocks until it is done or its context ends. An Async
// function and [Submit] never block; their futures' Await blocks until the
// future is complete or the context given to Await ends. Await may do the work
// itself, if its context cannot end or if there is no disk to wait for, but it
// never calls a function of yours. The context given to the Async function
// cancels the work itself, at the next file or block. A plain function whose
// context has ended waits some milliseconds for its own work to stop, so that
// on a healthy disk nothing of it goes on in the background. A pool's Timeout
// ends operations whose context would not have ended by then.
//
// Slices and options that a function was given are not to be changed before it
// has returned or its future is complete, nor after it if that was because a
// context ended: what is stuck may come back to them.
//
// # Errors
//
// An error names the operation and the path. What the system reports is an
// [*fs.PathError] whose reason errors.Is finds ([fs.ErrNotExist],
// syscall.ENOSPC); so are an ended context and this package's own
// [ErrNotRegular], [ErrEscapes] and the rest. Typed are [*EncodingError],
// [*OptionError], [*PanicError] and [*StuckError].
//
// # Paths
//
// Paths come back as they were given, with names added. With a Root they are
// relative to it, and "." is the Root itself.
package fileops

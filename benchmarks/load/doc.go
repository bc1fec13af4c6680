// Load puts examples/server under load, over real sockets, beside the same
// server written with plain os.ReadFile and io.Copy calls and beside
// http.FileServer, and prints what it measures as tables. It takes less than
// two minutes:
//
//	cd benchmarks/load && go run .
//
// Client and server share the machine's processors. What hangs, and what is
// slow, is a FUSE file system of the program's own, which needs Linux, root and
// /dev/fuse; without them those scenarios are left out, with a word. Memory,
// threads and descriptors are told on Linux only.
package main

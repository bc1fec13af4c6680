// Load measures examples/server under load, over real sockets. It compares the
// server with one that makes plain os.ReadFile and io.Copy calls, and with
// http.FileServer. It prints tables and takes less than two minutes:
//
//	cd benchmarks/load && go run .
//
// Clients and servers share the machine's processors. The hung disk and the slow
// disk are FUSE file systems that this program serves. They need Linux, root and
// /dev/fuse; without these the program says which scenarios it leaves out.
// Memory, threads and descriptors are measured on Linux only.
package main

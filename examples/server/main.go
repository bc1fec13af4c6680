// Server serves the text files below one directory over HTTP. It lists, reads,
// concatenates, chunks and saves them, for programs and, on a small page, for
// people.
//
//	go run ./examples/server -root DIR -addr 127.0.0.1:8080
//
// No request reaches a file outside the directory. All requests together work on
// a bounded number of files at a time.
//
//	GET     /                                   the page
//	GET     /files?dir=&ext=                    the paths of files, as JSON
//	GET     /file/{path}                        a file's text
//	PUT     /file/{path}?overwrite=1            save the body as a file
//	GET     /concat?path=&path=&type=.txt       files and directories as one text (or POST, as a form)
//	GET     /chunks?path=&type=.txt&size=&overlap=&threshold=&unit=   the chunks of a file or directory, as JSON lines
//	GET     /stats                              the state of the pool, as JSON
//	HEAD    the same                            the header; no file is read
//	OPTIONS the same                            the methods of a URL
//
// Requests are checked strictly: a query that is malformed, an unknown parameter,
// or a header that would change what the body means is an error, never ignored. A
// client may be as slow as it likes, but if it stalls, its connection ends.
//
// The memory of a request is bounded by -max-file-size and -max-entries. With their
// defaults, a request for a listing takes up to some 100 MiB, and a read or a save
// takes up to four times the file. /concat and /chunks are streams, for which
// [fileops.ConcatTo] and [fileops.ChunkTo] have bounds of their own: they serve files
// of any size, but no chunk that could be larger than -max-file-size. If a stream
// fails after it has begun, the connection breaks. If files were left out of it, its
// trailers name them.
//
// The server knows no users. Everybody that can connect to it can read and write. It
// answers to addresses, to names without a dot, and to those that -hosts lists, so
// that no page of the web can reach it under a name of its own.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/lion-agi/fileops"
	"github.com/lion-agi/fileops/examples/internal/terminal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// settings are the values of the command line.
type settings struct {
	root, addr string
	pool       fileops.PoolOptions
	hosts      []string // names of this server
	maxEntries int
	stall      time.Duration // how long a client may take or send nothing
	grace      time.Duration // how long requests may take to end at shutdown
	verbose    bool
}

// defaultMaxEntries is the limit of listings.
const defaultMaxEntries = 100_000

// parse reads the command line. It reports errors on stderr.
func (s *settings) parse(args []string, stderr io.Writer) error {
	f := flag.NewFlagSet("server", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&s.root, "root", ".", "serve the files below this `directory`")
	f.StringVar(&s.addr, "addr", "127.0.0.1:8080", "listen on this `address`; port 0 picks a free one")
	f.IntVar(&s.pool.Workers, "workers", 0, "work on this many files at once; 0 means the package's default")
	f.IntVar(&s.pool.MaxPending, "max-pending", 1024, "let this many requests wait for a worker and refuse more; 0 means no bound")
	f.Int64Var(&s.pool.MaxFileSize, "max-file-size", 32<<20, "refuse to read or save files, or to cut chunks, of more than this many `bytes`")
	f.IntVar(&s.maxEntries, "max-entries", defaultMaxEntries, "refuse requests for more files and directories than this")
	f.Func("hosts", "answer requests to these `names` too, a list with commas; addresses and names without a dot need not be in it", s.setHosts)
	f.DurationVar(&s.pool.Timeout, "timeout", 30*time.Second, "end the work on a file or a listing after this time; sending the answer may take longer")
	f.DurationVar(&s.stall, "stall", 30*time.Second, "end a connection whose client takes or sends nothing for this long")
	f.DurationVar(&s.grace, "grace", 10*time.Second, "give requests this long to end at shutdown")
	f.BoolVar(&s.verbose, "v", false, "log every operation")
	if err := f.Parse(args); err != nil {
		return err
	}
	err := s.check(f.Args())
	if err != nil {
		complain(stderr, err)
	}
	return err
}

// setHosts sets the names of the server.
func (s *settings) setHosts(list string) error {
	s.hosts = strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
	return nil
}

// check reports values that make no sense. rest are the arguments after the
// flags.
func (s *settings) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q: the directory goes after -root", rest[0])
	case s.pool.MaxFileSize <= 0:
		return errors.New("-max-file-size must be above 0")
	case s.maxEntries <= 0:
		return errors.New("-max-entries must be above 0")
	case s.pool.Timeout <= 0 || s.stall <= 0 || s.grace <= 0:
		return errors.New("-timeout, -stall and -grace must be above 0")
	}
	return nil
}

// run serves until ctx ends. It returns the exit code of the program.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s settings
	switch err := s.parse(args, stderr); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if err := serve(ctx, &s, stdout, stderr); err != nil {
		complain(stderr, err)
		return 1
	}
	return 0
}

// complain prints an error.
func complain(stderr io.Writer, err error) {
	for _, line := range terminal.Lines(err) {
		fmt.Fprintln(stderr, "server:", line)
	}
}

// serve opens the root and the listener, serves until ctx ends, and shuts down.
func serve(ctx context.Context, s *settings, stdout, stderr io.Writer) error {
	log := newLogger(stderr, s.verbose)
	root, err := os.OpenRoot(s.root)
	if err != nil {
		return err
	}
	defer root.Close()
	s.pool.Root = root
	if s.verbose {
		s.pool.Logger = log
	}
	pool := fileops.NewPool(s.pool)

	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		return err
	}
	// The end of ctx begins the shutdown. Requests go on until abandon ends them.
	requests, abandon := context.WithCancel(context.Background())
	defer abandon()
	server := newServer(requests, s, newHandler(pool, root, s, log), log)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(pacedListener{listener, s.stall}) }()
	fmt.Fprintf(stdout, "serving %s on http://%s/\n", terminal.Quote(s.root), listener.Addr())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	fmt.Fprintln(stdout, "shutting down")
	return shutdown(server, pool, abandon, s.grace)
}

// newServer returns the server. requests is the parent of every request's
// context. The server has no ReadTimeout and no WriteTimeout: these would end
// requests whose clients are slow but do not stall. Paced connections and bodies
// have deadlines of their own.
func newServer(requests context.Context, s *settings, handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           resetOld(pacedBodies(s.stall, knownHosts(s.hosts, handler))),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
}

// closeTime is how long canceled operations may take to end. Only a system call
// that hangs takes longer.
const closeTime = 2 * time.Second

// shutdown gives the requests the time grace to end, and cancels those that have
// not ended. Then it closes the pool, whose error names the operations that
// hang.
func shutdown(server *http.Server, pool *fileops.Pool, abandon context.CancelFunc, grace time.Duration) error {
	patience, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	err := server.Shutdown(patience)
	if err != nil {
		err = fmt.Errorf("requests broken off after %v", grace)
		abandon()
		server.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	return errors.Join(err, pool.Close(ctx))
}

// newLogger returns the program's logger. A verbose one logs every operation.
func newLogger(w io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

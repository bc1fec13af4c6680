// Server serves the text files below one directory: it lists, reads, joins,
// chunks and saves them, for programs and, on a small page, for people.
//
//	go run ./examples/server -root DIR -addr 127.0.0.1:8080
//
// No request reaches a file outside the directory, and all of them together
// work on a bounded number of files at a time.
//
//	GET  /                                   the page, to browse and to read
//	GET  /files?dir=&ext=                    the paths of files, as JSON
//	GET  /file/{path}                        a file's text
//	PUT  /file/{path}?overwrite=1            save the body as a file
//	GET  /concat?path=&path=&type=.txt       files and directories as one text (or POST, as a form)
//	GET  /chunks?path=&size=&overlap=&threshold=&unit=   a file's chunks, as JSON
//	GET  /stats                              what the pool is doing, as JSON
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
	"syscall"
	"time"

	"github.com/lion-agi/fileops"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C kills
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// settings are what the command line asks for.
type settings struct {
	root, addr string
	pool       fileops.PoolOptions
	stall      time.Duration // of a client that takes nothing of a stream
	grace      time.Duration // of a shutdown
	verbose    bool
}

func (s *settings) parse(args []string, stderr io.Writer) error {
	f := flag.NewFlagSet("server", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&s.root, "root", ".", "serve the files below this `directory`")
	f.StringVar(&s.addr, "addr", "127.0.0.1:8080", "listen on this `address`; port 0 picks a free one")
	f.IntVar(&s.pool.Workers, "workers", 0, "work on this many files at once; 0 leaves it to the package")
	f.IntVar(&s.pool.MaxPending, "max-pending", 1024, "let this many requests wait for that, refuse more; 0 is no bound")
	f.Int64Var(&s.pool.MaxFileSize, "max-file-size", 32<<20, "refuse to read or save files of more `bytes`")
	f.DurationVar(&s.pool.Timeout, "timeout", 30*time.Second, "answer within this time; streams may take longer")
	f.DurationVar(&s.stall, "stall", 30*time.Second, "break off a stream whose client takes nothing for this long")
	f.DurationVar(&s.grace, "grace", 10*time.Second, "let requests end for this long at shutdown")
	f.BoolVar(&s.verbose, "v", false, "log every operation")
	if err := f.Parse(args); err != nil {
		return err
	}
	err := s.check(f.Args())
	if err != nil {
		fmt.Fprintln(stderr, "server:", err)
	}
	return err
}

func (s *settings) check(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q: the directory goes after -root", rest[0])
	case s.pool.MaxFileSize <= 0:
		return errors.New("-max-file-size must be above 0")
	case s.pool.Timeout <= 0 || s.stall <= 0 || s.grace <= 0:
		return errors.New("-timeout, -stall and -grace must be above 0")
	}
	return nil
}

// run is the program: it serves until ctx ends and returns what to exit with.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var s settings
	switch err := s.parse(args, stderr); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if err := serve(ctx, &s, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "server:", err)
		return 1
	}
	return 0
}

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
	// Requests outlive ctx, which only begins the shutdown; this ends them.
	requests, abandon := context.WithCancel(context.Background())
	defer abandon()
	server := &http.Server{
		Handler:           newHandler(pool, root, s, log),
		BaseContext:       func(net.Listener) context.Context { return requests },
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       s.pool.Timeout,
		WriteTimeout:      s.pool.Timeout + s.stall, // streams set their own
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Fprintf(stdout, "serving %s on http://%s/\n", s.root, listener.Addr())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	fmt.Fprintln(stdout, "shutting down")
	return shutdown(server, pool, abandon, s.grace)
}

// closeTime is how long work that was told to end may take to do so. Longer
// takes only what is stuck in a system call.
const closeTime = 2 * time.Second

// shutdown lets requests end, tells those that do not to, and then closes the
// pool, which names what is stuck.
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

func newLogger(w io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelInfo
	if verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

//go:build linux

package reliability

import (
	"errors"
	"fmt"
	"io"
	"net/rpc"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A hangingMount is a file system that shows another directory. A test can make
// its requests hang. Its server is a process of its own, so that requests block
// no thread of the test, and it releases all requests when the test process ends.
type hangingMount struct {
	t    *testing.T
	dir  string // where it is mounted
	back string // the directory that it shows; access to it never hangs
	*rpc.Client
}

// mountHanging mounts a file system until the test ends. Like a file system that
// does not support them, it refuses the requests that refused names: "tmpfile",
// "rename new" or "link".
func mountHanging(t *testing.T, refused ...string) *hangingMount {
	t.Helper()
	needRoot(t)
	_, err := os.Stat("/dev/fuse")
	need(t, err == nil, "needs FUSE")

	m := &hangingMount{t: t, dir: t.TempDir(), back: t.TempDir()}
	cmd := role("fuse", append([]string{m.back, m.dir}, refused...)...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	m.Client = rpc.NewClient(pipes{out, in})
	t.Cleanup(func() {
		m.release()
		assert.NoError(t, m.Close())
		assert.NoError(t, cmd.Wait())
	})
	m.call("Ready", 0)
	return m
}

// pipes joins the two pipes of a process into one connection.
type pipes struct {
	io.ReadCloser
	io.WriteCloser
}

// Close closes both pipes.
func (p pipes) Close() error { return errors.Join(p.WriteCloser.Close(), p.ReadCloser.Close()) }

// call calls a method of the server's gate that takes and returns a number.
func (m *hangingMount) call(method string, n int) (reply int) {
	m.t.Helper()
	require.NoError(m.t, m.Call("Gate."+method, n, &reply))
	return reply
}

// hang makes all later requests of some kinds hang.
func (m *hangingMount) hang(kinds ...string) {
	m.t.Helper()
	require.NoError(m.t, m.Call("Gate.Hang", kinds, new(int)))
}

// hangAt makes the nth later request hang.
func (m *hangingMount) hangAt(n int) { m.t.Helper(); m.call("HangAt", n) }

// refuse refuses all later requests of a kind.
func (m *hangingMount) refuse(kind string, errno unix.Errno) {
	m.t.Helper()
	require.NoError(m.t, m.Call("Gate.Refuse", Refusal{kind, int32(errno)}, new(int)))
}

// release releases all requests, and no later one hangs.
func (m *hangingMount) release() { m.t.Helper(); m.call("Release", 0) }

// stuck returns the number of requests that hang.
func (m *hangingMount) stuck() int { m.t.Helper(); return m.call("Stuck", 0) }

// requests returns the kinds of the requests since hangAt.
func (m *hangingMount) requests() (kinds []string) {
	m.t.Helper()
	require.NoError(m.t, m.Call("Gate.Requests", 0, &kinds))
	return kinds
}

// serveFUSE is the main function of the server's process. It ends when the test
// closes its standard input or dies.
func serveFUSE(args []string) {
	back, dir, refused := args[0], args[1], args[2:]
	gate := &Gate{open: closed(), ready: make(chan struct{})}
	server, err := newFUSE(back, dir, &gatedFiles{gate: gate, refused: refused})
	if err != nil {
		fmt.Fprintln(os.Stderr, "mount:", err)
		os.Exit(1)
	}
	go server.Serve()
	if err := server.WaitMount(); err != nil {
		fmt.Fprintln(os.Stderr, "mount:", err)
		os.Exit(1)
	}
	close(gate.ready)
	methods := rpc.NewServer()
	if err := methods.Register(gate); err != nil {
		panic(err)
	}
	methods.ServeConn(pipes{os.Stdin, os.Stdout})
	gate.Release(0, new(int))
	if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
		fmt.Fprintln(os.Stderr, "unmount:", err)
		os.Exit(1)
	}
}

// newFUSE mounts files, which show back, on dir. The kernel caches no names and no
// attributes, so the same calls always make the same requests.
func newFUSE(back, dir string, files *gatedFiles) (*fuse.Server, error) {
	root, err := fs.NewLoopbackRoot(back)
	if err != nil {
		return nil, err
	}
	never := time.Duration(0)
	files.RawFileSystem = fs.NewNodeFS(root, &fs.Options{
		EntryTimeout: &never, AttrTimeout: &never, NegativeTimeout: &never, NullPermissions: true,
	})
	return fuse.NewServer(files, dir, &fuse.MountOptions{
		DirectMountStrict: true, FsName: "fileops", Name: "hanging", DisableReadDirPlus: true,
		DisabledCapabilities: fuse.CAP_PASSTHROUGH,
	})
}

// A Gate lets requests pass or makes them hang. The test calls its exported
// methods over net/rpc.
type Gate struct {
	ready chan struct{}

	mu    sync.Mutex
	open  chan struct{} // closed unless requests hang
	kinds []string      // the kinds of requests that hang
	at    int           // the number of the request that hangs, counted in seen; 0 = none
	seen  []string      // the kinds of the requests since at was set
	stuck int           // how many requests hang
	no    Refusal       // the requests that are refused
}

// A Refusal is a kind of requests and the error that answers them.
type Refusal struct {
	Kind  string
	Errno int32
}

// closed returns a closed channel.
func closed() chan struct{} {
	ch := make(chan struct{})
	close(ch)
	return ch
}

// Ready waits until the file system is mounted.
func (g *Gate) Ready(int, *int) error { <-g.ready; return nil }

// Hang makes requests of some kinds hang.
func (g *Gate) Hang(kinds []string, _ *int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open, g.kinds = make(chan struct{}), kinds
	return nil
}

// HangAt makes the nth later request hang.
func (g *Gate) HangAt(n int, _ *int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open, g.at, g.seen = make(chan struct{}), n, nil
	return nil
}

// Refuse refuses later requests of a kind.
func (g *Gate) Refuse(no Refusal, _ *int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.no = no
	return nil
}

// attribute lets a request that changes or reads an attribute pass, or refuses it.
func (g *Gate) attribute(kind string) status {
	g.pass(kind)
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.no.Kind == kind {
		return status(g.no.Errno)
	}
	return fuse.OK
}

// Release releases all requests.
func (g *Gate) Release(int, *int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.kinds, g.at = nil, 0
	select {
	case <-g.open:
	default:
		close(g.open)
	}
	return nil
}

// Stuck returns the number of requests that hang.
func (g *Gate) Stuck(_ int, n *int) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	*n = g.stuck
	return nil
}

// Requests returns the kinds of the requests since HangAt.
func (g *Gate) Requests(_ int, kinds *[]string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	*kinds = slices.Clone(g.seen)
	return nil
}

// pass lets a request pass, or blocks until Release if the request must hang.
func (g *Gate) pass(kind string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = append(g.seen, kind)
	if len(g.seen) != g.at && !slices.Contains(g.kinds, kind) {
		return
	}
	open := g.open
	g.stuck++
	g.mu.Unlock()
	<-open
	g.mu.Lock()
	g.stuck--
}

// gatedFiles are files whose requests pass a gate: all requests that an operation
// of the package can wait for.
type gatedFiles struct {
	fuse.RawFileSystem
	gate    *Gate
	refused []string
}

// These aliases shorten the signatures below.
type (
	done   = <-chan struct{}
	status = fuse.Status
	header = fuse.InHeader
)

// refuses reports whether requests of a kind are refused.
func (f *gatedFiles) refuses(kind string) bool { return slices.Contains(f.refused, kind) }

func (f *gatedFiles) Lookup(c done, in *header, name string, out *fuse.EntryOut) status {
	f.gate.pass("lookup")
	return f.RawFileSystem.Lookup(c, in, name, out)
}

func (f *gatedFiles) GetAttr(c done, in *fuse.GetAttrIn, out *fuse.AttrOut) status {
	f.gate.pass("getattr")
	return f.RawFileSystem.GetAttr(c, in, out)
}

func (f *gatedFiles) SetAttr(c done, in *fuse.SetAttrIn, out *fuse.AttrOut) status {
	f.gate.pass("setattr")
	for kind, bits := range map[string]uint32{
		"chmod": fuse.FATTR_MODE, "chown": fuse.FATTR_UID | fuse.FATTR_GID, "utimes": fuse.FATTR_ATIME | fuse.FATTR_MTIME,
	} {
		if in.Valid&bits != 0 {
			if refused := f.gate.attribute(kind); !refused.Ok() {
				return refused
			}
		}
	}
	return f.RawFileSystem.SetAttr(c, in, out)
}

func (f *gatedFiles) Mkdir(c done, in *fuse.MkdirIn, name string, out *fuse.EntryOut) status {
	f.gate.pass("mkdir")
	return f.RawFileSystem.Mkdir(c, in, name, out)
}

func (f *gatedFiles) Unlink(c done, in *header, name string) status {
	f.gate.pass("unlink")
	return f.RawFileSystem.Unlink(c, in, name)
}

func (f *gatedFiles) Rename(c done, in *fuse.RenameIn, from, to string) status {
	f.gate.pass("rename")
	if in.Flags != 0 && f.refuses("rename new") {
		return fuse.EINVAL
	}
	return f.RawFileSystem.Rename(c, in, from, to)
}

func (f *gatedFiles) Link(c done, in *fuse.LinkIn, name string, out *fuse.EntryOut) status {
	f.gate.pass("link")
	if f.refuses("link") {
		return fuse.EPERM
	}
	return f.RawFileSystem.Link(c, in, name, out)
}

func (f *gatedFiles) Tmpfile(c done, in *fuse.CreateIn, out *fuse.CreateOut) status {
	f.gate.pass("tmpfile")
	if f.refuses("tmpfile") {
		return fuse.ENOSYS
	}
	return f.RawFileSystem.Tmpfile(c, in, out)
}

func (f *gatedFiles) Create(c done, in *fuse.CreateIn, name string, out *fuse.CreateOut) status {
	f.gate.pass("create")
	return f.RawFileSystem.Create(c, in, name, out)
}

func (f *gatedFiles) Open(c done, in *fuse.OpenIn, out *fuse.OpenOut) status {
	f.gate.pass("open")
	return f.RawFileSystem.Open(c, in, out)
}

func (f *gatedFiles) Read(c done, in *fuse.ReadIn, buf []byte) (fuse.ReadResult, status) {
	f.gate.pass("read")
	return f.RawFileSystem.Read(c, in, buf)
}

func (f *gatedFiles) Write(c done, in *fuse.WriteIn, data []byte) (uint32, status) {
	f.gate.pass("write")
	return f.RawFileSystem.Write(c, in, data)
}

// Writev is refused, so that the server calls Write.
func (f *gatedFiles) Writev(done, *fuse.WriteIn, [][]byte) (uint32, status) { return 0, fuse.ENOSYS }

func (f *gatedFiles) CopyFileRange(c done, in *fuse.CopyFileRangeIn) (uint32, status) {
	f.gate.pass("copy")
	return f.RawFileSystem.CopyFileRange(c, in)
}

func (f *gatedFiles) Flush(c done, in *fuse.FlushIn) status {
	f.gate.pass("flush")
	return f.RawFileSystem.Flush(c, in)
}

func (f *gatedFiles) Fsync(c done, in *fuse.FsyncIn) status {
	f.gate.pass("fsync")
	return f.RawFileSystem.Fsync(c, in)
}

func (f *gatedFiles) OpenDir(c done, in *fuse.OpenIn, out *fuse.OpenOut) status {
	f.gate.pass("opendir")
	return f.RawFileSystem.OpenDir(c, in, out)
}

func (f *gatedFiles) ReadDir(c done, in *fuse.ReadIn, out *fuse.DirEntryList) status {
	f.gate.pass("readdir")
	return f.RawFileSystem.ReadDir(c, in, out)
}

func (f *gatedFiles) FsyncDir(c done, in *fuse.FsyncIn) status {
	if refused := f.gate.attribute("fsyncdir"); !refused.Ok() {
		return refused
	}
	return f.RawFileSystem.FsyncDir(c, in)
}

func (f *gatedFiles) ListXAttr(c done, in *header, dest []byte) (uint32, status) {
	if refused := f.gate.attribute("listxattr"); !refused.Ok() {
		return 0, refused
	}
	return f.RawFileSystem.ListXAttr(c, in, dest)
}

func (f *gatedFiles) GetXAttr(c done, in *header, name string, dest []byte) (uint32, status) {
	if strings.HasPrefix(name, "security.") { // the kernel asks for security attributes at each write
		return 0, fuse.ENOATTR
	}
	if refused := f.gate.attribute("getxattr"); !refused.Ok() {
		return 0, refused
	}
	return f.RawFileSystem.GetXAttr(c, in, name, dest)
}

func (f *gatedFiles) SetXAttr(c done, in *fuse.SetXAttrIn, name string, data []byte) status {
	if refused := f.gate.attribute("setxattr"); !refused.Ok() {
		return refused
	}
	return f.RawFileSystem.SetXAttr(c, in, name, data)
}

func (f *gatedFiles) RemoveXAttr(c done, in *header, name string) status {
	if refused := f.gate.attribute("removexattr"); !refused.Ok() {
		return refused
	}
	return f.RawFileSystem.RemoveXAttr(c, in, name)
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The tests in this file run in bubbles of package synctest. Its clock goes on only
// when everything waits, so the tests wait for hours in no time, and no timing
// decides them. The connections are pipes without a buffer.

const testStall = time.Minute

// A pipeListener accepts the connections that dial makes.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error   { close(l.closed); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// dial returns the client's end of a new connection.
func (l *pipeListener) dial() net.Conn {
	client, server := net.Pipe()
	l.conns <- server
	return client
}

// inBubble runs a test with the whole server of a fixture, as serve runs it.
func inBubble(t *testing.T, test func(t *testing.T, f *fixture, dial func() net.Conn)) {
	synctest.Test(t, func(t *testing.T) {
		var set *settings
		f := newFixture(t, func(s *settings) {
			s.stall, s.pool.MaxFileSize = testStall, 1<<20
			set = s
		})
		l := &pipeListener{make(chan net.Conn), make(chan struct{})}
		server := newServer(context.Background(), set, f, slog.New(slog.DiscardHandler))
		ended := make(chan error, 1)
		go func() { ended <- server.Serve(pacedListener{l, set.stall}) }()
		defer func() {
			server.Close()
			assert.ErrorIs(t, <-ended, http.ErrServerClosed)
		}()
		test(t, f, l.dial)
	})
}

// A slowReader reads few bytes at a time and pauses before each read.
type slowReader struct {
	io.Reader
	pause time.Duration
	bytes int
}

func (r slowReader) Read(p []byte) (int, error) {
	time.Sleep(r.pause)
	return r.Reader.Read(p[:min(len(p), r.bytes)])
}

// ask sends the header of a request, and body if there is one.
func ask(t *testing.T, conn net.Conn, lines ...string) {
	_, err := io.WriteString(conn, strings.Join(lines, "\r\n")+"\r\n\r\n")
	require.NoError(t, err)
}

// long are requests whose answers are much longer than the buffers of the server.
var long = []string{
	"/file/long.txt",
	"/concat?path=long.txt&path=sub",
	"/chunks?path=long.txt&size=20",
	"/files",
	"/chunks?path=.&size=20",
	"/view/long.txt",
	"/view/long.txt?size=1000",
	"/browse/many",
}

// writeLong writes the files of one of these requests.
func (f *fixture) writeLong(url string) {
	f.write("long.txt", strings.Repeat("Größe und Länge\n", 20_000))
	if strings.Contains(url, "long.txt") {
		return
	}
	for i := range 500 {
		f.write(fmt.Sprintf("many/%s%d", strings.Repeat("n", 200), i), "")
	}
}

func TestSlowReadersAreNotCutOff(t *testing.T) {
	for _, url := range long {
		t.Run(url, func(t *testing.T) {
			inBubble(t, func(t *testing.T, f *fixture, dial func() net.Conn) {
				f.writeLong(url)
				want := text(t, f.get(url))
				require.Greater(t, len(want), 100_000)
				conn := dial()
				defer conn.Close()
				ask(t, conn, "GET "+url+" HTTP/1.1", "Host: a", "Connection: close")
				slow := slowReader{conn, testStall - time.Second, 500}
				r, err := http.ReadResponse(bufio.NewReader(slow), nil)
				require.NoError(t, err)
				began := time.Now()
				assert.Equal(t, want, text(t, r))
				assert.Greater(t, time.Since(began), 100*testStall)
			})
		})
	}
}

// One byte for each time stall is progress.
func TestSlowestReaderIsNotCutOff(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture, dial func() net.Conn) {
		f.writeLong("/file/long.txt")
		conn := dial()
		defer conn.Close()
		ask(t, conn, "GET /file/long.txt HTTP/1.1", "Host: a", "Connection: close")
		slow := slowReader{conn, testStall - time.Second, 1}
		_, err := io.ReadFull(slow, make([]byte, 5000))
		require.NoError(t, err)
		rest, err := io.ReadAll(conn)
		require.NoError(t, err)
		assert.True(t, bytes.HasSuffix(rest, []byte("Länge\n")))
	})
}

func TestStalledReadersAreCutOff(t *testing.T) {
	for _, url := range long {
		for _, reads := range []int{0, 3000, 50_000} {
			t.Run(fmt.Sprint(url, " after ", reads), func(t *testing.T) {
				inBubble(t, func(t *testing.T, f *fixture, dial func() net.Conn) {
					f.writeLong(url)
					conn := dial()
					defer conn.Close()
					ask(t, conn, "GET "+url+" HTTP/1.1", "Host: a", "Connection: close")
					_, err := io.ReadFull(conn, make([]byte, reads))
					require.NoError(t, err)
					time.Sleep(testStall + testStall/looks + time.Second)
					synctest.Wait()
					_, err = conn.Read(make([]byte, 1))
					assert.ErrorIs(t, err, io.EOF, "the server has closed the connection")
					assert.Zero(t, f.pool.Stats().Active)
				})
			})
		}
	}
}

// The deadlines of one request do not affect the next one on its connection.
func TestPausesBetweenRequestsAreNoStalls(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture, dial func() net.Conn) {
		conn := dial()
		defer conn.Close()
		in := bufio.NewReader(conn)
		for range 3 {
			ask(t, conn, "GET /file/a.txt HTTP/1.1", "Host: a")
			r, err := http.ReadResponse(in, nil)
			require.NoError(t, err)
			assert.Equal(t, tree["a.txt"], text(t, r))
			time.Sleep(testStall + 30*time.Second) // below the IdleTimeout
		}
	})
}

// An upload sends a body of 100 bytes in one of the two codings. pause waits before
// each byte.
func upload(conn net.Conn, method, url, coding string, pause func(sent int)) {
	if coding == "chunked" {
		fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n", method, url)
	} else {
		fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n", method, url)
	}
	body := "path=a.txt&path=" + strings.Repeat("x", 84)
	for i := range len(body) {
		pause(i)
		piece := body[i : i+1]
		if coding == "chunked" {
			piece = "1\r\n" + piece + "\r\n"
		}
		if _, err := io.WriteString(conn, piece); err != nil {
			return
		}
	}
	if coding == "chunked" {
		io.WriteString(conn, "0\r\n\r\n")
	}
}

// uploads are the requests with bodies, and their statuses.
var uploads = []struct {
	method, url string
	code        int
}{
	{"PUT", "/file/new.txt", 201},
	{"POST", "/concat", 200},
	// No handler reads these bodies. The server reads the rest of them.
	{"PUT", "/file/a.txt?unknown=1", 400},
	{"GET", "/file/a.txt", 400},
	{"DELETE", "/file/a.txt", 400},
	{"POST", "/nowhere", 404},
}

func TestSlowUploadsAreNotCutOff(t *testing.T) {
	for _, u := range uploads[:2] {
		for _, coding := range []string{"length", "chunked"} {
			t.Run(u.method+" "+coding, func(t *testing.T) {
				inBubble(t, func(t *testing.T, f *fixture, dial func() net.Conn) {
					conn := dial()
					defer conn.Close()
					go upload(conn, u.method, u.url, coding, func(int) { time.Sleep(testStall - time.Second) })
					r, err := http.ReadResponse(bufio.NewReader(conn), nil)
					require.NoError(t, err)
					assert.Equal(t, u.code, r.StatusCode)
					text(t, r)
				})
			})
		}
	}
}

func TestStalledUploadsAreCutOff(t *testing.T) {
	for _, u := range uploads {
		for _, coding := range []string{"length", "chunked"} {
			for _, last := range []int{0, 1, 99} {
				t.Run(fmt.Sprint(u.method, u.url, coding, last), func(t *testing.T) {
					inBubble(t, func(t *testing.T, f *fixture, dial func() net.Conn) {
						conn := dial()
						defer conn.Close()
						stalled := errors.New("")
						go func() {
							defer func() { recover() }()
							upload(conn, u.method, u.url, coding, func(sent int) {
								if sent == last {
									panic(stalled)
								}
							})
						}()
						answer := make(chan string, 1)
						go func() {
							all, _ := io.ReadAll(conn)
							answer <- string(all)
						}()
						time.Sleep(testStall + 2*time.Second) // and more for what net/http does before it closes
						synctest.Wait()
						select {
						case got := <-answer:
							want := u.code
							if want < 300 {
								want = http.StatusRequestTimeout
							}
							assert.Contains(t, got, fmt.Sprintf("HTTP/1.1 %d ", want))
						default:
							t.Fatal("the connection is open")
						}
						assert.NoFileExists(t, f.dir+"/new.txt")
						assert.Empty(t, f.log.String(), "no error here is the server's fault")
					})
				})
			}
		}
	}
}

// The deadline of a body does not end the answer that follows it.
func TestSlowReaderOfAnAnswerToAForm(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture, dial func() net.Conn) {
		f.writeLong("/concat?path=long.txt")
		conn := dial()
		defer conn.Close()
		body := "path=long.txt"
		ask(t, conn, "POST /concat HTTP/1.1", "Host: a", "Connection: close", "Content-Type: application/x-www-form-urlencoded",
			fmt.Sprint("Content-Length: ", len(body)), "", body)
		slow := slowReader{conn, testStall - time.Second, 1000}
		r, err := http.ReadResponse(bufio.NewReader(slow), nil)
		require.NoError(t, err)
		assert.Equal(t, text(t, f.get("/concat?path=long.txt")), text(t, r))
	})
}

func TestSlowHeadersAreCutOff(t *testing.T) {
	inBubble(t, func(t *testing.T, f *fixture, dial func() net.Conn) {
		conn := dial()
		defer conn.Close()
		io.WriteString(conn, "GET /file/a.txt HTTP/1.1\r\nHost: a\r\n")
		began := time.Now()
		io.Copy(io.Discard, conn)
		assert.LessOrEqual(t, time.Since(began), 11*time.Second)
	})
}

// The advice in the documentation is the code.
func TestAdviceIsTheCode(t *testing.T) {
	code, err := os.ReadFile("pace.go")
	require.NoError(t, err)
	advice, err := os.ReadFile(filepath.Join("..", "..", "docs", "PRODUCTION.md"))
	require.NoError(t, err)
	_, write, found := strings.Cut(string(code), "func (c *pacedConn) Write")
	require.True(t, found)
	write, _, _ = strings.Cut(write, "\n}\n")
	assert.Contains(t, strings.ReplaceAll(string(advice), "\n  ", "\n"), write)
	assert.Contains(t, string(advice), fmt.Sprintf("`looks` is %d and `pieceSize` is %d KiB", looks, pieceSize>>10))
}

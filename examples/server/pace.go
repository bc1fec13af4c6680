package main

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

// A pacedConn ends when its client stops taking data for the time stall. A client
// that goes on reading, however slowly, is never cut off. So no deadline stands
// over a whole answer, nor over a whole Write.
//
// The server sees progress when the client's kernel takes bytes. A kernel does
// that in steps: Linux opens a closed window by at least a segment, and by a
// sixteenth of the client's buffer.
type pacedConn struct {
	net.Conn
	stall time.Duration
}

const (
	pieceSize = 64 << 10 // the bytes that one deadline stands over
	looks     = 8        // how often Write looks for progress in the time stall
)

// Write implements [io.Writer]. It tries again while there is progress, because
// Linux wakes a writer only when a third of its buffer is free.
func (c *pacedConn) Write(p []byte) (n int, err error) {
	for progress := time.Now(); n < len(p); {
		c.SetWriteDeadline(time.Now().Add(max(c.stall/looks, 1)))
		written, err := c.Conn.Write(p[n:min(len(p), n+pieceSize)])
		n += written
		if written > 0 {
			progress = time.Now()
		}
		if err != nil && (!errors.Is(err, os.ErrDeadlineExceeded) || time.Since(progress) >= c.stall) {
			return n, err
		}
	}
	return n, nil
}

// CloseWrite closes one half of the connection. Package net/http does that before
// it closes a connection with unread data, so that the client still gets the
// answer.
func (c *pacedConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// A pacedListener accepts paced connections.
type pacedListener struct {
	net.Listener
	stall time.Duration
}

// Accept implements [net.Listener].
func (l pacedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &pacedConn{conn, l.stall}, nil
}

// A pacedBody is the body of a request. It fails when the client sends nothing
// for the time stall.
type pacedBody struct {
	io.ReadCloser
	control *http.ResponseController
	stall   time.Duration
	ended   bool
}

// Read implements [io.Reader]. After the end it sets no deadline: package net/http
// then waits for the next request, and an error of that wait would cancel this one.
func (b *pacedBody) Read(p []byte) (int, error) {
	if !b.ended {
		b.extend()
	}
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || err != nil
	return n, err
}

// extend gives the client the time stall for its next bytes. A ResponseWriter
// without a connection, as in tests, needs no deadline.
func (b *pacedBody) extend() { _ = b.control.SetReadDeadline(time.Now().Add(b.stall)) }

// pacedBodies lets the body of every request fail when its client stalls. The
// first deadline also ends a body that no handler reads: package net/http reads
// the rest of it.
func pacedBodies(stall time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			body := &pacedBody{ReadCloser: r.Body, control: http.NewResponseController(w), stall: stall}
			body.extend()
			r = r.WithContext(r.Context()) // a copy: package net/http looks at the type of its own Body
			r.Body = body
		}
		next.ServeHTTP(w, r)
	})
}

package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// A client is one connection. It uses little processor time, because it shares
// the processors with the server.
type client struct {
	addr     string
	answered time.Time // the time of the last answer

	mu     sync.Mutex
	closed bool
	conn   net.Conn
	reader *bufio.Reader
}

// ask sends a request and reads all of the answer.
func (c *client) ask(request []byte, patience time.Duration) (code int, err error) {
	r, err := c.begin(request, patience)
	if err == nil {
		code = r.StatusCode
		_, err = io.Copy(io.Discard, r.Body)
	}
	if err != nil {
		c.hangUp()
	}
	return code, err
}

// begin sends a request and reads the head of the answer.
func (c *client) begin(request []byte, patience time.Duration) (*http.Response, error) {
	if err := c.connect(); err != nil {
		return nil, err
	}
	if err := c.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return nil, err
	}
	return http.ReadResponse(c.reader, nil)
}

// connect opens the connection unless it is open.
func (c *client) connect() error {
	if c.conn != nil {
		return nil
	}
	conn, err := net.Dial("tcp", c.addr)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		conn.Close()
		return net.ErrClosed
	}
	c.conn, c.reader = conn, bufio.NewReaderSize(conn, 16<<10)
	return nil
}

// hangUp ends the connection. The next request opens another one.
func (c *client) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// close ends the client. Any goroutine may call it.
func (c *client) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.conn != nil {
		c.conn.Close()
	}
}

// closeAt closes the client when stop is closed, so that nobody waits for a
// long answer. The caller must call cancel.
func (c *client) closeAt(stop <-chan struct{}) (cancel func()) {
	done := make(chan struct{})
	go func() {
		select {
		case <-stop:
			c.close()
		case <-done:
		}
	}()
	return func() { close(done) }
}

// isTimeout reports whether a request failed because its deadline has passed.
func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}

package main

import "net/http"

// abort ends a request whose answer has begun and cannot be finished. The
// connection breaks, so that the client sees that the answer is not whole.
func abort(err error) error {
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	return nil
}

// resetOld lets the clients of HTTP/1.0 see, too, that an answer is not whole. In
// this version the end of the connection is the end of the text (RFC 1945, section
// 7.2.2), so only a reset tells.
func resetOld(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !r.ProtoAtLeast(1, 1) {
			defer func() {
				if reason := recover(); reason != nil {
					reset(w)
					panic(reason)
				}
			}()
		}
		next.ServeHTTP(w, r)
	})
}

// reset closes the connection of an answer with a reset instead of an end.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if c, ok := conn.(*pacedConn); ok {
		conn = c.Conn
	}
	if c, ok := conn.(interface{ SetLinger(int) error }); ok {
		c.SetLinger(0) // unsent data is discarded: package net, TCPConn.SetLinger
	}
	conn.Close()
}

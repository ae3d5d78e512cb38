package web

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// serving starts a server, and returns what dials it.
func serving(t *testing.T, cfg Config, h http.HandlerFunc) (dial func() net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := Serve(l, h, cfg)
	t.Cleanup(s.Stop)
	return func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		c.SetDeadline(time.Now().Add(30 * time.Second))
		return c
	}
}

// dropped waits until the server closes a connection. It must do so before the test's own deadline.
func dropped(t *testing.T, c net.Conn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection is still open")
	}
}

const request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

// A caller that says nothing, or half of something, or that goes on for ever, is not waited for.
func TestACallerThatDoesNotComeToItsPointIsDropped(t *testing.T) {
	short := Config{HeaderTimeout: 50 * time.Millisecond, ReadTimeout: 50 * time.Millisecond, IdleTimeout: 50 * time.Millisecond}
	dial := serving(t, short, func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) })
	dropped(t, dial())
	for _, half := range []string{"GET / HT", "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nabc", request} {
		c := dial()
		io.WriteString(c, half)
		dropped(t, c)
	}
}

// A header or a body that is too large is refused.
func TestWhatIsSentIsBounded(t *testing.T) {
	dial := serving(t, Config{HeaderBytes: 1 << 10, BodyBytes: 10}, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})
	for text, want := range map[string]int{
		"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 16<<10) + "\r\n\r\n":              http.StatusRequestHeaderFieldsTooLarge,
		"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 11\r\nConnection: close\r\n\r\nhello world": http.StatusRequestEntityTooLarge,
		"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nConnection: close\r\n\r\nhello worl":  http.StatusOK,
	} {
		c := dial()
		io.WriteString(c, text)
		if answer, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || answer.StatusCode != want {
			t.Errorf("%.60q is answered %v, %v", text, answer, err)
		}
	}
}

// A caller that does not read its answer holds a connection until the time to write is over, and no place of the
// handler's: others are answered meanwhile.
func TestACallerThatDoesNotReadHoldsUpNobody(t *testing.T) {
	large := strings.Repeat("x", 16<<20) // more than buffers of the system take
	busy := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	h := Bounded(1, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/large" {
			io.WriteString(w, large)
		}
	}), busy)
	dial := serving(t, Config{}, h.ServeHTTP)
	slow := dial()
	io.WriteString(slow, strings.Replace(request, "/", "/large", 1))
	if _, err := slow.Read(make([]byte, 1)); err != nil { // the answer has begun, so the place is free
		t.Fatal(err)
	}
	other := dial()
	io.WriteString(other, request)
	if answer, err := http.ReadResponse(bufio.NewReader(other), nil); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("another caller is answered %v, %v", answer, err)
	}
}

// Connections are bounded too: one more waits until another is closed.
func TestOneConnectionTooManyWaits(t *testing.T) {
	dial := serving(t, Config{Connections: 1, IdleTimeout: time.Minute}, func(http.ResponseWriter, *http.Request) {})
	first, second := dial(), dial()
	io.WriteString(first, request)
	if _, err := http.ReadResponse(bufio.NewReader(first), nil); err != nil {
		t.Fatal(err)
	}
	io.WriteString(second, request)
	second.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := second.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the second was answered while the first is open: %v", err)
	}
	first.Close()
	second.SetReadDeadline(time.Now().Add(30 * time.Second))
	if _, err := http.ReadResponse(bufio.NewReader(second), nil); err != nil {
		t.Error(err)
	}
}

// A handler keeps its status, header and body; one that panics gives its place back.
func TestBoundedPassesAnswersOn(t *testing.T) {
	dial := serving(t, Config{}, Bounded(1, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("X-Kept", "yes")
		w.WriteHeader(http.StatusTeapot)
		io.WriteString(w, "short and stout")
	}), http.NotFoundHandler()).ServeHTTP)
	broken := dial()
	io.WriteString(broken, strings.Replace(request, "/", "/panic", 1))
	dropped(t, broken)
	c := dial()
	io.WriteString(c, request)
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || answer.StatusCode != http.StatusTeapot || answer.Header.Get("X-Kept") != "yes" || answer.ContentLength != int64(len("short and stout")) {
		t.Errorf("%v, %v", answer, err)
	}
}

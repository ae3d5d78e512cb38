package web

import (
	"bytes"
	"maps"
	"net/http"
)

// Bounded lets at most so many requests into a handler at once; refused answers the others. What the handler writes
// is kept until it has returned, and sent when its place is free again.
func Bounded(most int, h, refused http.Handler) http.Handler {
	places := make(chan struct{}, most)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case places <- struct{}{}:
		default:
			refused.ServeHTTP(w, r)
			return
		}
		var a answer
		func() {
			defer func() { <-places }()
			h.ServeHTTP(&a, r)
		}()
		a.send(w)
	})
}

// answer is an answer in memory.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter, as do the methods below.
func (a *answer) Header() http.Header {
	if a.header == nil {
		a.header = http.Header{}
	}
	return a.header
}

// WriteHeader keeps the first status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write keeps the data.
func (a *answer) Write(data []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(data)
}

func (a *answer) send(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	a.WriteHeader(http.StatusOK)
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes()) // a reader that has gone misses nothing
}

package s3

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Server is a fake of S3 in this process. It keeps objects in memory, and takes any access key.
type Server struct {
	http *http.Server
	at   net.Addr
}

// Embedded starts a fake of S3 that has empty buckets, on a free port of the loopback interface. A test or a harness
// that wants it to misbehave wraps its handler: what is between a request and its handling can delay it, refuse it or
// break off its answer (panic(http.ErrAbortHandler) closes the connection); nil: it behaves.
func Embedded(wrap func(http.Handler) http.Handler, buckets ...string) (*Server, error) {
	store := s3mem.New()
	for _, name := range buckets {
		if err := store.CreateBucket(name); err != nil {
			return nil, fmt.Errorf("start an embedded S3: make the bucket %s: %w", name, err)
		}
	}
	handler := gofakes3.New(store, gofakes3.WithoutVersioning()).Server()
	if wrap != nil {
		handler = wrap(handler)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start an embedded S3: %w", err)
	}
	s := &Server{&http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}, l.Addr()}
	go func() { _ = s.http.Serve(l) }() // until Stop
	return s, nil
}

// Endpoint is where clients reach it.
func (s *Server) Endpoint() string { return "http://" + s.at.String() }

// Stop stops it. Clients that still ask are cut off, and its objects are gone.
func (s *Server) Stop() { s.http.Close() }

package web

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// Config has the bounds. All may be left at zero.
type Config struct {
	HeaderTimeout time.Duration // for a request's header, 5 s
	ReadTimeout   time.Duration // for all of a request, 10 s
	WriteTimeout  time.Duration // from the header's end to the answer's, 30 s; the handler's own time included
	IdleTimeout   time.Duration // between two requests, 60 s
	HeaderBytes   int           // 16 KiB
	BodyBytes     int64         // 64 KiB
	Connections   int           // at once, 256; others wait until they are accepted
	Log           *slog.Logger  // nil: silence
}

// Server serves one handler on one listener.
type Server struct {
	http http.Server
	done chan struct{}
}

// stopWait is how long Stop lets answers be finished.
const stopWait = time.Second

// Serve starts to serve. The server closes the listener.
func Serve(l net.Listener, h http.Handler, cfg Config) *Server {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{done: make(chan struct{}), http: http.Server{
		Handler:           http.MaxBytesHandler(h, cmp.Or(cfg.BodyBytes, 64<<10)),
		ReadHeaderTimeout: cmp.Or(cfg.HeaderTimeout, 5*time.Second),
		ReadTimeout:       cmp.Or(cfg.ReadTimeout, 10*time.Second),
		WriteTimeout:      cmp.Or(cfg.WriteTimeout, 30*time.Second),
		IdleTimeout:       cmp.Or(cfg.IdleTimeout, time.Minute),
		MaxHeaderBytes:    cmp.Or(cfg.HeaderBytes, 16<<10),
		ErrorLog:          slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
	}}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(netutil.LimitListener(l, cmp.Or(cfg.Connections, 256))); !errors.Is(err, http.ErrServerClosed) {
			cfg.Log.Error("the HTTP server has ended", "at", l.Addr(), "cause", err)
		}
	}()
	return s
}

// Stop ends the server: answers under way have a second to be finished, and then all connections are closed.
func (s *Server) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), stopWait)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		s.http.Close()
	}
	<-s.done
}

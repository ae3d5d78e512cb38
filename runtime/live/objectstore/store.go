package objectstore

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"

	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Store is the gateway's actor.
type Store struct {
	disk *disk
	log  *slog.Logger
	line line
}

// Open returns a store of what is in a folder. It logs why it was not available; nil: it does not.
func Open(folder string, log *slog.Logger) (*Store, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	d, err := openDisk(folder)
	if err != nil {
		return nil, fmt.Errorf("open the object store in %s: %w; %s", folder, err, advice(err))
	}
	return &Store{disk: d, log: log, line: line{open: map[*request]bool{}}}, nil
}

// served is a request that is over, and the answer to it.
type served struct {
	request *request
	answer  mailbox.Msg
}

func (served) Word() string { return "blob-served" }

// Receive implements mailbox.Actor.
func (s *Store) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case wire.BlobPut:
		s.line.join(change(from, []string{m.Path}, func() mailbox.Msg {
			return wire.BlobDone{Req: m.Req, Err: s.outcome("write", m.Path, s.disk.put(m.Path, m.Data))}
		}))
	case wire.BlobGet:
		is := func(path string) bool { return path == m.Path }
		s.line.join(&request{from: from, paths: []string{m.Path}, touches: is, serve: func() mailbox.Msg {
			data, err := s.disk.get(m.Path)
			return wire.BlobData{Req: m.Req, Path: m.Path, Data: data, Err: s.outcome("read", m.Path, err)}
		}})
	case wire.BlobDelete:
		s.line.join(change(from, m.Paths, func() mailbox.Msg {
			return wire.BlobDone{Req: m.Req, Err: s.outcome("delete", fmt.Sprint(len(m.Paths), " objects"), s.disk.delete(m.Paths))}
		}))
	case wire.BlobList:
		begins := func(path string) bool { return strings.HasPrefix(path, m.Prefix) }
		s.line.join(&request{from: from, touches: begins, serve: func() mailbox.Msg {
			paths, err := s.disk.list(m.Prefix)
			return wire.BlobPaths{Req: m.Req, Paths: paths, Err: s.outcome("list", m.Prefix+"*", err)}
		}})
	case served:
		s.line.leave(m.request)
		env.Send(m.request.from, m.answer)
	case mailbox.Started, mailbox.Undeliverable, mailbox.Disconnected:
		// An asker that has gone does not hear its answer.
	default:
		return fmt.Errorf("object store: no handler for %q from %s", m.Word(), from)
	}
	s.serve(live.Post(env))
	return nil
}

// change is a request that writes objects.
func change(from mailbox.Addr, paths []string, serve func() mailbox.Msg) *request {
	in := func(path string) bool { return slices.Contains(paths, path) }
	return &request{from: from, writes: true, paths: paths, touches: in, serve: serve}
}

// serve takes to the disk whoever's turn it is.
func (s *Store) serve(post func(mailbox.Msg)) {
	for r := s.line.call(); r != nil; r = s.line.call() {
		go func() { post(served{r, r.serve()}) }()
	}
}

// outcome is how the asker hears of an error, from any goroutine. The cause is for those who run the store.
func (s *Store) outcome(doing, what string, err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, fs.ErrNotExist) && doing == "read":
		return "not-found"
	}
	s.log.Warn("the object store was not available", "cause", s.disk.sentence(doing, what, err))
	return "unavailable"
}

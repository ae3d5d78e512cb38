package blobs

import (
	"context"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// parallelMax is how many requests are at the store at once.
const parallelMax = 16

// request is a request and its place in the line.
type request struct {
	from    mailbox.Addr
	due     time.Time // zero: whenever
	writes  bool
	paths   []string               // those that it touches, as far as they can be told one by one
	touches func(path string) bool // whether it touches one
	serve   func(context.Context) (answer mailbox.Msg, t *trouble)

	behind int        // earlier requests that must be over first
	next   []*request // later ones that wait for this one
}

// meets says whether two requests must be served in the order in which they came: one writes what the other touches.
func (r *request) meets(other *request) bool {
	return (r.writes || other.writes) &&
		(slices.ContainsFunc(r.paths, other.touches) || slices.ContainsFunc(other.paths, r.touches))
}

// line holds the requests that are not over.
type line struct {
	open    map[*request]bool
	ready   []*request // first come first
	serving int
}

func (l *line) join(r *request) {
	for earlier := range l.open {
		if earlier.meets(r) {
			earlier.next = append(earlier.next, r)
			r.behind++
		}
	}
	l.open[r] = true
	if r.behind == 0 {
		l.ready = append(l.ready, r)
	}
}

// call returns a request that may be served now; nil: none.
func (l *line) call() *request {
	if l.serving == parallelMax || len(l.ready) == 0 {
		return nil
	}
	r := l.ready[0]
	l.ready = slices.Delete(l.ready, 0, 1)
	l.serving++
	return r
}

func (l *line) leave(r *request) {
	delete(l.open, r)
	l.serving--
	for _, later := range r.next {
		if later.behind--; later.behind == 0 {
			l.ready = append(l.ready, later)
		}
	}
}

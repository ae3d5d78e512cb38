package live

import (
	"sync"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// inboxMax is how many messages may wait before readers of connections stop.
const inboxMax = 1024

type mail struct {
	from mailbox.Addr
	m    mailbox.Msg
}

// inbox is the queue before an actor.
type inbox struct {
	mu      sync.Mutex
	changed sync.Cond
	waiting []mail
	closed  bool
}

func newInbox() *inbox {
	q := &inbox{}
	q.changed.L = &q.mu
	return q
}

// put adds a message. With patience it waits for room; without, it never does: an actor that waited for another
// one's mailbox could wait for itself. It says whether anybody will read it.
func (q *inbox) put(m mail, patient bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for patient && len(q.waiting) >= inboxMax && !q.closed {
		q.changed.Wait()
	}
	if q.closed {
		return false
	}
	q.waiting = append(q.waiting, m)
	q.changed.Broadcast()
	return true
}

// take waits for messages and returns all of them; false when there will be none.
func (q *inbox) take(into []mail) ([]mail, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.closed {
		q.changed.Wait()
	}
	if q.closed {
		return nil, false
	}
	into = append(into[:0], q.waiting...)
	clear(q.waiting)
	q.waiting = q.waiting[:0]
	q.changed.Broadcast()
	return into, true
}

func (q *inbox) close() {
	q.mu.Lock()
	q.closed, q.waiting = true, nil
	q.changed.Broadcast()
	q.mu.Unlock()
}

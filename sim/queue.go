package sim

import "github.com/flinch-dev/flinch/runtime/mailbox"

// queue is a binary heap of events ordered by (at, seq). Hand-written, of small values: container/heap and
// closures cost two and a half times as much.
type queue struct {
	heap  []entry
	slab  []event
	spare []int32
	seq   uint64
}

type entry struct {
	at   int64 // nanoseconds
	seq  uint64
	slot int32
}

// event is what happens at an entry. It is kept small: it is copied in and out of the slab.
type event struct {
	do   what
	life uint32   // of the process, or of the connection: from a former one, the event is ignored
	via  *link    // between processes, else nil
	to   *address // nil for a call
	from *address
	m    mailbox.Msg // the mail; a *timer; a callback
}

// callback is a function of the world, in the place of a message.
type callback func()

func (callback) Word() string { return "call" }

type what uint8

const (
	deliver what = iota // mail to an address
	expire              // a timer of an address
	release             // an actor's work is done: its effects leave
	call                // a function of the world
)

func (q *queue) push(at int64, e event) {
	var slot int32
	if n := len(q.spare); n > 0 {
		slot, q.spare = q.spare[n-1], q.spare[:n-1]
		q.slab[slot] = e
	} else {
		slot = int32(len(q.slab))
		q.slab = append(q.slab, e)
	}
	q.seq++
	h := append(q.heap, entry{at, q.seq, slot})
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !less(h[i], h[parent]) {
			break
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
	q.heap = h
}

// pop returns the next event and its time. The queue must not be empty.
func (q *queue) pop() (int64, uint64, event) {
	h := q.heap
	top := h[0]
	last := len(h) - 1
	moved := h[last]
	h = h[:last]
	i := 0
	for {
		child := 2*i + 1
		if child >= last {
			break
		}
		if child+1 < last && less(h[child+1], h[child]) {
			child++
		}
		if !less(h[child], moved) {
			break
		}
		h[i] = h[child]
		i = child
	}
	if last > 0 {
		h[i] = moved
	}
	q.heap = h
	e := q.slab[top.slot]
	q.slab[top.slot].m = nil // let the message go; the rest is overwritten
	q.spare = append(q.spare, top.slot)
	return top.at, top.seq, e
}

func less(a, b entry) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

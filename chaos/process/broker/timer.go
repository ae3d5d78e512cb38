package broker

import (
	"container/heap"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// timer waits in the heap until it is due, and then mails or does something.
type timer struct {
	s   *Server
	due time.Duration // since the server's start
	n   uint64        // of all timers: those due at one time ring in the order in which they were set
	at  int           // in the heap, -1: not there
	of  *actor
	m   mailbox.Msg
	do  func() // instead of mail
}

// Stop keeps a timer from ringing. Its owner has the turn.
func (t *timer) Stop() {
	if t.at >= 0 {
		heap.Remove(&t.s.timers, t.at)
	}
}

// finest is the shortest wait that is one: the machine's own timers are no better.
const finest = 10 * time.Microsecond

func (s *Server) after(wait time.Duration, t *timer) *timer {
	t.s, t.due = s, s.now()
	if wait >= finest {
		t.due += wait
	}
	heap.Push(&s.timers, t)
	return t
}

const never = time.Duration(1<<63 - 1)

// setAlarm makes sure that somebody takes the turn when the first timer is due.
func (s *Server) setAlarm() {
	at := never
	if len(s.timers.heap) > 0 {
		at = s.timers.heap[0].due
	}
	if at != s.alarmAt && !s.over {
		s.alarmAt = at
		s.alarm.Reset(max(at-s.now(), 0))
	}
}

func (s *Server) ring() {
	s.host.Lock()
	defer s.host.Unlock()
	s.alarmAt = 0 // it has to be set again
	if !s.over {
		s.step(func() {})
	}
}

// timers is a heap by time.
type timers struct {
	heap []*timer
	set  uint64 // so far
}

// due takes out the first timer if it is due.
func (h *timers) due(now time.Duration) *timer {
	if len(h.heap) == 0 || h.heap[0].due > now {
		return nil
	}
	return heap.Pop(h).(*timer)
}

func (h *timers) Len() int { return len(h.heap) }

func (h *timers) Less(i, j int) bool {
	a, b := h.heap[i], h.heap[j]
	return a.due < b.due || a.due == b.due && a.n < b.n
}

func (h *timers) Swap(i, j int) {
	h.heap[i], h.heap[j] = h.heap[j], h.heap[i]
	h.heap[i].at, h.heap[j].at = i, j
}

// Push is for package heap.
func (h *timers) Push(x any) {
	t := x.(*timer)
	h.set++
	t.n, t.at = h.set, len(h.heap)
	h.heap = append(h.heap, t)
}

// Pop is for package heap.
func (h *timers) Pop() any {
	last := len(h.heap) - 1
	t := h.heap[last]
	h.heap[last] = nil
	h.heap = h.heap[:last]
	t.at = -1
	return t
}

package task

import (
	"testing"

	"github.com/flinch-dev/flinch/runtime/mailbox/mailboxtest"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// io asks the task what it has read and written.
func (s *stage) io() wire.TaskIOIs {
	s.t.Helper()
	if err := s.Receive(s.env, "metrics", wire.RequestTaskIO{Req: 7}); err != nil {
		s.t.Fatal(err)
	}
	for _, effect := range s.env.Take() {
		if mail, ok := effect.(mailboxtest.Mail); ok && mail.To == "metrics" {
			return mail.M.(wire.TaskIOIs)
		}
	}
	s.t.Fatal("no answer")
	return wire.TaskIOIs{}
}

// A task is asked what it has done: it counts what it has read, and what came out of its chain, and says so when it
// waits for those downstream.
func TestATaskTellsWhatItHasDone(t *testing.T) {
	s := setUp(t, summing())
	if got := s.io(); got != (wire.TaskIOIs{Req: 7}) {
		t.Errorf("nothing is done yet: %+v", got)
	}
	s.in(0, "a=1 b=2")
	s.in(1, "a=3")
	if got := s.io(); got != (wire.TaskIOIs{Req: 7, RecordsIn: 3, RecordsOut: 3}) {
		t.Errorf("three records came: %+v", got)
	}
	for range 100 { // nobody takes what comes out
		s.in(0, "a=1")
		s.timeout()
	}
	got := s.io()
	if !got.BackPressured || got.RecordsIn >= 103 || got.RecordsIn != got.RecordsOut {
		t.Errorf("it is blocked: %+v", got)
	}
	s.receive("tm-2/next", wire.RequestPartition{Producer: attempt("sum", 0), Credit: 200})
	if got = s.io(); got.BackPressured || got.RecordsIn != 103 {
		t.Errorf("it goes on: %+v", got)
	}
}

package kafkatest

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// waitsForCoordinators: an answer that leaves the outcome open is followed by the same request.
func waitsForCoordinators(s *story) {
	available := s.Unavailable(func() {
		s.Ask(First, wire.KafkaInitProducer{Req: s.req(), TransactionalID: "a", Timeout: time.Minute})
	})
	available()
	m := answer[wire.KafkaProducerReady](s, First)
	s.equal("the error of an init", m.Err, "")
	p := pair{"a", m.ProducerID, m.Epoch}
	s.write(First, "a", "x")
	s.equal("the error of a flush", s.flush(First, "a").Err, "")
	available = s.Unavailable(func() {
		s.Ask(Second, wire.KafkaEndTxn{Req: s.req(), TransactionalID: "a", ProducerID: p.pid, Epoch: p.epoch, Commit: true, Deadline: time.Minute})
	})
	available()
	s.equal("the commit", answer[wire.KafkaTxnEnded](s, Second).Err, "")
	s.equal("partition 0", s.visible(Second, 0), "x0")
}

// timesOut: nobody knows what has become of the transaction, and the same request can still find out.
func timesOut(s *story) {
	p := s.precommit(First, "a", "x")
	available := s.Unavailable(func() {
		s.Ask(First, wire.KafkaEndTxn{Req: s.req(), TransactionalID: "a", ProducerID: p.pid, Epoch: p.epoch, Commit: true, Deadline: 300 * time.Millisecond})
	})
	s.equal("the commit", answer[wire.KafkaTxnEnded](s, First).Err, "TIMED_OUT")
	available()
	s.equal("the commit", s.commit(First, p), "")
	s.equal("partition 0", s.visible(Second, 0), "x0")
}

// endsWithItsAsker: an attempt is cancelled while it opens a transaction, and its successor opens the same one. Were
// the request of the first tried again, it would fence the second. What was on its way may still take effect: so what
// the first has asked besides is a commit that is owed anyhow.
func endsWithItsAsker(s *story) {
	owed := s.precommit(Second, "owed", "x")
	available := s.Unavailable(func() {
		s.Ask(First, wire.KafkaInitProducer{Req: s.req(), TransactionalID: "a", Timeout: time.Minute})
		s.Ask(First, wire.KafkaEndTxn{Req: s.req(), TransactionalID: owed.id, ProducerID: owed.pid, Epoch: owed.epoch, Commit: true, Deadline: time.Minute})
	})
	s.Ask(Second, wire.KafkaClose{Asker: First}) // another process: it ends nothing here
	s.Ask(First, wire.KafkaClose{Asker: First})
	s.Ask(Successor, wire.KafkaFlush{Req: s.req()})
	answer[wire.KafkaFlushed](s, Successor) // so the client has read what came before
	available()
	p := s.open(Successor, "a")
	for range 20 { // time enough for whoever would try again
		s.write(Successor, "a", "d")
		s.equal("the error of a flush", s.flush(Successor, "a").Err, "")
		s.fetch(Second, 0, 0, true)
	}
	s.equal("the commit", s.commit(Successor, p), "")
	s.equal("records", len(s.decided(Second, 1)), 20)
	s.equal("what is owed", s.commit(Second, owed), "")
	s.equal("partition 0", s.visible(Second, 0), "x0")
	if m := s.Heard(First); m != nil {
		s.t.Errorf("the actor that has ended is told %+v", m)
	}
}

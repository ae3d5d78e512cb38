package connector

import (
	"testing"

	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// start opens a sink without transactions.
func (s *stage) start() {
	s.t.Helper()
	if err := s.Open(s.env, 0, snapshot.Operator{}); err != nil {
		s.t.Fatal(err)
	}
	s.does("init ")
	if !s.Busy() || s.Writable() {
		s.t.Error("it takes records before it has a producer")
	}
	s.ready("", 0)
}

// At-least-once flushes before the barrier, so that what the checkpoint covers is in the topic; it has no state,
// and completion means nothing to it.
func TestAtLeastOnceFlushesBeforeTheBarrier(t *testing.T) {
	s := setUp(t, plan.Operator{Name: "sink", Kind: plan.KafkaSink, Topic: "out", Guarantee: plan.AtLeastOnce})
	s.start()
	s.write("a", "b")
	s.PreCommit(s.env, 1)
	s.does("produce 2 in ", "flush ")
	if !s.Busy() {
		t.Error("the barrier may leave before the flush is answered")
	}
	s.flushed("", 0, 2)
	if s.Busy() || !s.Writable() || len(s.Snapshot(s.env, 1)) > 0 || !s.Settled(1) {
		t.Error("the flush is answered: the barrier may leave, and nothing is owed")
	}
	s.Complete(s.env, 1)
	s.does()

	s.PreCommit(s.env, 2)
	s.does("flush ") // what was handed over before may still be under way
	if _, err := s.Handle(s.env, wire.KafkaFlushed{Req: s.req["flush"], Err: "TIMED_OUT"}); err == nil || err.Error() != "flush topic out: TIMED_OUT" {
		t.Errorf("a failed flush: %v", err)
	}
	if _, err := s.Handle(s.env, wire.KafkaProduced{Err: "NOT_ENOUGH_REPLICAS"}); err == nil || err.Error() != "write to topic out: NOT_ENOUGH_REPLICAS" {
		t.Errorf("a failed write: %v", err)
	}
}

// Without a guarantee nothing is waited for: what was under way when the task died is gone.
func TestNoGuaranteeWaitsForNothing(t *testing.T) {
	s := setUp(t, plan.Operator{Name: "sink", Kind: plan.KafkaSink, Topic: "out", Guarantee: plan.None})
	s.start()
	s.write("a")
	s.PreCommit(s.env, 1)
	s.does("produce 1 in ")
	if s.Busy() || len(s.Snapshot(s.env, 1)) > 0 {
		t.Error("it waits for an answer, or has state")
	}
}

func TestAPlainSinkWithoutAProducerFails(t *testing.T) {
	s := setUp(t, plan.Operator{Name: "sink", Kind: plan.KafkaSink, Topic: "out", Guarantee: plan.AtLeastOnce})
	if err := s.Open(s.env, 0, snapshot.Operator{}); err != nil {
		t.Fatal(err)
	}
	s.does("init ")
	if _, err := s.notReady("TIMED_OUT"); err == nil || err.Error() != "open a producer for topic out: TIMED_OUT" {
		t.Errorf("got %v", err)
	}
}

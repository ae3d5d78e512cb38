package connector

import (
	"fmt"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/blob"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox/mailboxtest"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// stage has a sink as its only actor: the test plays its task, its Kafka client and its object store.
type stage struct {
	Sink
	t     *testing.T
	env   *mailboxtest.Env
	store *blob.Client
	req   map[string]uint64 // of the last request to initialise, flush or commit a transaction
	asked uint64            // the object store, last
}

func setUp(t *testing.T, op plan.Operator) *stage {
	return setUpAs(t, op, 0, 2)
}

// setUpAs is setUp for a subtask of so many.
func setUpAs(t *testing.T, op plan.Operator, subtask, parallelism int) *stage {
	s := &stage{t: t, env: mailboxtest.New("tm/task"), store: blob.NewClient("objectstore", 10*time.Second, 2), req: map[string]uint64{}}
	attempt := id.Attempt{Graph: "graph", Vertex: "sink", Subtask: subtask, Number: 3}
	s.Sink = NewSink(op, Subtask{Attempt: attempt, Parallelism: parallelism}, "tm/kafka", s.store)
	return s
}

// words tells a story's effects: what Kafka or the store is asked, and "*" for what is noted.
func (s *stage) words(effect any) string {
	switch e := effect.(type) {
	case mailboxtest.Mail:
		switch m := e.M.(type) {
		case wire.KafkaInitProducer:
			s.req["init"] = m.Req
			return "init " + m.TransactionalID
		case wire.KafkaProduce:
			return fmt.Sprintf("produce %d in %s", m.Records.N, m.TransactionalID)
		case wire.KafkaFlush:
			s.req["flush"] = m.Req
			return "flush " + m.TransactionalID
		case wire.KafkaEndTxn:
			s.req[m.TransactionalID] = m.Req
			if !m.Commit {
				return "abort " + m.TransactionalID
			}
			return fmt.Sprintf("commit %s of %d/%d", m.TransactionalID, m.ProducerID, m.Epoch)
		case wire.KafkaListTxns:
			s.req["list"] = m.Req
			return "list " + m.Prefix
		case wire.KafkaDescribeTxn:
			return "describe " + m.TransactionalID
		case wire.KafkaCloseProducer:
			return "close " + m.TransactionalID
		case wire.BlobPut:
			s.asked = m.Req
			return "put " + m.Path
		case wire.BlobGet:
			s.asked = m.Req
			return "get " + m.Path
		case wire.BlobDelete:
			return fmt.Sprint("delete ", m.Paths)
		}
		return fmt.Sprintf("%T", e.M)
	case history.SinkPrecommitted:
		return fmt.Sprintf("* pre-committed %s for %d, %d records", e.Transaction, e.Checkpoint, e.Records)
	case history.SinkCommitted:
		if e.Restored {
			return "* committed again " + e.Transaction
		}
		return "* committed " + e.Transaction
	case history.SinkCommitLost:
		if e.Proven {
			return fmt.Sprintf("* lost %s: %s (%s)", e.Transaction, e.Answer, e.Shows)
		}
		return fmt.Sprintf("* maybe lost %s: %s (%s)", e.Transaction, e.Answer, e.Shows)
	case history.SinkAborted:
		return "* aborted " + e.Transaction
	}
	return "" // timers, and that a batch was handed over
}

// does compares what the sink did since the last time.
func (s *stage) does(want ...string) {
	s.t.Helper()
	s.env.Tell(s.t, s.words, want...)
}

// must hands an answer to the sink, which has to like it.
func (s *stage) must(mine bool, err error) {
	s.t.Helper()
	if !mine || err != nil {
		s.t.Fatalf("the answer is the sink's: %v, %v", mine, err)
	}
}

// ready answers the last request for a producer.
func (s *stage) ready(transaction string, epoch int16) {
	s.t.Helper()
	s.must(s.Handle(s.env, wire.KafkaProducerReady{Req: s.req["init"], TransactionalID: transaction, ProducerID: 7, Epoch: epoch}))
}

// flushed answers the last flush.
func (s *stage) flushed(transaction string, epoch int16, records int) {
	s.t.Helper()
	s.must(s.Handle(s.env, wire.KafkaFlushed{Req: s.req["flush"], TransactionalID: transaction, ProducerID: 7, Epoch: epoch, Records: records}))
}

// ended answers a commit.
func (s *stage) ended(transaction, failed string) error {
	s.t.Helper()
	mine, err := s.Handle(s.env, wire.KafkaTxnEnded{Req: s.req[transaction], TransactionalID: transaction, Err: failed})
	if !mine {
		s.t.Errorf("the answer for %s was not the sink's", transaction)
	}
	return err
}

// is answers the question what the broker knows of a transaction, in a cluster of transaction version 2.
func (s *stage) is(transaction, state string, producer int64, epoch int16) error {
	s.t.Helper()
	mine, err := s.Handle(s.env, wire.KafkaTxnIs{TransactionalID: transaction, State: state, ProducerID: producer, Epoch: epoch, Version: 2})
	if !mine {
		s.t.Errorf("the description of %s was not the sink's", transaction)
	}
	return err
}

// listed answers the question for open transactions.
func (s *stage) listed(open ...string) {
	s.t.Helper()
	s.must(s.Handle(s.env, wire.KafkaTxnsAre{Req: s.req["list"], IDs: open}))
}

func (s *stage) write(keys ...string) {
	for i, k := range keys {
		s.Write(s.env, []record.Record{{Key: []byte(k), Value: int64(i), Count: 1}})
	}
}

// items is what lists hold, as text.
func items(lists []snapshot.List) []string {
	var all []string
	for _, l := range lists {
		for _, item := range l.Items {
			all = append(all, string(item))
		}
	}
	return all
}

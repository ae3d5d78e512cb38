package connector

import (
	"fmt"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// plainSink writes to Kafka without transactions. At-least-once flushes before each barrier, so that what a
// checkpoint covers is in the topic; none does not even that.
type plainSink struct {
	op      plan.Operator
	subtask Subtask
	kafka   mailbox.Addr
	ready   bool
	waiting bool // for a flush
	req     uint64
	batch   record.Batch
	unacked int
}

func newPlainSink(op plan.Operator, subtask Subtask, kafka mailbox.Addr) *plainSink {
	return &plainSink{op: op, subtask: subtask, kafka: kafka}
}

func (s *plainSink) Open(env mailbox.Env, _ id.Checkpoint, _ snapshot.Operator) error {
	s.req++
	env.Send(s.kafka, wire.KafkaInitProducer{Req: s.req})
	return nil
}

func (s *plainSink) Busy() bool     { return !s.ready || s.waiting }
func (s *plainSink) Writable() bool { return !s.Busy() && s.unacked < unackedMax }

func (s *plainSink) Write(env mailbox.Env, row []record.Record) {
	for i := range row {
		s.batch.Append(row[i])
		if s.batch.Size() >= writeBytes {
			s.Flush(env)
		}
	}
}

func (s *plainSink) Flush(env mailbox.Env) {
	if s.batch.N == 0 {
		return
	}
	env.Work(mailbox.Serialize, s.batch.Size())
	env.Send(s.kafka, wire.KafkaProduce{Topic: s.op.Topic, Records: s.batch})
	env.Note(history.SinkWrite{Attempt: s.subtask.Attempt})
	s.unacked += s.batch.N
	s.batch = record.Batch{}
}

func (s *plainSink) PreCommit(env mailbox.Env, _ id.Checkpoint) {
	s.Flush(env)
	if s.op.Guarantee == plan.None {
		return
	}
	s.req++
	s.waiting = true
	env.Send(s.kafka, wire.KafkaFlush{Req: s.req})
}

func (s *plainSink) Snapshot(mailbox.Env, id.Checkpoint) []snapshot.List { return nil }
func (s *plainSink) Complete(mailbox.Env, id.Checkpoint)                 {}
func (s *plainSink) Settled(id.Checkpoint) bool                          { return true }

func (s *plainSink) Handle(_ mailbox.Env, m mailbox.Msg) (bool, error) {
	switch m := m.(type) {
	case wire.KafkaProducerReady:
		if m.Err != "" {
			return true, fmt.Errorf("open a producer for topic %s: %s", s.op.Topic, m.Err)
		}
		s.ready = true
		return true, nil
	case wire.KafkaProduced:
		s.unacked -= m.Records
		if m.Err != "" {
			return true, fmt.Errorf("write to topic %s: %s", s.op.Topic, m.Err)
		}
		return true, nil
	case wire.KafkaFlushed:
		if m.Req == s.req && s.waiting {
			s.waiting = false
			if m.Err != "" {
				return true, fmt.Errorf("flush topic %s: %s", s.op.Topic, m.Err)
			}
		}
		return true, nil
	}
	return false, nil
}

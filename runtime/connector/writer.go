package connector

import (
	"cmp"
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// A writer hands over records in pieces of this size, and holds back its task while so many records are not
// yet acknowledged.
const (
	writeBytes      = 16 << 10
	unackedMax      = 20_000
	defaultTimeout  = time.Hour // transaction.timeout.ms that Flink's sink sets when none is given
	commitDeadline  = time.Minute
	listCommittable = "committables"
)

// phase is what a transactional writer waits for.
type phase string

const (
	closed     phase = "closed"
	committing phase = "committing" // what the restored state owes
	listed     phase = "listed"     // the open transactions, by the brokers
	aborting   phase = "aborting"   // lingering transactions, one by one
	filling    phase = "filling"    // initialising ids that a skipped checkpoint left out
	opening    phase = "opening"    // the transaction to write to
	writing    phase = "writing"
	flushing   phase = "flushing" // before a barrier
	flushed    phase = "flushed"
)

var moves = map[phase][]phase{
	closed:     {committing, listed, aborting},
	committing: {listed, aborting},
	listed:     {aborting},
	aborting:   {opening},
	opening:    {writing},
	writing:    {flushing},
	flushing:   {flushed},
	flushed:    {filling, opening},
	filling:    {opening},
}

// transactionalSink is Flink's exactly-once Kafka sink: INCREMENTING names with PROBING abort, or POOLING names with
// LISTING abort.
//
// Every epoch has a transaction under an id of its own. An id is never initialised, which aborts what it has open,
// while a restored checkpoint may still have to commit it: how that is kept is the naming's.
type transactionalSink struct {
	op      plan.Operator
	subtask Subtask
	kafka   mailbox.Addr

	phase      phase
	restored   id.Checkpoint
	names      naming
	due        []string // to be initialised; the last is written to
	lingering  lingering
	checkpoint id.Checkpoint // being pre-committed
	current    string        // the transactional id that is written to
	opened     committable   // its transaction
	req        uint64

	batch   record.Batch
	unacked int
	owed    committer
}

func newTransactionalSink(op plan.Operator, subtask Subtask, kafka mailbox.Addr) *transactionalSink {
	return &transactionalSink{op: op, subtask: subtask, kafka: kafka, phase: closed, names: newNaming(op, subtask),
		owed: committer{kafka: kafka, attempt: subtask.Attempt}}
}

func (s *transactionalSink) move(to phase) {
	for _, legal := range moves[s.phase] {
		if legal == to {
			s.phase = to
			return
		}
	}
	panic(fmt.Sprintf("sink %s: no move from %s to %s", s.subtask.Attempt, s.phase, to))
}

// Open commits what the restored checkpoint owes, aborts what a former attempt left open, and opens the
// first transaction, in this order: an id that is owed must be decided before anybody initialises ids.
func (s *transactionalSink) Open(env mailbox.Env, restored id.Checkpoint, state snapshot.Operator) error {
	if err := s.owed.restore(state, s.names); err != nil {
		return err
	}
	s.restored = restored
	if len(s.owed.groups) > 0 {
		s.move(committing)
		s.owed.commit(env, restored, true)
		return nil
	}
	s.search(env)
	return nil
}

func (s *transactionalSink) init(env mailbox.Env, name string) {
	s.req++
	env.Send(s.kafka, wire.KafkaInitProducer{Req: s.req, TransactionalID: name, Timeout: s.timeout()})
}

// openAfter opens the transaction of the epoch that follows a checkpoint.
func (s *transactionalSink) openAfter(env mailbox.Env, checkpoint id.Checkpoint) {
	s.due = s.names.next(checkpoint)
	if len(s.due) > 1 {
		s.move(filling)
	}
	s.openNext(env)
}

func (s *transactionalSink) openNext(env mailbox.Env) {
	s.current, s.due = s.due[0], s.due[1:]
	if len(s.due) == 0 {
		s.move(opening)
	}
	s.init(env, s.current)
}

func (s *transactionalSink) timeout() time.Duration {
	return cmp.Or(s.op.TransactionTimeout, defaultTimeout)
}

func (s *transactionalSink) Busy() bool { return s.phase != writing && s.phase != flushed }

func (s *transactionalSink) Writable() bool { return s.phase == writing && s.unacked < unackedMax }

func (s *transactionalSink) Write(env mailbox.Env, row []record.Record) {
	for i := range row {
		s.batch.Append(row[i])
		if s.batch.Size() >= writeBytes {
			s.Flush(env)
		}
	}
}

func (s *transactionalSink) Flush(env mailbox.Env) {
	if s.batch.N == 0 {
		return
	}
	env.Work(mailbox.Serialize, s.batch.Size())
	env.Send(s.kafka, wire.KafkaProduce{TransactionalID: s.current, Topic: s.op.Topic, Records: s.batch})
	env.Note(history.SinkWrite{Attempt: s.subtask.Attempt, Transaction: s.current})
	s.unacked += s.batch.N
	s.batch = record.Batch{}
}

func (s *transactionalSink) PreCommit(env mailbox.Env, checkpoint id.Checkpoint) {
	s.Flush(env)
	s.move(flushing)
	s.checkpoint = checkpoint
	s.req++
	env.Send(s.kafka, wire.KafkaFlush{Req: s.req, TransactionalID: s.current})
}

// Snapshot keeps what is owed, and opens the transaction of the next epoch.
func (s *transactionalSink) Snapshot(env mailbox.Env, checkpoint id.Checkpoint) []snapshot.List {
	lists := s.owed.snapshot(s.names.mode())
	s.openAfter(env, checkpoint)
	return lists
}

func (s *transactionalSink) Complete(env mailbox.Env, checkpoint id.Checkpoint) {
	s.names.completed(checkpoint)
	s.owed.commit(env, checkpoint, false)
}

func (s *transactionalSink) Settled(checkpoint id.Checkpoint) bool { return s.owed.settled(checkpoint) }

func (s *transactionalSink) Handle(env mailbox.Env, m mailbox.Msg) (bool, error) {
	switch m := m.(type) {
	case wire.KafkaProducerReady:
		if m.Req == s.req {
			return true, s.ready(env, m)
		}
		return true, nil
	case wire.KafkaProduced:
		if m.TransactionalID != s.current {
			return true, nil
		}
		s.unacked -= m.Records
		if m.Err != "" {
			return true, fmt.Errorf("write to topic %s in transaction %s: %s", s.op.Topic, m.TransactionalID, m.Err)
		}
		return true, nil
	case wire.KafkaFlushed:
		if m.Req != s.req || s.phase != flushing {
			return true, nil
		}
		if m.Err != "" {
			return true, fmt.Errorf("flush transaction %s before checkpoint %d: %s", m.TransactionalID, s.checkpoint, m.Err)
		}
		written := committable{m.TransactionalID, m.ProducerID, m.Epoch}
		if written != s.opened {
			return true, fmt.Errorf("flush transaction %s before checkpoint %d: the client has opened it again (producer %d in epoch %d became %d in epoch %d), "+
				"and so aborted what it had; the restart writes it once more",
				m.TransactionalID, s.checkpoint, s.opened.ProducerID, s.opened.Epoch, m.ProducerID, m.Epoch)
		}
		s.unacked = 0
		if m.Records > 0 {
			s.owed.add(s.checkpoint, written)
			env.Note(history.SinkPrecommitted{Checkpoint: s.checkpoint, Attempt: s.subtask.Attempt,
				Transaction: m.TransactionalID, ProducerID: m.ProducerID, Epoch: m.Epoch, Records: m.Records})
		} else {
			s.names.recycle(m.TransactionalID)
		}
		env.Send(s.kafka, wire.KafkaCloseProducer{TransactionalID: m.TransactionalID})
		s.move(flushed)
		return true, nil
	case wire.KafkaTxnsAre:
		if m.Req != s.req || s.phase != listed {
			return true, nil
		}
		if m.Err != "" {
			return true, fmt.Errorf("list the open transactions of prefix %s: %s", s.op.TransactionPrefix, m.Err)
		}
		s.abort(env, newListing(m.IDs, s.names, &s.owed))
		return true, nil
	case wire.KafkaTxnEnded:
		finished, err := s.owed.ended(env, m)
		return true, s.answered(env, m.TransactionalID, finished, err)
	case wire.KafkaTxnIs:
		finished, err := s.owed.described(env, m)
		return true, s.answered(env, m.TransactionalID, finished, err)
	}
	return false, nil
}

// answered goes on when the committer has finished with a transaction: its id is free, and after a restore the last
// of them lets the writer begin.
func (s *transactionalSink) answered(env mailbox.Env, name string, finished bool, err error) error {
	if err != nil || !finished {
		return err
	}
	s.names.finished(name)
	if s.phase == committing && s.owed.settled(s.restored) {
		s.search(env)
	}
	return nil
}

// ready handles a producer that was initialised, for whichever reason.
func (s *transactionalSink) ready(env mailbox.Env, m wire.KafkaProducerReady) error {
	if m.Err == "INVALID_TRANSACTION_TIMEOUT" {
		return fmt.Errorf("open transaction %s: the broker refuses a timeout of %s; lower properties.transaction.timeout.ms "+
			"or raise the broker's transaction.max.timeout.ms", m.TransactionalID, s.timeout())
	}
	if m.Err != "" {
		return fmt.Errorf("open transaction %s: %s", m.TransactionalID, m.Err)
	}
	switch s.phase {
	case aborting:
		env.Send(s.kafka, wire.KafkaCloseProducer{TransactionalID: m.TransactionalID})
		if s.lingering.initialised(m.Epoch) {
			env.Note(history.SinkAborted{Attempt: s.subtask.Attempt, Transaction: m.TransactionalID})
		}
		s.abortNext(env)
	case filling:
		env.Send(s.kafka, wire.KafkaCloseProducer{TransactionalID: m.TransactionalID})
		s.openNext(env)
	case opening:
		s.opened = committable{m.TransactionalID, m.ProducerID, m.Epoch}
		s.move(writing)
	}
	return nil
}

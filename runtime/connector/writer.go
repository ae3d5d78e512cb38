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
	probing    phase = "probing"    // for lingering transactions
	filling    phase = "filling"    // initialising ids that a skipped checkpoint left out
	opening    phase = "opening"    // the transaction to write to
	writing    phase = "writing"
	flushing   phase = "flushing" // before a barrier
	flushed    phase = "flushed"
)

var moves = map[phase][]phase{
	closed:     {committing, probing},
	committing: {probing},
	probing:    {opening},
	opening:    {writing},
	writing:    {flushing},
	flushing:   {flushed},
	flushed:    {filling, opening},
	filling:    {opening},
}

// transactionalSink is Flink's exactly-once Kafka sink with INCREMENTING names and PROBING abort.
//
// Every epoch has a transactional id of its own, <prefix>-<subtask>-<n>, where n is one more than the id of
// the checkpoint before it. Ids are never reused while they may be owed, so initialising an id, which aborts
// what it has open, can never hit a transaction that a restored checkpoint must commit.
type transactionalSink struct {
	op      plan.Operator
	subtask Subtask
	kafka   mailbox.Addr

	phase      phase
	restored   id.Checkpoint
	number     id.Checkpoint // of the current transactional id
	target     id.Checkpoint // filling up to this number
	probe      int           // the subtask index probed
	found      bool          // whether that subtask had anything
	checkpoint id.Checkpoint // being pre-committed
	opened     committable   // the transaction that is written to
	req        uint64

	batch   record.Batch
	unacked int
	owed    committer
}

func newTransactionalSink(op plan.Operator, subtask Subtask, kafka mailbox.Addr) *transactionalSink {
	return &transactionalSink{op: op, subtask: subtask, kafka: kafka, phase: closed,
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

func (s *transactionalSink) name(subtask int, number id.Checkpoint) string {
	return fmt.Sprintf("%s-%d-%d", s.op.TransactionPrefix, subtask, number)
}

// Open commits what the restored checkpoint owes, aborts what a former attempt left open, and opens the
// first transaction, in this order: an id that is owed must be decided before anybody initialises ids.
func (s *transactionalSink) Open(env mailbox.Env, restored id.Checkpoint, state snapshot.Operator) error {
	if err := s.owed.restore(state); err != nil {
		return err
	}
	s.restored = restored
	if len(s.owed.groups) > 0 {
		s.move(committing)
		s.owed.commit(env, restored, true)
		return nil
	}
	s.startProbing(env)
	return nil
}

func (s *transactionalSink) startProbing(env mailbox.Env) {
	s.move(probing)
	s.probe, s.number, s.found = s.subtask.Attempt.Subtask, s.restored, false
	s.probeNext(env)
}

// probeNext initialises the ids after the restored one, one after the other. Epoch 0 means that nobody has
// used the id before: there the row ends. Rows of subtasks that an earlier, larger parallelism had follow
// at steps of the present one, until a row is empty.
func (s *transactionalSink) probeNext(env mailbox.Env) {
	s.number++
	s.init(env, s.name(s.probe, s.number))
}

func (s *transactionalSink) init(env mailbox.Env, name string) {
	s.req++
	env.Send(s.kafka, wire.KafkaInitProducer{Req: s.req, TransactionalID: name, Timeout: s.timeout()})
}

func (s *transactionalSink) timeout() time.Duration {
	return cmp.Or(s.op.TransactionTimeout, defaultTimeout)
}

func (s *transactionalSink) open(env mailbox.Env, number id.Checkpoint) {
	s.move(opening)
	s.number = number
	s.init(env, s.name(s.subtask.Attempt.Subtask, number))
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
	name := s.name(s.subtask.Attempt.Subtask, s.number)
	env.Work(mailbox.Serialize, s.batch.Size())
	env.Send(s.kafka, wire.KafkaProduce{TransactionalID: name, Topic: s.op.Topic, Records: s.batch})
	env.Note(history.SinkWrite{Attempt: s.subtask.Attempt, Transaction: name})
	s.unacked += s.batch.N
	s.batch = record.Batch{}
}

func (s *transactionalSink) PreCommit(env mailbox.Env, checkpoint id.Checkpoint) {
	s.Flush(env)
	s.move(flushing)
	s.checkpoint = checkpoint
	s.req++
	env.Send(s.kafka, wire.KafkaFlush{Req: s.req, TransactionalID: s.name(s.subtask.Attempt.Subtask, s.number)})
}

// Snapshot keeps what is owed, and opens the transaction of the next epoch under the number after this
// checkpoint. If checkpoints were skipped, their numbers are initialised too: probing stops at a number that
// was never used, so there may be no gaps.
func (s *transactionalSink) Snapshot(env mailbox.Env, checkpoint id.Checkpoint) []snapshot.List {
	lists := s.owed.snapshot()
	s.target = checkpoint + 1
	s.fill(env)
	return lists
}

func (s *transactionalSink) fill(env mailbox.Env) {
	if s.number+1 >= s.target {
		s.open(env, s.target)
		return
	}
	if s.phase != filling {
		s.move(filling)
	}
	s.number++
	s.init(env, s.name(s.subtask.Attempt.Subtask, s.number))
}

func (s *transactionalSink) Complete(env mailbox.Env, checkpoint id.Checkpoint) {
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
		if m.TransactionalID != s.name(s.subtask.Attempt.Subtask, s.number) {
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
		}
		env.Send(s.kafka, wire.KafkaCloseProducer{TransactionalID: m.TransactionalID})
		s.move(flushed)
		return true, nil
	case wire.KafkaTxnEnded:
		if err := s.owed.ended(env, m); err != nil {
			return true, err
		}
		if s.phase == committing && s.owed.settled(s.restored) {
			s.startProbing(env)
		}
		return true, nil
	}
	return false, nil
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
	case probing:
		env.Send(s.kafka, wire.KafkaCloseProducer{TransactionalID: m.TransactionalID})
		if m.Epoch > 0 {
			s.found = true
			env.Note(history.SinkAborted{Attempt: s.subtask.Attempt, Transaction: m.TransactionalID})
			s.probeNext(env)
			return nil
		}
		if s.found {
			s.probe, s.number, s.found = s.probe+s.subtask.Parallelism, s.restored, false
			s.probeNext(env)
			return nil
		}
		s.open(env, s.restored+1)
	case filling:
		env.Send(s.kafka, wire.KafkaCloseProducer{TransactionalID: m.TransactionalID})
		s.fill(env)
	case opening:
		s.opened = committable{m.TransactionalID, m.ProducerID, m.Epoch}
		s.move(writing)
	}
	return nil
}

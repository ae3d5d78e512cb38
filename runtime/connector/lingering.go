package connector

import (
	"slices"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// lingering is what former attempts may have left open and this subtask is to abort, one id after the other: to
// initialise an id aborts what it has open.
type lingering interface {
	// next is the id to initialise, "" when there are no more.
	next() string
	// initialised hears in which epoch the last one is now, and says whether anybody had used it before.
	initialised(epoch int16) (used bool)
}

// search looks for lingering transactions: POOLING asks for a list, INCREMENTING tries one id after the other.
func (s *transactionalSink) search(env mailbox.Env) {
	if s.op.Naming == plan.Pooling {
		s.move(listed)
		s.req++
		env.Send(s.kafka, wire.KafkaListTxns{Req: s.req, Prefix: s.op.TransactionPrefix})
		return
	}
	s.abort(env, newProbing(s.op.TransactionPrefix, s.subtask, s.restored))
}

func (s *transactionalSink) abort(env mailbox.Env, what lingering) {
	s.move(aborting)
	s.lingering = what
	s.abortNext(env)
}

func (s *transactionalSink) abortNext(env mailbox.Env) {
	if name := s.lingering.next(); name != "" {
		s.init(env, name)
		return
	}
	s.openAfter(env, s.restored)
}

// probing finds the ids of INCREMENTING without asking for a list: it initialises those after the restored
// checkpoint, one after the other. Epoch 0 means that nobody has used the id before: there the row ends. Rows of
// subtasks that an earlier, larger parallelism had follow at steps of the present one, until a row is empty.
type probing struct {
	prefix               string
	subtask, parallelism int
	restored, number     id.Checkpoint
	found                bool // something in this row
	over                 bool
}

func newProbing(prefix string, subtask Subtask, restored id.Checkpoint) *probing {
	return &probing{prefix: prefix, subtask: subtask.Attempt.Subtask, parallelism: subtask.Parallelism, restored: restored, number: restored}
}

func (p *probing) next() string {
	if p.over {
		return ""
	}
	p.number++
	return transactionalID(p.prefix, p.subtask, int(p.number))
}

func (p *probing) initialised(epoch int16) (used bool) {
	switch {
	case epoch > 0:
		p.found = true
	case p.found:
		p.subtask, p.number, p.found = p.subtask+p.parallelism, p.restored, false
	default:
		p.over = true
	}
	return epoch > 0
}

// listing has the ids that the brokers have listed as open. Those of a pool come again and again, so no epoch says
// where to stop.
type listing struct{ names []string }

// newListing keeps what this subtask owns. What is still owed is left out, whoever has listed it: to initialise it
// would abort it.
func newListing(open []string, names ownership, owed *committer) *listing {
	return &listing{slices.DeleteFunc(slices.Clone(open), func(name string) bool { return !names.owns(name) || owed.owes(name) })}
}

func (l *listing) next() (name string) {
	if len(l.names) > 0 {
		name, l.names = l.names[0], l.names[1:]
	}
	return name
}

func (l *listing) initialised(int16) (used bool) { return true }

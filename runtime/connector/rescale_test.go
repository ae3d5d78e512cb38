package connector

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/mailbox/mailboxtest"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// shore is where the transactions of all subtasks end up: coordinators of transaction version 2, as far as a sink can
// see them. It answers at once.
type shore struct {
	ids      map[string]*idState
	aborted  []string // transactions that were open when somebody initialised their id, as id@epoch
	commits  []string // and those that were committed
	refusals int
}

type idState struct {
	epoch   int16
	open    bool
	records int
	last    string // CompleteCommit, CompleteAbort
}

func (b *shore) serve(s *stage) {
	s.t.Helper()
	for all := s.env.Take(); len(all) > 0; all = s.env.Take() {
		for _, effect := range all {
			m, ok := effect.(mailboxtest.Mail)
			if !ok {
				continue
			}
			if answer := b.answer(m.M); answer != nil {
				if _, err := s.Handle(s.env, answer); err != nil {
					s.t.Fatal(err)
				}
			}
		}
	}
}

func (b *shore) answer(m mailbox.Msg) mailbox.Msg {
	switch m := m.(type) {
	case wire.KafkaInitProducer:
		i := b.ids[m.TransactionalID]
		switch {
		case i == nil:
			i = &idState{}
			b.ids[m.TransactionalID] = i
		case i.open:
			b.aborted = append(b.aborted, fmt.Sprintf("%s@%d", m.TransactionalID, i.epoch))
			i.epoch += 2
		default:
			i.epoch++
		}
		i.open, i.records, i.last = false, 0, ""
		return wire.KafkaProducerReady{Req: m.Req, TransactionalID: m.TransactionalID, ProducerID: 7, Epoch: i.epoch}
	case wire.KafkaProduce:
		i := b.ids[m.TransactionalID]
		i.open, i.records = true, i.records+m.Records.N
	case wire.KafkaFlush:
		i := b.ids[m.TransactionalID]
		return wire.KafkaFlushed{Req: m.Req, TransactionalID: m.TransactionalID, ProducerID: 7, Epoch: i.epoch, Records: i.records}
	case wire.KafkaEndTxn:
		i := b.ids[m.TransactionalID]
		out := wire.KafkaTxnEnded{Req: m.Req, TransactionalID: m.TransactionalID}
		switch {
		case i.open && i.epoch == m.Epoch:
			b.commits = append(b.commits, fmt.Sprintf("%s@%d", m.TransactionalID, m.Epoch))
			i.open, i.epoch, i.last = false, i.epoch+1, "CompleteCommit"
		case i.epoch == m.Epoch+1 && i.last == "CompleteCommit":
		default:
			b.refusals++
			out.Err = "PRODUCER_FENCED"
		}
		return out
	case wire.KafkaListTxns:
		return wire.KafkaTxnsAre{Req: m.Req, IDs: slices.DeleteFunc(b.open(), func(name string) bool { return !strings.HasPrefix(name, m.Prefix) })}
	}
	return nil
}

func (b *shore) open() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(b.ids)) {
		if b.ids[name].open {
			names = append(names, name)
		}
	}
	return names
}

// fleet is all subtasks of one attempt to run the job.
type fleet struct {
	sinks []*stage
	kafka *shore
}

// restore starts so many subtasks on a checkpoint; nil is none. The order in which they do is not theirs to choose.
func (b *shore) restore(t *testing.T, naming string, parallelism int, checkpoint id.Checkpoint, state []snapshot.Task) *fleet {
	t.Helper()
	op := exactlyOnce
	op.Naming = naming
	dealt := make([]snapshot.Task, parallelism)
	if state != nil {
		dealt = snapshot.Assign(snapshot.Vertex{Vertex: "sink", Parallelism: len(state), Subtasks: state}, 128, parallelism)
	}
	f := &fleet{kafka: b}
	for i := range parallelism {
		f.sinks = append(f.sinks, setUpAs(t, op, i, parallelism))
	}
	for i, s := range slices.Backward(f.sinks) {
		if err := s.Open(s.env, checkpoint, dealt[i].Of("sink")); err != nil {
			t.Fatal(err)
		}
		b.serve(s)
		if s.Busy() {
			t.Fatalf("subtask %d of %d does not start", i, parallelism)
		}
	}
	return f
}

func (f *fleet) write() {
	for _, s := range f.sinks {
		s.Write(s.env, []record.Record{{Key: []byte("k"), Count: 1}})
		s.Flush(s.env)
		f.kafka.serve(s)
	}
}

func (f *fleet) checkpoint(n id.Checkpoint) (state []snapshot.Task) {
	for _, s := range f.sinks {
		s.PreCommit(s.env, n)
		f.kafka.serve(s)
		state = append(state, snapshot.Task{Operators: []snapshot.Operator{{Operator: "sink", Lists: s.Snapshot(s.env, n)}}})
		f.kafka.serve(s)
	}
	return state
}

func (f *fleet) complete(n id.Checkpoint) {
	for _, s := range f.sinks {
		s.Complete(s.env, n)
		f.kafka.serve(s)
	}
}

// A job fails when checkpoint 4 is complete and nobody has committed it, with records of the next epoch under way, and
// comes back with another parallelism, perhaps more than once, perhaps without reaching a checkpoint. What is owed is
// committed once, each transaction; what else was open is aborted; and after that nothing is open but what the present
// subtasks write (anomalies S4, S6 and S7: a row of ids whose subtask is gone, an abort that hits what is owed, and
// rows of subtasks that no checkpoint has ever known).
func TestNothingLingersAfterARescale(t *testing.T) {
	for _, naming := range []string{plan.Incrementing, plan.Pooling} {
		for _, steps := range [][]int{{2, 2}, {4, 2}, {2, 4}, {3, 5, 3}, {4, 1}, {2, 7, 5, 2}, {5, 3, 5}} {
			t.Run(fmt.Sprint(naming, steps), func(t *testing.T) {
				kafka := &shore{ids: map[string]*idState{}}
				f := kafka.restore(t, naming, steps[0], 0, nil)
				for n := range id.Checkpoint(3) {
					f.write()
					f.checkpoint(n + 1)
					f.complete(n + 1)
				}
				f.write()
				state := f.checkpoint(4)
				owed := kafka.open()
				f.write()
				for _, parallelism := range steps[1:] {
					kafka.aborted, kafka.commits = nil, nil
					lingering := len(kafka.open())
					f = kafka.restore(t, naming, parallelism, 4, state)
					if open := kafka.open(); len(open) > 0 {
						t.Errorf("with %d subtasks again, %q linger", parallelism, open)
					}
					if len(kafka.commits)+len(kafka.aborted) != lingering {
						t.Errorf("%d were open; %q are committed and %q aborted", lingering, kafka.commits, kafka.aborted)
					}
					if len(kafka.commits) != len(owed) {
						t.Errorf("committed are %q; owed were %q", kafka.commits, owed)
					}
					owed = nil // the next restore commits them again, and nothing comes of it
					f.write()
				}
				for n := range id.Checkpoint(3) { // and it goes on
					f.write()
					f.checkpoint(n + 5)
					f.complete(n + 5)
				}
				if open := kafka.open(); len(open) > 0 || kafka.refusals > 0 {
					t.Errorf("%q are still open, %d commits were refused", open, kafka.refusals)
				}
			})
		}
	}
}

// Checkpoints 5 to 7 were aborted before they reached a sink (S5): the ids between are initialised all the same, or
// probing would stop before what is open at 9. A listing needs no such care.
func TestNothingLingersBeyondAGap(t *testing.T) {
	for _, naming := range []string{plan.Incrementing, plan.Pooling} {
		t.Run(naming, func(t *testing.T) {
			kafka := &shore{ids: map[string]*idState{}}
			f := kafka.restore(t, naming, 2, 0, nil)
			f.write()
			state := f.checkpoint(4)
			f.complete(4)
			f.write()
			f.checkpoint(8)
			f.write()
			kafka.restore(t, naming, 2, 4, state)
			if open := kafka.open(); len(open) > 0 || len(kafka.aborted) != 4 {
				t.Errorf("%q linger; aborted are %q", open, kafka.aborted)
			}
		})
	}
}

// A TaskManager that is cut off writes on, and its successor has aborted what it had open. A pool gives both the same
// ids (S13): the zombie's next init fences the successor, whose task fails before the barrier leaves. So nothing is
// lost, and nothing is written twice; the job restarts once more. With INCREMENTING the ids meet as well, by number.
func TestAZombieTakesAPooledID(t *testing.T) {
	kafka := &shore{ids: map[string]*idState{}}
	zombie := kafka.restore(t, plan.Pooling, 1, 0, nil)
	zombie.write()
	successor := kafka.restore(t, plan.Pooling, 1, 0, nil)
	if len(kafka.aborted) != 1 {
		t.Fatalf("aborted are %q", kafka.aborted)
	}
	successor.write()
	kafka.answer(wire.KafkaInitProducer{TransactionalID: "p-0-0"}) // the zombie restarts its writer, say
	if len(kafka.aborted) != 2 {
		t.Fatalf("aborted are %q", kafka.aborted)
	}
	s := successor.sinks[0]
	s.PreCommit(s.env, 1)
	s.does("flush p-0-0")
	_, err := s.Handle(s.env, wire.KafkaFlushed{Req: s.req["flush"], TransactionalID: "p-0-0", Err: "INVALID_PRODUCER_EPOCH"})
	s.failsWith(err, "flush transaction p-0-0 before checkpoint 1: INVALID_PRODUCER_EPOCH")
}

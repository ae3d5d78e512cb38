package connector

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// committable is a transaction that is owed to the outside world once its checkpoint is complete.
type committable struct {
	Transaction string
	ProducerID  int64
	Epoch       int16
}

// owed is a committable with the checkpoint that it belongs to, as it is kept in state.
type owed struct {
	Checkpoint  id.Checkpoint
	Committable committable

	asked  bool   // to be committed, and not answered for good
	answer string // to the commit, that leaves open whether it was committed before
}

// committer commits, on notification of checkpoint n, everything that belongs to checkpoints up to n: one
// that was aborted is in the stream before n too. What is not yet answered stays in the state, and is
// committed again after a restore; that is harmless as long as no id is initialised in between.
//
//	commit ─▶ EndTxn ── "" ─────────────────────────────▶ committed
//	             ├───── fenced, wrong state, unknown id ─▶ DescribeTransactions ─▶ committed before, or lost (outcome.go)
//	             └───── anything else ─▶ the task fails, and the restart commits once more
type committer struct {
	kafka   mailbox.Addr
	attempt id.Attempt
	groups  []owed // ordered by checkpoint
	again   bool   // these commits are repeated after a restore
	req     uint64
}

func (c *committer) add(checkpoint id.Checkpoint, what committable) {
	c.groups = append(c.groups, owed{Checkpoint: checkpoint, Committable: what})
}

func (c *committer) commit(env mailbox.Env, upTo id.Checkpoint, restored bool) {
	c.again = restored
	for i := range c.groups {
		if g := &c.groups[i]; g.Checkpoint <= upTo && !g.asked {
			g.asked = true
			c.req++
			env.Send(c.kafka, wire.KafkaEndTxn{Req: c.req, TransactionalID: g.Committable.Transaction, ProducerID: g.Committable.ProducerID,
				Epoch: g.Committable.Epoch, Commit: true, Deadline: commitDeadline})
		}
	}
}

// find returns what is owed under an id. There is one at most: an id is not used again before that.
func (c *committer) find(name string) int {
	return slices.IndexFunc(c.groups, func(g owed) bool { return g.Committable.Transaction == name })
}

func (c *committer) owes(name string) bool { return c.find(name) >= 0 }

// ended handles the answer to a commit (kafka-transactions.md section 13, "final answers"). It says whether the
// committer has finished with the transaction.
func (c *committer) ended(env mailbox.Env, m wire.KafkaTxnEnded) (finished bool, err error) {
	i := c.find(m.TransactionalID)
	if i < 0 || !c.groups[i].asked {
		return false, nil
	}
	g := &c.groups[i]
	switch m.Err {
	case "":
		c.noteCommitted(env, *g)
		c.drop(i)
		return true, nil
	case "PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH", "INVALID_TXN_STATE", "INVALID_PRODUCER_ID_MAPPING":
		// Lost, or committed long ago. If there was a commit that this attempt has heard of, or one before the
		// snapshot, it would not be owed: so only the broker can know.
		g.answer = m.Err
		c.req++
		env.Send(c.kafka, wire.KafkaDescribeTxn{Req: c.req, TransactionalID: m.TransactionalID, Deadline: commitDeadline})
		return false, nil
	default:
		return false, c.stillOwed(*g, m.Err)
	}
}

// described handles what the broker knows of a transaction whose commit it has refused. Flink's connector logs what
// is lost and goes on, and so the job does; the event is what a report shows.
func (c *committer) described(env mailbox.Env, m wire.KafkaTxnIs) (finished bool, err error) {
	i := c.find(m.TransactionalID)
	if i < 0 || c.groups[i].answer == "" {
		return false, nil
	}
	g := c.groups[i]
	switch o := outcomeOf(g.Committable, m); o {
	case undecided:
		return false, c.stillOwed(g, g.answer)
	case committed:
		c.noteCommitted(env, g)
	default:
		env.Note(history.SinkCommitLost{Checkpoint: g.Checkpoint, Attempt: c.attempt, Transaction: g.Committable.Transaction,
			ProducerID: g.Committable.ProducerID, Epoch: g.Committable.Epoch, Answer: g.answer, Proven: o == aborted, Shows: shows(m)})
	}
	c.drop(i)
	return true, nil
}

func (c *committer) noteCommitted(env mailbox.Env, g owed) {
	env.Note(history.SinkCommitted{Checkpoint: g.Checkpoint, Attempt: c.attempt, Transaction: g.Committable.Transaction,
		ProducerID: g.Committable.ProducerID, Epoch: g.Committable.Epoch, Restored: c.again})
}

func (c *committer) stillOwed(g owed, answer string) error {
	return fmt.Errorf("commit transaction %s of checkpoint %d: %s; it stays in the state and is committed after the restart",
		g.Committable.Transaction, g.Checkpoint, answer)
}

func (c *committer) drop(i int) { c.groups = slices.Delete(c.groups, i, i+1) }

func (c *committer) settled(upTo id.Checkpoint) bool {
	return !slices.ContainsFunc(c.groups, func(g owed) bool { return g.Checkpoint <= upTo })
}

func (c *committer) snapshot(mode snapshot.Mode) []snapshot.List {
	list := snapshot.List{Name: listCommittable, Mode: mode}
	for _, g := range c.groups {
		item, err := json.Marshal(g)
		if err != nil {
			panic(fmt.Sprintf("committer: encode %v: %v", g, err)) // plain fields: cannot happen
		}
		list.Items = append(list.Items, item)
	}
	return []snapshot.List{list}
}

// restore takes from the state what this subtask has to commit.
func (c *committer) restore(state snapshot.Operator, names ownership) error {
	for _, list := range state.Lists {
		if list.Name != listCommittable {
			continue
		}
		if list.Mode == snapshot.Union && names.mode() != snapshot.Union {
			return fmt.Errorf("restore the committer of %s: the checkpoint was written with sink.transaction-naming-strategy: POOLING, and with INCREMENTING "+
				"transactions that were left open would not be found; keep POOLING, or start without this state", state.Operator)
		}
		for _, item := range list.Items {
			var g owed
			if err := json.Unmarshal(item, &g); err != nil {
				return fmt.Errorf("restore the committer of %s: a committable in the checkpoint does not decode: %w", state.Operator, err)
			}
			switch {
			case names.owns(g.Committable.Transaction):
				c.groups = append(c.groups, g)
			case list.Mode != snapshot.Union: // nobody else has it, and its owner would not know that it is owed
				return fmt.Errorf("restore the committer of %s: the checkpoint was written with sink.transaction-naming-strategy: INCREMENTING and another "+
					"parallelism; %s of it would be aborted. Change to POOLING first, and the parallelism after a checkpoint", state.Operator, g.Committable.Transaction)
			}
		}
	}
	slices.SortStableFunc(c.groups, func(a, b owed) int { return int(a.Checkpoint) - int(b.Checkpoint) })
	return nil
}

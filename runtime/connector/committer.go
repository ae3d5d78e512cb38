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
}

// committer commits, on notification of checkpoint n, everything that belongs to checkpoints up to n: one
// that was aborted is in the stream before n too. What is not yet answered stays in the state, and is
// committed again after a restore; that is harmless as long as no id is initialised in between.
type committer struct {
	kafka   mailbox.Addr
	attempt id.Attempt
	groups  []owed // ordered by checkpoint
	asked   map[string]bool
	again   bool // these commits are repeated after a restore
	req     uint64
}

func (c *committer) add(checkpoint id.Checkpoint, what committable) {
	c.groups = append(c.groups, owed{checkpoint, what})
}

func (c *committer) commit(env mailbox.Env, upTo id.Checkpoint, restored bool) {
	c.again = restored
	for _, g := range c.groups {
		if g.Checkpoint > upTo || c.asked[g.Committable.Transaction] {
			continue
		}
		if c.asked == nil {
			c.asked = map[string]bool{}
		}
		c.asked[g.Committable.Transaction] = true
		c.ask(env, g.Committable)
	}
}

func (c *committer) ask(env mailbox.Env, what committable) {
	c.req++
	env.Send(c.kafka, wire.KafkaEndTxn{Req: c.req, TransactionalID: what.Transaction, ProducerID: what.ProducerID,
		Epoch: what.Epoch, Commit: true, Deadline: commitDeadline})
}

// ended handles the answer to a commit (kafka-transactions.md section 13, "final answers").
func (c *committer) ended(env mailbox.Env, m wire.KafkaTxnEnded) error {
	i := slices.IndexFunc(c.groups, func(g owed) bool { return g.Committable.Transaction == m.TransactionalID })
	if i < 0 {
		return nil
	}
	g := c.groups[i]
	switch m.Err {
	case "":
		env.Note(history.SinkCommitted{Checkpoint: g.Checkpoint, Attempt: c.attempt, Transaction: g.Committable.Transaction,
			ProducerID: g.Committable.ProducerID, Epoch: g.Committable.Epoch, Restored: c.again})
	case "PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH", "INVALID_TXN_STATE", "INVALID_PRODUCER_ID_MAPPING":
		// Lost, or committed long ago: the broker cannot tell. Flink's connector logs it and goes on, and so
		// the job does; the event is what a report shows.
		env.Note(history.SinkCommitLost{Checkpoint: g.Checkpoint, Attempt: c.attempt, Transaction: g.Committable.Transaction,
			ProducerID: g.Committable.ProducerID, Epoch: g.Committable.Epoch, Answer: m.Err})
	default:
		return fmt.Errorf("commit transaction %s of checkpoint %d: %s; it stays in the state and is committed after the restart",
			m.TransactionalID, g.Checkpoint, m.Err)
	}
	c.groups = slices.Delete(c.groups, i, i+1)
	delete(c.asked, m.TransactionalID)
	return nil
}

func (c *committer) settled(upTo id.Checkpoint) bool {
	return !slices.ContainsFunc(c.groups, func(g owed) bool { return g.Checkpoint <= upTo })
}

func (c *committer) snapshot() []snapshot.List {
	list := snapshot.List{Name: listCommittable, Mode: snapshot.Split}
	for _, g := range c.groups {
		item, err := json.Marshal(g)
		if err != nil {
			panic(fmt.Sprintf("committer: encode %v: %v", g, err)) // plain fields: cannot happen
		}
		list.Items = append(list.Items, item)
	}
	return []snapshot.List{list}
}

func (c *committer) restore(state snapshot.Operator) error {
	for _, list := range state.Lists {
		if list.Name != listCommittable {
			continue
		}
		for _, item := range list.Items {
			var g owed
			if err := json.Unmarshal(item, &g); err != nil {
				return fmt.Errorf("restore the committer of %s: a committable in the checkpoint does not decode: %w", state.Operator, err)
			}
			c.groups = append(c.groups, g)
		}
	}
	slices.SortStableFunc(c.groups, func(a, b owed) int { return int(a.Checkpoint) - int(b.Checkpoint) })
	return nil
}

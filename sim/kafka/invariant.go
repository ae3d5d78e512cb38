package kafka

import (
	"fmt"

	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

// violation is a broken invariant of the cluster's own; the broker at work notes it.
type violation struct{ invariant, detail string }

func (c *Cluster) violate(invariant, format string, args ...any) {
	c.violations = append(c.violations, violation{"kafka-" + invariant, fmt.Sprintf(format, args...)})
}

// checkOpen holds a transaction that opens at a partition against its coordinator: unless that knows it, with
// this partition, nobody will ever end it there.
func (c *Cluster) checkOpen(p *Partition, h *recordbatch.Header) {
	id := c.ids[h.ProducerID]
	r := c.txns[TxnPartitionOf(id)].records[id]
	tp := topicPartition{p.topic, p.index}
	switch {
	case r == nil || r.pid != h.ProducerID:
		c.violate("hanging", "%s-%d: producer %d opens a transaction that no coordinator knows", p.topic, p.index, h.ProducerID)
	case r.state != Ongoing && !r.state.deciding() || !r.has(tp):
		c.violate("hanging", "%s-%d: producer %d opens a transaction of %q, which is %s without this partition",
			p.topic, p.index, h.ProducerID, id, r.state)
	}
}

// checkUse says that a producer id and epoch starts a transaction. Under TV2 that happens once.
func (c *Cluster) checkUse(last, next *txnRecord) {
	if next.tv2 && last.usedPID == next.pid && last.usedEpoch == next.epoch {
		c.violate("used-once", "producer %d epoch %d of %q starts a second transaction", next.pid, next.epoch, next.id)
	}
}

// checkMarker holds a marker sent by a coordinator against the record: a decision does not change.
func (c *Cluster) checkMarker(pid int64, epoch int16, commit bool) {
	id := c.ids[pid]
	r := c.txns[TxnPartitionOf(id)].records[id]
	if r == nil || r.pid != pid || r.epoch != epoch {
		return // decided, completed and gone on: a resend
	}
	if commit && (r.state == PrepareAbort || r.state == CompleteAbort || r.state == Ongoing) ||
		!commit && (r.state == PrepareCommit || r.state == CompleteCommit) {
		c.violate("decided-once", "a marker (commit: %v) for producer %d epoch %d of %q, which is %s", commit, pid, epoch, id, r.state)
	}
}

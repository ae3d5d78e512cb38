package kafka

import (
	"math"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/preview"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// Prepared transactions are KIP-939: somebody else decides, and Kafka must neither time out nor abort what was promised.
//
//	owner (p, e) writes, flushes, stores (p, e): prepared. The broker is not told.
//	owner dies
//	its successor: InitProducerId, keep ──▶ (p, e+1), and (p, e) is open
//	    it has stored (p, e)? commit with (p, e+1), else abort with (p, e+1)
//
// Real brokers have the first half of it, behind unstable.api.versions.enable: transactions without a timeout. They refuse
// to keep a transaction; the model does, behind a switch of its own.

// preparedVersion is the version of InitProducerId that has it.
const preparedVersion int16 = 6

// noTimeout is the timeout of transactions that somebody else decides. Kafka knows them by it.
const noTimeout = math.MaxInt32 * time.Millisecond

// promised says whether only its owner, or who takes the id over, may end the transaction.
func (r *txnRecord) promised() bool { return r.timeout == noTimeout }

// kept says whether the open transaction is that of a former producer, and was kept for the one that owns it now.
func (r *txnRecord) kept() bool { return r.state == Ongoing && r.nextPID != protocol.NoProducerID }

// owner is the producer id and epoch that may end the open transaction, and which its next producer must have.
func (r *txnRecord) owner() (pid int64, epoch int16) {
	switch {
	case !r.kept():
		return r.pid, r.epoch
	case r.nextPID == r.pid:
		return r.pid, max(r.epoch, r.nextEpoch) // a fence that failed has left its epoch
	default:
		return r.nextPID, r.nextEpoch
	}
}

// closed is what a producer hears that wants to write more into a kept transaction: its owner may only end it.
func (r *txnRecord) closed(pid int64, epoch int16) int16 {
	if p, e := r.owner(); p == pid && e == epoch {
		return protocol.InvalidTxnState
	}
	return protocol.ProducerFenced
}

// settle makes a kept transaction its owner's. If that has another producer id, markers still go out under the one that
// the records were written with.
func (r *txnRecord) settle() {
	if r.nextPID == r.pid {
		_, r.epoch = r.owner()
		r.nextPID, r.nextEpoch = protocol.NoProducerID, 0
	}
}

// bump goes to the epoch after the owner's, or to another producer id after the last one. The markers of a transaction that
// is settled get an epoch above its own.
func (r *txnRecord) bump(c *Cluster) {
	_, last := r.owner()
	r.epoch++
	switch {
	case last >= exhausted:
		r.nextPID, r.nextEpoch = c.freshPID(), 0
	case r.nextPID != protocol.NoProducerID:
		r.nextEpoch++
	}
}

// keep leaves a transaction open for who takes the id over, and tells them whose it was.
func (b *Broker) keep(env mailbox.Env, e *entry, timeout time.Duration, done func(env mailbox.Env, code int16)) {
	next := e.txnRecord
	next.timeout = timeout
	if pid, epoch := e.owner(); epoch >= exhausted {
		next.nextPID, next.nextEpoch = b.cluster.freshPID(), 0
	} else {
		next.nextPID, next.nextEpoch = pid, epoch+1
	}
	b.begin(env, &transition{entry: e, next: next, last: protocol.NoEpoch, done: done})
}

// refusal of what a version has and this cluster does not.
func (c *Cluster) refusal(req *preview.InitProducerIDRequest) int16 {
	switch {
	case req.Enable2PC && !c.cfg.TwoPhaseCommit:
		return protocol.TransactionalIDAuthFailed
	case req.KeepPreparedTxn && !c.cfg.KeepPrepared:
		return protocol.UnsupportedVersion
	}
	return protocol.None
}

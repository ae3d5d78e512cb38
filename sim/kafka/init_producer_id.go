package kafka

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/preview"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// initProducerID gives a producer its id and epoch. With a transactional id it fences who had it before, and
// aborts what that one left open, unless it is to be kept.
func (b *Broker) initProducerID(env mailbox.Env, c call, in kmsg.Request) {
	req, ok := in.(*preview.InitProducerIDRequest)
	if !ok {
		req = &preview.InitProducerIDRequest{InitProducerIDRequest: *in.(*kmsg.InitProducerIDRequest)}
	}
	resp := preview.NewInitProducerIDResponse()
	send := func(env mailbox.Env) {
		if req.Version < preparedVersion {
			b.answer(env, c, &resp.InitProducerIDResponse)
			return
		}
		b.answer(env, c, resp)
	}
	grant := func(env mailbox.Env, pid int64, epoch int16) {
		resp.ProducerID, resp.ProducerEpoch = pid, epoch
		send(env)
	}
	refuse := func(env mailbox.Env, code int16) {
		if code == protocol.ProducerFenced && req.Version < 4 {
			code = protocol.InvalidProducerEpoch
		}
		resp.ErrorCode, resp.ProducerEpoch = code, protocol.NoEpoch
		send(env)
	}
	pid, epoch := req.ProducerID, req.ProducerEpoch
	if req.Version < 3 {
		pid, epoch = protocol.NoProducerID, protocol.NoEpoch
	}
	timeout := time.Duration(req.TransactionTimeoutMillis) * time.Millisecond
	if req.Enable2PC {
		timeout = noTimeout
	}
	switch {
	case (pid == protocol.NoProducerID) != (epoch == protocol.NoEpoch):
		refuse(env, protocol.InvalidRequest)
		return
	case req.TransactionalID == nil:
		grant(env, b.cluster.freshPID(), 0)
		return
	case *req.TransactionalID == "":
		refuse(env, protocol.InvalidRequest)
		return
	case b.cluster.refusal(req) != protocol.None:
		refuse(env, b.cluster.refusal(req))
		return
	case !req.Enable2PC && (timeout <= 0 || timeout > b.cluster.cfg.TransactionMaxTimeout):
		refuse(env, protocol.InvalidTransactionTimeout)
		return
	}
	id := *req.TransactionalID
	e, code := b.lookup(id)
	if code != protocol.None {
		refuse(env, code)
		return
	}
	if e == nil {
		e = b.cache(TxnPartitionOf(id), txnRecord{id: id, pid: b.cluster.freshPID(), prevPID: protocol.NoProducerID, nextPID: protocol.NoProducerID,
			epoch: protocol.NoEpoch, state: Empty, start: -1, usedPID: protocol.NoProducerID})
	}
	owner, _ := e.owner()
	granted := func(env mailbox.Env, code int16) {
		if code != protocol.None {
			refuse(env, code)
			return
		}
		pid, epoch := e.owner()
		grant(env, pid, epoch)
	}
	switch {
	case e.busy():
		refuse(env, protocol.ConcurrentTransactions)
	case pid != protocol.NoProducerID && e.epoch != protocol.NoEpoch && pid != owner && !(pid == e.prevPID && epoch >= exhausted):
		refuse(env, protocol.ProducerFenced)
	case e.state == Ongoing && req.KeepPreparedTxn:
		b.keep(env, e, timeout, func(env mailbox.Env, code int16) {
			if code == protocol.None {
				resp.OngoingTxnProducerID, resp.OngoingTxnProducerEpoch = e.pid, e.epoch
			}
			granted(env, code)
		})
	case e.state == Ongoing:
		b.fence(env, e, causeInit, func(env mailbox.Env, code int16) {
			if code == protocol.None {
				code = protocol.ConcurrentTransactions // the abort is under way; the retry finds it done
			}
			refuse(env, code)
		})
	default:
		next, last, ok := e.initialised(b.cluster, pid, epoch)
		if !ok {
			refuse(env, protocol.ProducerFenced)
			return
		}
		next.timeout = timeout
		b.begin(env, &transition{entry: e, next: next, last: last, done: granted})
	}
}

// initialised is the record after InitProducerId, with the last epoch to remember. It is not ok if the caller
// names an epoch that somebody has bumped since.
func (e *entry) initialised(c *Cluster, pid int64, epoch int16) (next txnRecord, last int16, ok bool) {
	next = e.txnRecord
	next.state, next.partitions, next.start = Empty, nil, -1
	switch {
	case e.epoch == protocol.NoEpoch:
		next.epoch, last = c.cfg.FirstProducerEpoch, protocol.NoEpoch
	case e.epoch >= exhausted && (pid == protocol.NoProducerID || epoch == e.epoch):
		next.pid, next.prevPID, next.epoch, last = c.freshPID(), e.pid, 0, protocol.NoEpoch
		if pid != protocol.NoProducerID {
			last = e.epoch
		}
	case pid == protocol.NoProducerID:
		next.epoch, last = e.epoch+1, protocol.NoEpoch
	case epoch == e.epoch:
		next.epoch, last = e.epoch+1, e.epoch
	case epoch == e.lastEpoch:
		last = e.lastEpoch // a retry: it was bumped then
	default:
		return next, last, false
	}
	return next, last, true
}

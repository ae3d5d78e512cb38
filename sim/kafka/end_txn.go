package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// ending is what EndTxn does in a state.
type ending int8

const (
	decideNow    ending = iota // write the decision
	decided                    // it is as asked already
	invalidState               // INVALID_TXN_STATE
	fenced                     // PRODUCER_FENCED
)

// endings of TV1-style requests, by state: commit, abort. The epoch is the current one.
var endings = map[State][2]ending{
	Ongoing:        {decideNow, decideNow},
	CompleteCommit: {decided, invalidState},
	CompleteAbort:  {invalidState, decided},
	Empty:          {invalidState, invalidState},
}

// endingsTV2 of TV2-style requests, by state: commit and its retry, abort and its retry. A retry has the epoch
// before the current one, which the first try had bumped.
var endingsTV2 = map[State][4]ending{
	Ongoing:        {decideNow, fenced, decideNow, fenced},
	Empty:          {invalidState, fenced, decideNow, fenced},
	CompleteCommit: {invalidState, decided, decideNow, invalidState},
	CompleteAbort:  {invalidState, invalidState, decideNow, decided},
}

// endTxn decides a transaction. The answer comes when the decision is durable, not when partitions know it.
func (b *Broker) endTxn(env mailbox.Env, c call, req *kmsg.EndTxnRequest) {
	reply := func(env mailbox.Env, code int16, pid int64, epoch int16) {
		if code == protocol.ProducerFenced && req.Version < 2 {
			code = protocol.InvalidProducerEpoch
		}
		resp := kmsg.NewPtrEndTxnResponse()
		resp.ErrorCode, resp.ProducerID, resp.ProducerEpoch = code, pid, epoch
		b.answer(env, c, resp)
	}
	refuse := func(env mailbox.Env, code int16) { reply(env, code, protocol.NoProducerID, protocol.NoEpoch) }
	if req.TransactionalID == "" {
		refuse(env, protocol.InvalidRequest)
		return
	}
	e, code := b.lookup(req.TransactionalID)
	switch {
	case code != protocol.None:
		refuse(env, code)
		return
	case e == nil:
		refuse(env, protocol.InvalidProducerIDMapping)
		return
	}
	tv2 := req.Version >= 5
	var do ending
	if tv2 {
		do, code = e.endTV2(req)
	} else {
		do, code = e.endTV1(req)
	}
	switch {
	case code != protocol.None:
		refuse(env, code)
	case do == invalidState:
		refuse(env, protocol.InvalidTxnState)
	case do == fenced:
		refuse(env, protocol.ProducerFenced)
	case do == decided:
		reply(env, protocol.None, e.pid, e.epoch)
	default:
		next, last := e.decision(b.cluster, req.Commit, tv2)
		if overflown(next.epoch) {
			refuse(env, protocol.UnknownServerError)
			return
		}
		b.begin(env, &transition{entry: e, next: next, last: last, cause: causeClient, done: func(env mailbox.Env, code int16) {
			if code != protocol.None {
				refuse(env, code)
				return
			}
			pid, epoch := e.successor()
			reply(env, protocol.None, pid, epoch)
		}})
	}
}

// decision is the record that decides, with the last epoch to remember. Under TV2 it bumps the epoch.
func (e *entry) decision(c *Cluster, commit, tv2 bool) (next txnRecord, last int16) {
	next, last = e.txnRecord, e.lastEpoch
	next.settle()
	if next.tv2 = tv2; tv2 {
		_, last = e.owner()
		next.bump(c)
	}
	next.state = PrepareAbort
	if commit {
		next.state = PrepareCommit
	}
	return next, last
}

func (e *entry) endTV1(req *kmsg.EndTxnRequest) (ending, int16) {
	pid, epoch := e.owner()
	switch {
	case pid != req.ProducerID:
		return 0, protocol.InvalidProducerIDMapping
	case epoch != req.ProducerEpoch:
		return 0, protocol.ProducerFenced
	case e.busy():
		return 0, protocol.ConcurrentTransactions
	}
	i := 1
	if req.Commit {
		i = 0
	}
	return endings[e.state][i], protocol.None
}

func (e *entry) endTV2(req *kmsg.EndTxnRequest) (ending, int16) {
	pid, epoch := e.owner()
	// The retry of the EndTxn that used up the epochs still names the old producer id.
	overflow := req.ProducerID == e.prevPID && req.ProducerEpoch == exhausted && epoch == 0
	current := req.ProducerID == pid && req.ProducerEpoch == epoch
	retry := req.ProducerID == pid && req.ProducerEpoch == epoch-1 || overflow
	switch {
	case e.busy():
		return 0, protocol.ConcurrentTransactions
	case pid != req.ProducerID && !overflow:
		return 0, protocol.InvalidProducerIDMapping
	case !current && !retry:
		return 0, protocol.ProducerFenced
	}
	i := 0
	if retry {
		i++
	}
	if !req.Commit {
		i += 2
	}
	return endingsTV2[e.state][i], protocol.None
}

package client

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// An application that reads, works and writes keeps its position in the transaction that has its output. The runtime
// has no such words, since it keeps positions in checkpoints; so only clients of the model know these.

// SendOffsetToTxn makes a group's position part of a producer's open transaction (sendOffsetsToTransaction): it counts
// if that is committed.
type SendOffsetToTxn struct {
	Req             uint64
	TransactionalID string
	Group           string
	Topic           string
	Partition       int32
	Next            int64
}

// OffsetSent answers. Err is as in package wire.
type OffsetSent struct {
	Req uint64
	Err string
}

// FetchOffset asks for a group's committed position. It is not answered while an open transaction has yet to decide
// about it (require-stable).
type FetchOffset struct {
	Req       uint64
	Group     string
	Topic     string
	Partition int32
}

// OffsetIs answers. Next is -1 if nothing was ever committed.
type OffsetIs struct {
	Req  uint64
	Next int64
	Err  string
}

func (SendOffsetToTxn) Word() string { return "send-offset-to-txn" }
func (OffsetSent) Word() string      { return "offset-sent" }
func (FetchOffset) Word() string     { return "fetch-offset" }
func (OffsetIs) Word() string        { return "offset-is" }

// sendOffsetToTxn commits an offset in a transaction. Before TV2 the coordinator is told first that the group's log is
// a member of it; since then the group's own coordinator does that.
func (c *Client) sendOffsetToTxn(env mailbox.Env, asker mailbox.Addr, m SendOffsetToTxn) {
	answer := func(env mailbox.Env, err string) { env.Send(asker, OffsetSent{Req: m.Req, Err: err}) }
	p := c.findProducer(asker, m.TransactionalID)
	if p == nil {
		answer(env, protocol.Name(protocol.InvalidProducerIDMapping))
		return
	}
	j := c.within(env, asker, c.cfg.MaxBlock, func(env mailbox.Env) { answer(env, timedOut) })
	done := func(env mailbox.Env, code int16) {
		j.end()
		answer(env, protocol.Name(code))
	}
	if c.cfg.TransactionVersion.Level() < 2 {
		c.addOffsetToTxn(env, j, p, m.Group, func(env mailbox.Env, code int16) {
			if code != protocol.None {
				done(env, code)
				return
			}
			c.commitInTxn(env, j, p, m, done)
		})
		return
	}
	c.commitInTxn(env, j, p, m, done)
}

func (c *Client) addOffsetToTxn(env mailbox.Env, j *job, p *producer, group string, then func(mailbox.Env, int16)) {
	var try func(mailbox.Env)
	try = func(env mailbox.Env) {
		c.withCoordinator(env, j, protocol.TransactionCoordinator, p.id, func(env mailbox.Env, node int32) {
			req := kmsg.NewPtrAddOffsetsToTxnRequest()
			req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Group = p.id, p.pid, p.epoch, group
			c.send(env, node, p.conn, 3, req, func(env mailbox.Env, resp kmsg.Response) {
				code := protocol.NetworkException
				if added, ok := resp.(*kmsg.AddOffsetsToTxnResponse); ok {
					code = added.ErrorCode
				}
				if !j.over && !c.retry(env, j, p.id, code, try) {
					then(env, code)
				}
			})
		})
	}
	try(env)
}

func (c *Client) commitInTxn(env mailbox.Env, j *job, p *producer, m SendOffsetToTxn, then func(mailbox.Env, int16)) {
	version := int16(5)
	if c.cfg.TransactionVersion.Level() < 2 {
		version = 4
	}
	var try func(mailbox.Env)
	try = func(env mailbox.Env) {
		c.withCoordinator(env, j, protocol.GroupCoordinator, m.Group, func(env mailbox.Env, node int32) {
			req := kmsg.NewPtrTxnOffsetCommitRequest()
			req.TransactionalID, req.Group, req.ProducerID, req.ProducerEpoch, req.Generation = p.id, m.Group, p.pid, p.epoch, -1
			part := kmsg.NewTxnOffsetCommitRequestTopicPartition()
			part.Partition, part.Offset = m.Partition, m.Next
			t := kmsg.NewTxnOffsetCommitRequestTopic()
			t.Topic, t.Partitions = m.Topic, []kmsg.TxnOffsetCommitRequestTopicPartition{part}
			req.Topics = append(req.Topics, t)
			c.send(env, node, p.conn, version, req, func(env mailbox.Env, resp kmsg.Response) {
				code := protocol.NetworkException
				if sent, ok := resp.(*kmsg.TxnOffsetCommitResponse); ok {
					code = sent.Topics[0].Partitions[0].ErrorCode
				}
				if !j.over && !c.retry(env, j, m.Group, code, try) {
					then(env, code)
				}
			})
		})
	}
	try(env)
}

// fetchOffset reads a committed position.
func (c *Client) fetchOffset(env mailbox.Env, asker mailbox.Addr, m FetchOffset) {
	answer := func(env mailbox.Env, next int64, err string) {
		env.Send(asker, OffsetIs{Req: m.Req, Next: next, Err: err})
	}
	j := c.within(env, asker, c.cfg.MaxBlock, func(env mailbox.Env) { answer(env, -1, timedOut) })
	var try func(mailbox.Env)
	try = func(env mailbox.Env) {
		c.withCoordinator(env, j, protocol.GroupCoordinator, m.Group, func(env mailbox.Env, node int32) {
			t := kmsg.NewOffsetFetchRequestGroupTopic()
			t.Topic, t.Partitions = m.Topic, []int32{m.Partition}
			g := kmsg.NewOffsetFetchRequestGroup()
			g.Group, g.Topics = m.Group, []kmsg.OffsetFetchRequestGroupTopic{t}
			req := kmsg.NewPtrOffsetFetchRequest()
			req.RequireStable = true
			req.Groups = append(req.Groups, g)
			c.send(env, node, 0, 9, req, func(env mailbox.Env, resp kmsg.Response) {
				code, next := protocol.NetworkException, int64(-1)
				if found, ok := resp.(*kmsg.OffsetFetchResponse); ok {
					if code = found.Groups[0].ErrorCode; code == protocol.None {
						code, next = found.Groups[0].Topics[0].Partitions[0].ErrorCode, found.Groups[0].Topics[0].Partitions[0].Offset
					}
				}
				switch {
				case j.over:
				case code == protocol.UnstableOffsetCommit:
					c.again(env, &j.tries, try)
				case !c.retry(env, j, m.Group, code, try):
					j.end()
					answer(env, next, protocol.Name(code))
				}
			})
		})
	}
	try(env)
}

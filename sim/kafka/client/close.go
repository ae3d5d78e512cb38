package client

import (
	"slices"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// close ends the jobs and the producers of an asker that has ended. Were its requests tried on, one that takes
// an id away from whoever has it could hit the asker's successor:
//
//	attempt 0 opens prefix-0-2, and the coordinator does not answer    attempt 0 is cancelled
//	    attempt 1 restores, opens prefix-0-2, and pre-commits it
//	the client of attempt 0 tries again: prefix-0-2 is fenced, and what was pre-committed is aborted
func (c *Client) close(env mailbox.Env, asker mailbox.Addr) {
	for _, j := range c.jobs {
		if j.asker == asker {
			j.end()
		}
	}
	for _, p := range slices.Clone(c.producers) {
		if p.asker == asker {
			c.abandon(env, p)
			c.drop(p)
		}
	}
}

// abandon aborts what a producer has open, so that no reader waits for it. It is asked once, of the coordinator that is
// known, and nobody waits for the answer: whoever initialises the id next, or else the timeout, aborts it as well. A
// transaction that is pre-committed has no producer any more, and stays open.
//
// The request goes by the producer's own connection, behind what it has asked before: an AddPartitionsToTxn that came
// after the end would begin another transaction.
func (c *Client) abandon(env mailbox.Env, p *producer) {
	node, known := c.coordinators[p.id]
	if !p.begun || !known {
		return
	}
	version := int16(5)
	if c.cfg.TransactionVersion.Level() < 2 {
		version = 4
	}
	req := kmsg.NewPtrEndTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = p.id, p.pid, p.epoch, false
	c.send(env, node, p.conn, version, req, func(mailbox.Env, kmsg.Response) {})
}

package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// abandon aborts what a producer has open when its owner has ended, so that no reader waits for it. It is asked once,
// and nobody waits for the answer: whoever initialises the id next, or else the timeout, aborts it as well. A
// transaction that is pre-committed has no producer any more, and stays open; and so does everything when the gateway
// itself is closed.
func (p *producer) abandon() {
	if !p.begun || p.forgotten.Load() || p.owner.ctx.Err() == nil || p.g.ctx.Err() != nil {
		return
	}
	ctx, cancel := context.WithTimeout(p.g.ctx, p.g.cfg.RequestTimeout)
	defer cancel()
	client, err := p.g.main.dial(ctx)
	if err != nil {
		return
	}
	req := kmsg.NewPtrEndTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = p.id, p.pid, p.epoch, false
	if _, err := req.RequestWith(ctx, client); err != nil {
		p.g.cfg.Log.Debug("what an actor that has ended had open was not aborted", "transaction", p.id, "cause", err)
	}
}

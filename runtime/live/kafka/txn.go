package kafka

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// ended is an answer to KafkaEndTxn. If a producer of this gateway had that transaction it goes on with another one.
type ended struct {
	answer
	id         string
	pid        int64
	epoch      int16
	nextPID    int64
	nextEpoch  int16
	decided    bool
	hasMovedOn bool // the broker has granted the next pair
}

func (ended) Word() string { return "kafka-ended" }

// endTxn decides a transaction by the producer id and epoch that the asker has stored. As long as an answer leaves
// the outcome open the same request follows: anything else might destroy what must be committed.
func (g *Gateway) endTxn(a *asker, m wire.KafkaEndTxn) {
	g.serve(a, cmp.Or(m.Deadline, g.cfg.MaxBlock), func(ctx context.Context) mailbox.Msg {
		out := ended{id: m.TransactionalID, pid: m.ProducerID, epoch: m.Epoch}
		err := g.main.until(ctx, func(client *kgo.Client) error {
			req := kmsg.NewPtrEndTxnRequest()
			req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = m.TransactionalID, m.ProducerID, m.Epoch, m.Commit
			resp, err := req.RequestWith(ctx, client)
			if err != nil {
				return err
			}
			out.nextPID, out.nextEpoch, out.hasMovedOn = resp.ProducerID, resp.ProducerEpoch, resp.Version >= 5
			return kerr.ErrorForCode(resp.ErrorCode)
		})
		out.decided = err == nil
		out.answer = answer{a, wire.KafkaTxnEnded{Req: m.Req, TransactionalID: m.TransactionalID, Err: nameOf(err)}}
		return out
	})
}

// tellProducers tells whoever has the transaction open that it has ended.
func (g *Gateway) tellProducers(m ended) {
	if !m.decided || m.id == "" {
		return
	}
	for _, a := range g.askers {
		if p := a.producers[m.id]; p != nil {
			p.put(m)
		}
	}
}

// listTxns answers with the open transactions with a prefix.
func (g *Gateway) listTxns(a *asker, m wire.KafkaListTxns) {
	g.serve(a, g.cfg.MaxBlock, func(ctx context.Context) mailbox.Msg {
		pattern := regexp.QuoteMeta(m.Prefix) + ".*"
		req := kmsg.NewPtrListTransactionsRequest()
		req.StateFilters, req.TransactionalIDPattern, req.DurationFilterMillis = []string{"Ongoing"}, &pattern, -1
		all, err := g.everyTransaction(ctx, req)
		if err != nil {
			return wire.KafkaTxnsAre{Req: m.Req, Err: nameOf(err)}
		}
		var ids []string
		for _, t := range all {
			if strings.HasPrefix(t.TransactionalID, m.Prefix) { // before Kafka 4.1 brokers ignore the pattern
				ids = append(ids, t.TransactionalID)
			}
		}
		slices.Sort(ids)
		return wire.KafkaTxnsAre{Req: m.Req, IDs: slices.Compact(ids)}
	})
}

// everyTransaction asks every broker for the transactions that it coordinates. A list is whole, or asked for again.
func (g *Gateway) everyTransaction(ctx context.Context, req *kmsg.ListTransactionsRequest) (all []kmsg.ListTransactionsResponseTransactionState, err error) {
	err = g.main.until(ctx, func(client *kgo.Client) error {
		all = nil
		for _, shard := range client.RequestSharded(ctx, req) {
			if shard.Err != nil {
				return shard.Err
			}
			list := shard.Resp.(*kmsg.ListTransactionsResponse)
			if err := kerr.ErrorForCode(list.ErrorCode); err != nil {
				return err
			}
			all = append(all, list.TransactionStates...)
		}
		return nil
	})
	return all, err
}

// commitOffsets stores a group's positions. It is for monitoring only: a failure is forgotten.
func (g *Gateway) commitOffsets(a *asker, m wire.KafkaCommitOffsets) {
	g.serve(a, g.cfg.RequestTimeout, func(ctx context.Context) mailbox.Msg {
		client, err := g.main.dial(ctx)
		if err != nil {
			return nil
		}
		req := kmsg.NewPtrOffsetCommitRequest()
		req.Group, req.Generation = m.Group, -1
		t := kmsg.NewOffsetCommitRequestTopic()
		t.Topic = m.Topic
		for i, n := range m.Partitions {
			p := kmsg.NewOffsetCommitRequestTopicPartition()
			p.Partition, p.Offset = n, m.Next[i]
			t.Partitions = append(t.Partitions, p)
		}
		req.Topics = append(req.Topics, t)
		if _, err := req.RequestWith(ctx, client); err != nil {
			g.cfg.Log.Debug("the positions of a group were not stored", "group", m.Group, "cause", err)
		}
		return nil
	})
}

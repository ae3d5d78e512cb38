package kafka

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// ship brings the lanes to the brokers, until they are empty or the producer has failed.
func (p *producer) ship() {
	ctx, cancel := context.WithTimeout(p.ctx, p.g.cfg.DeliveryTimeout)
	defer cancel()
	tries := 0
	for lanes := p.waiting(); len(lanes) > 0; lanes = p.waiting() {
		p.begun = p.id != ""
		err := p.join(ctx, lanes)
		if err == nil {
			err = p.round(ctx, lanes)
		}
		if err == nil {
			tries = 0
			continue
		}
		if leavesOpen(err) || errors.Is(err, kerr.UnknownTopicOrPartition) { // a new leader may not know it yet
			p.g.cfg.Log.Debug("records were not delivered", "transaction", p.id, "cause", err)
			if err = pause(ctx, p.g.waitAfter(err, tries)); err == nil {
				tries++
				continue
			}
		}
		p.fail(err)
		return
	}
}

// waiting are the lanes with a batch.
func (p *producer) waiting() (lanes []*lane) {
	for _, l := range p.lanes {
		if len(l.batches) > 0 {
			lanes = append(lanes, l)
		}
	}
	return lanes
}

// join tells the coordinator of new partitions in the transaction, as clients did before TV2.
func (p *producer) join(ctx context.Context, lanes []*lane) error {
	client, err := p.g.main.dial(ctx)
	if err != nil {
		return err
	}
	lanes = slices.DeleteFunc(slices.Clone(lanes), func(l *lane) bool { return l.member })
	if p.id == "" || p.g.main.level >= 2 || len(lanes) == 0 {
		return nil
	}
	req := kmsg.NewPtrAddPartitionsToTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch = p.id, p.pid, p.epoch
	for _, l := range lanes {
		if n := len(req.Topics); n == 0 || req.Topics[n-1].Topic != l.topic {
			t := kmsg.NewAddPartitionsToTxnRequestTopic()
			t.Topic = l.topic
			req.Topics = append(req.Topics, t)
		}
		t := &req.Topics[len(req.Topics)-1]
		t.Partitions = append(t.Partitions, l.partition)
	}
	resp, err := req.RequestWith(ctx, client)
	if err != nil {
		return err
	}
	answered := 0
	for _, t := range resp.Topics {
		for _, partition := range t.Partitions {
			err := kerr.ErrorForCode(partition.ErrorCode)
			if errors.Is(err, kerr.OperationNotAttempted) {
				continue // another one is why
			}
			if err != nil {
				return err
			}
			answered++
		}
	}
	if answered < len(lanes) {
		return errors.New("read the answer to new partitions in a transaction: some are missing")
	}
	for _, l := range lanes {
		l.member = true
	}
	return nil
}

// round sends the first batch of every lane, in a request per broker, and waits for all answers. It returns an error
// that is final, or else one of those that leave a batch to be sent again.
func (p *producer) round(ctx context.Context, lanes []*lane) error {
	client, err := p.g.main.dial(ctx)
	if err != nil {
		return err
	}
	var nodes []int32
	byNode := map[int32][]*lane{}
	for _, l := range lanes {
		leaders, err := p.g.main.leadersOf(ctx, client, l.topic)
		if err != nil {
			return err
		}
		if int(l.partition) >= len(leaders) || leaders[l.partition] < 0 {
			p.g.main.forget(l.topic)
			return kerr.LeaderNotAvailable
		}
		node := leaders[l.partition]
		if byNode[node] == nil {
			nodes = append(nodes, node)
		}
		byNode[node] = append(byNode[node], l)
	}
	codes := make([]map[topicPartition]error, len(nodes))
	var sending sync.WaitGroup
	for i, node := range nodes {
		req := p.request(byNode[node])
		sending.Go(func() { codes[i] = send(ctx, client, node, req) })
	}
	sending.Wait()
	return p.shipped(nodes, byNode, codes)
}

// request has the first batch of each lane.
func (p *producer) request(lanes []*lane) *kmsg.ProduceRequest {
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = -1, int32(p.g.cfg.RequestTimeout/time.Millisecond)
	if p.id != "" {
		req.TransactionID = &p.id
	}
	for _, l := range lanes {
		if n := len(req.Topics); n == 0 || req.Topics[n-1].Topic != l.topic {
			t := kmsg.NewProduceRequestTopic()
			t.Topic = l.topic
			req.Topics = append(req.Topics, t)
		}
		t := &req.Topics[len(req.Topics)-1]
		part := kmsg.NewProduceRequestTopicPartition()
		part.Partition, part.Records = l.partition, l.seal(p)
		t.Partitions = append(t.Partitions, part)
	}
	return req
}

// send returns what a broker says of each partition; nothing if it did not answer.
func send(ctx context.Context, client *kgo.Client, node int32, req *kmsg.ProduceRequest) map[topicPartition]error {
	resp, err := client.Broker(int(node)).Request(ctx, req)
	if err != nil {
		return nil
	}
	said := map[topicPartition]error{}
	for _, t := range resp.(*kmsg.ProduceResponse).Topics {
		for _, part := range t.Partitions {
			said[topicPartition{t.Topic, part.Partition}] = kerr.ErrorForCode(part.ErrorCode)
		}
	}
	return said
}

// shipped takes the answers.
func (p *producer) shipped(nodes []int32, byNode map[int32][]*lane, codes []map[topicPartition]error) (again error) {
	acked := 0
	var final error
	for i, node := range nodes {
		for _, l := range byNode[node] {
			err, answered := codes[i][l.topicPartition]
			if !answered {
				err = kerr.NetworkException
			}
			switch {
			case err == nil, errors.Is(err, kerr.DuplicateSequenceNumber):
				acked += l.acked()
			case leavesOpen(err), errors.Is(err, kerr.UnknownTopicOrPartition):
				p.g.main.forget(l.topic)
				again = err
			default:
				final = err
			}
		}
	}
	if acked > 0 {
		p.records += acked
		p.tell(wire.KafkaProduced{TransactionalID: p.id, Records: acked})
	}
	if final != nil {
		return final
	}
	return again
}

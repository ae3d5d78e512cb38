package client

import (
	"cmp"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// fetching is one fetch of the runtime. While the leader cannot be reached it looks, from outside, like a
// partition where nothing comes.
type fetching struct {
	asker mailbox.Addr
	m     wire.KafkaFetch
	since time.Time
	tries int
}

func (c *Client) fetch(env mailbox.Env, f *fetching) {
	c.withTopic(env, f.m.Topic, func(env mailbox.Env, code int16) {
		known := int(f.m.Partition) < len(c.leaders[f.m.Topic])
		leader, ok := c.leader(f.m.Topic, f.m.Partition)
		if known && !ok { // nobody leads it
			c.fetched(env, f, nil)
			return
		}
		if !ok { // perhaps it is a new one: the next fetch asks for the leaders again
			delete(c.leaders, f.m.Topic)
			f.answer(env, wire.KafkaFetched{Next: f.m.Offset, Err: protocol.Name(protocol.UnknownTopicOrPartition)})
			return
		}
		wait := max(f.m.MaxWait-env.Now().Sub(f.since), 0)
		req := kmsg.NewPtrFetchRequest()
		req.ReplicaID, req.MinBytes, req.MaxBytes, req.MaxWaitMillis = -1, 1, int32(f.m.MaxBytes), int32(wait.Milliseconds())
		if f.m.ReadCommitted {
			req.IsolationLevel = 1
		}
		t := kmsg.NewFetchRequestTopic()
		t.Topic = f.m.Topic
		p := kmsg.NewFetchRequestTopicPartition()
		p.Partition, p.FetchOffset, p.PartitionMaxBytes, p.CurrentLeaderEpoch = f.m.Partition, f.m.Offset, int32(f.m.MaxBytes), leader.epoch
		t.Partitions = append(t.Partitions, p)
		req.Topics = append(req.Topics, t)
		c.send(env, leader.node, 0, 12, req, func(env mailbox.Env, resp kmsg.Response) { c.fetched(env, f, resp) })
	})
}

func (c *Client) fetched(env mailbox.Env, f *fetching, resp kmsg.Response) {
	code := protocol.NetworkException
	var p *kmsg.FetchResponseTopicPartition
	if resp, ok := resp.(*kmsg.FetchResponse); ok {
		p = &resp.Topics[0].Partitions[0]
		code = p.ErrorCode
	}
	switch code {
	case protocol.None:
		out := wire.KafkaFetched{Latest: p.HighWatermark, HighWatermark: p.HighWatermark}
		if f.m.ReadCommitted {
			out.Latest = p.LastStableOffset
		}
		var err error
		if out.Records, out.Next, err = unpack(p, f.m.Offset, f.m.ReadCommitted); err != nil {
			out = wire.KafkaFetched{Next: f.m.Offset, Err: protocol.Name(protocol.CorruptMessage)}
		}
		if size := len(p.RecordBatches); size > 0 {
			env.Work(mailbox.Serialize, size)
		}
		f.answer(env, out)
	case protocol.OffsetOutOfRange:
		f.answer(env, wire.KafkaFetched{Next: f.m.Offset, Latest: p.HighWatermark, Err: protocol.Name(code)})
	default:
		delete(c.leaders, f.m.Topic)
		c.again(env, &f.tries, func(env mailbox.Env) {
			if env.Now().Sub(f.since) >= f.m.MaxWait {
				f.answer(env, wire.KafkaFetched{Next: f.m.Offset})
				return
			}
			c.fetch(env, f)
		})
	}
}

func (f *fetching) answer(env mailbox.Env, out wire.KafkaFetched) {
	out.Req, out.Topic, out.Partition = f.m.Req, f.m.Topic, f.m.Partition
	env.Send(f.asker, out)
}

// unpack turns record batches into a batch of the runtime, from an offset on. What readers may not see is left
// out: control records, and for read_committed the data of aborted transactions. Next is the position after
// all of it.
func unpack(p *kmsg.FetchResponseTopicPartition, offset int64, committed bool) (out record.Batch, next int64, err error) {
	next = offset
	data := p.RecordBatches
	if len(data) == 0 {
		return out, next, nil
	}
	out.Data = make([]byte, 0, len(data))
	aborted := slices.Clone(p.AbortedTransactions)
	// The broker lists them in the order of their markers.
	slices.SortStableFunc(aborted, func(a, b kmsg.FetchResponseTopicPartitionAbortedTransaction) int {
		return cmp.Compare(a.FirstOffset, b.FirstOffset)
	})
	var hidden []int64 // producers whose data is of an aborted transaction, here
	for len(data) > 0 {
		h, err := recordbatch.ParseHeader(data)
		if err != nil {
			return record.Batch{}, offset, err
		}
		one := data[:h.Size]
		data = data[h.Size:]
		last := h.Base + int64(h.LastDelta)
		next = max(next, last+1)
		for committed && len(aborted) > 0 && aborted[0].FirstOffset <= last {
			hidden = append(hidden, aborted[0].ProducerID)
			aborted = aborted[1:]
		}
		if h.Control() {
			if commit, ok := recordbatch.MarkerKind(one); ok && !commit {
				hidden = slices.DeleteFunc(hidden, func(pid int64) bool { return pid == h.ProducerID })
			}
			continue
		}
		if committed && h.Transactional() && slices.Contains(hidden, h.ProducerID) {
			continue
		}
		r := recordbatch.Reader{Data: one[recordbatch.HeaderSize:]}
		for r.Next() {
			at := h.Base + r.Delta
			if at < offset {
				continue
			}
			out.Append(record.Record{Key: r.Key, Value: r.Long(), Count: 1,
				Time: record.EventTime(h.TimeOf(r.TimeDelta)), Origin: record.Origin{Partition: p.Partition, Offset: at}})
		}
		if r.Err != nil {
			return record.Batch{}, offset, r.Err
		}
	}
	return out, next, nil
}

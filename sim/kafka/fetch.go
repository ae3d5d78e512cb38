package kafka

import (
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// fetch answers at once if there is enough to read or anything is wrong, and else waits.
func (b *Broker) fetch(env mailbox.Env, c call, req *kmsg.FetchRequest) {
	if req.SessionID != 0 { // sessions save bytes and nothing else: the model never grants one
		resp := kmsg.NewPtrFetchResponse()
		resp.ErrorCode = protocol.FetchSessionIDNotFound
		b.answer(env, c, resp)
		return
	}
	b.fetchable(req)
	resp, enough := b.readAll(req)
	if enough || req.MaxWaitMillis <= 0 {
		b.answer(env, c, resp)
		return
	}
	f := &poll{call: c, req: req}
	f.timer = env.After(time.Duration(req.MaxWaitMillis)*time.Millisecond, pollEnded{f})
	for _, t := range req.Topics {
		for _, part := range t.Partitions {
			p, _ := b.cluster.find(t.Topic, t.TopicID, byID(req), part.Partition)
			b.waitFor(p, f)
		}
	}
}

// readAll reads every partition of a request, and says whether that is enough for an answer.
func (b *Broker) readAll(req *kmsg.FetchRequest) (*kmsg.FetchResponse, bool) {
	resp := kmsg.NewPtrFetchResponse()
	size, enough := 0, len(req.Topics) == 0
	for _, t := range req.Topics {
		topic := kmsg.NewFetchResponseTopic()
		topic.Topic, topic.TopicID = t.Topic, t.TopicID
		for i := range t.Partitions {
			limit := min(int(t.Partitions[i].PartitionMaxBytes), int(req.MaxBytes)-size)
			found, code := b.cluster.find(t.Topic, t.TopicID, byID(req), t.Partitions[i].Partition)
			if code == protocol.None {
				code = b.readsIn(found, t.Partitions[i].CurrentLeaderEpoch, req.Version)
			}
			p := b.readOne(found, code, &t.Partitions[i], req.IsolationLevel == 1, limit, size > 0)
			size += len(p.RecordBatches)
			enough = enough || p.ErrorCode != protocol.None
			topic.Partitions = append(topic.Partitions, p)
		}
		resp.Topics = append(resp.Topics, topic)
	}
	return resp, enough || size > 0 && size >= int(req.MinBytes)
}

// noRecords are empty and not null, which librdkafka would take for a broken answer.
var noRecords = []byte{}

// byID says whether topics are named by their ids.
func byID(req *kmsg.FetchRequest) bool { return req.Version >= 13 }

// fetchFromFollower is the version from which on any replica may be read, by consumers that are near to it (KIP-392).
const fetchFromFollower = 11

// readsIn checks that this broker lets a client read a partition, in the epoch of the leader that the client believes in.
func (b *Broker) readsIn(p *Partition, epoch int32, version int16) int16 {
	if version >= fetchFromFollower && p.has(b.node) {
		return b.epochIs(p, epoch)
	}
	return b.leadsIn(p, epoch)
}

func (b *Broker) readOne(p *Partition, code int16, in *kmsg.FetchRequestTopicPartition, committed bool, limit int, mayBeEmpty bool) kmsg.FetchResponseTopicPartition {
	out := kmsg.NewFetchResponseTopicPartition()
	out.Partition, out.RecordBatches = in.Partition, noRecords
	if code != protocol.None {
		out.ErrorCode, out.HighWatermark = code, -1
		return out
	}
	hw, lso := p.shownBy(b.node)
	out.HighWatermark, out.LastStableOffset, out.LogStartOffset = hw, lso, p.logStart
	if in.FetchOffset < p.logStart || in.FetchOffset > p.endOf(b.node) {
		out.ErrorCode = protocol.OffsetOutOfRange
		return out
	}
	if mayBeEmpty && limit <= 0 {
		return out
	}
	p.fetched = in.FetchOffset
	end := hw
	if committed {
		end = lso
	}
	data, next := p.read(in.FetchOffset, end, limit)
	if len(data) > 0 {
		out.RecordBatches = data
	}
	if committed && len(data) > 0 {
		for _, a := range p.abortedIn(in.FetchOffset, next) {
			e := kmsg.NewFetchResponseTopicPartitionAbortedTransaction()
			e.ProducerID, e.FirstOffset = a.pid, a.first
			out.AbortedTransactions = append(out.AbortedTransactions, e)
		}
	}
	return out
}

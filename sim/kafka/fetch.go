package kafka

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// poll is a fetch that waits until there is something to read.
type poll struct {
	call  call
	req   *kmsg.FetchRequest
	timer mailbox.Timer
	done  bool
}

// fetch answers at once if there is enough to read or anything is wrong, and else waits.
func (b *Broker) fetch(env mailbox.Env, c call, req *kmsg.FetchRequest) {
	if req.SessionID != 0 { // sessions save bytes and nothing else: the model never grants one
		resp := kmsg.NewPtrFetchResponse()
		resp.ErrorCode = fetchSessionIDNotFound
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
			l := b.leads(p)
			l.polls = append(l.polls, f)
			p.waiting = true
		}
	}
}

// wake looks again at the fetches that wait for a partition.
func (b *Broker) wake(env mailbox.Env, p *Partition) {
	l := b.led[p]
	if l == nil {
		return
	}
	if len(l.delayed) > 0 {
		b.retryDelayed(env, l)
	}
	if len(l.polls) == 0 {
		p.waiting = len(l.delayed) > 0
		return
	}
	waiting := slices.Clone(l.polls)
	for _, f := range waiting {
		if f.done {
			continue
		}
		if resp, enough := b.readAll(f.req); enough {
			f.timer.Stop()
			f.done = true
			b.answer(env, f.call, resp)
		}
	}
	l.polls = slices.DeleteFunc(l.polls, func(f *poll) bool { return f.done })
	p.waiting = len(l.polls)+len(l.delayed) > 0
}

// finishPoll answers with what there is, since the wait is over.
func (b *Broker) finishPoll(env mailbox.Env, f *poll) {
	if f.done {
		return
	}
	f.done = true
	for _, t := range f.req.Topics {
		for _, part := range t.Partitions {
			p, _ := b.cluster.find(t.Topic, t.TopicID, byID(f.req), part.Partition)
			if l := b.led[p]; l != nil {
				l.polls = slices.DeleteFunc(l.polls, func(f *poll) bool { return f.done })
			}
		}
	}
	resp, _ := b.readAll(f.req)
	b.answer(env, f.call, resp)
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
			p := b.readOne(found, code, &t.Partitions[i], req.IsolationLevel == 1, limit, size > 0)
			size += len(p.RecordBatches)
			enough = enough || p.ErrorCode != none
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

func (b *Broker) readOne(p *Partition, code int16, in *kmsg.FetchRequestTopicPartition, committed bool, limit int, mayBeEmpty bool) kmsg.FetchResponseTopicPartition {
	out := kmsg.NewFetchResponseTopicPartition()
	out.Partition, out.RecordBatches = in.Partition, noRecords
	if code == none {
		code = b.leadsIn(p, in.CurrentLeaderEpoch)
	}
	if code != none {
		out.ErrorCode, out.HighWatermark = code, -1
		return out
	}
	out.HighWatermark, out.LastStableOffset, out.LogStartOffset = p.hw, p.lso, p.logStart
	if in.FetchOffset < p.logStart || in.FetchOffset > p.leo {
		out.ErrorCode = offsetOutOfRange
		return out
	}
	if mayBeEmpty && limit <= 0 {
		return out
	}
	p.fetched = in.FetchOffset
	data, next := p.read(in.FetchOffset, p.end(committed), limit)
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

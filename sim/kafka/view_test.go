package kafka

import (
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// describe is the coordinator's view of a transactional id.
func (l *lab) describe(id string) string {
	req := kmsg.NewPtrDescribeTransactionsRequest()
	req.TransactionalIDs = []string{id}
	resp, ok := l.ask(l.Coordinator(id), 0, req).(*kmsg.DescribeTransactionsResponse)
	if !ok {
		return silence
	}
	t := resp.TransactionStates[0]
	if t.ErrorCode != none {
		return name(t.ErrorCode)
	}
	said := t.State + " " + l.pair(t.ProducerID, t.ProducerEpoch)
	for _, topic := range t.Topics {
		for _, n := range topic.Partitions {
			said += fmt.Sprintf(" %s-%d", topic.Topic, n)
		}
	}
	return said
}

// fetch reads a partition of "out" from an offset on, without waiting.
func (l *lab) fetch(partition int32, offset int64, committed bool) *kmsg.FetchResponseTopicPartition {
	l.t.Helper()
	resp, ok := l.answer(l.sendFetch(partition, offset, committed, 0)).(*kmsg.FetchResponse)
	if !ok {
		l.t.Fatalf("the fetch of out-%d is not answered", partition)
	}
	return &resp.Topics[0].Partitions[0]
}

func (l *lab) sendFetch(partition int32, offset int64, committed bool, wait time.Duration) uint64 {
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID, req.MinBytes, req.MaxBytes, req.MaxWaitMillis = -1, 1, 1<<20, int32(wait.Milliseconds())
	if committed {
		req.IsolationLevel = 1
	}
	t := kmsg.NewFetchRequestTopic()
	t.Topic = "out"
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes = partition, offset, 1<<20
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	return l.send(l.Leader("out", int(partition)), 12, req)
}

// log is what a read_uncommitted reader is sent: "0-1 p1/0" for data, "2 commit p1/0" for a marker.
func (l *lab) log(partition int32) string {
	l.t.Helper()
	p := l.fetch(partition, 0, false)
	var said []string
	for data := p.RecordBatches; len(data) > 0; {
		h, err := parseHeader(data)
		if err != nil {
			l.t.Fatal(err)
		}
		what := "plain"
		if h.pid >= 0 {
			what = l.pair(h.pid, h.epoch)
		}
		at := fmt.Sprint(h.base)
		if h.lastDelta > 0 {
			at += fmt.Sprintf("-%d", h.base+int64(h.lastDelta))
		}
		if h.control() {
			if commit, _ := markerKind(data[:h.size]); commit {
				at += " commit"
			} else {
				at += " abort"
			}
		}
		said = append(said, at+" "+what)
		data = data[h.size:]
	}
	return strings.Join(said, ", ")
}

// visible are the offsets that a read_committed reader of the whole log sees.
func (l *lab) visible(partition int32) string {
	l.t.Helper()
	return l.offsets(partition, l.fetch(partition, 0, true), true)
}

func (l *lab) offsets(partition int32, p *kmsg.FetchResponseTopicPartition, committed bool) string {
	l.t.Helper()
	records, _, err := unpack(p, 0, committed)
	if err != nil {
		l.t.Errorf("what the fetch of out-%d returned cannot be read: %v", partition, err)
	}
	var said []string
	for r := range records.All() {
		said = append(said, fmt.Sprint(r.Origin.Offset))
	}
	return strings.Join(said, " ")
}

// ends are the last stable offset and the high watermark.
func (l *lab) ends(partition int32) string {
	l.t.Helper()
	p := l.fetch(partition, 0, true)
	return fmt.Sprintf("LSO %d HW %d", p.LastStableOffset, p.HighWatermark)
}

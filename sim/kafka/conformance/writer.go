package conformance

import (
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

// Writer is a producer that numbers its batches by itself. Its Version is that of its produce requests: from 12 on it is
// TV2-style, before it adds partitions by itself and keeps its epoch.
type Writer struct {
	l       *Lab
	ID      string // "": idempotent only
	PID     int64
	Epoch   int16
	Version int16
	joins   bool            // partitions when it first writes to them
	next    map[int32]int32 // sequence, by partition of the topic out
}

// lasting is the timeout of transactions that are not meant to have one.
const lasting = 10 * time.Minute

// Init asks for a producer id, with the pair that the caller believes to have.
func (l *Lab) Init(id string, pid int64, epoch int16) string {
	said, _, _ := l.InitFor(id, pid, epoch, l.Timeout)
	return said
}

// InitFor is Init with a transaction timeout.
func (l *Lab) InitFor(id string, pid int64, epoch int16, timeout time.Duration) (said string, newPID int64, newEpoch int16) {
	said = l.UntilSettled(func() string {
		resp, ok := l.Ask(l.Coordinates(id), 5, l.Initing(id, pid, epoch, timeout)).(*kmsg.InitProducerIDResponse)
		switch {
		case !ok:
			return Silence
		case resp.ErrorCode != 0:
			return Name(resp.ErrorCode)
		}
		newPID, newEpoch = resp.ProducerID, resp.ProducerEpoch
		return "NONE " + l.Pair(newPID, newEpoch)
	})
	return said, newPID, newEpoch
}

// Initing is the request of InitFor.
func (l *Lab) Initing(id string, pid int64, epoch int16, timeout time.Duration) *kmsg.InitProducerIDRequest {
	req := kmsg.NewPtrInitProducerIDRequest()
	req.TransactionalID, req.TransactionTimeoutMillis = kmsg.StringPtr(l.global(id)), int32(timeout.Milliseconds())
	req.ProducerID, req.ProducerEpoch = pid, epoch
	return req
}

// Writer takes a transactional id over; OldWriter does, in the style from before TV2.
func (l *Lab) Writer(id string) *Writer    { return l.writerFor(id, 12, l.Timeout) }
func (l *Lab) OldWriter(id string) *Writer { return l.writerFor(id, 11, l.Timeout) }

// Producer takes it over in the style of the cluster, for stories that are not about the style.
func (l *Lab) Producer(id string) *Writer {
	w := l.Writer(id)
	if l.Traits().TransactionVersion < 2 {
		w.Version, w.joins = 11, true
	}
	return w
}

func (l *Lab) writerFor(id string, version int16, timeout time.Duration) *Writer {
	said, pid, epoch := l.InitFor(id, NoPID, NoEpoch, timeout)
	if !strings.HasPrefix(said, "NONE") {
		l.Stop("take %s over: %s", id, said)
	}
	w := l.Owner(id, pid, epoch)
	w.Version = version
	return w
}

// Owner is a writer that has a pair already, or believes to have it.
func (l *Lab) Owner(id string, pid int64, epoch int16) *Writer {
	return &Writer{l: l, ID: id, PID: pid, Epoch: epoch, Version: 12, next: map[int32]int32{}}
}

// PlainWriter has a producer id and no transactions.
func (l *Lab) PlainWriter() *Writer {
	w := &Writer{l: l, Version: 12, next: map[int32]int32{}}
	said := l.UntilSettled(func() string { // a cluster that has just started may have none to give
		resp, ok := l.Ask(AnyNode, 5, kmsg.NewPtrInitProducerIDRequest()).(*kmsg.InitProducerIDResponse)
		if !ok {
			return Silence
		}
		w.PID, w.Epoch = resp.ProducerID, resp.ProducerEpoch
		return Name(resp.ErrorCode)
	})
	if said != "NONE" {
		l.Stop("take a producer id: %s", said)
	}
	l.Pair(w.PID, w.Epoch)
	return w
}

// As is the same writer with another epoch, or a writer that believes to have it. Follow goes on after an end, under TV2
// with the epoch that was granted.
func (w *Writer) As(epoch int16) *Writer {
	return &Writer{l: w.l, ID: w.ID, PID: w.PID, Epoch: epoch, Version: w.Version, joins: w.joins, next: map[int32]int32{}}
}

func (w *Writer) Follow() *Writer {
	if w.Version < 12 {
		return w
	}
	return w.As(w.Epoch + 1)
}

// Plain is the same writer outside of its transaction.
func (w *Writer) Plain() *Writer {
	plain := w.As(w.Epoch)
	plain.ID, plain.joins = "", false
	return plain
}

// Write appends n records to a partition of the topic out.
func (w *Writer) Write(partition, n int32) string {
	said := w.Batch(partition, w.next[partition], n)
	if strings.HasPrefix(said, "NONE") {
		w.next[partition] += n
	}
	return said
}

// Batch sends n records from a sequence on.
func (w *Writer) Batch(partition, sequence, n int32) string {
	if w.joins {
		w.Join(partition)
	} else if w.ID != "" && w.Version >= 12 {
		w.l.needsNewStyle()
	}
	return w.l.Produce(w.Version, w.ID, w.To(partition, sequence, n))
}

// Load is one batch for one partition of the topic out.
type Load struct {
	Partition int32
	Data      []byte
}

// To is what Batch sends.
func (w *Writer) To(partition, sequence, n int32) Load {
	attributes := recordbatch.Transactional
	if w.ID == "" {
		attributes = 0
	}
	var b recordbatch.Builder
	for i := range n {
		b.Add(&record.Record{Key: []byte("k"), Value: int64(sequence + i), Count: 1, Time: record.EventTime(w.l.Now().UnixMilli())}, true)
	}
	return Load{partition, b.Seal(attributes, w.PID, w.Epoch, sequence)}
}

// Produce sends batches to the leader of the first one's partition, in a request of a transactional id; "" is none.
func (l *Lab) Produce(version int16, id string, loads ...Load) string {
	return l.UntilSettled(func() string {
		return l.Produced(l.SendProduce(l.Leads(out, loads[0].Partition), version, id, loads...)())
	})
}

// SendProduce puts batches on their way to a broker.
func (l *Lab) SendProduce(node int32, version int16, id string, loads ...Load) (await func() kmsg.Response) {
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = -1, int32(Patience.Milliseconds())
	if id != "" {
		req.TransactionID = kmsg.StringPtr(l.global(id))
	}
	t := kmsg.NewProduceRequestTopic()
	t.Topic = l.topic(out)
	for _, each := range loads {
		p := kmsg.NewProduceRequestTopicPartition()
		p.Partition, p.Records = each.Partition, each.Data
		t.Partitions = append(t.Partitions, p)
	}
	req.Topics = append(req.Topics, t)
	return l.SendTo(node, version, req)
}

// Produced is what a response says of each partition.
func (l *Lab) Produced(answer kmsg.Response) string {
	resp, ok := answer.(*kmsg.ProduceResponse)
	if !ok {
		return Silence
	}
	var said []string
	for _, p := range resp.Topics[0].Partitions {
		if p.ErrorCode == 0 {
			said = append(said, fmt.Sprintf("NONE at %d", p.BaseOffset))
		} else {
			said = append(said, Name(p.ErrorCode))
		}
	}
	return strings.Join(said, ", ")
}

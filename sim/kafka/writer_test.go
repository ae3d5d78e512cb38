package kafka

import (
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

// writer is a producer that numbers its batches by itself. Its version is that of its produce requests: from 12
// on it is TV2-style, before it adds partitions by itself and keeps its epoch.
type writer struct {
	l       *lab
	id      string // "": idempotent only
	pid     int64
	epoch   int16
	version int16
	next    map[int32]int32 // sequence, by partition
}

// init asks for a producer id, with the pair that the caller believes to have.
func (l *lab) init(id string, pid int64, epoch int16) string {
	said, _, _ := l.initFor(id, pid, epoch, time.Minute)
	return said
}

func (l *lab) initFor(id string, pid int64, epoch int16, timeout time.Duration) (said string, newPID int64, newEpoch int16) {
	said = l.untilSettled(func() string {
		req := kmsg.NewPtrInitProducerIDRequest()
		req.TransactionalID, req.TransactionTimeoutMillis = &id, int32(timeout.Milliseconds())
		req.ProducerID, req.ProducerEpoch = pid, epoch
		resp, ok := l.ask(l.Coordinator(id), 5, req).(*kmsg.InitProducerIDResponse)
		switch {
		case !ok:
			return silence
		case resp.ErrorCode != none:
			return name(resp.ErrorCode)
		}
		newPID, newEpoch = resp.ProducerID, resp.ProducerEpoch
		return "NONE " + l.pair(newPID, newEpoch)
	})
	return said, newPID, newEpoch
}

// writer takes a transactional id over; oldWriter does, in the style from before TV2.
func (l *lab) writer(id string) *writer {
	l.t.Helper()
	said, pid, epoch := l.initFor(id, noPID, noEpoch, time.Minute)
	if !strings.HasPrefix(said, "NONE") {
		l.t.Fatalf("take %s over: %s", id, said)
	}
	return &writer{l: l, id: id, pid: pid, epoch: epoch, version: 12, next: map[int32]int32{}}
}

func (l *lab) oldWriter(id string) *writer {
	l.t.Helper()
	w := l.writer(id)
	w.version = 11
	return w
}

// plainWriter has a producer id and no transactions.
func (l *lab) plainWriter() *writer {
	l.t.Helper()
	resp, ok := l.ask(0, 5, kmsg.NewPtrInitProducerIDRequest()).(*kmsg.InitProducerIDResponse)
	if !ok || resp.ErrorCode != none {
		l.t.Fatalf("got no producer id: %+v", resp)
	}
	l.pair(resp.ProducerID, resp.ProducerEpoch)
	return &writer{l: l, pid: resp.ProducerID, epoch: resp.ProducerEpoch, version: 12, next: map[int32]int32{}}
}

// as is the same writer with another epoch, or a writer that believes to have it.
func (w *writer) as(epoch int16) *writer {
	return &writer{l: w.l, id: w.id, pid: w.pid, epoch: epoch, version: w.version, next: map[int32]int32{}}
}

// write appends n records to a partition of "out".
func (w *writer) write(partition, n int32) string {
	said := w.batch(partition, w.next[partition], n)
	if strings.HasPrefix(said, "NONE") {
		w.next[partition] += n
	}
	return said
}

// batch sends n records from a sequence on.
func (w *writer) batch(partition, sequence, n int32) string {
	var id *string
	if w.id != "" {
		id = &w.id
	}
	return w.l.produce(w.version, id, w.to(partition, sequence, n))
}

// load is one batch for one partition.
type load struct {
	partition int32
	data      []byte
}

func (w *writer) to(partition, sequence, n int32) load {
	attributes := recordbatch.Transactional
	if w.id == "" {
		attributes = 0
	}
	return load{partition, sealed(attributes, w.pid, w.epoch, sequence, n)}
}

func sealed(attributes int16, pid int64, epoch int16, sequence, n int32) []byte {
	var b recordbatch.Builder
	for i := range n {
		b.Add(&record.Record{Key: []byte("k"), Value: int64(sequence + i), Count: 1}, true)
	}
	return b.Seal(attributes, pid, epoch, sequence)
}

// produce sends batches to the leader of the first one's partition.
func (l *lab) produce(version int16, id *string, loads ...load) string {
	return l.produced(l.sendProduce(l.Leader("out", int(loads[0].partition)), version, id, loads...))
}

func (l *lab) sendProduce(node int, version int16, id *string, loads ...load) uint64 {
	req := kmsg.NewPtrProduceRequest()
	req.TransactionID, req.Acks, req.TimeoutMillis = id, -1, 10000
	t := kmsg.NewProduceRequestTopic()
	t.Topic = "out"
	for _, each := range loads {
		p := kmsg.NewProduceRequestTopicPartition()
		p.Partition, p.Records = each.partition, each.data
		t.Partitions = append(t.Partitions, p)
	}
	req.Topics = append(req.Topics, t)
	return l.send(node, version, req)
}

func (l *lab) produced(asked uint64) string {
	resp, ok := l.answer(asked).(*kmsg.ProduceResponse)
	if !ok {
		return silence
	}
	var said []string
	for _, p := range resp.Topics[0].Partitions {
		if p.ErrorCode == none {
			said = append(said, fmt.Sprintf("NONE at %d", p.BaseOffset))
		} else {
			said = append(said, name(p.ErrorCode))
		}
	}
	return strings.Join(said, ", ")
}

// join adds partitions of "out" to the transaction, as clients did before TV2.
func (w *writer) join(partitions ...int32) string {
	return w.l.untilSettled(func() string {
		return w.l.added(w.l.ask(w.l.Coordinator(w.id), 3, w.joining(partitions...)))
	})
}

func (w *writer) joining(partitions ...int32) *kmsg.AddPartitionsToTxnRequest {
	req := kmsg.NewPtrAddPartitionsToTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch = w.id, w.pid, w.epoch
	t := kmsg.NewAddPartitionsToTxnRequestTopic()
	t.Topic, t.Partitions = "out", partitions
	req.Topics = append(req.Topics, t)
	return req
}

func (l *lab) added(answer kmsg.Response) string {
	resp, ok := answer.(*kmsg.AddPartitionsToTxnResponse)
	if !ok {
		return silence
	}
	var said []string
	for _, p := range resp.Topics[0].Partitions {
		said = append(said, name(p.ErrorCode))
	}
	return strings.Join(said, ", ")
}

// commit and abort end the transaction in the writer's style. They leave the writer's epoch as it is, so that
// the next call is a retry; follow takes over the epoch that a TV2-style end has granted.
func (w *writer) commit() string { return w.end(true) }
func (w *writer) abort() string  { return w.end(false) }

func (w *writer) end(commit bool) string {
	return w.l.untilSettled(func() string {
		return w.l.ended(w.l.ask(w.l.Coordinator(w.id), w.endVersion(), w.ending(commit)))
	})
}

func (w *writer) endVersion() int16 {
	if w.version < 12 {
		return 4
	}
	return 5
}

func (w *writer) ending(commit bool) *kmsg.EndTxnRequest {
	req := kmsg.NewPtrEndTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = w.id, w.pid, w.epoch, commit
	return req
}

func (l *lab) ended(answer kmsg.Response) string {
	resp, ok := answer.(*kmsg.EndTxnResponse)
	switch {
	case !ok:
		return silence
	case resp.ErrorCode == none && resp.Version >= 5:
		return "NONE " + l.pair(resp.ProducerID, resp.ProducerEpoch)
	}
	return name(resp.ErrorCode)
}

func (w *writer) follow() *writer { return w.as(w.epoch + 1) }

// endHanging is an operator's cure for a transaction that no coordinator knows: a marker by hand.
func (l *lab) endHanging(w *writer, coordinatorEpoch int32) string {
	req := kmsg.NewPtrWriteTxnMarkersRequest()
	m := kmsg.NewWriteTxnMarkersRequestMarker()
	m.ProducerID, m.ProducerEpoch, m.CoordinatorEpoch = w.pid, w.epoch, coordinatorEpoch
	t := kmsg.NewWriteTxnMarkersRequestMarkerTopic()
	t.Topic, t.Partitions = "out", []int32{0}
	m.Topics = append(m.Topics, t)
	req.Markers = append(req.Markers, m)
	resp, ok := l.ask(l.Leader("out", 0), 1, req).(*kmsg.WriteTxnMarkersResponse)
	if !ok {
		return silence
	}
	return name(resp.Markers[0].Topics[0].Partitions[0].ErrorCode)
}

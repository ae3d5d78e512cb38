package conformance

import (
	"cmp"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Join adds partitions of the topic out to the transaction, as clients did before TV2.
func (w *Writer) Join(partitions ...int32) string {
	return w.l.UntilSettled(func() string {
		return w.l.Joined(w.l.Ask(w.l.Coordinates(w.ID), 3, w.Joining(partitions...)))
	})
}

// Joining is the request of Join.
func (w *Writer) Joining(partitions ...int32) *kmsg.AddPartitionsToTxnRequest {
	req := kmsg.NewPtrAddPartitionsToTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch = w.l.global(w.ID), w.PID, w.Epoch
	t := kmsg.NewAddPartitionsToTxnRequestTopic()
	t.Topic, t.Partitions = w.l.topic(out), partitions
	req.Topics = append(req.Topics, t)
	return req
}

type joinedPartition = kmsg.AddPartitionsToTxnResponseTopicPartition

// Joined is what a response says of each partition, in their order: a broker has them in any.
func (l *Lab) Joined(answer kmsg.Response) string {
	resp, ok := answer.(*kmsg.AddPartitionsToTxnResponse)
	if !ok {
		return Silence
	}
	var said []string
	for _, t := range resp.Topics {
		slices.SortFunc(t.Partitions, func(a, b joinedPartition) int { return cmp.Compare(a.Partition, b.Partition) })
		for _, p := range t.Partitions {
			said = append(said, Name(p.ErrorCode))
		}
	}
	return strings.Join(said, ", ")
}

// Commit and Abort end the transaction in the writer's style. They leave the writer's epoch as it is, so that the next call
// is a retry.
func (w *Writer) Commit() string { return w.End(true) }
func (w *Writer) Abort() string  { return w.End(false) }

// End is Commit or Abort.
func (w *Writer) End(commit bool) string {
	if w.endVersion() >= 5 {
		w.l.needsNewStyle()
	}
	return w.l.UntilSettled(func() string {
		return w.EndAt(w.l.Coordinates(w.ID), w.endVersion(), commit)
	})
}

func (w *Writer) endVersion() int16 {
	if w.Version < 12 {
		return 4
	}
	return 5
}

// EndAt asks a broker once to end the transaction.
func (w *Writer) EndAt(node int32, version int16, commit bool) string {
	return w.l.Ended(w.l.Ask(node, version, w.Ending(commit)))
}

// Ending is the request that ends the transaction.
func (w *Writer) Ending(commit bool) *kmsg.EndTxnRequest {
	req := kmsg.NewPtrEndTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = w.l.global(w.ID), w.PID, w.Epoch, commit
	return req
}

// Ended is what a response says, and the pair that it grants.
func (l *Lab) Ended(answer kmsg.Response) string {
	resp, ok := answer.(*kmsg.EndTxnResponse)
	switch {
	case !ok:
		return Silence
	case resp.ErrorCode == 0 && resp.Version >= 5:
		return "NONE " + l.Pair(resp.ProducerID, resp.ProducerEpoch)
	}
	return Name(resp.ErrorCode)
}

// Mark writes a marker by hand: an operator's cure for a transaction that no coordinator knows.
func (w *Writer) Mark(commit bool, coordinatorEpoch int32) string {
	req := kmsg.NewPtrWriteTxnMarkersRequest()
	m := kmsg.NewWriteTxnMarkersRequestMarker()
	m.ProducerID, m.ProducerEpoch, m.CoordinatorEpoch, m.Committed = w.PID, w.Epoch, coordinatorEpoch, commit
	t := kmsg.NewWriteTxnMarkersRequestMarkerTopic()
	t.Topic, t.Partitions = w.l.topic(out), []int32{0}
	m.Topics = append(m.Topics, t)
	req.Markers = append(req.Markers, m)
	resp, ok := w.l.Ask(w.l.Leads(out, 0), 1, req).(*kmsg.WriteTxnMarkersResponse)
	if !ok {
		return Silence
	}
	return Name(resp.Markers[0].Topics[0].Partitions[0].ErrorCode)
}

// Settle waits until a transaction that was decided is over on every partition.
func (l *Lab) Settle(ids ...string) {
	for _, id := range ids {
		said := l.wait(Patience, func() string { return l.Describe(id) }, func(said string) bool { return !strings.HasPrefix(said, "Prepare") })
		if strings.HasPrefix(said, "Prepare") {
			l.Stop("the transaction of %s does not end: %s", id, said)
		}
	}
}

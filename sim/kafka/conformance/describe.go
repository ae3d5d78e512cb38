package conformance

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// What an operator, or a sink that looks for lingering transactions, can see.
var describe = []Case{
	{"I1", "a transaction that is over says how it ended", 0, func(l *Lab) {
		w := l.Writer("a")
		w.Write(0, 1)
		w.Commit()
		l.Settle("a")
		l.Is(l.Describe("a"), "CompleteCommit p1/1")
		w = w.Follow()
		w.Write(0, 1)
		w.Abort()
		l.Settle("a")
		l.Is(l.Describe("a"), "CompleteAbort p1/2")
	}},
	{"I2", "an unknown id", 0, func(l *Lab) {
		l.Is(l.Describe("a"), "TRANSACTIONAL_ID_NOT_FOUND")
	}},
	{"I3", "lists can be narrowed by state and producer id", 0, func(l *Lab) {
		a, b := l.Producer("a"), l.Producer("b")
		a.Write(0, 1)
		l.Is(l.List(func(*kmsg.ListTransactionsRequest) {}), "a Ongoing, b Empty")
		l.Is(l.List(func(r *kmsg.ListTransactionsRequest) { r.StateFilters = []string{"Ongoing"} }), "a Ongoing")
		l.Is(l.List(func(r *kmsg.ListTransactionsRequest) { r.ProducerIDFilters = []int64{b.PID} }), "b Empty")
	}},
	{"I4", "an unknown state is named", 0, func(l *Lab) {
		l.Writer("a")
		l.Is(l.List(func(r *kmsg.ListTransactionsRequest) { r.StateFilters = []string{"Empty", "Asleep"} }), "a Empty, unknown Asleep")
	}},
	{"I5", "a pattern matches the whole id", 0, func(l *Lab) {
		l.Writer("a-0")
		l.Writer("b-0")
		pattern := func(p string) string {
			return l.List(func(r *kmsg.ListTransactionsRequest) { r.TransactionalIDPattern = &p })
		}
		l.Is(pattern("a"), "")
		l.Is(pattern("a-.*"), "a-0 Empty")
		l.Is(pattern("("), "INVALID_REGULAR_EXPRESSION")
	}},
	{"I6", "a partition knows its producers, open or not", 0, func(l *Lab) {
		plain, idle, open := l.PlainWriter(), l.Writer("a"), l.Writer("b")
		plain.Write(0, 2)
		idle.Write(0, 1)
		idle.Abort()
		l.Settle("a")
		open.Write(0, 3)
		l.Is(l.Producers(0), "p1/0 last 1, p2/1, p3/0 last 2 open at 4")
	}},
	{"I7", "lists can be narrowed by age", 0, func(l *Lab) {
		a, b := l.Producer("a"), l.Producer("b")
		a.Write(0, 1)
		l.Pass(3 * time.Second)
		b.Write(0, 1)
		l.Is(l.List(func(r *kmsg.ListTransactionsRequest) { r.DurationFilterMillis = 2500 }), "a Ongoing")
	}},
	{"I8", "an open transaction says since when it is open, and for how long it may be", 0, func(l *Lab) {
		w := l.Producer("a")
		l.Is(l.since("a"), "never, 10m0s")
		w.Write(0, 1)
		l.Is(l.since("a"), "now, 10m0s")
	}},
	{"I9", "before TV2 a partition is known before it holds a record", 0, func(l *Lab) {
		w := l.OldWriter("a")
		w.Join(0)
		l.Is(l.Producers(0), "")
		w.Write(0, 1)
		l.Is(l.Producers(0), "p1/0 last 0 open at 0")
	}},
	{"I10", "an id is described by its coordinator", Brokers, func(l *Lab) {
		l.Writer("a")
		l.Is(l.describeAt(l.Another(l.Coordinates("a")), "a"), "NOT_COORDINATOR")
	}},
	{"I11", "nobody has written to a new partition", 0, func(l *Lab) {
		l.Is(l.Producers(0), "")
	}},
}

// Describe is the coordinator's view of a transactional id: state, pair, partitions without a marker yet.
func (l *Lab) Describe(id string) string { return l.describeAt(l.Coordinates(id), id) }

func (l *Lab) describeAt(node int32, id string) string {
	t := l.described(node, id)
	switch {
	case t == nil:
		return Silence
	case t.ErrorCode != 0:
		return Name(t.ErrorCode)
	}
	var partitions []string
	for _, topic := range t.Topics {
		for _, n := range topic.Partitions {
			partitions = append(partitions, fmt.Sprintf(" %s-%d", l.local(topic.Topic), n))
		}
	}
	slices.Sort(partitions)
	return t.State + " " + l.Pair(t.ProducerID, t.ProducerEpoch) + strings.Join(partitions, "")
}

// Over is Describe of a transaction that is over, however it ended: "over p1/1".
func (l *Lab) Over(id string) string {
	state, pair, _ := strings.Cut(l.Describe(id), " ")
	switch state {
	case "Empty", "CompleteCommit", "CompleteAbort":
		return "over " + pair
	}
	return state + " " + pair
}

func (l *Lab) described(node int32, id string) *kmsg.DescribeTransactionsResponseTransactionState {
	req := kmsg.NewPtrDescribeTransactionsRequest()
	req.TransactionalIDs = []string{l.global(id)}
	resp, ok := l.Ask(node, 0, req).(*kmsg.DescribeTransactionsResponse)
	if !ok {
		return nil
	}
	return &resp.TransactionStates[0]
}

// since says when a transaction was begun, and its timeout.
func (l *Lab) since(id string) string {
	t := l.described(l.Coordinates(id), id)
	if t == nil {
		return Silence
	}
	began := "never"
	if t.StartTimestamp >= 0 {
		began = "some time"
		if age := l.Now().Sub(time.UnixMilli(t.StartTimestamp)); -time.Second < age && age < Patience {
			began = "now"
		}
	}
	return fmt.Sprintf("%s, %s", began, time.Duration(t.TimeoutMillis)*time.Millisecond)
}

// List asks every broker for its transactions, and leaves out those of others.
func (l *Lab) List(narrow func(*kmsg.ListTransactionsRequest)) string {
	var said []string
	unknown := ""
	for _, b := range l.Metadata(AnyNode).Brokers {
		req := kmsg.NewPtrListTransactionsRequest()
		req.DurationFilterMillis = -1
		narrow(req)
		resp, ok := l.Ask(b.NodeID, 2, req).(*kmsg.ListTransactionsResponse)
		switch {
		case !ok:
			return Silence
		case resp.ErrorCode != 0:
			return Name(resp.ErrorCode)
		}
		for _, t := range resp.TransactionStates {
			if strings.HasSuffix(t.TransactionalID, l.suffix) {
				said = append(said, l.local(t.TransactionalID)+" "+t.TransactionState)
			}
		}
		if len(resp.UnknownStateFilters) > 0 {
			unknown = ", unknown " + strings.Join(resp.UnknownStateFilters, " ")
		}
	}
	slices.Sort(said)
	return strings.Join(said, ", ") + unknown
}

// Producers are those that a partition of the topic out knows.
func (l *Lab) Producers(partition int32) string {
	req := kmsg.NewPtrDescribeProducersRequest()
	t := kmsg.NewDescribeProducersRequestTopic()
	t.Topic, t.Partitions = l.topic(out), []int32{partition}
	req.Topics = append(req.Topics, t)
	resp, ok := l.Ask(l.Leads(out, partition), 0, req).(*kmsg.DescribeProducersResponse)
	if !ok {
		return Silence
	}
	var said []string
	for _, p := range resp.Topics[0].Partitions[0].ActiveProducers {
		one := l.Pair(p.ProducerID, int16(p.ProducerEpoch))
		if p.LastSequence >= 0 {
			one += fmt.Sprintf(" last %d", p.LastSequence)
		}
		if p.CurrentTxnStartOffset >= 0 {
			one += fmt.Sprintf(" open at %d", p.CurrentTxnStartOffset)
		}
		said = append(said, one)
	}
	slices.Sort(said)
	return strings.Join(said, ", ")
}

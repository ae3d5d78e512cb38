package kafka

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// What an operator, or a sink that looks for lingering transactions, can see.
func TestDescribe(t *testing.T) {
	tell(t, []story{
		{"I1 a transaction that is over says how it ended", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			w.commit()
			l.pass(time.Second)
			l.is(l.describe("a"), "CompleteCommit p1/1")
			w = w.follow()
			w.write(0, 1)
			w.abort()
			l.pass(time.Second)
			l.is(l.describe("a"), "CompleteAbort p1/2")
		}},
		{"I2 an unknown id", func(l *lab) {
			l.is(l.describe("a"), "TRANSACTIONAL_ID_NOT_FOUND")
		}},
		{"I3 lists can be narrowed by state and producer id", func(l *lab) {
			a, b := l.writer("a"), l.writer("b")
			a.write(0, 1)
			l.is(l.list(func(*kmsg.ListTransactionsRequest) {}), "b Empty, a Ongoing")
			l.is(l.list(func(r *kmsg.ListTransactionsRequest) { r.StateFilters = []string{"Ongoing"} }), "a Ongoing")
			l.is(l.list(func(r *kmsg.ListTransactionsRequest) { r.ProducerIDFilters = []int64{b.pid} }), "b Empty")
		}},
		{"I3 and by age", func(l *lab) {
			a, b := l.writer("a"), l.writer("b")
			a.write(0, 1)
			l.pass(30 * time.Second)
			b.write(0, 1)
			l.is(l.list(func(r *kmsg.ListTransactionsRequest) { r.DurationFilterMillis = 20000 }), "a Ongoing")
		}},
		{"I4 an unknown state is named", func(l *lab) {
			l.writer("a")
			l.is(l.list(func(r *kmsg.ListTransactionsRequest) { r.StateFilters = []string{"Empty", "Asleep"} }), "a Empty, unknown Asleep")
		}},
		{"I5 a pattern matches the whole id", func(l *lab) {
			l.writer("a-0")
			l.writer("b-0")
			pattern := func(p string) string {
				return l.list(func(r *kmsg.ListTransactionsRequest) { r.TransactionalIDPattern = &p })
			}
			l.is(pattern("a"), "")
			l.is(pattern("a-.*"), "a-0 Empty")
			l.is(pattern("("), "INVALID_REGULAR_EXPRESSION")
		}},
		{"I6 a partition knows its producers, open or not", func(l *lab) {
			plain, idle, open := l.plainWriter(), l.writer("a"), l.writer("b")
			plain.write(0, 2)
			idle.write(0, 1)
			idle.abort()
			l.pass(time.Second)
			open.write(0, 3)
			l.is(l.producers(0), "p1/0 last 1, p2/1, p3/0 last 2 open at 4")
		}},
		{"every coordinator lists its own, and says so while it loads", func(l *lab) {
			l.writer("a")
			to := (l.Coordinator("a") + 1) % 3
			l.MoveCoordinator(TxnPartitionOf("a"), to)
			l.is(l.list(func(*kmsg.ListTransactionsRequest) {}), "COORDINATOR_LOAD_IN_PROGRESS")
			l.pass(time.Second)
			l.is(l.list(func(*kmsg.ListTransactionsRequest) {}), "a Empty")
		}},
	})
}

// What a client asks first: who is there, what they can, who leads and coordinates what.
func TestLookUp(t *testing.T) {
	tell(t, []story{
		{"metadata names brokers, topics and leaders", func(l *lab) {
			l.CreateTopic("in", 1)
			l.is(l.metadata(), "kafka-0 kafka-1 kafka-2, out-0 on 0, out-1 on 1, in-0 on 1")
			l.is(l.metadata("in"), "kafka-0 kafka-1 kafka-2, in-0 on 1")
			l.is(l.metadata("none"), "kafka-0 kafka-1 kafka-2, none UNKNOWN_TOPIC_OR_PARTITION")
		}},
		{"and after a fail-over those that are left", func(l *lab) {
			l.Kill("kafka-1")
			l.FailOver(1)
			l.is(l.metadata("out"), "kafka-0 kafka-2, out-0 on 0, out-1 on 2")
			l.Restart("kafka-1")
			l.pass(time.Second)
			l.is(l.metadata("out"), "kafka-0 kafka-1 kafka-2, out-0 on 0, out-1 on 2")
		}},
		{"coordinators are found by the hash of the id, old style and new", func(l *lab) {
			l.is(fmt.Sprint(TxnPartitionOf("a"), TxnPartitionOf("sink-0-1"), TxnPartitionOf("\U0001f99c")), "47 30 30")
			req := kmsg.NewPtrFindCoordinatorRequest()
			req.CoordinatorKey, req.CoordinatorType = "a", 1
			l.is(fmt.Sprint(l.ask(0, 3, req).(*kmsg.FindCoordinatorResponse).NodeID), "2")
			req = kmsg.NewPtrFindCoordinatorRequest()
			req.CoordinatorKeys, req.CoordinatorType = []string{"a", "b"}, 1
			said := ""
			for _, c := range l.ask(0, 4, req).(*kmsg.FindCoordinatorResponse).Coordinators {
				said += fmt.Sprintf("%s on %d (%s), ", c.Key, c.NodeID, c.Host)
			}
			l.is(said, "a on 2 (kafka-2), b on 0 (kafka-0), ")
		}},
		{"a broker says what it can, and what the cluster has switched on", func(l *lab) {
			l = newLab(l.t, Config{TransactionVersion: TV1})
			resp := l.ask(0, 3, kmsg.NewPtrApiVersionsRequest()).(*kmsg.ApiVersionsResponse)
			said := ""
			for _, k := range resp.ApiKeys {
				if k.ApiKey == kmsg.Produce.Int16() || k.ApiKey == kmsg.EndTxn.Int16() {
					said += fmt.Sprintf("%s %d-%d, ", kmsg.NameForKey(k.ApiKey), k.MinVersion, k.MaxVersion)
				}
			}
			for _, f := range resp.FinalizedFeatures {
				said += fmt.Sprintf("%s=%d", f.Name, f.MaxVersionLevel)
			}
			l.is(said, "Produce 3-12, EndTxn 0-5, transaction.version=1")
		}},
		{"a request from the future is answered if it asks just that, and else hung up on", func(l *lab) {
			resp := l.ask(0, 9, kmsg.NewPtrApiVersionsRequest()).(*kmsg.ApiVersionsResponse)
			l.is(fmt.Sprint(resp.Version, " ", name(resp.ErrorCode)), "0 UNSUPPORTED_VERSION")
			l.is(fmt.Sprint(l.ask(0, 13, kmsg.NewPtrFetchRequest())), "<nil>")
			l.is(fmt.Sprint(l.ask(0, 0, kmsg.NewPtrCreateTopicsRequest())), "<nil>")
		}},
		{"a group's positions are kept by its coordinator", func(l *lab) {
			l.is(l.commitOffset(l.Coordinator("group"), 0, 42), "NONE")
			l.is(l.commitOffset(l.Coordinator("group"), 9, 42), "UNKNOWN_TOPIC_OR_PARTITION")
			l.is(l.commitOffset((l.Coordinator("group")+1)%3, 0, 43), "NOT_COORDINATOR")
			l.is(fmt.Sprint(l.CommittedOffset("group", "out", 0), l.CommittedOffset("group", "out", 1)), "42 -1")
		}},
	})
}

// list asks every broker for its transactions.
func (l *lab) list(narrow func(*kmsg.ListTransactionsRequest)) string {
	var said []string
	unknown := ""
	for n := range l.Addrs() {
		req := kmsg.NewPtrListTransactionsRequest()
		narrow(req)
		resp, ok := l.ask(n, 2, req).(*kmsg.ListTransactionsResponse)
		switch {
		case !ok:
			return silence
		case resp.ErrorCode != none:
			return name(resp.ErrorCode)
		}
		for _, t := range resp.TransactionStates {
			said = append(said, t.TransactionalID+" "+t.TransactionState)
		}
		if len(resp.UnknownStateFilters) > 0 {
			unknown = ", unknown " + strings.Join(resp.UnknownStateFilters, " ")
		}
	}
	return strings.Join(said, ", ") + unknown
}

// producers are those that a partition knows.
func (l *lab) producers(partition int32) string {
	req := kmsg.NewPtrDescribeProducersRequest()
	t := kmsg.NewDescribeProducersRequestTopic()
	t.Topic, t.Partitions = "out", []int32{partition}
	req.Topics = append(req.Topics, t)
	resp, ok := l.ask(l.Leader("out", int(partition)), 0, req).(*kmsg.DescribeProducersResponse)
	if !ok {
		return silence
	}
	var said []string
	for _, p := range resp.Topics[0].Partitions[0].ActiveProducers {
		one := l.pair(p.ProducerID, int16(p.ProducerEpoch))
		if p.LastSequence >= 0 {
			one += fmt.Sprintf(" last %d", p.LastSequence)
		}
		if p.CurrentTxnStartOffset >= 0 {
			one += fmt.Sprintf(" open at %d", p.CurrentTxnStartOffset)
		}
		said = append(said, one)
	}
	return strings.Join(said, ", ")
}

// metadata asks the first broker for topics, or for all.
func (l *lab) metadata(topics ...string) string {
	req := kmsg.NewPtrMetadataRequest()
	for _, name := range topics {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = &name
		req.Topics = append(req.Topics, t)
	}
	resp, ok := l.ask(0, 12, req).(*kmsg.MetadataResponse)
	if !ok {
		return silence
	}
	var said []string
	for _, b := range resp.Brokers {
		said = append(said, b.Host)
	}
	line := strings.Join(said, " ")
	for _, t := range resp.Topics {
		if t.ErrorCode != none {
			line += fmt.Sprintf(", %s %s", *t.Topic, name(t.ErrorCode))
		}
		for _, p := range t.Partitions {
			line += fmt.Sprintf(", %s-%d on %d", *t.Topic, p.Partition, p.Leader)
		}
	}
	return line
}

func (l *lab) commitOffset(node int, partition int32, offset int64) string {
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group, req.Generation = "group", -1
	t := kmsg.NewOffsetCommitRequestTopic()
	t.Topic = "out"
	p := kmsg.NewOffsetCommitRequestTopicPartition()
	p.Partition, p.Offset = partition, offset
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	resp, ok := l.ask(node, 8, req).(*kmsg.OffsetCommitResponse)
	if !ok {
		return silence
	}
	return name(resp.Topics[0].Partitions[0].ErrorCode)
}

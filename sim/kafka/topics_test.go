package kafka

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// Topics come and go by request, as an operator or a client has it.
func TestTopics(t *testing.T) {
	tell(t, []story{
		{"a topic is created at any broker, and known at all", func(l *lab) {
			l.is(l.createTopic("in", 2, 3), "NONE: 2 partitions, 3 replicas")
			l.is(l.topicAt(1, "in", false), "2 partitions, leaders 1 2, replicas 1 2 0")
			l.is(l.createTopic("in", 2, 3), "TOPIC_ALREADY_EXISTS")
			l.is(l.createTopic("default", -1, -1), "NONE: 1 partitions, 1 replicas")
		}},
		{"one that cannot be is not", func(l *lab) {
			l.is(l.createTopic("in", 0, 1)+", "+l.createTopic("in", -2, 1), "INVALID_PARTITIONS, INVALID_PARTITIONS")
			l.is(l.createTopic("in", 1, 0)+", "+l.createTopic("in", 1, 4), "INVALID_REPLICATION_FACTOR, INVALID_REPLICATION_FACTOR")
			l.is(l.createTopic("in", 10_001, 1), "POLICY_VIOLATION")
			for _, bad := range []string{"", ".", "..", "a b", "a/b", strings.Repeat("a", 250)} {
				l.is(l.createTopic(bad, 1, 1), "INVALID_TOPIC_EXCEPTION")
			}
			l.is(l.createTopic("a.b", 1, 1)+", "+l.createTopic("a_b", 1, 1), "NONE: 1 partitions, 1 replicas, INVALID_TOPIC_EXCEPTION")
			l.is(l.createTopic("in", 1, 1, "no.such", "1"), "INVALID_CONFIG")
			l.is(l.createTopic("in", 1, 1, "retention.ms", "soon")+", "+l.createTopic("in", 1, 1, "retention.ms", "-2"), "INVALID_CONFIG, INVALID_CONFIG")
			l.is(l.createTopic("in", 1, 1, "message.timestamp.type", "Never"), "INVALID_CONFIG")
			l.is(l.topicAt(0, "in", false), "UNKNOWN_TOPIC_OR_PARTITION")
		}},
		{"named twice in a request it is refused once, and only tried it is not made", func(l *lab) {
			req := kmsg.NewPtrCreateTopicsRequest()
			in := kmsg.CreateTopicsRequestTopic{Topic: "in", NumPartitions: 1, ReplicationFactor: 1}
			other := kmsg.CreateTopicsRequestTopic{Topic: "other", NumPartitions: 1, ReplicationFactor: 1}
			req.Topics, req.ValidateOnly = []kmsg.CreateTopicsRequestTopic{in, other, in}, true
			resp := l.ask(0, 7, req).(*kmsg.CreateTopicsResponse)
			l.is(fmt.Sprintf("%d: %s, %s", len(resp.Topics), name(resp.Topics[0].ErrorCode), name(resp.Topics[1].ErrorCode)), "2: INVALID_REQUEST, NONE")
			l.is(l.topicAt(0, "other", false), "UNKNOWN_TOPIC_OR_PARTITION")
		}},
		{"its leaders can be chosen", func(l *lab) {
			try := func(assignment ...[]int32) string {
				req := kmsg.NewPtrCreateTopicsRequest()
				in := kmsg.CreateTopicsRequestTopic{Topic: "in", NumPartitions: -1, ReplicationFactor: -1}
				for i, replicas := range assignment {
					in.ReplicaAssignment = append(in.ReplicaAssignment, kmsg.CreateTopicsRequestTopicReplicaAssignment{Partition: int32(i), Replicas: replicas})
				}
				req.Topics = []kmsg.CreateTopicsRequestTopic{in}
				return name(l.ask(0, 7, req).(*kmsg.CreateTopicsResponse).Topics[0].ErrorCode)
			}
			for _, bad := range [][][]int32{{{}}, {{7}}, {{1, 1}}, {{0, 1}, {0}}} {
				l.is(try(bad...), "INVALID_REPLICA_ASSIGNMENT")
			}
			l.is(try([]int32{2, 0}, []int32{2, 1}), "NONE")
			l.is(l.topicAt(0, "in", false), "2 partitions, leaders 2 2, replicas 2 0")
		}},
		{"it is deleted by name or by id, and comes back as another one", func(l *lab) {
			old := l.topics["out"].id
			l.is(l.deleteTopic("out", [16]byte{})+", "+l.deleteTopic("out", [16]byte{}), "NONE, UNKNOWN_TOPIC_OR_PARTITION")
			l.createTopic("out", 1, 1)
			l.is(fmt.Sprint(l.topics["out"].id == old), "false")
			l.is(l.deleteTopic("", old)+", "+l.deleteTopic("out", old), "UNKNOWN_TOPIC_ID, INVALID_REQUEST")
			l.is(l.deleteTopic("", l.topics["out"].id), "NONE")
			l.is(l.deleteTopic(offsetsTopic, [16]byte{}), "INVALID_REQUEST")
		}},
		{"who waits for records of one that is deleted hears of it", func(l *lab) {
			sent := l.SendFetch(0, 0, false, time.Minute)
			l.pass(time.Millisecond)
			l.deleteTopic("out", [16]byte{})
			l.is(name(sent().(*kmsg.FetchResponse).Topics[0].Partitions[0].ErrorCode), "UNKNOWN_TOPIC_OR_PARTITION")
		}},
		{"it can grow and not shrink", func(l *lab) {
			l.PlainWriter().Write(0, 1)
			l.is(l.morePartitions("out", 2)+", "+l.morePartitions("out", 1)+", "+l.morePartitions("none", 3),
				"INVALID_PARTITIONS, INVALID_PARTITIONS, UNKNOWN_TOPIC_OR_PARTITION")
			l.is(l.morePartitions("out", 4, 0), "INVALID_REPLICA_ASSIGNMENT")
			l.is(l.morePartitions("out", 3)+", "+l.topicAt(0, "out", false), "NONE, 3 partitions, leaders 0 1 0, replicas 0 1 2")
			l.is(l.PlainWriter().Write(2, 1)+", "+l.Marked(0), "NONE at 0, 0 p1/0")
		}},
		{"a client that only asks for one makes it, unless that is switched off", func(l *lab) {
			l.is(l.topicAt(0, "new", true)+", "+l.topicAt(0, "new", true), "UNKNOWN_TOPIC_OR_PARTITION, 1 partitions, leaders 1, replicas 1")
			l.is(l.topicAt(0, "not new", true), "INVALID_TOPIC_EXCEPTION")
			l = newLab(l.t, Config{NoTopicAutoCreation: true})
			l.is(l.topicAt(0, "new", true)+", "+l.topicAt(0, "new", true), "UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC_OR_PARTITION")
		}},
		{"its configuration can be read, all of it or some", func(l *lab) {
			l.createTopic("in", 1, 1, "retention.ms", "1000", "min.insync.replicas", "2")
			l.is(l.configOf(kmsg.ConfigResourceTypeTopic, "in", "retention.ms", "min.insync.replicas", "cleanup.policy", "nonsense"),
				"cleanup.policy=delete min.insync.replicas=2! retention.ms=1000!")
			l.is(fmt.Sprint(len(strings.Fields(l.configOf(kmsg.ConfigResourceTypeTopic, "in")))), "37")
			l.is(l.configOf(kmsg.ConfigResourceTypeTopic, "none"), "UNKNOWN_TOPIC_OR_PARTITION")
			l.is(l.configOf(kmsg.ConfigResourceTypeBroker, "0", "transaction.max.timeout.ms"), "transaction.max.timeout.ms=900000")
			l.is(l.configOf(kmsg.ConfigResourceTypeBroker, "1")+", "+l.configOf(kmsg.ConfigResourceTypeUnknown, ""), "INVALID_REQUEST, INVALID_REQUEST")
		}},
	})
}

// What is set for a topic holds for what is written to it.
func TestTopicConfig(t *testing.T) {
	// out is a topic "out" with a configuration of its own, and a producer; the lab's clock begins in 2026.
	out := func(l *lab, config ...string) *writer {
		l.DeleteTopic("out")
		l.is(l.createTopic("out", 1, 3, config...), "NONE: 1 partitions, 3 replicas")
		return l.PlainWriter()
	}
	// The records of a writer are of 1970.
	tell(t, []story{
		{"records that are too old are refused", func(l *lab) {
			l.is(out(l, "message.timestamp.before.max.ms", "60000").Write(0, 1), "INVALID_TIMESTAMP")
		}},
		{"and those from too far in the future", func(l *lab) {
			l.is(out(l, "message.timestamp.after.max.ms", "60000").Write(0, 1), "NONE at 0")
			c, _ := newTopicConfig(map[string]string{"message.timestamp.after.max.ms": "60000"})
			upTo, beyond := recordbatch.Header{MaxTime: 160_000}, recordbatch.Header{MaxTime: 160_001}
			l.is(fmt.Sprint(c.timely(&upTo, nil, 100_000), c.timely(&beyond, nil, 100_000)), "true false")
		}},
		{"they can be given the time of the append", func(l *lab) {
			out(l, "message.timestamp.type", "LogAppendTime", "message.timestamp.before.max.ms", "0").Write(0, 2)
			said := l.Listed(0, protocol.MaxTimestamp, false)
			l.is(fmt.Sprintf("%v, %s", strings.HasPrefix(said, "0 at 17"), l.Visible(0)), "true, 0 1")
			h, err := recordbatch.ParseHeader(l.Fetch(0, 0, false).RecordBatches)
			l.is(fmt.Sprint(err, h.Intact(l.Fetch(0, 0, false).RecordBatches)), "<nil> true")
		}},
		{"a batch may have so many bytes and not more", func(l *lab) {
			l.is(out(l, "max.message.bytes", "100").Write(0, 1), "MESSAGE_TOO_LARGE")
		}},
		{"what is older than its retention goes with the next look, every five minutes", func(l *lab) {
			w := out(l, "retention.ms", "1000", "message.timestamp.type", "LogAppendTime")
			w.Write(0, 2)
			l.is(l.Listed(0, protocol.Earliest, false), "0 at -1")
			l.pass(6 * time.Minute)
			w.Write(0, 1)
			l.is(l.Listed(0, protocol.Earliest, false)+", "+l.Visible(0), "2 at -1, ")
		}},
		{"so does what is too much", func(l *lab) {
			w := out(l, "retention.bytes", "250", "retention.ms", "-1")
			for range 5 {
				w.Write(0, 1)
			}
			l.pass(6 * time.Minute)
			l.is(l.Listed(0, protocol.Earliest, false), "3 at -1")
		}},
	})
}

func (l *lab) createTopic(topic string, partitions int32, replicas int16, config ...string) string {
	req := kmsg.NewPtrCreateTopicsRequest()
	in := kmsg.CreateTopicsRequestTopic{Topic: topic, NumPartitions: partitions, ReplicationFactor: replicas}
	for i := 0; i < len(config); i += 2 {
		in.Configs = append(in.Configs, kmsg.CreateTopicsRequestTopicConfig{Name: config[i], Value: &config[i+1]})
	}
	req.Topics = append(req.Topics, in)
	resp, ok := l.ask(0, 7, req).(*kmsg.CreateTopicsResponse)
	if !ok {
		return silence
	}
	t := resp.Topics[0]
	if t.ErrorCode != protocol.None {
		return name(t.ErrorCode)
	}
	return fmt.Sprintf("NONE: %d partitions, %d replicas", t.NumPartitions, t.ReplicationFactor)
}

func (l *lab) deleteTopic(topic string, id [16]byte) string {
	req := kmsg.NewPtrDeleteTopicsRequest()
	in := kmsg.DeleteTopicsRequestTopic{TopicID: id}
	if topic != "" {
		in.Topic = &topic
	}
	req.Topics = append(req.Topics, in)
	resp, ok := l.ask(0, 6, req).(*kmsg.DeleteTopicsResponse)
	if !ok {
		return silence
	}
	return name(resp.Topics[0].ErrorCode)
}

func (l *lab) morePartitions(topic string, count int32, leaders ...int32) string {
	req := kmsg.NewPtrCreatePartitionsRequest()
	in := kmsg.CreatePartitionsRequestTopic{Topic: topic, Count: count}
	for _, n := range leaders {
		in.Assignment = append(in.Assignment, kmsg.CreatePartitionsRequestTopicAssignment{Replicas: []int32{n}})
	}
	req.Topics = append(req.Topics, in)
	resp, ok := l.ask(0, 3, req).(*kmsg.CreatePartitionsResponse)
	if !ok {
		return silence
	}
	return name(resp.Topics[0].ErrorCode)
}

// topicAt is what a broker says of a topic, to a client that has it created or not. Replicas are the first partition's.
func (l *lab) topicAt(node int, topic string, create bool) string {
	req := kmsg.NewPtrMetadataRequest()
	req.AllowAutoTopicCreation = create
	in := kmsg.NewMetadataRequestTopic()
	in.Topic = &topic
	req.Topics = append(req.Topics, in)
	resp, ok := l.ask(node, 13, req).(*kmsg.MetadataResponse)
	if !ok {
		return silence
	}
	t := resp.Topics[0]
	if t.ErrorCode != protocol.None {
		return name(t.ErrorCode)
	}
	said := fmt.Sprintf("%d partitions, leaders", len(t.Partitions))
	for _, p := range t.Partitions {
		said += fmt.Sprint(" ", p.Leader)
	}
	return said + ", replicas " + strings.Trim(fmt.Sprint(t.Partitions[0].Replicas), "[]")
}

// configOf is a configuration as its resource has it; "!" is behind what was set.
func (l *lab) configOf(kind kmsg.ConfigResourceType, of string, names ...string) string {
	req := kmsg.NewPtrDescribeConfigsRequest()
	req.Resources = append(req.Resources, kmsg.DescribeConfigsRequestResource{ResourceType: kind, ResourceName: of, ConfigNames: names})
	resp, ok := l.ask(0, 4, req).(*kmsg.DescribeConfigsResponse)
	if !ok {
		return silence
	}
	r := resp.Resources[0]
	if r.ErrorCode != protocol.None {
		return name(r.ErrorCode)
	}
	var said []string
	for _, c := range r.Configs {
		e := c.Name + "=" + *c.Value
		if c.Source == kmsg.ConfigSourceDynamicTopicConfig {
			e += "!"
		}
		said = append(said, e)
	}
	return strings.Join(said, " ")
}

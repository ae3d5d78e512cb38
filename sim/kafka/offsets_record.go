package kafka

import (
	"encoding/binary"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

// logRecord is a record of __consumer_offsets in Kafka's own format, so that any tool can read that topic. Without a
// value it is a tombstone.
type logRecord struct{ key, value []byte }

// The versions of the keys say what a record is about.
const (
	offsetKeyVersion   int16 = 1 // and 0
	groupKeyVersion    int16 = 2
	offsetValueVersion int16 = 4 // the first one that has the topic's id
	groupValueVersion  int16 = 3
)

// committed is an offset that a group has committed.
type committed struct {
	offset      int64
	leaderEpoch int32
	metadata    string
	topicID     [16]byte
	at          int64 // of the record in the log
}

func offsetKey(group string, tp topicPartition) []byte {
	key := kmsg.OffsetCommitKey{Version: offsetKeyVersion, Group: group, Topic: tp.topic, Partition: tp.partition}
	return key.AppendTo(nil)
}

func offsetRecord(group string, tp topicPartition, o committed, wall int64) logRecord {
	value := kmsg.OffsetCommitValue{Version: offsetValueVersion, Offset: o.offset, LeaderEpoch: o.leaderEpoch, Metadata: o.metadata,
		CommitTimestamp: wall, TopicID: o.topicID}
	return logRecord{offsetKey(group, tp), value.AppendTo(nil)}
}

func groupKey(group string) []byte {
	key := kmsg.GroupMetadataKey{Version: groupKeyVersion, Group: group}
	return key.AppendTo(nil)
}

// record is what the log keeps of a group: its generation, and its members with what they were assigned.
func (g *group) record(wall int64) logRecord {
	value := kmsg.GroupMetadataValue{Version: groupValueVersion, ProtocolType: g.protocolType, Generation: g.generation,
		CurrentStateTimestamp: wall}
	if len(g.members) > 0 {
		value.Protocol, value.Leader = &g.protocol, &g.leader
	}
	for _, m := range g.members {
		value.Members = append(value.Members, kmsg.GroupMetadataValueMember{MemberID: m.id, InstanceID: m.instance, ClientID: m.client,
			ClientHost: m.host, RebalanceTimeoutMillis: int32(m.rebalance.Milliseconds()), SessionTimeoutMillis: int32(m.session.Milliseconds()),
			Subscription: m.metadata(g.protocol), Assignment: m.assignment})
	}
	return logRecord{groupKey(g.id), value.AppendTo(nil)}
}

func seal(records []logRecord, attributes int16, pid int64, epoch int16, wall int64) []byte {
	var b recordbatch.Builder
	for _, r := range records {
		b.AddRaw(r.key, r.value, record.EventTime(wall))
	}
	return b.Seal(attributes, pid, epoch, noSequence)
}

// apply takes one batch of the log over.
func (s *shard) apply(b *batch, loading bool) {
	data := s.log.bytes(b)
	h, err := recordbatch.ParseHeader(data)
	if err != nil {
		bug("%s-%d cannot be read at %d: %v", offsetsTopic, s.log.index, b.base, err)
	}
	if h.Control() {
		if commit, ok := recordbatch.MarkerKind(data); ok {
			s.settle(h.ProducerID, commit)
		}
		return
	}
	for r := (recordbatch.Reader{Data: data[recordbatch.HeaderSize:h.Size]}); r.Next(); {
		switch version := int16(binary.BigEndian.Uint16(r.Key)); {
		case version <= offsetKeyVersion:
			s.applyOffset(&h, r.Key, r.Value, b.base+r.Delta)
		case version == groupKeyVersion && loading:
			s.applyGroup(r.Key, r.Value)
		}
	}
}

func (s *shard) applyOffset(h *recordbatch.Header, key, value []byte, at int64) {
	var k kmsg.OffsetCommitKey
	must(k.ReadFrom(key))
	g := s.make(k.Group)
	tp := topicPartition{k.Topic, k.Partition}
	if value == nil {
		delete(g.offsets, tp)
		for pid, offsets := range g.pending { // each by itself, so it may be done in any order
			if delete(offsets, tp); len(offsets) == 0 {
				delete(g.pending, pid)
			}
		}
		return
	}
	var v kmsg.OffsetCommitValue
	must(v.ReadFrom(value))
	o := &committed{v.Offset, v.LeaderEpoch, v.Metadata, v.TopicID, at}
	if !h.Transactional() {
		g.offsets[tp] = o
		return
	}
	if g.pending[h.ProducerID] == nil {
		g.pending[h.ProducerID] = map[topicPartition]*committed{}
	}
	g.pending[h.ProducerID][tp] = o
}

// settle ends what a transaction has pending. An offset that was committed outside of it, and later, stays.
func (s *shard) settle(pid int64, commit bool) {
	for _, g := range s.groups { // each by itself, so it may be done in any order
		for tp, o := range g.pending[pid] { // its partitions in any order, too
			if old := g.offsets[tp]; commit && (old == nil || old.at < o.at) {
				g.offsets[tp] = o
			}
		}
		delete(g.pending, pid)
	}
}

func (s *shard) applyGroup(key, value []byte) {
	var k kmsg.GroupMetadataKey
	must(k.ReadFrom(key))
	g := s.make(k.Group)
	if value == nil {
		if len(g.offsets) == 0 && len(g.pending) == 0 { // offsets have tombstones of their own
			delete(s.groups, k.Group)
		}
		return
	}
	var v kmsg.GroupMetadataValue
	must(v.ReadFrom(value))
	g.protocolType, g.generation, g.members = v.ProtocolType, v.Generation, nil
	g.state = groupEmpty
	if v.Protocol != nil {
		g.protocol = *v.Protocol
	}
	if v.Leader != nil {
		g.leader = *v.Leader
	}
	for _, in := range v.Members {
		g.state = groupStable
		g.members = append(g.members, &member{id: in.MemberID, instance: in.InstanceID, client: in.ClientID, host: in.ClientHost,
			rebalance: ms(in.RebalanceTimeoutMillis), session: ms(in.SessionTimeoutMillis), assignment: in.Assignment,
			protocols: []kmsg.JoinGroupRequestProtocol{{Name: g.protocol, Metadata: in.Subscription}}})
	}
}

func must(err error) {
	if err != nil {
		bug("a record of %s cannot be read: %v", offsetsTopic, err)
	}
}

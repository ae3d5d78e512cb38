package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// offsetsInTxn is a TxnOffsetCommit at the group's coordinator. Its offsets are data of the transaction: the log of the
// group has to be a member of it, and the marker that comes there makes them count, or drops them.
type offsetsInTxn struct {
	call call
	req  *kmsg.TxnOffsetCommitRequest
	resp *kmsg.TxnOffsetCommitResponse
	slot slot
}

func (b *Broker) txnOffsetCommit(env mailbox.Env, c call, req *kmsg.TxnOffsetCommitRequest) {
	o := &offsetsInTxn{call: c, req: req, resp: kmsg.NewPtrTxnOffsetCommitResponse()}
	s, code := b.groupShard(req.Group)
	records := o.inspect(b, code, millis(env))
	if len(records) == 0 {
		b.answer(env, c, o.resp)
		return
	}
	data := seal(records, recordbatch.Transactional, req.ProducerID, req.ProducerEpoch, millis(env))
	h, err := recordbatch.ParseHeader(data)
	must(err)
	o.slot = slot{topic: offsetsTopic, p: s.log, data: data, h: h}
	o.slot.out.Partition = s.log.index
	b.leads(s.log)
	adds := req.Version >= 5 // a TV2-style client leaves it to the group's coordinator to add the log
	b.admitToTxn(&o.slot, adds)
	switch {
	case o.slot.out.ErrorCode != protocol.None:
		b.finishTxnOffsets(env, o, o.slot.out.ErrorCode)
	case o.slot.ask:
		q := question{id: req.TransactionalID, pid: req.ProducerID, epoch: req.ProducerEpoch, add: adds,
			partitions: []topicPartition{{offsetsTopic, s.log.index}}}
		b.askCoordinator(env, q, func(env mailbox.Env, codes []int16) {
			if code := forOffsets(codes[0], req.Version); code != protocol.None {
				b.finishTxnOffsets(env, o, code)
				return
			}
			b.appendTxnOffsets(env, o)
		})
	default:
		b.appendTxnOffsets(env, o)
	}
}

// inspect makes records of the offsets that can be committed, and writes down what is wrong with the others.
func (o *offsetsInTxn) inspect(b *Broker, refused int16, wall int64) (records []logRecord) {
	for _, t := range o.req.Topics {
		topic := kmsg.NewTxnOffsetCommitResponseTopic()
		topic.Topic, topic.TopicID = t.Topic, t.TopicID
		found, code := b.cluster.named(t.Topic, t.TopicID, o.req.Version >= 6)
		for _, in := range t.Partitions {
			out := kmsg.NewTxnOffsetCommitResponseTopicPartition()
			out.Partition, out.ErrorCode = in.Partition, code
			switch {
			case refused != protocol.None:
				out.ErrorCode = refused
			case code != protocol.None:
			default:
				var r logRecord
				r, out.ErrorCode = found.offsetRecord(o.req.Group, in.Partition, in.Offset, in.LeaderEpoch, in.Metadata, wall)
				if out.ErrorCode == protocol.None {
					records = append(records, r)
				}
			}
			topic.Partitions = append(topic.Partitions, out)
		}
		o.resp.Topics = append(o.resp.Topics, topic)
	}
	return records
}

// appendTxnOffsets is for offsets that the transaction may have. The group has its say only now.
func (b *Broker) appendTxnOffsets(env mailbox.Env, o *offsetsInTxn) {
	s, code := b.shardOf(o.req.Group)
	if code == protocol.None {
		code = s.find(o.req.Group).mayCommit(o.req.MemberID, o.req.InstanceID, o.req.Generation, true)
		if code == protocol.GroupIDNotFound && o.req.Version < 6 {
			code = protocol.IllegalGeneration
		}
	}
	if code == protocol.None && !b.room(env) {
		code = forGroups(protocol.KafkaStorageError)
	}
	if code == protocol.None {
		g := b.guardOf(&o.slot)
		_, code = s.log.appendData(o.slot.data, &o.slot.h, g, b.cluster.cfg.Now())
	}
	if code != protocol.None {
		b.finishTxnOffsets(env, o, code)
		return
	}
	delete(b.leads(s.log).guards, o.req.ProducerID)
	b.persist(env, s, func(env mailbox.Env, code int16) { b.finishTxnOffsets(env, o, code) })
}

func (b *Broker) finishTxnOffsets(env mailbox.Env, o *offsetsInTxn, code int16) {
	for _, t := range o.resp.Topics {
		for i := range t.Partitions {
			if p := &t.Partitions[i]; p.ErrorCode == protocol.None {
				p.ErrorCode = code
			}
		}
	}
	b.answer(env, o.call, o.resp)
}

// forOffsets is the transaction coordinator's answer in the words of a TxnOffsetCommit response.
func forOffsets(code, version int16) int16 {
	switch code {
	case protocol.ProducerFenced:
		return protocol.InvalidProducerEpoch
	case protocol.TransactionAbortable:
		if version < 4 {
			return protocol.InvalidTxnState
		}
	case protocol.NetworkException: // older clients would not try again
		return protocol.CoordinatorLoadInProgress
	}
	return code
}

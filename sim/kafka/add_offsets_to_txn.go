package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// addOffsetsToTxn makes the log of a group a member of the transaction, as TV1-style clients ask for before they
// commit offsets in it.
func (b *Broker) addOffsetsToTxn(env mailbox.Env, c call, req *kmsg.AddOffsetsToTxnRequest) {
	reply := func(env mailbox.Env, code int16) {
		if code == protocol.ProducerFenced && req.Version < 2 {
			code = protocol.InvalidProducerEpoch
		}
		resp := kmsg.NewPtrAddOffsetsToTxnResponse()
		resp.ErrorCode = code
		b.answer(env, c, resp)
	}
	if req.TransactionalID == "" {
		reply(env, protocol.InvalidRequest)
		return
	}
	b.add(env, req.TransactionalID, req.ProducerID, req.ProducerEpoch, []topicPartition{offsetsPartitionOf(req.Group)}, false, reply)
}

// offsetsPartitionOf is the partition of __consumer_offsets that has a group.
func offsetsPartitionOf(group string) topicPartition {
	return topicPartition{offsetsTopic, int32(TxnPartitionOf(group))}
}

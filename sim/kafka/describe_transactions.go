package kafka

import (
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// describeTransactions shows what a coordinator knows of transactional ids.
func (b *Broker) describeTransactions(req *kmsg.DescribeTransactionsRequest) kmsg.Response {
	resp := kmsg.NewPtrDescribeTransactionsResponse()
	for _, id := range req.TransactionalIDs {
		out := kmsg.NewDescribeTransactionsResponseTransactionState()
		out.TransactionalID = id
		e, code := b.lookup(id)
		switch {
		case code != protocol.None:
			out.ErrorCode = code
		case e == nil || e.epoch == protocol.NoEpoch:
			out.ErrorCode = protocol.TransactionalIDNotFound
		default:
			out.State = string(e.state)
			out.ProducerID, out.ProducerEpoch = e.pid, e.epoch
			out.TimeoutMillis, out.StartTimestamp = int32(e.timeout.Milliseconds()), e.start
			for _, tp := range e.openPartitions() {
				n := len(out.Topics)
				if n == 0 || out.Topics[n-1].Topic != tp.topic {
					t := kmsg.NewDescribeTransactionsResponseTransactionStateTopic()
					t.Topic = tp.topic
					out.Topics = append(out.Topics, t)
					n++
				}
				out.Topics[n-1].Partitions = append(out.Topics[n-1].Partitions, tp.partition)
			}
		}
		resp.TransactionStates = append(resp.TransactionStates, out)
	}
	return resp
}

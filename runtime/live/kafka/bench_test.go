package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/connector/kafkatest"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// BenchmarkTransaction opens, writes 10 000 records in the pieces that a sink makes of them, flushes and commits.
func BenchmarkTransaction(t *testing.B) {
	const pieces, each = 20, 500
	b := startWith(t, Config{BatchBytes: 512 << 10})
	var batch record.Batch
	for i := range each {
		batch.Append(record.Record{Key: fmt.Appendf(nil, "customer-%d", i), Value: int64(i), Count: 1, Time: 1_700_000_000_000})
	}
	for n := 0; t.Loop(); n++ {
		id := fmt.Sprint("a-", n)
		ready := b.open(id)
		for range pieces {
			b.Ask(first, wire.KafkaProduce{TransactionalID: id, Topic: kafkatest.Topic, Records: batch})
		}
		b.Ask(first, wire.KafkaFlush{TransactionalID: id})
		b.is("flushed", hear[wire.KafkaFlushed](b).Records, pieces*each)
		b.Ask(first, wire.KafkaEndTxn{TransactionalID: id, ProducerID: ready.ProducerID, Epoch: ready.Epoch, Commit: true, Deadline: time.Minute})
		b.is("the commit", hear[wire.KafkaTxnEnded](b).Err, "")
		b.Ask(first, wire.KafkaCloseProducer{TransactionalID: id})
	}
	t.ReportMetric(float64(t.N*pieces*each)/t.Elapsed().Seconds(), "records/s")
}

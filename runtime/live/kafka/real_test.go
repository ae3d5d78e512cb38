package kafka

import (
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/connector/kafkatest"
	"github.com/flinch-dev/flinch/runtime/live/apache"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// The brokers themselves keep the contract that kfake and the model keep, in every way in which they do transactions.
func TestARealKafkaKeepsTheContract(t *testing.T) {
	if len(bootstrap) > 0 {
		holds(t, theirs(t, bootstrap))
		return
	}
	for _, nodes := range []int{1, 3} {
		for version := range 3 {
			t.Run(fmt.Sprintf("nodes %d, TV%d", nodes, version), func(t *testing.T) {
				holds(t, ours(t, apache.KafkaConfig{Nodes: nodes, Features: transactions(version), TransactionAbortInterval: 200 * time.Millisecond}))
			})
		}
	}
}

func transactions(version int) map[string]int { return map[string]int{"transaction.version": version} }

func holds(t *testing.T, k *realKafka) {
	kafkatest.Run(t, func(t *testing.T) kafkatest.Bench { return k.start(t) }, nil)
	for _, story := range everywhere {
		t.Run(story.says, func(t *testing.T) { story.holds(k.start(t)) })
	}
	t.Run("transactions are done as the cluster does them", func(t *testing.T) { movesOn(k.start(t), k.level(t)) })
	t.Run("what is open for too long is aborted, and its owner told so", func(t *testing.T) { timesOut(k.start(t), k.level(t)) })
}

// movesOn: from TV2 on every transaction has an epoch of its own, and before it does not.
func movesOn(b *bench, level int16) {
	ready := b.open("a")
	b.write("a", "x")
	b.Ask(first, wire.KafkaEndTxn{TransactionalID: "a", ProducerID: ready.ProducerID, Epoch: ready.Epoch, Commit: true})
	b.is("the commit", hear[wire.KafkaTxnEnded](b).Err, "")
	next := b.write("a", "x")
	b.is("the next transaction", fmt.Sprint(next.Records, next.Err), fmt.Sprint(1, ""))
	b.is("it has an epoch of its own", next.ProducerID != ready.ProducerID || next.Epoch != ready.Epoch, level >= 2)
}

// timesOut is what becomes of a checkpoint that is restored too late; sim/kafka tells it as F1 and F2.
func timesOut(b *bench, level int16) {
	b.Ask(first, wire.KafkaInitProducer{TransactionalID: "a", Timeout: time.Second})
	ready := hear[wire.KafkaProducerReady](b)
	b.is("flushed", b.write("a", "x").Err, "")
	b.fetchCommitted(0, 0, patience) // waits until nothing is open
	got := hear[wire.KafkaFetched](b)
	b.is("seen", fmt.Sprint(got.Records.N, got.Latest, got.Err), fmt.Sprint(0, 2, ""))
	b.is("a flush that comes late", b.write("a", "x").Err, "INVALID_PRODUCER_EPOCH")
	late := map[bool]string{false: "PRODUCER_FENCED", true: "INVALID_TXN_STATE"}[level >= 2]
	b.Ask(first, wire.KafkaEndTxn{TransactionalID: "a", ProducerID: ready.ProducerID, Epoch: ready.Epoch, Commit: true})
	b.is("a commit that comes late", hear[wire.KafkaTxnEnded](b).Err, late)
}

// Each broker of three dies in the middle of a transaction, and one of them has its coordinator. Nothing is lost and
// nothing is there twice.
func TestARealKafkaLosesABroker(t *testing.T) {
	if len(bootstrap) > 0 {
		t.Skip("the brokers at BOOTSTRAP are not ours to kill")
	}
	for version := range 3 {
		t.Run(fmt.Sprint("TV", version), func(t *testing.T) {
			k := ours(t, apache.KafkaConfig{Nodes: 3, Features: transactions(version)})
			b := k.start(t)
			for node := range k.server.Nodes() {
				ready := b.open("a")
				b.is("the init", ready.Err, "")
				b.write("a", "x", "d")
				k.kill(t, node)
				flushed := b.write("a", "x", "d")
				b.is("flushed", fmt.Sprint(flushed.Records, flushed.Err), fmt.Sprint(4, ""))
				b.Ask(first, wire.KafkaEndTxn{TransactionalID: "a", ProducerID: ready.ProducerID, Epoch: ready.Epoch, Commit: true, Deadline: time.Minute})
				b.is("the commit", hear[wire.KafkaTxnEnded](b).Err, "")
				k.revive(t, node)
			}
			for partition := range int32(kafkatest.Partitions) {
				b.is("read", b.read(partition), 2*k.server.Nodes())
			}
		})
	}
}

// A gateway that stood still has connections that its broker has closed meanwhile: after ten minutes as a rule, after
// one second here. What it stood still with is done all the same.
func TestARealKafkaHangsUpOnTheIdle(t *testing.T) {
	if len(bootstrap) > 0 {
		t.Skip("the brokers at BOOTSTRAP are as patient as they are")
	}
	k := ours(t, apache.KafkaConfig{Properties: map[string]string{"connections.max.idle.ms": "1000"}})
	b := k.start(t)
	ready := b.open("a")
	b.write("a", "x")
	idle, err := net.DialTimeout("tcp", k.brokers[0], patience) // nobody was silent for a shorter time
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	idle.SetDeadline(time.Now().Add(patience))
	if _, err := idle.Read(make([]byte, 1)); err != io.EOF {
		t.Fatalf("the broker does not hang up: %v", err)
	}
	flushed := b.write("a", "x")
	b.is("flushed", fmt.Sprint(flushed.Records, flushed.Err), fmt.Sprint(2, ""))
	b.Ask(first, wire.KafkaEndTxn{TransactionalID: "a", ProducerID: ready.ProducerID, Epoch: ready.Epoch, Commit: true})
	b.is("the commit", hear[wire.KafkaTxnEnded](b).Err, "")
	b.is("read", b.read(0), 2)
}

// read counts what a read_committed reader sees of a partition in which nothing is open.
func (b *bench) read(partition int32) (records int) {
	b.t.Helper()
	b.Ask(first, wire.KafkaPartitions{Topic: kafkatest.Topic})
	end := hear[wire.KafkaPartitionsAre](b).Latest[partition]
	for at := int64(0); at < end; {
		b.fetchCommitted(partition, at, time.Second)
		got := hear[wire.KafkaFetched](b)
		b.is("a fetch", got.Err, "")
		if got.Err != "" {
			return records
		}
		records, at = records+got.Records.N, got.Next
	}
	return records
}

func (b *bench) fetchCommitted(partition int32, offset int64, wait time.Duration) {
	b.Ask(first, wire.KafkaFetch{Topic: kafkatest.Topic, Partition: partition, Offset: offset, MaxBytes: 1 << 20, MaxWait: wait, ReadCommitted: true})
}

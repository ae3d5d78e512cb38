package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/kafka/client"
)

// bench is a cluster of three with the topic "out", and one process with a client.
func bench(root mailbox.Actor) (*sim.World, *Cluster) {
	w := sim.New(sim.Config{Seed: 7, Profile: sim.Profile{Latency: 200 * time.Microsecond}})
	c := NewCluster(Config{Now: w.Now, Wake: func(to mailbox.Addr, m mailbox.Msg) { w.Send(to, to, m) }})
	c.CreateTopic("out", 4)
	for n, addr := range c.Addrs() {
		w.Add(sim.Process{Name: string(addr), Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: c.Broker(n)}} }})
	}
	w.Run(time.Millisecond)
	w.Add(sim.Process{Name: "app", Boot: func(int) []sim.Resident {
		return []sim.Resident{{Actor: root}, {Name: "kafka", Actor: client.New(client.Config{Brokers: c.Addrs()})}}
	}})
	return w, c
}

// relay hands records over, as many at a time as the window lets it, and reads them back from every partition.
type relay struct {
	batch       record.Batch
	left        int // to hand over
	outstanding int
	read        int
	fetches     int
}

const (
	relayWindow = 40_000
	relayBatch  = 320 // records in 32 KiB
)

func (r *relay) Receive(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	client := env.Self().In("kafka")
	switch m := m.(type) {
	case mailbox.Started:
		for p := range int32(4) {
			env.Send(client, wire.KafkaFetch{Topic: "out", Partition: p, MaxBytes: 1 << 20, MaxWait: time.Second, ReadCommitted: true})
		}
	case wire.KafkaProduced:
		if m.Err != "" {
			return fmt.Errorf("produce: %s", m.Err)
		}
		r.outstanding -= m.Records
	case wire.KafkaFetched:
		r.read += m.Records.N
		r.fetches++
		env.Send(client, wire.KafkaFetch{Topic: "out", Partition: m.Partition, Offset: m.Next, MaxBytes: 1 << 20, MaxWait: time.Second, ReadCommitted: true})
	}
	for r.left > 0 && r.outstanding < relayWindow {
		env.Send(client, wire.KafkaProduce{Topic: "out", Records: r.batch})
		r.left -= r.batch.N
		r.outstanding += r.batch.N
	}
	return nil
}

// BenchmarkProduceFetch is records of 100 bytes from one process to the log and back, over a new cluster each time.
func BenchmarkProduceFetch(b *testing.B) {
	const records = 320_000
	var batch record.Batch
	for i := range relayBatch {
		batch.Append(record.Record{Key: fmt.Appendf(nil, "key-%051d", i), Value: int64(i), Count: 1, Time: record.EventTime(i),
			Origin: record.Origin{Offset: int64(i)}})
	}
	b.ReportAllocs()
	for b.Loop() {
		r := &relay{batch: batch, left: records}
		w, c := bench(r)
		if !w.RunUntil(func() bool { return r.read == records }, time.Minute) {
			b.Fatalf("read %d of %d records: %v", r.read, records, w.Panics())
		}
		if first := c.Partition("out", 0).batches[0]; (int(first.end-first.at)-recordbatch.HeaderSize)/int(first.last+1) != 100 {
			b.Fatalf("a record has %d bytes", (int(first.end-first.at)-recordbatch.HeaderSize)/int(first.last+1))
		}
	}
	b.ReportMetric(float64(records*b.N)/b.Elapsed().Seconds(), "records/s")
}

// cycle is a sink in a hurry: open, one record, flush, commit, and from the start.
type cycle struct {
	client mailbox.Addr
	batch  record.Batch
	done   int
}

func (c *cycle) Receive(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	next := func() { env.Send(c.client, wire.KafkaInitProducer{TransactionalID: "a", Timeout: time.Minute}) }
	switch m := m.(type) {
	case mailbox.Started:
		next()
	case wire.KafkaProducerReady:
		env.Send(c.client, wire.KafkaProduce{TransactionalID: "a", Topic: "out", Records: c.batch})
		env.Send(c.client, wire.KafkaFlush{TransactionalID: "a"})
	case wire.KafkaFlushed:
		if m.Err != "" {
			return fmt.Errorf("flush: %s", m.Err)
		}
		env.Send(c.client, wire.KafkaEndTxn{TransactionalID: "a", ProducerID: m.ProducerID, Epoch: m.Epoch, Commit: true, Deadline: time.Minute})
	case wire.KafkaTxnEnded:
		if m.Err != "" {
			return fmt.Errorf("commit: %s", m.Err)
		}
		c.done++
		next()
	}
	return nil
}

// BenchmarkTransaction is a thousand transactions in a new cluster, each from taking the id over to the last marker.
func BenchmarkTransaction(b *testing.B) {
	const transactions = 1000
	var batch record.Batch
	batch.Append(record.Record{Key: []byte("x"), Count: 1})
	b.ReportAllocs()
	for b.Loop() {
		c := &cycle{batch: batch, client: "app/kafka"}
		w, _ := bench(c)
		if !w.RunUntil(func() bool { return c.done == transactions }, time.Hour) {
			b.Fatalf("%d transactions, and no more: %v", c.done, w.Panics())
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e6/float64(transactions*b.N), "µs/txn")
}

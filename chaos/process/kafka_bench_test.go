//go:build unix

package process

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/live/services"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/cluster"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// subtask stands for a member's source or sink: it speaks to Kafka by a gateway of its own, on the way that members go.
type subtask struct {
	b     *testing.B
	node  *live.Node
	heard chan mailbox.Msg
}

func (s *subtask) Receive(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	if _, ok := m.(mailbox.Started); !ok {
		s.heard <- m
	}
	return nil
}

// inFrontOf is a subtask in front of the Kafka that a run has, whose world goes on meanwhile.
func inFrontOf(b *testing.B, part string) *subtask {
	c, err := New(cluster.Config{World: sim.Config{Seed: 1, Profile: sim.Profiles["go-process"]}, Topics: map[string]int{"out": 1},
		Kafka: kafka.Config{TransactionMaxTimeout: time.Hour}},
		Parts{HA: Model, Storage: Model, Kafka: part})
	if err != nil {
		b.Fatal(err)
	}
	g, err := services.Kafka(c.parts.at.Kafka, through(c.proxy.listen.Addr().String(), "taskmanager-0"), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	s := &subtask{b: b, heard: make(chan mailbox.Msg, 4096)}
	s.node = live.Start(live.Config{Name: "taskmanager-0", Residents: []live.Resident{{Name: "subtask", Actor: s}, {Name: "kafka", Actor: g.Actor}}})
	var over atomic.Bool
	world := make(chan struct{})
	go func() {
		defer close(world)
		for !over.Load() {
			c.Run(c.Now() + 10*time.Millisecond)
		}
	}()
	b.Cleanup(func() {
		s.node.Stop()
		g.Close()
		over.Store(true)
		<-world
		if err := c.Close(); err != nil {
			b.Error(err)
		}
	})
	return s
}

func (s *subtask) ask(m mailbox.Msg) { s.node.Send("taskmanager-0/subtask", "taskmanager-0/kafka", m) }

// hear waits for an answer; acknowledgements may come before it.
func hear[M mailbox.Msg](s *subtask) M {
	for {
		select {
		case m := <-s.heard:
			if answer, is := m.(M); is {
				return answer
			}
		case <-time.After(patience):
			s.b.Fatal("no answer")
		}
	}
}

// A sink's transaction has so many records, in pieces of so many.
const pieces, piece = 200, 500

// transaction opens, writes, flushes and commits.
func (s *subtask) transaction(id string, records record.Batch) {
	s.ask(wire.KafkaInitProducer{TransactionalID: id, Timeout: time.Minute})
	ready := hear[wire.KafkaProducerReady](s)
	for range pieces {
		s.ask(wire.KafkaProduce{TransactionalID: id, Topic: "out", Records: records})
	}
	s.ask(wire.KafkaFlush{TransactionalID: id})
	if flushed := hear[wire.KafkaFlushed](s); flushed.Err != "" || flushed.Records != pieces*piece {
		s.b.Fatalf("flushed: %+v", flushed)
	}
	s.ask(wire.KafkaEndTxn{TransactionalID: id, ProducerID: ready.ProducerID, Epoch: ready.Epoch, Commit: true, Deadline: time.Minute})
	if done := hear[wire.KafkaTxnEnded](s); done.Err != "" {
		s.b.Fatalf("commit: %s", done.Err)
	}
	s.ask(wire.KafkaCloseProducer{TransactionalID: id})
}

// BenchmarkKafka is what members get of the Kafkas that a run can have: transactions of a hundred thousand records, and a
// million records that are read.
func BenchmarkKafka(b *testing.B) {
	var records record.Batch
	for i := range piece {
		records.Append(record.Record{Key: fmt.Appendf(nil, "customer-%d", i), Value: int64(i), Count: 1, Time: 1_700_000_000_000})
	}
	for _, part := range []string{Served, partKfake} {
		b.Run("sink/"+part, func(b *testing.B) {
			s := inFrontOf(b, part)
			for n := 0; b.Loop(); n++ {
				s.transaction(fmt.Sprint("sink-", n), records)
			}
			b.ReportMetric(float64(b.N*pieces*piece)/b.Elapsed().Seconds(), "records/s")
		})
		b.Run("source/"+part, func(b *testing.B) {
			s := inFrontOf(b, part)
			for n := range 10 {
				s.transaction(fmt.Sprint("sink-", n), records)
			}
			for b.Loop() {
				at, n := int64(0), 0
				for n < 10*pieces*piece {
					s.ask(wire.KafkaFetch{Topic: "out", Offset: at, MaxBytes: 1 << 20, MaxWait: time.Second, ReadCommitted: true})
					got := hear[wire.KafkaFetched](s)
					if got.Err != "" {
						b.Fatal(got.Err)
					}
					at, n = got.Next, n+got.Records.N
				}
			}
			b.ReportMetric(float64(b.N*10*pieces*piece)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

package kafka

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// A broker without room for its log halts, and what it led goes to others when its session has run out.
func TestDiskFull(t *testing.T) {
	// wrote is a writer with a transaction that has a record in out-0, in a cluster where halted brokers are dead.
	wrote := func(l *lab) *writer {
		l.OnHalt(func(n int) {
			l.After(0, func() { l.Kill(string(Addr(n))) })
			l.After(9*time.Second, func() {
				if !l.Up(string(Addr(n))) {
					l.Cluster.FailOver(n)
				}
			})
		})
		_, pid, epoch := l.initFor("a", noPID, noEpoch, 15*time.Minute)
		w := &writer{l: l, id: "a", pid: pid, epoch: epoch, version: 12, next: map[int32]int32{}}
		l.is(w.write(0, 1), "NONE at 0")
		return w
	}
	all := func(l *lab, do func(int)) {
		for n := range l.Addrs() {
			do(n)
		}
	}
	restart := func(l *lab) {
		all(l, func(n int) {
			if !l.Up(string(Addr(n))) {
				l.Restart(string(Addr(n)))
			}
		})
	}
	tell(t, []story{
		{"who writes hears so, and then the broker halts", func(l *lab) {
			w := wrote(l)
			full := l.Leader("out", 0)
			l.FillDisk(full)
			l.is(w.write(0, 1), "KAFKA_STORAGE_ERROR")
			l.pass(time.Second)
			if l.Up(string(Addr(full))) {
				t.Error("the broker goes on without a log directory")
			}
		}},
		{"readers find what there is until then", func(l *lab) {
			wrote(l)
			l.FillDisk(l.Leader("out", 0))
			l.is(l.log(0), "0 p1/0")
			l.pass(30 * time.Second)
			l.is(l.log(0), "0 p1/0")
		}},
		{"others lead, and the transaction goes on there", func(l *lab) {
			w := wrote(l)
			full := l.Leader("out", 0)
			l.FillDisk(full)
			l.is(w.write(0, 1), "KAFKA_STORAGE_ERROR")
			l.pass(10 * time.Second)
			if l.Leader("out", 0) == full {
				t.Fatal("it still leads")
			}
			l.pass(time.Second)
			l.is(w.write(0, 1), "NONE at 1")
			l.is(w.commit(), "NONE p1/1")
			l.pass(time.Second)
			l.is(l.visible(0), "0 1")
		}},
		{"a decision that cannot be written down is none, and another coordinator makes it", func(l *lab) {
			w := wrote(l)
			l.FillDisk(l.Coordinator("a"))
			l.is(w.commit(), "NOT_COORDINATOR")
			l.pass(11 * time.Second)
			l.is(l.describe("a"), "Ongoing p1/0 out-0")
			l.is(w.commit(), "NONE p1/1")
			l.pass(time.Second)
			l.is(l.visible(0), "0")
		}},
		{"a marker waits for another leader", func(l *lab) {
			w := wrote(l)
			if l.Leader("out", 0) == l.Coordinator("a") {
				l.failOver("a")
			}
			l.SlowMarkers(time.Second, 500*time.Millisecond)
			l.is(w.commit(), "NONE p1/1")
			l.FillDisk(l.Leader("out", 0))
			l.pass(5 * time.Second)
			l.is(l.describe("a"), "PrepareCommit p1/1 out-0")
			l.pass(10 * time.Second)
			l.is(l.describe("a"), "CompleteCommit p1/1")
			l.is(l.visible(0), "0")
		}},
		{"a follower that has to store what its leader has got halts, too", func(l *lab) {
			w := wrote(l)
			follower := (l.Leader("out", 0) + 1) % 3
			for l.Coordinator("a") == follower {
				l.failOver("a")
			}
			l.FillDisk(follower)
			l.send(l.Leader("out", 0), 12, w.producing(0))
			l.pass(time.Second)
			if l.Up(string(Addr(follower))) {
				t.Error("the follower goes on")
			}
			l.pass(12 * time.Second)
			l.is(l.log(0), "0 p1/0, 1 p1/0")
		}},
		{"with everything full nothing can be written, and afterwards everything is as it was", func(l *lab) {
			w := wrote(l)
			all(l, l.FillDisk)
			l.is(w.write(0, 1), "KAFKA_STORAGE_ERROR")
			l.is(w.commit(), "NOT_COORDINATOR")
			l.pass(time.Minute)
			restart(l)
			l.pass(time.Second)
			l.is(w.write(0, 1), "KAFKA_STORAGE_ERROR") // from the last one, which had nothing to write before
			restart(l)
			l.pass(time.Second)
			all(l, func(n int) {
				if l.Up(string(Addr(n))) {
					t.Errorf("broker %d is up, and has to write to start", n)
				}
			})
			all(l, l.FreeDisk)
			restart(l)
			l.pass(12 * time.Second)
			l.is(w.commit(), "NONE p1/1")
			l.pass(time.Second)
			l.is(l.visible(0), "0")
		}},
		{"who frees it before anybody writes has lost nothing", func(l *lab) {
			w := wrote(l)
			all(l, l.FillDisk)
			all(l, l.FreeDisk)
			l.is(w.write(0, 1), "NONE at 1")
			l.is(w.commit(), "NONE p1/1")
		}},
	})
}

func (w *writer) producing(partition int32) *kmsg.ProduceRequest {
	batch := w.to(partition, w.next[partition], 1)
	req := kmsg.NewPtrProduceRequest()
	req.TransactionID, req.Acks, req.TimeoutMillis = &w.id, -1, 10000
	t := kmsg.NewProduceRequestTopic()
	t.Topic = "out"
	p := kmsg.NewProduceRequestTopicPartition()
	p.Partition, p.Records = partition, batch.data
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	return req
}

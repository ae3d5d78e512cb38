package broker

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/preview"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// A disk is full: the broker halts and cannot start. Once there is room it comes back, and its client has lost nothing.
func TestADiskIsFullForAWhile(t *testing.T) {
	l := start(t, Config{RestartAfter: 200 * time.Millisecond})
	c := l.client(kgo.MetadataMinAge(10*time.Millisecond), kgo.RetryBackoffFn(func(int) time.Duration { return 10 * time.Millisecond }))
	l.produce(c, 0, 100)
	set := func(full bool) {
		l.Do(func(*kafka.Cluster) {
			l.must(l.host.(*alone).faults.SetBroker(string(kafka.Addr(1)), fault.BrokerState{DiskFull: full}))
		})
	}
	set(true)
	time.AfterFunc(300*time.Millisecond, func() { set(false) })
	l.produce(c, 100, 200)
	l.reads(l.client(both()), 0, 200)
}

// The clock of a coordinator jumps ahead: to it, a transaction has had its time.
func TestAClockIsWrong(t *testing.T) {
	skew, err := fault.Parse("clock.skew @txn.ongoing target=kafka:all jump=20m")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		timeout time.Duration
		faults  []fault.Fault
		want    string
	}{{15 * time.Minute, []fault.Fault{skew}, "CompleteAbort"}, {30 * time.Minute, []fault.Fault{skew}, "Ongoing"}, {15 * time.Minute, nil, "Ongoing"}} {
		l := start(t, Config{Kafka: kafka.Config{AbortScanInterval: time.Millisecond, TransactionMaxTimeout: time.Hour}, Faults: c.faults})
		raw, sink := l.client(), l.client(kgo.TransactionalID("sink"), kgo.TransactionTimeout(c.timeout))
		l.must(sink.BeginTransaction())
		sink.ProduceSync(l.ctx, kgo.StringRecord("the abort may overtake it"))
		var now string
		for range 1000 { // each takes longer than a scan
			req := kmsg.NewPtrDescribeTransactionsRequest()
			req.TransactionalIDs = []string{"sink"}
			resp, err := req.RequestWith(l.ctx, raw)
			l.must(err)
			if now = resp.TransactionStates[0].State; now != "Ongoing" && now != "PrepareAbort" {
				break
			}
		}
		if now != c.want {
			t.Errorf("with a timeout of %s and %d faults, the transaction is %s, not %s", c.timeout, len(c.faults), now, c.want)
		}
	}
}

// The clock of a broker runs ten thousand times too fast, over its death: so do its waits, and the hour until it looks for what
// has timed out is soon over.
func TestAClockThatRunsFastHasItsWaitsEarly(t *testing.T) {
	l := start(t, Config{Kafka: kafka.Config{Brokers: 1, AbortScanInterval: time.Hour}, RestartAfter: time.Hour})
	raw, sink := l.client(), l.client(kgo.TransactionalID("sink"))
	l.must(sink.BeginTransaction())
	l.produce(sink, 0, 1)
	l.Do(func(*kafka.Cluster) { l.must(l.host.(*alone).faults.SkewClock(string(kafka.Addr(0)), 0, 10_000)) })
	l.Crash(0)
	l.Revive(0)
	for now := ""; now != "CompleteAbort"; {
		req := kmsg.NewPtrDescribeTransactionsRequest()
		req.TransactionalIDs = []string{"sink"}
		resp, err := req.RequestWith(l.ctx, raw) // until the lab's patience is over
		l.must(err)
		now = resp.TransactionStates[0].State
	}
}

// What is wrong with the cluster in two ways is wrong in both, and ends one after the other.
func TestWhatIsWrongWithKafkaAddsUp(t *testing.T) {
	l := start(t, Config{})
	raw := l.client()
	lost := func(request string) fault.ServiceState {
		return fault.ServiceState{Mode: fault.LostAnswer, Share: 1, Operations: []string{request}}
	}
	answered := func(req kmsg.Request) bool {
		_, err := raw.Broker(0).Request(l.ctx, req)
		return err == nil
	}
	for _, c := range []struct {
		wrong     []fault.ServiceState
		init, end bool
	}{
		{[]fault.ServiceState{lost("InitProducerId"), lost("EndTxn")}, false, false},
		{[]fault.ServiceState{lost("EndTxn")}, true, false},
		{nil, true, true},
	} {
		l.Do(func(*kafka.Cluster) { l.must(l.host.(*alone).faults.SetService(fault.Kafka, c.wrong)) })
		if init, end := answered(kmsg.NewPtrInitProducerIDRequest()), answered(kmsg.NewPtrEndTxnRequest()); init != c.init || end != c.end {
			t.Errorf("with %v wrong, InitProducerId is answered: %t, EndTxn: %t", c.wrong, init, end)
		}
	}
}

// A client over its quota has its answer at once, with the time for which it should be silent. What it has sent already
// is not looked at before.
func TestAClientOverItsQuotaHasToWait(t *testing.T) {
	l := start(t, Config{})
	const mute = 2 * time.Second
	records := batch()
	l.Do(func(c *kafka.Cluster) { // so that this much takes so much longer than the ten seconds over which it is measured
		size := float64(protocol.Request{Req: produce(1, records)}.Size())
		for n := range c.Addrs() {
			c.SetQuota(n, kafka.Quota{Produce: size / (10*time.Second + mute).Seconds()})
		}
		c.MoveLeader("out", 0, 0)
	})
	nc := l.dial()
	asked := time.Now()
	_, err := nc.Write(append(frame(produce(1, records), 9, 1), frame(kmsg.NewPtrMetadataRequest(), 1, 2)...))
	l.must(err)
	_, body, err := next(nc)
	l.must(err)
	if waited := time.Since(asked); waited >= mute {
		t.Errorf("the first answer came after %v", waited)
	}
	resp := kmsg.NewPtrProduceResponse()
	resp.Version = 9
	l.must(resp.ReadFrom(body[1:]))
	if resp.Topics[0].Partitions[0].ErrorCode != 0 || resp.ThrottleMillis != int32(mute.Milliseconds()) {
		t.Errorf("error %d, and throttled for %d ms", resp.Topics[0].Partitions[0].ErrorCode, resp.ThrottleMillis)
	}
	_, _, err = next(nc)
	l.must(err)
	if waited := time.Since(asked); waited < mute {
		t.Errorf("the next answer came after %v", waited)
	}
}

// A client may ask for what is not stable yet, if the brokers have it. Else they hang up.
func TestAPreviewIsForThoseWhoMayHaveIt(t *testing.T) {
	id := "sink"
	for _, on := range []bool{false, true} {
		l := start(t, Config{Kafka: kafka.Config{Brokers: 1, UnstableAPIVersions: on, TwoPhaseCommit: on}})
		req := preview.NewInitProducerIDRequest()
		req.TransactionalID, req.Enable2PC = &id, true
		nc := l.dial()
		_, err := nc.Write(frame(req, 6, 1))
		l.must(err)
		_, body, err := next(nc)
		if !on {
			if !errors.Is(err, io.EOF) {
				t.Errorf("the answer is %x, %v", body, err)
			}
			continue
		}
		l.must(err)
		resp := preview.NewInitProducerIDResponse()
		resp.Version = 6
		l.must(resp.ReadFrom(body[1:]))
		if resp.ErrorCode != 0 || resp.ProducerID < 0 || resp.OngoingTxnProducerID != -1 {
			t.Errorf("the answer is %+v", resp)
		}
	}
}

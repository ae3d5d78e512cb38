package kafka

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// die ends a broker's life. Its session goes on; expire ends that.
func (l *lab) die(n int) {
	l.Kill(string(Addr(n)))
	l.Died(n)
}

func (l *lab) expire(n int) {
	l.pass(9 * time.Second)
	l.FailOver(n)
	l.pass(0)
}

func (l *lab) comeBack(n int) {
	l.Restart(string(Addr(n)))
	l.pass(time.Second)
}

// replicas is who leads a partition of "out" and who is in sync, as clients are told.
func (l *lab) replicas(partition int) string {
	l.t.Helper()
	for n := range l.Addrs() {
		if l.dead[n] {
			continue
		}
		req := kmsg.NewPtrMetadataRequest()
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr("out")
		req.Topics = append(req.Topics, t)
		resp, ok := l.ask(n, 12, req).(*kmsg.MetadataResponse)
		if !ok {
			return silence
		}
		for _, p := range resp.Topics[0].Partitions {
			if int(p.Partition) == partition {
				said := fmt.Sprintf("%d leads %v", p.Leader, p.ISR)
				if p.ErrorCode != protocol.None {
					said += " " + name(p.ErrorCode)
				}
				return said
			}
		}
	}
	return silence
}

// replicatedLab is one with the topic "out" of partitions on brokers 0, 1, 2 and 1, 2, 0.
func replicatedLab(t *testing.T, config map[string]string) *lab {
	l := newLab(t, Config{})
	l.DeleteTopic("out")
	set, wrong := l.cfg.topicConfig(config)
	if wrong != "" {
		t.Fatal(wrong)
	}
	l.create(&plan{name: "out", partitions: 2, replicas: 3, config: set})
	l.is(l.replicas(0), "0 leads [0 1 2]")
	return l
}

// acks sends one plain record to a partition of "out", to be acknowledged by its leader (1) or all in sync (-1).
func (l *lab) acks(acks int16, timeout time.Duration, partition, sequence int32) (await func() kmsg.Response) {
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = acks, int32(timeout.Milliseconds())
	t := kmsg.NewProduceRequestTopic()
	t.Topic = "out"
	p := kmsg.NewProduceRequestTopicPartition()
	var b recordbatch.Builder
	b.AddRaw([]byte("k"), nil, 0)
	p.Partition, p.Records = partition, b.Seal(0, protocol.NoProducerID, protocol.NoEpoch, noSequence)
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	return l.send(l.Leader("out", int(partition)), 12, req)
}

func (l *lab) all(partition int32) string {
	return l.Produced(l.acks(-1, 5*time.Second, partition, 0)())
}

// Who follows, who is in sync, and what writers and readers notice of it.
func TestReplicas(t *testing.T) {
	atLeast2 := map[string]string{"min.insync.replicas": "2"}
	for _, s := range []struct {
		name   string
		config map[string]string
		tell   func(l *lab)
	}{
		{"a dead follower is waited for until its session has run out", nil, func(l *lab) {
			l.die(1)
			sent := l.acks(-1, 30*time.Second, 0, 0)
			l.pass(8 * time.Second)
			l.is(l.Ends(0), "LSO 0 HW 0")
			l.is(l.replicas(0), "0 leads [0 1 2]")
			l.expire(1)
			l.is(l.Produced(sent()), "NONE at 0")
			l.is(l.replicas(0), "0 leads [0 2]")
			l.comeBack(1)
			l.is(l.replicas(0), "0 leads [0 1 2]")
		}},
		{"or until it is back, if that is sooner", nil, func(l *lab) {
			l.die(1)
			sent := l.acks(-1, 30*time.Second, 0, 0)
			l.comeBack(1)
			l.is(l.Produced(sent()), "NONE at 0")
			l.is(l.replicas(0), "0 leads [0 1 2]")
		}},
		{"a follower that lags is waited for until it is out of sync", nil, func(l *lab) {
			l.StopFollowers(2)
			sent := l.acks(-1, time.Minute, 0, 0)
			l.pass(30 * time.Second)
			l.is(l.replicas(0), "0 leads [0 1 2]")
			l.is(l.Ends(0), "LSO 0 HW 0")
			l.pass(16 * time.Second) // the leader looks every 15 s
			l.is(l.replicas(0), "0 leads [0 1]")
			l.is(l.Produced(sent()), "NONE at 0")
			l.ResumeFollowers(2)
			l.pass(time.Second)
			l.is(l.replicas(0), "0 leads [0 1 2]")
		}},
		{"one that lacks nothing is in sync, however long it is silent", nil, func(l *lab) {
			l.is(l.all(0), "NONE at 0")
			l.StopFollowers(2)
			l.pass(10 * time.Minute)
			l.is(l.replicas(0), "0 leads [0 1 2]")
		}},
		{"followers can lag in one topic alone", nil, func(l *lab) {
			l.CreateTopic("other", 1)
			l.StopFollowers(1, "other")
			l.StopFollowers(2, "other")
			l.is(l.all(0), "NONE at 0")
		}},
		{"with too few in sync what all must have is refused, and what the leader must have is not", atLeast2, func(l *lab) {
			l.StopFollowers(1)
			l.StopFollowers(2)
			l.is(l.all(0), "REQUEST_TIMED_OUT")
			l.pass(45 * time.Second)
			l.is(l.replicas(0), "0 leads [0]")
			l.is(l.all(0), "NOT_ENOUGH_REPLICAS")
			l.is(l.Produced(l.acks(1, time.Second, 0, 0)()), "NONE at 1")
			l.is(l.all(0), "NOT_ENOUGH_REPLICAS")
			l.is(fmt.Sprint(l.noted("write.refused")), "1") // for all of them
			l.pass(time.Minute)
			l.is(l.Ends(0), "LSO 0 HW 0") // the high watermark waits for enough replicas, too
			l.ResumeFollowers(1)
			l.pass(time.Second)
			l.is(l.replicas(0), "0 leads [0 1]")
			l.is(l.Ends(0), "LSO 2 HW 2")
			l.is(l.all(0), "NONE at 2")
		}},
		{"what was appended before they were too few waits for them", atLeast2, func(l *lab) {
			l.StopFollowers(1)
			l.StopFollowers(2)
			sent := l.acks(-1, 2*time.Minute, 0, 0)
			l.pass(time.Minute)
			l.is(l.replicas(0), "0 leads [0]")
			l.ResumeFollowers(2)
			l.is(l.Produced(sent()), "NONE at 0")
		}},
		{"a topic cannot ask for more replicas than it has", map[string]string{"min.insync.replicas": "7"}, func(l *lab) {
			l.is(l.all(0), "NONE at 0")
		}},
		{"a marker is refused, and sent again until there are enough", atLeast2, func(l *lab) {
			w := l.Writer("a")
			l.is(w.Write(0, 1), "NONE at 0")
			l.StopFollowers(1, "out")
			l.StopFollowers(2, "out")
			l.acks(1, time.Second, 0, 0)
			l.pass(time.Minute)
			l.is(w.Commit(), "NONE p1/1") // the decision is in another log
			l.pass(time.Minute)
			l.is(l.Describe("a"), "PrepareCommit p1/1 out-0")
			l.is(l.Ends(0), "LSO 0 HW 1")
			l.ResumeFollowers(1)
			l.pass(time.Second)
			l.is(l.Describe("a"), "CompleteCommit p1/1")
			l.is(l.Marked(0), "0 p1/0, 1 plain, 2 commit p1/1")
		}},
		{"no transaction goes on while its log has too few", nil, func(l *lab) {
			w := l.Writer("a")
			l.is(w.Write(0, 1), "NONE at 0")
			coordinator := l.Coordinator("a")
			l.StopFollowers((coordinator+1)%3, transactionLog)
			l.StopFollowers((coordinator+2)%3, transactionLog)
			l.send(coordinator, 5, w.Ending(true))
			l.pass(time.Minute)
			l.is(l.Describe("a"), "Ongoing p1/0 out-0")
			l.Hasty = true
			l.is(w.Commit(), "CONCURRENT_TRANSACTIONS") // the first one still waits for its replicas
			n := 0
			for TxnPartitionOf(fmt.Sprint(n)) != TxnPartitionOf("a") {
				n++
			}
			l.is(l.Init(fmt.Sprint(n), protocol.NoProducerID, protocol.NoEpoch), "COORDINATOR_NOT_AVAILABLE")
			l.ResumeFollowers((coordinator + 1) % 3)
			l.pass(time.Second)
			l.is(l.Describe("a"), "CompleteCommit p1/1")
			l.is(w.Commit(), "NONE p1/1")
		}},
		{"who reads a follower that stands still is shown what it has heard of, until it has caught up", nil, func(l *lab) {
			w := l.Writer("a")
			l.is(w.Write(0, 1), "NONE at 0")
			l.StopFollowers(2, "out")
			l.is(w.Commit(), "NONE p1/1")
			l.pass(time.Minute)
			l.is(l.Visible(0), "0") // from the leader
			l.is(l.Read(l.SendFetchTo(2, 0, 0, true, 0)), "")
			l.is(l.Read(l.SendFetchTo(2, 0, 2, true, 0)), "OFFSET_OUT_OF_RANGE")
			waits := l.SendFetchTo(2, 0, 0, true, 5*time.Second)
			l.pass(time.Second)
			l.ResumeFollowers(2)
			l.is(l.Read(waits), "0")
		}},
		{"a group's position waits for its log, and not for long", nil, func(l *lab) {
			leader := l.GroupCoordinator("g")
			l.StopFollowers((leader+1)%3, offsetsTopic)
			l.is(l.CommitOffset(0, 42), "COORDINATOR_NOT_AVAILABLE")
			l.is(l.Position(false, 0), "0 at -1")
			l.ResumeFollowers((leader + 1) % 3)
			l.pass(time.Second)
			l.is(l.Position(false, 0), "0 at 42") // it was in the log
		}},
	} {
		t.Run(s.name, func(t *testing.T) { s.tell(replicatedLab(t, s.config)) })
	}
}

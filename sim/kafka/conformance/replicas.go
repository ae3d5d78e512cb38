package conformance

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

// safe is a topic with one partition that all brokers have, and all must have.
const (
	safe      = "safe"
	minInSync = "min.insync.replicas"
)

// What writers notice of replicas that are not there.
var replicas = []Case{
	{"R1", "a topic that asks for more replicas in sync than it has asks for all of them", 0, func(l *Lab) {
		l.CreateTopic(safe, 1, minInSync, "6")
		l.Is(l.toSafe(-1, Patience)(), "NONE")
		l.Is(l.toSafe(1, Patience)(), "NONE")
	}},
	{"R2", "when one is gone what all must have is refused, and the high watermark stays where it is", Brokers | Kills, func(l *Lab) {
		l.CreateTopic(safe, 1, minInSync, "6")
		l.Is(l.toSafe(-1, Patience)(), "NONE")
		dead := l.killFollower()
		l.Comes(6*Patience, "NOT_ENOUGH_REPLICAS", func() string { return l.toSafe(-1, time.Second)() })
		end := l.OffsetOf(safe, 0, latest, false)
		l.Is(l.toSafe(1, Patience)(), "NONE")
		l.Pass(time.Second)
		l.Is(l.OffsetOf(safe, 0, latest, false), end)
		l.start(dead)
		l.Comes(6*Patience, "NONE", func() string { return l.toSafe(-1, time.Second)() })
		if l.OffsetOf(safe, 0, latest, false) == end {
			l.Stop("all replicas are back, and the high watermark is still %s", end)
		}
	}},
	{"R3", "who waits for one that dies waits until his time is up", Brokers | Kills, func(l *Lab) {
		l.CreateTopic(safe, 1, minInSync, "6")
		l.Is(l.toSafe(-1, Patience)(), "NONE")
		dead := l.killFollower()
		await := l.toSafe(-1, 22*time.Second)
		l.Pass(20 * time.Second) // it has left the ISR meanwhile
		l.Is(l.toSafe(-1, time.Second)(), "NOT_ENOUGH_REPLICAS")
		l.Is(await(), "REQUEST_TIMED_OUT")
		l.start(dead)
		l.Comes(6*Patience, "NONE", func() string { return l.toSafe(-1, time.Second)() })
	}},
	{"R4", "with fewer as enough he waits until it is out of sync", Brokers | Kills, func(l *Lab) {
		l.CreateTopic(safe, 1, minInSync, "2")
		l.Is(l.toSafe(-1, Patience)(), "NONE")
		dead := l.killFollower()
		l.Is(l.toSafe(-1, time.Second)(), "REQUEST_TIMED_OUT")
		await := l.toSafe(-1, 40*time.Second)
		l.Pass(15 * time.Second)
		l.Is(await(), "NONE")
		l.start(dead)
		l.Comes(6*Patience, "3", func() string { return fmt.Sprint(len(l.Metadata(AnyNode, safe).Topics[0].Partitions[0].ISR)) })
	}},
}

// killFollower kills a broker that follows the leader of the topic safe.
func (l *Lab) killFollower() int32 {
	dead := l.Another(l.Leads(safe, 0))
	l.kill(dead)
	return dead
}

// toSafe sends a record to the topic safe. What it returns waits for the answer.
func (l *Lab) toSafe(acks int16, timeout time.Duration) (await func() string) {
	var b recordbatch.Builder
	b.Add(&record.Record{Key: []byte("k"), Time: record.EventTime(l.Target.Now().UnixMilli()), Count: 1}, true)
	req := kmsg.NewPtrProduceRequest()
	req.Acks, req.TimeoutMillis = acks, int32(timeout.Milliseconds())
	t := kmsg.NewProduceRequestTopic()
	t.Topic = l.global(safe)
	p := kmsg.NewProduceRequestTopicPartition()
	p.Records = b.Seal(0, -1, -1, -1)
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	answer := l.SendTo(l.Leads(safe, 0), 11, req)
	return func() string {
		resp, ok := answer().(*kmsg.ProduceResponse)
		if !ok {
			return Silence
		}
		return Name(resp.Topics[0].Partitions[0].ErrorCode)
	}
}

package cluster_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/cluster"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/client"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// copied is a cluster whose job copies a topic into another one, exactly once; and somebody else, who has a Kafka client.
type copied struct {
	*cluster.Cluster
	t     *testing.T
	heard []mailbox.Msg
}

func copies(t *testing.T, source plan.Operator, flink map[string]string) *copied {
	t.Helper()
	conf := map[string]string{"execution.checkpointing.interval": "10 s", "execution.checkpointing.dir": "s3://flink/checkpoints",
		"high-availability.type": "kubernetes", "high-availability.storageDir": "s3://flink/ha", "taskmanager.numberOfTaskSlots": "2"}
	for key, value := range flink {
		conf[key] = value
	}
	source.Name, source.Kind, source.Topic = "source", plan.KafkaSource, "in"
	job, err := plan.Compile(plan.Pipeline{Name: "copy", Parallelism: 2, Operators: []plan.Operator{source,
		{Name: "sink", Kind: plan.KafkaSink, Inputs: []id.Operator{"source"}, Topic: "out", Guarantee: plan.ExactlyOnce, TransactionPrefix: "copy", TransactionTimeout: 10 * time.Minute}}}, "job", conf)
	if err != nil {
		t.Fatal(err)
	}
	c := &copied{t: t, Cluster: cluster.New(cluster.Config{World: sim.Config{Seed: 7}, JobManagers: 1, TaskManagers: 1, Cores: 2, RestartAfter: time.Second, Flink: conf, Job: job,
		Kafka: kafka.Config{}, Topics: map[string]int{"out": 2}, Input: cluster.Input{Topic: "in", Partitions: 2, Rate: 100, Keys: 10, Until: 4 * time.Minute}})}
	c.Add(sim.Process{Name: "somebody", BootTime: -1, Boot: func(int) []sim.Resident {
		return []sim.Resident{{Actor: c}, {Name: "kafka", Actor: client.New(client.Config{Brokers: c.Kafka.Addrs()})}}
	}})
	c.passes(30 * time.Second)
	if c.Completed() == 0 {
		t.Fatal("no checkpoint has been completed in 30 s")
	}
	return c
}

// Receive keeps what somebody is told.
func (c *copied) Receive(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	c.heard = append(c.heard, m)
	return nil
}

func (c *copied) passes(d time.Duration) {
	c.t.Helper()
	c.Run(c.Now() + d)
	if len(c.Panics()) > 0 {
		c.t.Fatal(c.Panics()[0])
	}
}

// asks lets somebody ask his client, or a broker.
func (c *copied) asks(to mailbox.Addr, m mailbox.Msg) {
	c.Send("somebody", to, m)
	c.passes(time.Second)
}

// read is how often the records of an input partition are in the committed output.
func (c *copied) read(partition int32) map[int64]int {
	times := map[int64]int{}
	for row := range c.Kafka.Dump("out") {
		if row.Fate == kafka.Committed && row.Origin.Partition == partition {
			times[row.Origin.Offset]++
		}
	}
	return times
}

// once says that the first n records of an input partition are in the output, once each.
func (c *copied) once(partition int32, n int) {
	c.t.Helper()
	times := c.read(partition)
	for offset := range int64(n) {
		if times[offset] != 1 {
			c.t.Fatalf("record %d of partition %d is in the output %d times; of %d records %d are", offset, partition, times[offset], n, len(times))
		}
	}
}

// The topic is given two partitions while the job runs, and loses its TaskManager after it has found them. Every record of
// theirs comes out once, from their first one on.
func TestATopicGrowsUnderAJob(t *testing.T) {
	c := copies(t, plan.Operator{}, map[string]string{"partition.discovery.interval.ms": "20000"})
	c.asks(c.Kafka.Addrs()[0], protocol.Request{Corr: 1, Req: growTo(4)})
	for _, m := range c.heard {
		if answer, ok := m.(protocol.Response); ok && answer.Resp.(*kmsg.CreatePartitionsResponse).Topics[0].ErrorCode != 0 {
			t.Fatalf("the topic did not grow: %+v", answer.Resp)
		}
	}
	write := func(n int) {
		for partition := 2; partition < 4; partition++ {
			for range n {
				c.Log.Append("in", partition, c.Now(), []record.Record{{Key: []byte(fmt.Sprintf("new-%d", partition)), Value: 1, Count: 1}})
			}
		}
	}
	write(50)
	c.passes(35 * time.Second)
	c.once(2, 50)
	c.once(3, 50)
	write(50)
	c.passes(3 * time.Second)
	c.Kill(cluster.TaskManager(0))
	write(50)
	c.passes(90 * time.Second)
	for partition := range int32(4) {
		c.once(partition, 150)
	}
}

// Without a look now and then, nobody reads what is new.
func TestATopicGrowsUnnoticed(t *testing.T) {
	c := copies(t, plan.Operator{}, map[string]string{"partition.discovery.interval.ms": "-1"})
	c.asks(c.Kafka.Addrs()[0], protocol.Request{Corr: 1, Req: growTo(4)})
	c.Log.Append("in", 3, c.Now(), []record.Record{{Key: []byte("new"), Value: 1, Count: 1}})
	c.passes(2 * time.Minute)
	if n := len(c.read(3)); n > 0 {
		t.Errorf("%d records of a new partition have come out", n)
	}
}

func growTo(partitions int32) *kmsg.CreatePartitionsRequest {
	grow := kmsg.NewPtrCreatePartitionsRequest()
	grow.SetVersion(3)
	t := kmsg.NewCreatePartitionsRequestTopic()
	t.Topic, t.Count = "in", partitions
	grow.Topics = append(grow.Topics, t)
	return grow
}

// A group follows the completed checkpoints: whenever anything happens, its offset is one at which a checkpoint stood that
// is complete.
func TestAGroupFollowsCheckpoints(t *testing.T) {
	c := copies(t, plan.Operator{Group: "watchers"}, nil)
	stood, complete := map[id.Checkpoint]int64{}, map[int64]bool{}
	group := c.Kafka.CommittedOffset("watchers", "in", 1)
	complete[group] = true
	moved := 0
	c.Observe(func(e history.Entry) {
		switch e := e.Event.(type) {
		case history.SourcePosition:
			if i := slices.Index(e.Partitions, 1); i >= 0 {
				stood[e.Checkpoint] = e.Next[i]
			}
		case history.CheckpointCompleted:
			complete[stood[e.Checkpoint]] = true
		}
		at := c.Kafka.CommittedOffset("watchers", "in", 1)
		if !complete[at] {
			t.Errorf("at %s the group is at %d, where no completed checkpoint stood", c.Now(), at)
			complete[at] = true // once is enough
		}
		if at != group {
			group = at
			moved++
		}
	})
	c.passes(90 * time.Second)
	if moved != 9 {
		t.Errorf("the group's offset moved %d times in 9 checkpoints", moved)
	}
}

// Somebody has begun a transaction in the input and does not end it. The job, which reads committed records only, stands
// before it, and says before whose.
func TestASourceNamesWhomItWaitsFor(t *testing.T) {
	c := copies(t, plan.Operator{Isolation: plan.ReadCommitted}, nil)
	c.asks("somebody/kafka", wire.KafkaInitProducer{Req: 1, TransactionalID: "slow-1", Timeout: 10 * time.Minute})
	var b record.Batch
	b.Append(record.Record{Key: []byte("x"), Value: 1, Count: 1})
	c.asks("somebody/kafka", wire.KafkaProduce{TransactionalID: "slow-1", Topic: "in", Records: b})
	c.passes(90 * time.Second)
	var all []history.SourceStalled
	for _, e := range c.History() {
		if stalled, ok := e.Event.(history.SourceStalled); ok {
			all = append(all, stalled)
		}
	}
	if len(all) != 1 {
		t.Fatalf("%d times a source has noted that it stands still: %+v", len(all), all)
	}
	e := all[0]
	if e.Topic != "in" || e.Transaction != "slow-1" || e.State != "Ongoing" || e.Hangs() || e.HighWatermark <= e.Stable || e.Attempt.Vertex == "" {
		t.Errorf("it noted %+v", e)
	}
}

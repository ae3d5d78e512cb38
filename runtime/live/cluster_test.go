package live_test

import (
	"fmt"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/jobmanager"
	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/live/etcd"
	"github.com/flinch-dev/flinch/runtime/live/kafka"
	"github.com/flinch-dev/flinch/runtime/live/objectstore"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/taskmanager"
	"github.com/flinch-dev/flinch/runtime/wire"
)

const (
	partitions = 4
	keys       = 50
	records    = 4000
)

// cluster is a whole cluster in real time and over TCP, with nothing simulated in it: etcd, files, and a Kafka that
// speaks its protocol. The actors are those of every other world.
type cluster struct {
	t     *testing.T
	flink map[string]string
	job   plan.Job
	fake  *kfake.Cluster

	mu      sync.Mutex
	where   map[string]string
	nodes   map[string]*live.Node
	history history.History
	changed chan struct{} // something was noted
}

func launch(t *testing.T) *cluster {
	c := &cluster{t: t, where: map[string]string{}, nodes: map[string]*live.Node{}, changed: make(chan struct{}, 1)}
	c.flink = map[string]string{
		"taskmanager.numberOfTaskSlots": "2", "execution.checkpointing.interval": "200 ms", "high-availability.type": "kubernetes",
		"high-availability.storageDir": "s3://flink/ha", "heartbeat.interval": "100 ms", "heartbeat.timeout": "2 s",
		"high-availability.kubernetes.leader-election.lease-duration": "2 s", "high-availability.kubernetes.leader-election.renew-deadline": "2 s",
		"high-availability.kubernetes.leader-election.retry-period": "200 ms",
		"restart-strategy.type": "fixed-delay", "restart-strategy.fixed-delay.delay": "100 ms", "restart-strategy.fixed-delay.attempts": "1000",
	}
	var err error
	if c.job, err = plan.Compile(plan.Pipeline{Name: "live", Parallelism: 2, Operators: []plan.Operator{
		{Name: "source", Kind: plan.KafkaSource, Topic: "in", Isolation: "read_committed"}, {Name: "per-key", Kind: plan.KeyedSum},
		{Name: "sink", Kind: plan.KafkaSink, Topic: "out", Guarantee: plan.ExactlyOnce, TransactionPrefix: "live", TransactionTimeout: 10 * time.Minute}}},
		"job-live", c.flink); err != nil {
		t.Fatal(err)
	}
	if c.fake, err = kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(partitions, "in", "out")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.fake.Close)
	server, err := etcd.Embedded(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	client, err := server.Client()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	store, err := objectstore.Open(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, n := range c.nodes {
			n.Stop()
		}
	})
	c.start("ha", live.Resident{Actor: etcd.New(etcd.Config{Client: client})})
	c.start("objectstore", live.Resident{Actor: store})
	return c
}

func (c *cluster) start(name string, residents ...live.Resident) {
	c.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		c.t.Fatal(err)
	}
	c.mu.Lock()
	c.where[name] = l.Addr().String()
	c.mu.Unlock()
	n := live.Start(live.Config{Name: name, Listen: l, Resolve: c.resolve, Residents: residents, Note: c.note,
		Log: slog.New(slog.NewTextHandler(c.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))})
	c.mu.Lock()
	c.nodes[name] = n
	c.mu.Unlock()
}

func (c *cluster) resolve(process string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.where[process]; ok {
		return at, nil
	}
	return "", fmt.Errorf("there is no process %s", process)
}

// gateway is a process's own way to Kafka.
func (c *cluster) gateway() live.Resident {
	g, err := kafka.New(kafka.Config{Brokers: c.fake.ListenAddrs()})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(g.Close)
	return live.Resident{Name: "kafka", Actor: g}
}

func (c *cluster) jobManager(name string) {
	c.start(name, live.Resident{Actor: jobmanager.New(jobmanager.Config{Name: name, Flink: c.flink, HA: "ha", ObjectStore: "objectstore",
		Kafka: mailbox.Addr(name).In("kafka"), Job: &c.job})}, c.gateway())
}

func (c *cluster) taskManager(name string) {
	root, err := taskmanager.New(taskmanager.Config{Flink: c.flink, HA: "ha", ObjectStore: "objectstore", Kafka: mailbox.Addr(name).In("kafka")})
	if err != nil {
		c.t.Fatal(err)
	}
	c.start(name, live.Resident{Actor: root}, c.gateway())
}

func (c *cluster) kill(name string) {
	c.mu.Lock()
	n := c.nodes[name]
	c.mu.Unlock()
	n.Stop()
}

func (c *cluster) note(e history.Entry) {
	c.mu.Lock()
	c.history = append(c.history, e)
	c.mu.Unlock()
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// waits until something has come about; every note is a reason to look.
func (c *cluster) waits(what string, until func() bool) {
	c.t.Helper()
	deadline := time.After(60 * time.Second)
	for !until() {
		select {
		case <-c.changed:
		case <-deadline:
			c.t.Fatalf("waited in vain until %s; the last notes: %v", what, c.history[max(0, len(c.history)-10):])
		}
	}
}

func (c *cluster) noted(kind string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.history {
		if e.Event.Kind() == kind {
			n++
		}
	}
	return n
}

func (c *cluster) leader() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	leader := ""
	for _, e := range c.history {
		if ev, ok := e.Event.(history.LeaderElected); ok {
			leader = ev.Holder
		}
	}
	return leader
}

// user is an actor outside of the cluster that is told what to ask of Kafka, and passes on the answers.
type user struct{ heard chan mailbox.Msg }

type asks struct{ m []mailbox.Msg }

func (asks) Word() string { return "asks" }

func (u user) Receive(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case asks:
		for _, q := range m.m {
			env.Send(env.Self().In("kafka"), q)
		}
	case mailbox.Started, wire.KafkaProduced:
	default:
		u.heard <- m
	}
	return nil
}

func (u user) hears(t *testing.T) mailbox.Msg {
	t.Helper()
	select {
	case m := <-u.heard:
		return m
	case <-time.After(60 * time.Second):
		t.Fatal("no answer from Kafka")
		return nil
	}
}

// The leader dies, then a TaskManager, and both come back. Every record is in the committed output once, and the last
// sum of each key is that of its records.
func TestARealClusterSurvivesItsLeaderAndAWorker(t *testing.T) {
	c := launch(t)
	u := user{make(chan mailbox.Msg, 64)}
	c.start("user", live.Resident{Actor: u}, c.gateway())
	say := func(m ...mailbox.Msg) {
		c.mu.Lock()
		n := c.nodes["user"]
		c.mu.Unlock()
		n.Send("user", "user", asks{m})
	}
	want := map[string]int64{}
	feed := func(from, to int) {
		var b record.Batch
		for n := from; n < to; n++ {
			key := fmt.Sprintf("key-%02d", n%keys)
			want[key] += int64(n)
			b.Append(record.Record{Key: []byte(key), Value: int64(n), Count: 1, Time: record.EventTime(n)})
		}
		say(wire.KafkaProduce{Topic: "in", Records: b}, wire.KafkaFlush{Req: uint64(to)})
		if f, ok := u.hears(t).(wire.KafkaFlushed); !ok || f.Err != "" {
			t.Fatalf("the input was not taken: %+v", f)
		}
	}
	for _, name := range []string{"jobmanager-0", "jobmanager-1"} {
		c.jobManager(name)
	}
	for _, name := range []string{"taskmanager-0", "taskmanager-1"} {
		c.taskManager(name)
	}
	feed(0, records/2)
	c.waits("two checkpoints are complete", func() bool { return c.noted("checkpoint.completed") >= 2 })
	leader := c.leader()
	c.kill(leader)
	feed(records/2, records*3/4)
	restored := c.noted("restore.completed")
	c.waits("the next leader has restored the job", func() bool { return c.leader() != leader && c.noted("restore.completed") > restored })
	c.jobManager(leader)
	c.kill("taskmanager-0")
	c.taskManager("taskmanager-0")
	feed(records*3/4, records)

	committed, last := 0, map[string]int64{}
	next := make([]int64, partitions)
	for turn, more := 0, partitions; committed < records || more > 0; turn++ { // one round more: is there too much?
		p := turn % partitions
		say(wire.KafkaFetch{Req: uint64(turn), Topic: "out", Partition: int32(p), Offset: next[p], MaxBytes: 1 << 20, MaxWait: 50 * time.Millisecond, ReadCommitted: true})
		f, ok := u.hears(t).(wire.KafkaFetched)
		if !ok || f.Err != "" || turn > 2000 {
			t.Fatalf("%d of %d records came out; then %+v", committed, records, f)
		}
		if committed >= records {
			more--
		}
		next[p] = f.Next
		committed += f.Records.N
		for r := range f.Records.All() {
			last[string(r.Key)] = r.Value
		}
	}
	if committed != records {
		t.Errorf("%d records are committed, of %d", committed, records)
	}
	for key, sum := range want {
		if last[key] != sum {
			t.Errorf("the last sum of %s is %d, not %d", key, last[key], sum)
		}
	}
}

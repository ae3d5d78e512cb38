//go:build unix

package entrypoint

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flinch-dev/flinch/runtime/live/etcd"
	"github.com/flinch-dev/flinch/runtime/live/services"
	"github.com/flinch-dev/flinch/runtime/plan"
)

// order makes the test binary a process of a cluster.
type order struct {
	Job    *plan.Job // of a JobManager
	Flink  map[string]string
	Places services.Places
}

const orderVariable = "FLINCH_TEST_ORDER"

func TestMain(m *testing.M) {
	text := os.Getenv(orderVariable)
	if text == "" {
		os.Exit(m.Run())
	}
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		panic(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	p := Process{Flink: o.Flink, Places: o.Places, Log: slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	run := p.TaskManager
	if o.Job != nil {
		run = func(ctx context.Context) error { return p.JobManager(ctx, o.Job) }
	}
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const (
	partitions = 4
	keys       = 50
)

// cluster is processes of the operating system that know nothing of each other but the services that they share.
type cluster struct {
	t     *testing.T
	order order
	fake  *kfake.Cluster

	mu      sync.Mutex
	said    map[string]int // what has been noted, and how often
	leader  *daemon        // who was elected last
	changed chan struct{}  // something was noted
}

// daemon is a running process.
type daemon struct {
	cmd           *exec.Cmd
	ended         chan struct{}
	rest, metrics string // URLs, once it has started
}

func launch(t *testing.T) *cluster {
	flink := map[string]string{"jobmanager.rpc.port": "0", "rest.port": "0", "metrics.reporter.prom.port": "0",
		"taskmanager.numberOfTaskSlots": "1", "execution.checkpointing.interval": "200 ms", "high-availability.type": "kubernetes",
		"high-availability.storageDir": "file:///ha", "high-availability.kubernetes.leader-election.lease-duration": "5 s",
		"high-availability.kubernetes.leader-election.renew-deadline": "4 s", "high-availability.kubernetes.leader-election.retry-period": "200 ms",
		"restart-strategy.type": "fixed-delay", "restart-strategy.fixed-delay.delay": "100 ms", "restart-strategy.fixed-delay.attempts": "1000"}
	job, err := plan.Compile(plan.Pipeline{Name: "sums", Parallelism: 2, Operators: []plan.Operator{
		{Name: "source", Kind: plan.KafkaSource, Topic: "in", Isolation: "read_committed"}, {Name: "per-key", Kind: plan.KeyedSum},
		{Name: "sink", Kind: plan.KafkaSink, Topic: "out", Guarantee: plan.ExactlyOnce, TransactionPrefix: "sums", TransactionTimeout: 10 * time.Minute}}},
		"job-sums", flink)
	if err != nil {
		t.Fatal(err)
	}
	fake, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.SeedTopics(partitions, "in", "out"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Close)
	server, err := etcd.Embedded(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return &cluster{t: t, fake: fake, said: map[string]int{}, changed: make(chan struct{}, 1), order: order{Job: &job, Flink: flink,
		Places: services.Places{HA: "etcd://" + strings.TrimPrefix(server.Endpoint(), "http://"), Storage: "file://" + t.TempDir(),
			Kafka: strings.Join(fake.ListenAddrs(), ",")}}}
}

func (c *cluster) start(o order) *daemon {
	c.t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		c.t.Fatal(err)
	}
	d := &daemon{cmd: exec.Command(os.Args[0]), ended: make(chan struct{})}
	d.cmd.Env = append(os.Environ(), orderVariable+"="+string(text))
	stderr, err := d.cmd.StderrPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	go func() {
		defer close(d.ended)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			c.hear(d, lines.Bytes())
		}
		d.cmd.Wait()
	}()
	c.t.Cleanup(func() {
		d.cmd.Process.Kill()
		<-d.ended
	})
	return d
}

// hear takes a line of a process's log.
func (c *cluster) hear(d *daemon, line []byte) {
	var l struct{ Level, Msg, Rest, Metrics string }
	if json.Unmarshal(line, &l) != nil || l.Level != "DEBUG" {
		fmt.Fprintf(c.t.Output(), "%s\n", line)
	}
	c.mu.Lock()
	c.said[l.Msg]++
	switch l.Msg {
	case "started":
		d.rest, d.metrics = l.Rest, l.Metrics
	case "leader.elected":
		c.leader = d
	}
	c.mu.Unlock()
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

func (c *cluster) noted(kind string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said[kind]
}

func (c *cluster) leads() *daemon {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leader
}

// waits until something has come about; every line of a log is a reason to look.
func (c *cluster) waits(what string, until func() bool) {
	c.t.Helper()
	deadline := time.After(90 * time.Second)
	for !until() {
		select {
		case <-c.changed:
		case <-deadline:
			c.t.Fatalf("waited in vain until %s", what)
		}
	}
}

func (c *cluster) jobManager() *daemon { return c.start(c.order) }

func (c *cluster) taskManager() *daemon {
	o := c.order
	o.Job = nil
	return c.start(o)
}

// end sends a signal and waits for the end.
func (d *daemon) end(s os.Signal) (code int) {
	d.cmd.Process.Signal(s)
	<-d.ended
	return d.cmd.ProcessState.ExitCode()
}

// The leader is killed; a TaskManager is asked to stop, and then the next leader: those who stop in good order are not
// waited for. Every record is in the committed output once, and the last sum of each key is that of its records.
func TestAClusterOfProcesses(t *testing.T) {
	c := launch(t)
	client, err := kgo.NewClient(kgo.SeedBrokers(c.fake.ListenAddrs()...), kgo.ConsumeTopics("out"), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	want, fed := map[string]int64{}, 0
	feed := func(n int) {
		var batch []*kgo.Record
		for ; n > 0; n-- {
			key := fmt.Sprintf("key-%02d", fed%keys)
			want[key] += int64(fed)
			batch = append(batch, &kgo.Record{Topic: "in", Key: []byte(key), Value: binary.BigEndian.AppendUint64(nil, uint64(fed))})
			fed++
		}
		if err := client.ProduceSync(t.Context(), batch...).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	jobManagers := []*daemon{c.jobManager(), c.jobManager()}
	workers := []*daemon{c.taskManager(), c.taskManager()}
	feed(1000)
	c.waits("two checkpoints are complete", func() bool { return c.noted("checkpoint.completed") >= 2 })
	c.isWatched(jobManagers, workers)

	first, restored := c.leads(), c.noted("restore.completed")
	first.end(syscall.SIGKILL)
	c.waits("the next leader has restored the job", func() bool { return c.leads() != first && c.noted("restore.completed") > restored })
	feed(1000)

	restored = c.noted("restore.completed")
	c.taskManager()
	began := time.Now()
	if code := workers[0].end(syscall.SIGTERM); code != 0 {
		t.Errorf("a TaskManager that was asked to stop ended with %d", code)
	}
	c.waits("the job is restored elsewhere", func() bool { return c.noted("restore.completed") > restored })
	if c.noted("heartbeat.timeout") > 0 {
		t.Errorf("a TaskManager that said good-bye was waited for, %s long", time.Since(began))
	}
	c.tells("TaskManager", "is gone", "execution #")
	feed(1000)

	second, restored := c.leads(), c.noted("restore.completed")
	c.jobManager()
	if code := second.end(syscall.SIGTERM); code != 0 {
		t.Errorf("a JobManager that was asked to stop ended with %d", code)
	}
	c.waits("the third leader has restored the job", func() bool { return c.leads() != second && c.noted("restore.completed") > restored })
	feed(1000)

	last := map[string]int64{}
	for committed := 0; committed < fed; {
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) {
			committed++
			last[string(r.Key)] = int64(binary.BigEndian.Uint64(r.Value))
		})
		if ctx.Err() != nil {
			t.Fatalf("%d of %d records came out", committed, fed)
		}
		cancel()
		if committed > fed {
			t.Errorf("%d records are committed, of %d", committed, fed)
		}
	}
	for key, sum := range want {
		if last[key] != sum {
			t.Errorf("the last sum of %s is %d, not %d", key, last[key], sum)
		}
	}
	c.cancels()
}

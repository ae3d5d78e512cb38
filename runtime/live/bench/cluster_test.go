//go:build unix

package bench

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/live/etcd"
	"github.com/flinch-dev/flinch/runtime/live/services"
	"github.com/flinch-dev/flinch/runtime/plan"
)

// onOneMachine is what Flink's defaults need for several processes on one machine.
var onOneMachine = map[string]string{"jobmanager.rpc.port": "0", "rest.port": "0", "metrics.reporter.prom.port": "0",
	"taskmanager.numberOfTaskSlots": "1", "high-availability.type": "kubernetes", "high-availability.storageDir": "file:///ha"}

// cluster is processes that run a job.
type cluster struct {
	t       testing.TB
	order   order
	members []*member

	mu      sync.Mutex
	notes   []note
	changed chan struct{} // something was noted
}

// member is a process.
type member struct {
	name  string
	cmd   *exec.Cmd
	in    io.Closer
	ended chan struct{}
}

// note is a line of a member's log.
type note struct {
	by         *member
	At         time.Time `json:"time"`
	Level      string    `json:"level"`
	Kind       string    `json:"msg"`
	DurationMs float64   `json:"durationMs"` // of a checkpoint
}

// launch starts a cluster with so many JobManagers and TaskManagers.
func launch(t testing.TB, jobManagers, taskManagers int, pipeline plan.Pipeline, kafka string, flink map[string]string) *cluster {
	t.Helper()
	conf := maps.Clone(onOneMachine)
	maps.Copy(conf, flink)
	job, err := plan.Compile(pipeline, id.Job("job-"+pipeline.Name), conf)
	if err != nil {
		t.Fatal(err)
	}
	server, err := etcd.Embedded(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t, changed: make(chan struct{}, 1), order: order{Job: &job, Flink: conf, Places: services.Places{
		HA: "etcd://" + strings.TrimPrefix(server.Endpoint(), "http://"), Storage: "file://" + t.TempDir(), Kafka: kafka}}}
	t.Cleanup(func() {
		for _, m := range c.members {
			m.end()
		}
		server.Stop()
	})
	for i := range jobManagers {
		c.start(jobManager, i)
	}
	for i := range taskManagers {
		c.start(taskManager, i)
	}
	return c
}

func (c *cluster) start(r role, number int) *member {
	c.t.Helper()
	o := c.order
	o.Role = r
	name := fmt.Sprintf("%s-%d", r, number)
	o.Profile = profileOf(name)
	m := start(c.t, name, o, c.hear)
	c.members = append(c.members, m)
	return m
}

// start starts this binary with an order, and hands on what it says.
func start(t testing.TB, name string, o order, hear func(*member, []byte)) *member {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	m := &member{name: name, cmd: exec.Command(os.Args[0]), ended: make(chan struct{})}
	m.cmd.Env = append(os.Environ(), orderVariable+"="+string(text))
	out, err := m.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if m.in, err = m.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(m.ended)
		lines := bufio.NewScanner(out)
		for lines.Buffer(nil, 1<<20); lines.Scan(); {
			hear(m, lines.Bytes())
		}
		m.cmd.Wait()
	}()
	return m
}

// kill is kill -9.
func (m *member) kill() {
	m.cmd.Process.Signal(syscall.SIGKILL)
	<-m.ended
}

// end ends a member, in good order if it still has a profile to write.
func (m *member) end() {
	if *profiles != "" {
		m.cmd.Process.Signal(syscall.SIGTERM)
		<-m.ended
	}
	m.kill()
}

// processor is the time that a member that has ended has had of the processors.
func (m *member) processor() time.Duration {
	return m.cmd.ProcessState.UserTime() + m.cmd.ProcessState.SystemTime()
}

func (c *cluster) hear(m *member, line []byte) {
	n := note{by: m}
	if json.Unmarshal(line, &n) != nil || n.Level == "ERROR" {
		fmt.Fprintf(c.t.Output(), "%s: %s\n", m.name, line)
	}
	c.mu.Lock()
	c.notes = append(c.notes, n)
	c.mu.Unlock()
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// noted returns the notes of some kinds that were made since a moment.
func (c *cluster) noted(since time.Time, kinds ...string) (found []note) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.notes {
		for _, kind := range kinds {
			if n.Kind == kind && !n.At.Before(since) {
				found = append(found, n)
			}
		}
	}
	return found
}

// waits until a note of a kind was made since a moment, and returns the first.
func (c *cluster) waits(since time.Time, kind string) note {
	c.t.Helper()
	deadline := time.After(5 * time.Minute)
	for {
		if found := c.noted(since, kind); len(found) > 0 {
			return found[0]
		}
		select {
		case <-c.changed:
		case <-deadline:
			c.t.Fatalf("waited in vain for %s", kind)
		}
	}
}

// checkpoints are how long those took that were completed.
func (c *cluster) checkpoints() (took []float64) {
	for _, n := range c.noted(time.Time{}, "checkpoint.completed") {
		took = append(took, n.DurationMs)
	}
	return took
}

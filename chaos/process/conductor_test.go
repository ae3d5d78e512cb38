//go:build unix

package process

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/cluster"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// TestMain lets the test binary be a member.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == MemberCommand {
		switch err := Member(os.Stdin, os.Stderr); {
		case errors.Is(err, live.ErrAssertion):
			fmt.Fprintln(os.Stderr, err)
			os.Exit(ExitAsserted)
		case err != nil:
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const checkpointInterval = 300 * time.Millisecond

// conduct starts one JobManager and one TaskManager, and waits until their job runs.
func conduct(t *testing.T, parts Parts) *Conductor {
	t.Helper()
	flink := map[string]string{"high-availability.type": "kubernetes", "high-availability.storageDir": "s3://flink/ha",
		"execution.checkpointing.interval": checkpointInterval.String(), "heartbeat.interval": "200 ms", "heartbeat.timeout": "2 s",
		"execution.checkpointing.timeout": "1 s", "execution.checkpointing.tolerable-failed-checkpoints": "1000",
		"high-availability.kubernetes.leader-election.lease-duration": "3 s", "high-availability.kubernetes.leader-election.renew-deadline": "2 s", "high-availability.kubernetes.leader-election.retry-period": "500 ms",
		"restart-strategy.type": "fixed-delay", "restart-strategy.fixed-delay.attempts": "100", "restart-strategy.fixed-delay.delay": "100 ms"}
	job, err := plan.Compile(plan.Pipeline{Name: "p", Parallelism: 1, Operators: []plan.Operator{
		{Name: "source", Kind: plan.KafkaSource, Topic: "in"}, {Name: "sink", Kind: plan.KafkaSink, Topic: "out", Guarantee: plan.ExactlyOnce, TransactionPrefix: "p", TransactionTimeout: time.Minute}}}, "job-p", flink)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(cluster.Config{World: sim.Config{Seed: 1, Profile: sim.Profiles["go-process"]}, JobManagers: 1, TaskManagers: 1,
		RestartAfter: 200 * time.Millisecond, Flink: flink, Job: job, Topics: map[string]int{"out": 1},
		Kafka: kafka.Config{TransactionMaxTimeout: time.Hour},
		Input: cluster.Input{Topic: "in", Partitions: 1, Rate: 10, Keys: 1, ValueMax: 1, Until: time.Hour}}, parts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	waits(t, c, "the job runs", func() bool { return c.Status() == "RUNNING" })
	return c
}

// waits until something has come about, on a machine with much else to do.
func waits(t *testing.T, c *Conductor, what string, until func() bool) {
	t.Helper()
	for end := c.Now() + 2*time.Minute; !until(); c.Run(c.Now() + 50*time.Millisecond) {
		if c.Now() > end || c.Broken() != nil {
			t.Fatalf("waited in vain until %s (%v)", what, c.Broken())
		}
	}
}

// stops are the ends of a process, in order.
func stops(c *Conductor, name string) (all []history.ProcessStopped) {
	for _, e := range c.History() {
		if ev, ok := e.Event.(history.ProcessStopped); ok && ev.Name == name {
			all = append(all, ev)
		}
	}
	return all
}

// A member that the kernel kills has been killed; one that ends with Go's word of a crash has crashed, and says why.
func TestACrashIsToldFromADeath(t *testing.T) {
	c := conduct(t, Parts{})
	signal := func(s syscall.Signal) {
		n := len(stops(c, "taskmanager-0"))
		if err := c.members["taskmanager-0"].cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		waits(t, c, "its end is noted", func() bool { return len(stops(c, "taskmanager-0")) > n })
	}
	signal(syscall.SIGKILL)
	waits(t, c, "the supervisor has brought it back", func() bool { m := c.members["taskmanager-0"]; return m != nil && m.listens != "" })
	signal(syscall.SIGQUIT)
	ends := stops(c, "taskmanager-0")
	if ends[0].Panic {
		t.Errorf("killed: %+v", ends[0])
	}
	if !ends[1].Panic || !strings.Contains(ends[1].Cause, "it ended by itself: ") {
		t.Errorf("crashed: %+v", ends[1])
	}
}

// What happens to a stand-in happens to its member, and the end of the conductor is the end of all.
func TestMembersFollowTheirStandIns(t *testing.T) {
	c := conduct(t, Parts{})
	m := c.members["jobmanager-0"]
	c.Pause("jobmanager-0")
	if state := stateOf(m.cmd.Process.Pid); state != "T" && state != "" {
		waits(t, c, "it stands still", func() bool { return stateOf(m.cmd.Process.Pid) == "T" })
	}
	c.Resume("jobmanager-0")
	c.Kill("jobmanager-0")
	waits(t, c, "another life has begun", func() bool {
		next := c.members["jobmanager-0"]
		return next != nil && next != m && next.listens != ""
	})
	waits(t, c, "the killed member has been waited for", func() bool { return stateOf(m.cmd.Process.Pid) == "" })
}

// stateOf is the kernel's letter for what a process does; "" where that cannot be asked.
func stateOf(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	return rest[:1]
}

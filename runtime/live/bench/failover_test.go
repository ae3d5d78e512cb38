//go:build unix

package bench

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/plan"
)

// load is about half of what the job of these measurements can do on two cores, in records a second.
const load = 300_000

// keysOf are Flink's configuration: its defaults, and what notices and restarts as soon as may be. With a threshold of
// one, a single heartbeat that cannot be delivered is enough: a process that is gone refuses the connection.
var keysOf = map[string]map[string]string{
	"Flink's defaults": {},
	"keys for speed": {"heartbeat.interval": "500 ms", "heartbeat.timeout": "5 s", "heartbeat.rpc-failure-threshold": "1",
		"high-availability.kubernetes.leader-election.lease-duration": "2 s", "high-availability.kubernetes.leader-election.renew-deadline": "1500 ms",
		"high-availability.kubernetes.leader-election.retry-period": "250 ms", "cluster.registration.error-delay": "200 ms",
		"cluster.registration.refused-registration-delay": "200 ms", "restart-strategy.type": "fixed-delay",
		"restart-strategy.fixed-delay.delay": "0 s", "restart-strategy.fixed-delay.attempts": "1000", "taskmanager.network.request-backoff.initial": "20 ms"},
}

// phases are those of a recovery, in milliseconds.
type phases struct{ silence, detection, restart, restore, catchUp float64 }

// measureFailover kills a TaskManager or the leading JobManager of an exactly-once job from Kafka to Kafka; there is a
// spare one of each.
func measureFailover(t *testing.T, all *table) {
	for _, keys := range slices.Sorted(maps.Keys(keysOf)) {
		for _, victim := range []role{taskManager, jobManager} {
			var found []phases
			for run := range *runs {
				t.Run(fmt.Sprintf("%s/%s/run-%d", keys, victim, run), func(t *testing.T) { found = append(found, failover(t, victim, keysOf[keys])) })
			}
			name := "kill -9 of the " + map[role]string{taskManager: "TaskManager", jobManager: "JobManager"}[victim] + ", " + keys + ", ms: "
			for _, p := range []struct {
				name string
				of   func(phases) float64
			}{{"silence of the committed output", func(p phases) float64 { return p.silence }}, {"until it is detected", func(p phases) float64 { return p.detection }},
				{"until the restart", func(p phases) float64 { return p.restart }}, {"until all tasks have their state", func(p phases) float64 { return p.restore }},
				{"until the lag is what it was", func(p phases) float64 { return p.catchUp }}} {
				var values []float64
				for _, f := range found {
					values = append(values, p.of(f))
				}
				all.figure(name+p.name, "%.0f", values)
				name = "  "
			}
		}
	}
}

func failover(t *testing.T, victim role, keys map[string]string) phases {
	b := newBroker(t)
	flink := map[string]string{"execution.checkpointing.interval": "1 s"}
	maps.Copy(flink, keys)
	c := launch(t, 2, 3, plan.Pipeline{Name: "sums", Parallelism: 2, Operators: []plan.Operator{
		{Name: "source", Kind: plan.KafkaSource, Topic: topicIn}, {Name: "per-key", Kind: plan.KeyedSum},
		{Name: "sink", Kind: plan.KafkaSink, Topic: topicOut, Guarantee: plan.ExactlyOnce, TransactionPrefix: "sums", TransactionTimeout: 10 * time.Minute}}}, b.at, flink)
	output := b.committed(topicOut)
	ctx, stop := context.WithCancel(t.Context())
	feeding := make(chan struct{})
	defer func() { stop(); <-feeding }()
	running := c.waits(time.Time{}, "restore.completed")
	go func() { defer close(feeding); b.feedAt(ctx, load) }()

	var had, usual int64 // records of the output; the greatest lag while nothing is wrong
	var advanced time.Time
	b.watch(output, func(at time.Time, n int64) bool {
		if n > had {
			had, advanced = n, at
		}
		calm := at.Sub(running.At) - 3*time.Second // before that it is still warming up
		if calm > 0 {
			usual = max(usual, b.fed.Load()-n)
		}
		return calm > 5*time.Second
	})

	killed := time.Now()
	c.victim(victim).kill()
	var caughtUp time.Time
	var silence time.Duration
	b.watch(output, func(at time.Time, n int64) bool {
		if n > had {
			silence = max(silence, at.Sub(advanced))
			had, advanced = n, at
			if len(c.noted(killed, "restore.completed")) > 0 && b.fed.Load()-n <= usual {
				caughtUp = at
			}
		}
		return !caughtUp.IsZero()
	})
	noticed := c.noted(killed, "heartbeat.timeout", "leader.elected", "task.failed", "job.restarting", "restart.scheduled")[0].At
	restored := c.waits(killed, "restore.completed").At
	began := noticed
	for _, n := range c.noted(killed, "restore.started") {
		if n.At.Before(restored) {
			began = n.At
		}
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return phases{ms(silence), ms(noticed.Sub(killed)), ms(began.Sub(noticed)), ms(restored.Sub(began)), ms(caughtUp.Sub(restored))}
}

// victim is a TaskManager that has a slot of the job, or the leader.
func (c *cluster) victim(r role) *member {
	c.t.Helper()
	kind := map[role]string{taskManager: "slot.allocated", jobManager: "leader.elected"}[r]
	all := c.noted(time.Time{}, kind)
	if len(all) == 0 {
		c.t.Fatalf("there is no %s yet: nothing was noted of %s", r, kind)
	}
	return all[len(all)-1].by
}

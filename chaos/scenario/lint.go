package scenario

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/sim/kafka"
)

var flink = []string{"deployment", "flinkConfiguration"}

// deployment checks the cluster and reads Flink's configuration.
func (r *rules) deployment() {
	d := r.s.Deployment
	if d.Standbys != nil && d.JobManager.Replicas != *d.Standbys+1 {
		r.fail([]string{"deployment", "standbys"}, "%d standbys and the leader are %d JobManagers, but jobManager.replicas is %d; say it once",
			*d.Standbys, *d.Standbys+1, d.JobManager.Replicas)
	}
	if !*d.Supervisor.Restart && d.Supervisor.Delay != 0 {
		r.fail([]string{"deployment", "supervisor", "delay"}, "nobody restarts processes (restart: false), so delay means nothing")
	}
	c, warnings, err := config.Parse(d.FlinkConfiguration)
	for _, w := range warnings {
		r.report(true, append(flink, w.Key), "%s", w.Text)
	}
	if err != nil {
		for _, one := range unjoin(err) {
			key, _, _ := strings.Cut(one.Error(), ":")
			r.fail(append(flink, key), "%v", one)
		}
		return
	}
	slots := d.TaskManager.Replicas * c.TaskManager.NumberOfTaskSlots
	need := d.Job.Parallelism
	for _, o := range r.s.Pipeline.Operators {
		need = max(need, o.Parallelism)
	}
	if slots < need && !r.pruned {
		r.fail([]string{"deployment", "job", "parallelism"}, "the job needs %d slots, but %d TaskManagers with %d slots have %d: it would never run; raise taskManager.replicas or taskmanager.numberOfTaskSlots",
			need, d.TaskManager.Replicas, c.TaskManager.NumberOfTaskSlots, slots)
	}
	if most := c.Pipeline.MaxParallelism; most > 0 && need > most {
		r.fail(append(flink, "pipeline.max-parallelism"), "pipeline.max-parallelism is %d, below the parallelism %d", most, need)
	}
}

// lint warns about what runs, but hardly as meant.
func (r *rules) lint() {
	d := r.s.Deployment
	c, _, err := config.Parse(d.FlinkConfiguration)
	if err != nil {
		return
	}
	ha := c.HighAvailability.Type != config.NoHA
	switch {
	case ha && d.JobManager.Replicas == 1:
		r.warn(append(flink, "high-availability.type"), "high-availability.type is set but jobManager.replicas is 1: no standby can take over")
	case !ha && d.JobManager.Replicas > 1:
		r.warn([]string{"deployment", "jobManager", "replicas"}, "jobManager.replicas is %d without high-availability.type: each would lead a cluster of its own", d.JobManager.Replicas)
	}
	k := c.Checkpointing
	if !k.Enabled() {
		at := flink
		if _, _, written := r.tree.at(flink...); !written {
			at = nil
		}
		r.warn(at, "execution.checkpointing.interval is not set: no checkpoint is ever made, and after a failure the job starts from the beginning")
	}
	if k.Enabled() && k.Timeout < k.Interval {
		r.warn(append(flink, "execution.checkpointing.timeout"), "execution.checkpointing.timeout, %s, is shorter than the interval, %s", Duration(k.Timeout), Duration(k.Interval))
	}
	if k.Enabled() && k.Interval > time.Duration(r.s.Duration) {
		r.warn(append(flink, "execution.checkpointing.interval"), "the run lasts %s and checkpoints come every %s: there will be none", r.s.Duration, Duration(k.Interval))
	}
	r.transactions(c)
	for _, name := range slices.Sorted(maps.Keys(r.s.Pipeline.Broker)) {
		if known := kafka.BrokerSettings(); !slices.Contains(known, name) {
			n, _, _ := r.tree.at("pipeline", "broker")
			r.l.report(Problem{Pos: n.keyPos(name), Warning: true, Message: fmt.Sprintf("broker setting %q is not known; it is kept, without effect%s", name, DidYouMean(name, known))})
		}
	}
	for i, m := range r.s.MustHappen {
		if m.After == "" && len(r.s.Faults) > 0 && (m.Event == "job.running" || m.Event == "leader.elected") {
			r.warn([]string{"mustHappen", strconv.Itoa(i)}, "%s happens in every run at the start; add after: and a fault's name", m.Event)
		}
	}
}

// transactions warns about timeouts that lose or refuse output.
func (r *rules) transactions(c config.Config) {
	p := r.s.Pipeline
	if p.Sink[sinkGuarantee] != "exactly-once" || p.Sink[sinkConnector] != "kafka" {
		return
	}
	at := []string{"pipeline", "sink", sinkTimeout}
	timeout, broker := p.TransactionTimeout(), p.BrokerMaxTransactionTimeout()
	if timeout > broker {
		given := "is"
		if p.Sink[sinkTimeout] == "" {
			given = "is not set, which means"
		}
		r.warn(at, "%s %s %s, above the brokers' %s, %s: they refuse the producer (INVALID_TRANSACTION_TIMEOUT) and the job never runs",
			sinkTimeout, given, Duration(timeout), brokerMax, Duration(broker))
	}
	k := c.Checkpointing
	if !k.Enabled() {
		return
	}
	// A pre-committed transaction must outlive the interval, a slow checkpoint, and the outage that the
	// scenario plans; otherwise the broker aborts what a completed checkpoint counts as done.
	outage := r.longestOutage()
	if need := k.Interval + k.Timeout + outage; timeout < need && timeout <= broker {
		r.warn(at, "%s is %s, shorter than the checkpoint interval, its timeout and the longest planned outage together (%s + %s + %s): output of a completed checkpoint can be lost",
			sinkTimeout, Duration(timeout), Duration(k.Interval), Duration(k.Timeout), Duration(outage))
	}
}

// longestOutage is the longest that a planned fault lasts.
func (r *rules) longestOutage() time.Duration {
	longest := time.Duration(0)
	for _, f := range r.s.Faults {
		longest = max(longest, time.Duration(f.For))
	}
	return longest
}

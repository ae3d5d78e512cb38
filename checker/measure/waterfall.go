package measure

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
)

// The configuration keys that bound the steps. Where no key does, it is the one that moves the step most.
const (
	silenceKey    = "heartbeat.timeout"
	deadKey       = "heartbeat.rpc-failure-threshold"
	leaseKey      = "high-availability.kubernetes.leader-election.lease-duration"
	sessionKey    = "high-availability.zookeeper.client.session-timeout"
	retryKey      = "high-availability.kubernetes.leader-election.retry-period"
	slotsKey      = "slot.request.timeout"
	deployKey     = "taskmanager.network.partition-request-timeout"
	restoreKey    = "execution.state-recovery.from-local"
	flushKey      = "execution.buffer-timeout.interval"
	capacityKey   = "parallelism.default"
	checkpointKey = "execution.checkpointing.interval"
)

// waterfall cuts a recovery into steps, each beginning where the one before ended. What took no time, or did
// not happen, has no step; a step that the run did not live to see ends with the run.
func (m *measurement) waterfall(ep *episode) []Step {
	w := steps{at: ep.at, end: m.run.End}
	w.until("detect", &ep.noticed.At, m.detectKey(ep.noticed))
	if ep.elected != nil {
		w.until("elect", &ep.elected.At, retryKey)
	}
	if ep.scheduled != nil {
		over := ep.scheduled.At + time.Duration(ep.scheduled.Event.(history.RestartScheduled).Backoff)*time.Millisecond
		if ep.chosen != nil {
			over = min(over, ep.chosen.At) // the job's clock may be off
		}
		w.until("back-off", &over, m.backoffKey())
	}
	w.until("slots", timeOf(ep.chosen, ep.deployed), slotsKey)
	if ep.loaded != nil || ep.running == nil {
		w.until("deploy", timeOf(ep.loaded), deployKey)
	}
	w.until("restore", timeOf(ep.running), restoreKey)
	if ep.running == nil {
		return w.all
	}
	if first := m.firstOutput(ep.running.At); first != nil && (ep.caughtUp == never || *first < ep.caughtUp) {
		w.until("first record", first, flushKey)
	}
	if ep.caughtUp == never {
		w.until("catch up", nil, capacityKey)
		return w.all
	}
	w.until("catch up", &ep.caughtUp, capacityKey)
	if done := m.firstCheckpoint(ep.running.At); done != nil {
		w.until("first checkpoint", done, checkpointKey)
	}
	return w.all
}

// steps is a waterfall in the making.
type steps struct {
	at, end time.Duration
	all     []Step
	stuck   bool // the last step did not end
}

// until adds the step that lasts up to a time. Nil: it was not reached, and the step lasts to the end.
func (w *steps) until(name string, to *time.Duration, key string) {
	if w.stuck {
		return
	}
	over := w.end
	if to != nil {
		over = *to
	} else {
		w.stuck = true
	}
	if over <= w.at {
		return
	}
	w.all = append(w.all, Step{name, w.at, over, key})
	w.at = over
}

// timeOf returns the time of the last of the entries that is there, or nil.
func timeOf(entries ...*history.Entry) *time.Duration {
	var at *time.Duration
	for _, e := range entries {
		if e != nil {
			at = &e.At
		}
	}
	return at
}

func (m *measurement) detectKey(noticed *history.Entry) string {
	switch ev := noticed.Event.(type) {
	case history.HeartbeatTimeout:
		if ev.Unreachable {
			return deadKey
		}
		return silenceKey
	case history.LeaderElected, history.LeaderLost:
		if m.run.Flink["high-availability.type"] == "zookeeper" {
			return sessionKey
		}
		return leaseKey
	}
	return "" // a broken connection or a failed task is seen at once: no key bounds it
}

// backoffKey is how long the restart strategy waits.
func (m *measurement) backoffKey() string {
	switch m.run.Flink["restart-strategy.type"] {
	case "fixed-delay":
		return "restart-strategy.fixed-delay.delay"
	case "failure-rate":
		return "restart-strategy.failure-rate.delay"
	}
	return "restart-strategy.exponential-delay.initial-backoff"
}

// firstOutput is when the first record was written to the sink from a time on, or nil.
func (m *measurement) firstOutput(from time.Duration) *time.Duration {
	var first *time.Duration
	for i := range m.run.Output {
		if at := &m.run.Output[i].Appended; *at >= from && (first == nil || *at < *first) {
			first = at
		}
	}
	return first
}

// firstCheckpoint is when the first checkpoint was completed from a time on, or nil.
func (m *measurement) firstCheckpoint(from time.Duration) *time.Duration {
	for i := range m.run.Events {
		e := &m.run.Events[i]
		if _, done := e.Event.(history.CheckpointCompleted); done && e.At >= from {
			return &e.At
		}
	}
	return nil
}

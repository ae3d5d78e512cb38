package chaos

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/process/broker"
	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/sim/blobs"
	"github.com/flinch-dev/flinch/sim/lease"
)

// What faults want of the services around the applications: the object store, the coordination service, Kafka and the
// application before the job.

// SetService ends what was wrong with a service and starts what is to be wrong now.
func (t *target) SetService(role fault.Role, states []fault.ServiceState) error {
	if t.real != nil && t.real.Real(role) {
		t.real.SetService(role, states)
		return nil
	}
	if role == fault.Kafka && t.Kafka != nil {
		return broker.Misbehave(t.Kafka, states)
	}
	for _, end := range t.end[role] {
		end()
	}
	delete(t.end, role)
	for _, s := range states {
		var end func()
		switch role {
		case fault.ObjectStore:
			end = t.store(s)
		case fault.HA:
			end = t.coordination(s)
		}
		if end == nil {
			return fmt.Errorf("make %s %s: the one in use cannot do that; the model can", role, s.Mode)
		}
		t.end[role] = append(t.end[role], end)
	}
	return nil
}

func (t *target) ServiceHits(role fault.Role) uint64 {
	switch {
	case t.real != nil && t.real.Real(role):
		return t.real.ServiceHits(role)
	case role == fault.ObjectStore:
		return t.Blobs.Hits()
	case role == fault.HA:
		return t.Lease.Hits()
	case role == fault.Kafka && t.Kafka != nil:
		return t.Kafka.FaultHits()
	}
	return 0
}

func (t *target) store(state fault.ServiceState) func() {
	on := blobs.Scope{Prefix: state.Prefix}
	for _, op := range state.Operations {
		on.Operations = append(on.Operations, blobs.Operation(op))
	}
	switch state.Mode {
	case fault.Http503:
		return t.Blobs.Outage(blobs.Unavailable, on)
	case fault.Timeout:
		return t.Blobs.Outage(blobs.Timeout, on)
	case fault.Throttle:
		return t.Blobs.Throttle(state.PerSecond, on)
	case fault.LostAnswer:
		return t.Blobs.LoseAnswers(state.Share, on)
	}
	return nil
}

func (t *target) coordination(state fault.ServiceState) func() {
	var on lease.Scope
	for _, op := range state.Operations {
		on.Operations = append(on.Operations, lease.Operation(op))
	}
	switch state.Mode {
	case fault.Unavailable:
		return t.Lease.Outage(lease.Timeout, on)
	case fault.LostAnswer:
		return t.Lease.LoseAnswers(state.Share, on)
	}
	return nil
}

// Replace starts another instance of the application before the job.
func (t *target) Replace(producer string) error {
	return t.alive(producer, func() { t.ReplaceProducer(producer) })
}

// Move gives what a broker leads to others.
func (t *target) Move(name string, what fault.Led) error {
	move := t.Kafka.MoveLeaders
	if what == fault.Coordinators {
		move = t.Kafka.MoveCoordinators
	}
	return t.model(name, fmt.Sprintf("move the %s of", what), move)
}

func (t *target) StopFollowers(name string, topics []string) error {
	return t.model(name, "stop the followers on", func(n int) { t.Kafka.StopFollowers(n, topics...) })
}

func (t *target) ResumeFollowers(name string) error {
	return t.model(name, "resume the followers on", t.Kafka.ResumeFollowers)
}

func (t *target) ElectUnclean(name string) error {
	return t.model(name, "have partitions led by", t.Kafka.ElectUnclean)
}

func (t *target) SetBroker(name string, state fault.BrokerState) error {
	return t.model(name, "fill, or throttle,", func(n int) { broker.Break(t.Kafka, n, state) })
}

// model does something to a broker that the model alone can do.
func (t *target) model(name, what string, do func(broker int)) error {
	n, is := brokerOf(name)
	if !is || t.Kafka == nil {
		return fmt.Errorf("%s %s: the Kafka in use cannot do that; the model can", what, name)
	}
	do(n)
	return nil
}

func brokerOf(process string) (n int, is bool) {
	rest, is := strings.CutPrefix(process, string(fault.Kafka)+"-")
	n, err := strconv.Atoi(rest)
	return n, is && err == nil
}

// LoseLease takes the lease away, and says so in the history: to the linearizability of the lease it is a
// step of the service's own, by which the holder that it knows of loses it.
func (t *target) LoseLease(process string) error {
	of := t.clusterID(process)
	var holder string
	if t.real != nil && t.real.Real(fault.HA) {
		holder = t.real.LoseLease(process)
	} else {
		holder = t.loseModelled(process, election.RecordKey(of))
	}
	if holder == "" {
		return fmt.Errorf("take the lease from %s: it holds none", process)
	}
	now := int64(t.Now())
	t.Note(history.Operation{Object: "lease", Key: strings.TrimPrefix(of, "/"), Client: holder, Call: "expire", OK: true, Invoke: now, Return: now})
	return nil
}

// clusterID is high-availability.cluster-id of the application that a process belongs to: its lease is called so.
func (t *target) clusterID(process string) string {
	if t.real != nil {
		return t.real.ClusterID(process)
	}
	return t.of(t.Application(process)).scenario.Deployment.ClusterID()
}

// loseModelled takes the lease away in the model, and returns who it knows as the holder; "" if there was none.
func (t *target) loseModelled(process, key string) (holder string) {
	holder = process
	for _, e := range t.Lease.Entries(key) {
		var record struct{ HolderIdentity string }
		if json.Unmarshal(e.Value, &record) == nil && record.HolderIdentity != "" {
			holder = record.HolderIdentity
		}
	}
	if len(t.Lease.LoseLease(process)) == 0 {
		return ""
	}
	return holder
}

package jobmanager

import (
	"fmt"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/connector"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// source holds the enumerator of one source, and does for it what it cannot do itself: ask for splits, mail
// assignments, and see that they arrive. An assignment of which nobody knows whether it arrived fails its
// task, and no checkpoint gets past it meanwhile.
type source struct {
	j          *jobMaster
	vertex     id.Vertex
	op         plan.Operator
	n          int // parallelism
	enumerator *connector.Enumerator
	discovery  uint64                // numbers questions for splits: answers to earlier ones are void
	open       map[uint64]id.Attempt // assignments that have not been confirmed, by request
	snapshots  []sourceSnapshot
}

// sourceSnapshot is a snapshot that waits for the assignments made before it.
type sourceSnapshot struct {
	before []uint64
	then   func(env mailbox.Env)
}

// discover is the time to ask for splits, again when there was no answer. assignmentOverdue is the end of an
// assignment's time.
type (
	discover struct {
		Operator id.Operator
		N        uint64
	}
	assignmentOverdue struct {
		Req     uint64
		Attempt id.Attempt
	}
)

func (discover) Word() string          { return "discover-splits" }
func (assignmentOverdue) Word() string { return "assignment-overdue" }

// discoveryTimeout is how long an answer of the Kafka client is waited for before it is asked again.
const (
	discoveryTimeout = 10 * time.Second
	discoveryRetry   = time.Second
)

func newSource(j *jobMaster, v plan.Vertex) *source {
	return &source{j: j, vertex: v.ID, op: v.Chain[0], n: v.Parallelism, enumerator: connector.NewEnumerator(v.Chain[0], v.Parallelism),
		open: map[uint64]id.Attempt{}}
}

// restore takes the enumerator to the checkpoint of a launch. A global one resets it. A regional one takes
// back, subtask by subtask, what the restored readers do not have: only now is it known which checkpoint
// that is.
func (s *source) restore(env mailbox.Env, l *launch) error {
	if !l.global {
		for _, m := range l.members {
			if m.Vertex == s.vertex {
				s.enumerator.Reset(m.Index, l.checkpoint())
			}
		}
		return nil
	}
	s.enumerator = connector.NewEnumerator(s.op, s.n)
	clear(s.open)
	s.snapshots = nil
	if l.from != nil {
		for _, c := range l.from.Coordinators {
			if c.Operator == s.op.Name {
				if err := s.enumerator.Restore(c.Data, l.from.ID); err != nil {
					return err
				}
			}
		}
	}
	s.discovery++
	s.discover(env)
	return nil
}

// discover asks for splits.
func (s *source) discover(env mailbox.Env) {
	n := s.discovery
	switch s.op.Kind {
	case plan.DataGen:
		s.enumerator.DiscoveredRows(s.op.Rows) // readers come later
	case plan.FileSource:
		s.j.blobs.List(env, s.op.Path, func(env mailbox.Env, paths []string, err error) {
			switch {
			case n != s.discovery:
			case err != nil:
				env.After(discoveryRetry, discover{s.op.Name, n})
			default:
				s.enumerator.DiscoveredFiles(paths)
				s.assign(env)
			}
		})
	default:
		env.Send(s.j.cfg.Kafka, wire.KafkaPartitions{Req: n, Topic: s.op.Topic})
		env.After(discoveryTimeout, discover{s.op.Name, n})
	}
}

// handle takes timers and answers. mine is false for what is not for this source.
func (s *source) handle(env mailbox.Env, m mailbox.Msg) (mine bool) {
	switch m := m.(type) {
	case wire.KafkaPartitionsAre:
		if m.Topic != s.op.Topic || s.op.Kind != plan.KafkaSource {
			return false
		}
		if m.Req == s.discovery {
			s.discovered(env, m)
		}
	case discover:
		if m.Operator != s.op.Name {
			return false
		}
		if m.N == s.discovery {
			s.discovery++
			s.discover(env)
		}
	case assignmentOverdue:
		if s.open[m.Req] != m.Attempt {
			return false
		}
		s.j.assignmentLost(env, m.Attempt)
	default:
		return false
	}
	return true
}

func (s *source) discovered(env mailbox.Env, m wire.KafkaPartitionsAre) {
	s.discovery++
	if m.Err != "" {
		env.After(discoveryRetry, discover{s.op.Name, s.discovery})
		return
	}
	s.enumerator.DiscoveredPartitions(m.Earliest)
	s.assign(env)
	if every := s.j.conf.KafkaSource.DiscoveryInterval; every > 0 {
		env.After(every, discover{s.op.Name, s.discovery})
	}
}

// assign mails what the enumerator deals out.
func (s *source) assign(env mailbox.Env) {
	for _, a := range s.enumerator.Assign() {
		e := s.j.graph.of(a.Attempt)
		if e == nil || !e.state.deployed() {
			panic(fmt.Sprintf("source %s: splits for %s, which is not there", s.op.Name, a.Attempt))
		}
		s.j.requests++
		req := s.j.requests
		s.open[req] = a.Attempt
		env.Send(e.taskManager, wire.AssignSplits{Req: req, Attempt: a.Attempt, Operator: s.op.Name, Splits: a.Splits, NoMore: a.NoMore})
		env.After(s.j.conf.RPC.AskTimeout, assignmentOverdue{req, a.Attempt})
	}
}

// delivered confirms an assignment.
func (s *source) delivered(env mailbox.Env, req uint64, a id.Attempt) {
	if open, ok := s.open[req]; ok && open == a {
		delete(s.open, req)
		s.settle(env)
	}
}

// settle lets snapshots go on that do not wait for anything any more.
func (s *source) settle(env mailbox.Env) {
	var ready []sourceSnapshot
	s.snapshots = slices.DeleteFunc(s.snapshots, func(w sourceSnapshot) bool {
		if slices.ContainsFunc(w.before, func(req uint64) bool { _, open := s.open[req]; return open }) {
			return false
		}
		ready = append(ready, w)
		return true
	})
	for _, w := range ready {
		w.then(env)
	}
}

// snapshot takes the enumerator's part of a checkpoint, and calls then once all that was assigned before has
// arrived.
func (s *source) snapshot(env mailbox.Env, n id.Checkpoint, then func(env mailbox.Env, c snapshot.Coordinator)) {
	part := snapshot.Coordinator{Operator: s.op.Name, Data: s.enumerator.Snapshot(n)}
	w := sourceSnapshot{then: func(env mailbox.Env) { then(env, part) }}
	for req := range s.open { // in any order: it is a set
		w.before = append(w.before, req)
	}
	s.snapshots = append(s.snapshots, w)
	s.settle(env)
}

// lost forgets an attempt: what was on its way to it is decided when its next attempt restores. The snapshots
// that waited for it are void, as is their checkpoint.
func (s *source) lost(a id.Attempt) {
	if a.Vertex != s.vertex {
		return
	}
	s.enumerator.Lost(a.Subtask)
	for req, open := range s.open { // in any order: all of the attempt's go
		if open == a {
			delete(s.open, req)
			s.snapshots = slices.DeleteFunc(s.snapshots, func(w sourceSnapshot) bool { return slices.Contains(w.before, req) })
		}
	}
}

// SnapshotSources takes the snapshots of all enumerators.
func (j *jobMaster) SnapshotSources(env mailbox.Env, n id.Checkpoint, then func(env mailbox.Env, sources []snapshot.Coordinator)) {
	parts := make([]snapshot.Coordinator, len(j.sources))
	missing := len(j.sources)
	if missing == 0 {
		then(env, nil)
		return
	}
	for i, s := range j.sources {
		s.snapshot(env, n, func(env mailbox.Env, c snapshot.Coordinator) {
			parts[i] = c
			if missing--; missing == 0 {
				then(env, parts)
			}
		})
	}
}

// Completed and Aborted tell the enumerators what became of a checkpoint.
func (j *jobMaster) Completed(env mailbox.Env, n id.Checkpoint) {
	for _, s := range j.sources {
		s.enumerator.Completed(n)
		s.assign(env)
	}
}

// Aborted opens what the checkpoint had closed.
func (j *jobMaster) Aborted(env mailbox.Env, n id.Checkpoint) {
	for _, s := range j.sources {
		s.enumerator.Aborted(n)
		s.assign(env)
	}
}

func (j *jobMaster) snapshotStarted(env mailbox.Env, m wire.SnapshotStarted) {
	if j.graph.of(m.Attempt) == nil {
		j.stale(env, m, m.Attempt)
		return
	}
	for _, s := range j.sources {
		if s.vertex == m.Attempt.Vertex {
			s.enumerator.SnapshotStarted(m.Attempt.Subtask, m.Checkpoint)
			s.assign(env)
		}
	}
}

func (j *jobMaster) registerReader(env mailbox.Env, m wire.RegisterReader) {
	e := j.graph.of(m.Attempt)
	if e == nil || !e.state.deployed() || e.state == canceling {
		j.stale(env, m, m.Attempt)
		return
	}
	for _, s := range j.sources {
		if s.op.Name == m.Operator {
			s.enumerator.Register(m.Attempt)
			s.assign(env)
		}
	}
}

// assignmentLost fails a task that may not have got its splits.
func (j *jobMaster) assignmentLost(env mailbox.Env, a id.Attempt) {
	if e := j.graph.of(a); e != nil {
		j.giveUp(env, e, "it is not known whether an assignment of splits has arrived")
	}
}

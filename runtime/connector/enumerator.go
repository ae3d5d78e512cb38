package connector

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Enumerator is the half of a source that lives in the JobMaster: it knows all splits, decides once from
// where each is read, and deals them out. It does no I/O: whoever owns it asks Kafka or the object store, and
// mails what Assign returns.
//
//	Discovered ─▶ unassigned ── Assign ─▶ assigned, and remembered until a checkpoint includes it
//	                  ▲                        │
//	                  └────── Reset ───────────┘ what a restored reader does not have in its state
type Enumerator struct {
	op          plan.Operator
	parallelism int

	assigned   []wire.Split
	unassigned []wire.Split
	listed     bool // all splits are known: there will be no others
	readers    map[int]*reader
	closed     [][]id.Checkpoint // by subtask: the snapshots that its gateway waits for; none: it is open
	since      []assignment      // not yet in a completed checkpoint
	current    id.Checkpoint
}

// reader is one registered reader of the source.
type reader struct {
	attempt id.Attempt
	noMore  bool // it knows that there will be no other splits
}

// assignment is what a subtask was given after a checkpoint's snapshot.
type assignment struct {
	after   id.Checkpoint
	subtask int
	splits  []wire.Split
}

// Assignment is what is to be mailed to a reader.
type Assignment struct {
	Subtask int
	Attempt id.Attempt
	Splits  []wire.Split
	NoMore  bool
}

// NewEnumerator returns an enumerator that knows no splits yet.
func NewEnumerator(op plan.Operator, parallelism int) *Enumerator {
	return &Enumerator{op: op, parallelism: parallelism, readers: map[int]*reader{}, closed: make([][]id.Checkpoint, parallelism)}
}

// DiscoveredPartitions adds the partitions that are not known yet. Each is read from the earliest offset that
// it has now: written down here, it does not depend on when the reader opens it.
func (e *Enumerator) DiscoveredPartitions(earliest []int64) {
	for p, offset := range earliest {
		e.add(wire.Split{Partition: int32(p), Offset: offset})
	}
}

// DiscoveredFiles adds the files of a bounded source.
func (e *Enumerator) DiscoveredFiles(paths []string) {
	known := len(e.assigned) + len(e.unassigned)
	for _, path := range paths {
		if e.add(wire.Split{Partition: int32(known), Path: path}) {
			known++
		}
	}
	e.listed = true
}

// DiscoveredRows deals the rows of a datagen source (0: they have no end) into a split for each subtask. It does so
// once: a restored enumerator has its splits, whatever the parallelism is now.
func (e *Enumerator) DiscoveredRows(rows int64) {
	if e.listed {
		return
	}
	for i := range e.parallelism {
		if end := share(rows, i, e.parallelism); end > 0 || rows == 0 {
			e.add(wire.Split{Partition: int32(i), End: end})
		}
	}
	e.listed = true
}

func (e *Enumerator) add(s wire.Split) bool {
	known := func(o wire.Split) bool { return o.Path == s.Path && (s.Path != "" || o.Partition == s.Partition) }
	if slices.ContainsFunc(e.assigned, known) || slices.ContainsFunc(e.unassigned, known) {
		return false
	}
	e.unassigned = append(e.unassigned, s)
	return true
}

// owner is the reader of a split: Kafka's formula, so that the partitions of a topic go round the readers
// from a start that depends on the topic. Files have a number for a partition.
func (e *Enumerator) owner(s wire.Split) int {
	start := int(uint32(javaHash(e.op.Topic)*31)&0x7fffffff) % e.parallelism
	return (start + int(s.Partition)) % e.parallelism
}

// javaHash is String.hashCode of the connector's language, for topic names, which are ASCII.
func javaHash(s string) int32 {
	var h int32
	for _, b := range []byte(s) {
		h = 31*h + int32(b)
	}
	return h
}

// Register adds a reader, which has started and gets what is pending for it.
func (e *Enumerator) Register(a id.Attempt) {
	if old := e.readers[a.Subtask]; old == nil || old.attempt != a {
		e.readers[a.Subtask] = &reader{attempt: a}
	}
}

// Assign deals out what is pending to the readers that are there and whose gateways are open.
func (e *Enumerator) Assign() []Assignment {
	var all []Assignment
	for _, subtask := range slices.Sorted(maps.Keys(e.readers)) {
		r := e.readers[subtask]
		if len(e.closed[subtask]) > 0 {
			continue
		}
		var splits, rest []wire.Split
		for _, s := range e.unassigned {
			if e.owner(s) == subtask {
				splits = append(splits, s)
			} else {
				rest = append(rest, s)
			}
		}
		if len(splits) == 0 && (r.noMore || !e.listed) {
			continue
		}
		e.unassigned = rest
		r.noMore = e.listed
		if len(splits) > 0 {
			e.assigned = append(e.assigned, splits...)
			e.since = append(e.since, assignment{e.current, subtask, splits})
		}
		all = append(all, Assignment{subtask, r.attempt, splits, r.noMore})
	}
	return all
}

// enumeratorState is the enumerator's part of a checkpoint: every split known, each with its offset, so that
// nothing is decided again.
type enumeratorState struct {
	Assigned   []wire.Split
	Unassigned []wire.Split
	Listed     bool
}

// Snapshot returns the enumerator's part of a checkpoint. What is assigned from now on belongs after it, so
// every gateway closes until its reader has taken its own snapshot.
func (e *Enumerator) Snapshot(n id.Checkpoint) []byte {
	order := func(a, b wire.Split) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Partition, b.Partition))
	}
	data, err := json.Marshal(enumeratorState{slices.SortedFunc(slices.Values(e.assigned), order), slices.SortedFunc(slices.Values(e.unassigned), order), e.listed})
	if err != nil {
		panic(fmt.Sprintf("connector: encode the splits of %s: %v", e.op.Name, err)) // plain fields: cannot happen
	}
	e.current = n
	for subtask := range e.closed {
		e.closed[subtask] = append(e.closed[subtask], n)
	}
	return data
}

// open opens the gateway of a subtask for the checkpoints that a condition holds for.
func (e *Enumerator) open(subtask int, which func(n id.Checkpoint) bool) {
	e.closed[subtask] = slices.DeleteFunc(e.closed[subtask], which)
}

// SnapshotStarted opens the gateway of a reader: it has taken its snapshot of that checkpoint.
func (e *Enumerator) SnapshotStarted(subtask int, n id.Checkpoint) {
	e.open(subtask, func(o id.Checkpoint) bool { return o <= n })
}

// Aborted opens the gateways that wait for a checkpoint that will not be.
func (e *Enumerator) Aborted(n id.Checkpoint) {
	for subtask := range e.closed {
		e.open(subtask, func(o id.Checkpoint) bool { return o == n })
	}
}

// Completed forgets the assignments that the checkpoint includes: the readers have them in their state.
func (e *Enumerator) Completed(n id.Checkpoint) {
	e.since = slices.DeleteFunc(e.since, func(a assignment) bool { return a.after < n })
	for subtask := range e.closed {
		e.SnapshotStarted(subtask, n)
	}
}

// Lost forgets a reader. Its splits stay where they are until it is known which checkpoint its next attempt
// restores: a checkpoint that completes meanwhile would make them be read twice, or not at all.
func (e *Enumerator) Lost(subtask int) {
	delete(e.readers, subtask)
	e.closed[subtask] = nil
}

// Reset takes back what a subtask was given after the checkpoint that its next attempt restores.
func (e *Enumerator) Reset(subtask int, restored id.Checkpoint) {
	e.Lost(subtask)
	e.since = slices.DeleteFunc(e.since, func(a assignment) bool {
		if a.subtask != subtask || a.after < restored {
			return false
		}
		for _, s := range a.splits {
			e.assigned = slices.DeleteFunc(e.assigned, func(o wire.Split) bool { return o == s })
		}
		e.unassigned = append(e.unassigned, a.splits...)
		return true
	})
}

// Restore replaces what the enumerator knows by its part of a checkpoint, after a global failover. The splits
// that were assigned are in the states of the readers.
func (e *Enumerator) Restore(data []byte, n id.Checkpoint) error {
	var s enumeratorState
	if err := json.Unmarshal(data, &s); err != nil {
		return fmt.Errorf("restore the splits of source %s from checkpoint %d: %w", e.op.Name, n, err)
	}
	*e = *NewEnumerator(e.op, e.parallelism)
	e.assigned, e.unassigned, e.listed, e.current = s.Assigned, s.Unassigned, s.Listed, n
	return nil
}

package measure

import (
	"slices"
	"time"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// Holding is a stretch of time in which one transaction held a partition's last stable offset: it was the oldest one
// that was not decided there, and read_committed readers stood before its first record. The times are in order: it
// was open until Decided, prepared until Hanging, and hanging until To, each perhaps for no time.
type Holding struct {
	Topic       string
	Partition   int32
	Offset      int64  // the last stable offset, meanwhile
	Transaction string // transactional id
	ProducerID  int64
	Epoch       int16
	Writer      id.Subtask // the sink subtask that wrote it; the zero value: none of the job
	From        time.Duration
	Decided     time.Duration // its coordinator had decided, and its marker was under way
	Hanging     time.Duration // its coordinator knew nothing of it, so that it would not end by itself
	To          time.Duration // its marker was there, or the run was over
}

// Took is how long it held.
func (h Holding) Took() time.Duration { return h.To - h.From }

// Why says in which state it held longest: "open", "prepared" or "hanging".
func (h Holding) Why() string {
	switch open, prepared, hanging := h.Decided-h.From, h.Hanging-h.Decided, h.To-h.Hanging; {
	case hanging > max(open, prepared):
		return "hanging"
	case prepared > open:
		return "prepared"
	}
	return "open"
}

// markerGrace is how much after its coordinator's last word a marker may be seen: a tail of a real Kafka sees what has
// happened since its last poll.
const markerGrace = time.Second

// Holdings says who held the last stable offset of each partition of a topic, and when: partition by partition, in the
// order of time. The topic's records are partition by partition in log order; the events are those of the coordinators
// and of the writers.
func Holdings(topic string, log []checker.Output, events history.History, end time.Duration) []Holding {
	coordinators, writers := coordinatorsOf(events), writersOf(events)
	var all []Holding
	var free time.Duration // from when on nobody holds the partition's last stable offset
	partition := int32(-1)
	for _, t := range undecided(log, end) {
		if t.Partition != partition {
			partition, free = t.Partition, 0
		}
		// One that was decided before it came to be the oldest has never held anything.
		if t.To <= max(t.From, free) {
			continue
		}
		decided, hanging := coordinators.of(t.Transaction, t.From, t.To)
		t.From = max(t.From, free)
		t.Decided, t.Hanging = max(decided, t.From), max(hanging, t.From)
		t.Topic, t.Writer = topic, writers.at(t.Transaction, t.To)
		free = t.To
		all = append(all, t)
	}
	return all
}

// undecided has every transaction of a log on every partition, from its first record to its marker, in log order.
func undecided(log []checker.Output, end time.Duration) []Holding {
	type producer struct {
		id    int64
		epoch int16
	}
	var all []Holding
	last := map[producer]*checker.Output{} // the producer's last record on the partition
	for i := range log {
		out := &log[i]
		if i > 0 && out.Partition != log[i-1].Partition {
			clear(last)
		}
		if out.Transaction == "" {
			continue
		}
		p := producer{out.ProducerID, out.Epoch}
		before := last[p]
		last[p] = out
		if before != nil && before.Decided == out.Decided && before.Fate == out.Fate {
			continue
		}
		to := out.Decided
		if out.Fate == checker.Open {
			to = end
		}
		all = append(all, Holding{Partition: out.Partition, Offset: out.Offset, Transaction: out.Transaction,
			ProducerID: out.ProducerID, Epoch: out.Epoch, From: out.Appended, To: to})
	}
	return all
}

// coordinators has the lives of transactions, by transactional id, as their coordinators noted them.
type coordinators map[string][]coordinated

// coordinated is one transaction; what has not come is never.
type coordinated struct{ began, prepared, completed time.Duration }

func coordinatorsOf(events history.History) coordinators {
	all := coordinators{}
	for _, e := range events {
		ev, ok := e.Event.(history.Transaction)
		if !ok {
			continue
		}
		lives := all[ev.ID]
		over := len(lives) == 0 || lives[len(lives)-1].completed != never
		switch ev.State {
		case "Ongoing", "PrepareCommit", "PrepareAbort":
			if over {
				began := e.At
				if ev.State != "Ongoing" && len(lives) > 0 { // its beginning was not noted
					began = lives[len(lives)-1].completed
				}
				lives = append(lives, coordinated{began, never, never})
				all[ev.ID] = lives
			}
			if now := &lives[len(lives)-1]; ev.State != "Ongoing" && now.prepared == never {
				now.prepared = e.At
			}
		case "CompleteCommit", "CompleteAbort":
			if !over {
				lives[len(lives)-1].completed = e.At
			}
		}
	}
	return all
}

// of says when the transaction was decided to which what was written at a time belongs, and since when its coordinator
// knew nothing of it although it was undecided on a partition until to. What has not come is to.
func (c coordinators) of(name string, written, to time.Duration) (decided, hanging time.Duration) {
	lives, known := c[name]
	if !known {
		return to, to // nobody has noted anything
	}
	i, _ := slices.BinarySearchFunc(lives, written+1, func(l coordinated, at time.Duration) int { return int(l.began - at) })
	now := lives[max(i-1, 0)] // before the first one nobody noted anything: then it is that
	hanging = written         // by a zombie, when its transaction was over
	if now.completed == never || written < now.completed {
		decided, hanging = now.prepared, now.completed
		if decided == never {
			decided = to
		}
	}
	if hanging == never || hanging+markerGrace > to {
		hanging = to
	}
	return min(max(decided, written), hanging), hanging
}

// writers has who wrote under a transactional id, from when on.
type writers map[string][]wrote

type wrote struct {
	from time.Duration
	by   id.Subtask
}

func writersOf(events history.History) writers {
	all := writers{}
	for _, e := range events {
		var name string
		var by id.Attempt
		switch ev := e.Event.(type) {
		case history.SinkWrite:
			name, by = ev.Transaction, ev.Attempt
		case history.SinkPrecommitted:
			name, by = ev.Transaction, ev.Attempt
		default:
			continue
		}
		if n := len(all[name]); n == 0 || all[name][n-1].by != by.Of() {
			all[name] = append(all[name], wrote{e.At, by.Of()})
		}
	}
	return all
}

// at is who had written last under an id at a time.
func (w writers) at(name string, at time.Duration) (by id.Subtask) {
	for _, v := range w[name] {
		if v.from <= at {
			by = v.by
		}
	}
	return by
}

package process

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// Events are the steps of transactions as the logs show them: one is ongoing from its first record on, decided with
// its first marker, and complete with its last.
func (k *realKafka) Events() (all history.History) {
	type instance struct {
		id      string
		pid     int64
		epoch   int16
		waiting map[int32]bool // partitions of which no marker has come
		decided bool
	}
	open := map[int64]*instance{}
	note := func(at time.Duration, e history.Event) {
		all = append(all, history.Entry{At: at, Process: "kafka", Actor: "kafka", Event: e})
	}
	for _, topic := range slices.Sorted(maps.Keys(k.tails)) {
		for _, s := range k.tails[topic].steps() {
			x := open[s.producer]
			if !s.isMarker {
				if x == nil || x.decided { // nothing new is begun before all markers are written
					x = &instance{id: s.id, pid: s.producer, epoch: s.epoch, waiting: map[int32]bool{}}
					open[s.producer] = x
					note(s.at, history.Transaction{ID: x.id, ProducerID: x.pid, Epoch: x.epoch, State: "Ongoing"})
				}
				x.waiting[s.partition] = true
				continue
			}
			decision := "Abort"
			if s.commit {
				decision = "Commit"
			}
			epoch := s.epoch
			if x != nil {
				epoch = x.epoch
				if !x.decided {
					x.decided = true
					note(s.at, history.Transaction{ID: x.id, ProducerID: x.pid, Epoch: x.epoch, State: "Prepare" + decision})
				}
			}
			note(s.at, history.MarkerAppended{ID: s.id, ProducerID: s.producer, Epoch: epoch, Topic: topic, Partition: s.partition, Commit: s.commit})
			if x != nil {
				if delete(x.waiting, s.partition); len(x.waiting) == 0 {
					note(s.at, history.Transaction{ID: x.id, ProducerID: x.pid, Epoch: x.epoch, State: "Complete" + decision})
					delete(open, s.producer)
				}
			}
		}
	}
	return all
}

// step is a row or a marker, as the story of a transaction needs it.
type step struct {
	at        time.Duration
	id        string
	producer  int64
	epoch     int16
	partition int32
	isMarker  bool
	commit    bool
}

// steps are those of all partitions by time: of a transaction, the records of one moment come before its markers.
func (t *tail) steps() (all []step) {
	ids := map[int64]string{}
	for p := range t.parts {
		for i := range t.parts[p].rows {
			row := &t.parts[p].rows[i]
			ids[row.ProducerID] = row.TransactionalID
			if row.TransactionalID == "" || i > 0 && sameStep(row, &t.parts[p].rows[i-1]) {
				continue
			}
			all = append(all, step{at: row.Appended, id: row.TransactionalID, producer: row.ProducerID, epoch: row.Epoch, partition: row.Partition})
		}
	}
	for p := range t.parts {
		for _, m := range t.parts[p].markers {
			all = append(all, step{at: m.at, id: ids[m.producer], producer: m.producer, epoch: m.epoch, partition: int32(p), isMarker: true, commit: m.commit})
		}
	}
	slices.SortStableFunc(all, func(a, b step) int { return cmp.Compare(a.at, b.at) })
	return all
}

// sameStep says whether two neighbours in a log were written at once.
func sameStep(a, b *kafka.Row) bool { return a.ProducerID == b.ProducerID && a.Appended == b.Appended }

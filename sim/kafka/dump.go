package kafka

import (
	"iter"
	"time"

	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

// Row is one record of a log with what became of it. Times are true times; -1 is never.
type Row struct {
	Partition       int32
	Offset          int64
	Key             string
	Value           int64
	Count           int64 // source records that it stands for
	Time            record.EventTime
	Origin          record.Origin // zero for a record without one
	TransactionalID string        // "" without a transaction
	ProducerID      int64
	Epoch           int16
	Fate            Fate
	Appended        time.Duration
	Decided         time.Duration // when its transaction's marker was appended; Appended without a transaction
	Visible         time.Duration // when the LSO passed it
}

// Dump reads a topic out, partition by partition, in log order, without control records. It looks at the log
// itself and not through a reader, so open and aborted records are there too. The row is overwritten by the next.
func (c *Cluster) Dump(topic string) iter.Seq[*Row] {
	return func(yield func(*Row) bool) {
		if t := c.topics[topic]; t != nil {
			c.dump(topic, t.partitions, yield)
		}
	}
}

func (c *Cluster) dump(topic string, partitions []*Partition, yield func(*Row) bool) {
	keys := map[string]string{} // one copy of each
	var row Row
	for _, p := range partitions {
		for i := range p.batches {
			b := &p.batches[i]
			if b.control {
				continue
			}
			data := p.bytes(b)
			h, err := recordbatch.ParseHeader(data)
			assert(err == nil, "the log of %s-%d cannot be read at %d: %v", topic, p.index, b.base, err)
			records, err := c.records(&h, data)
			assert(err == nil, "the log of %s-%d cannot be unpacked at %d: %v", topic, p.index, b.base, err)
			row = Row{Partition: p.index, ProducerID: b.pid, Epoch: b.epoch, Fate: b.fate,
				Appended: b.appended, Decided: b.decided, Visible: b.visible}
			if h.Transactional() {
				row.TransactionalID = c.ids[b.pid]
			}
			if b.fate == Open {
				row.Decided = -1
			}
			for r := (recordbatch.Reader{Data: records}); r.Next(); {
				row.Offset = b.base + r.Delta
				key, known := keys[string(r.Key)]
				if !known {
					key = string(r.Key)
					keys[key] = key
				}
				row.Key, row.Value = key, r.Long()
				row.Time = record.EventTime(h.TimeOf(r.TimeDelta))
				row.Origin, row.Count = r.From()
				if !yield(&row) {
					return
				}
			}
		}
	}
}

// Rows is how many rows Dump would give, for the partitions of a topic.
func (c *Cluster) Rows(topic string) []int {
	t := c.topics[topic]
	if t == nil {
		return nil
	}
	n := make([]int, len(t.partitions))
	for i, p := range t.partitions {
		for j := range p.batches {
			if b := &p.batches[j]; !b.control {
				n[i] += int(b.last - b.base + 1)
			}
		}
	}
	return n
}

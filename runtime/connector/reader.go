package connector

import (
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/blob"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Reader is the half of a source that lives in a task: it fetches its splits and hands out their records.
type Reader interface {
	// Assign adds splits. With noMore, the source is bounded and there will be no others.
	Assign(env mailbox.Env, splits []wire.Split, noMore bool)
	// Emit hands out up to n records and returns how many there were.
	Emit(env mailbox.Env, n int, emit func(record.Record)) int
	// Handle takes an answer. mine is false for a message that is not for this reader.
	Handle(env mailbox.Env, m mailbox.Msg) (mine bool, err error)
	// Ready says whether Emit would hand out something.
	Ready() bool
	// Done says whether a bounded source has handed out everything.
	Done() bool
	// Splits says where the source stands: every split with the offset of its next record.
	Splits() []wire.Split
	// Watermark is the event time that no later record will be before.
	Watermark() record.EventTime
}

// NewReader returns the reader for an operator.
func NewReader(op plan.Operator, subtask Subtask, kafka mailbox.Addr, store *blob.Client) Reader {
	switch op.Kind {
	case plan.FileSource:
		return NewFileReader(op, store)
	case plan.DataGen:
		return NewDataGen(op, subtask)
	default:
		return NewKafkaReader(op, subtask, kafka)
	}
}

// Fetches wait at the broker as long as a Kafka consumer's do (fetch.max.wait.ms), and bring at most this
// much (max.partition.fetch.bytes).
const (
	fetchMaxWait  = 500 * time.Millisecond
	fetchMaxBytes = 1 << 20
	fetchBackoff  = 100 * time.Millisecond // retry.backoff.ms
)

// KafkaReader reads partitions of a topic.
type KafkaReader struct {
	op      plan.Operator
	attempt id.Attempt
	kafka   mailbox.Addr
	splits  []*partition
	turn    int
	req     uint64
	noMore  bool

	standings []standing // in checkpoints that are under way
}

// partition is one split: one batch being handed out, and the fetch of the next one under way.
type partition struct {
	number  int32
	next    int64 // the offset of the next record to hand out: what a checkpoint stores
	fetch   int64 // the offset to fetch from
	asked   uint64
	ends    uint64 // asked where it begins and ends, since its offset was out of range
	stall   *stall // nil while all is well
	batches []fetched
	highest record.EventTime // of the records handed out by this attempt: not in a checkpoint, as in Flink
}

type fetched struct {
	records record.Reader
	left    int
	end     int64 // the position after it
}

// refetch is a timer of the reader: try a partition again.
type refetch struct{ Partition int32 }

func (refetch) Word() string { return "refetch" }

// NewKafkaReader returns a reader without splits.
func NewKafkaReader(op plan.Operator, subtask Subtask, kafka mailbox.Addr) *KafkaReader {
	return &KafkaReader{op: op, attempt: subtask.Attempt, kafka: kafka}
}

func (r *KafkaReader) committed() bool { return r.op.Isolation == plan.ReadCommitted }

// Assign starts to fetch splits.
func (r *KafkaReader) Assign(env mailbox.Env, splits []wire.Split, noMore bool) {
	for _, s := range splits {
		if slices.ContainsFunc(r.splits, func(p *partition) bool { return p.number == s.Partition }) {
			continue // the answer to an earlier assignment was lost
		}
		p := &partition{number: s.Partition, next: s.Offset, fetch: s.Offset, highest: record.MinTime}
		r.splits = append(r.splits, p)
		r.ask(env, p)
	}
	r.noMore = r.noMore || noMore
}

func (r *KafkaReader) ask(env mailbox.Env, p *partition) {
	r.req++
	p.asked = r.req
	env.Send(r.kafka, wire.KafkaFetch{Req: r.req, Topic: r.op.Topic, Partition: p.number, Offset: p.fetch,
		MaxBytes: fetchMaxBytes, MaxWait: fetchMaxWait, ReadCommitted: r.committed()})
}

// Handle takes what a fetch brought.
func (r *KafkaReader) Handle(env mailbox.Env, m mailbox.Msg) (bool, error) {
	switch m := m.(type) {
	case wire.KafkaFetched:
		p := r.partition(m.Partition)
		if p == nil || p.asked != m.Req {
			return true, nil
		}
		p.asked = 0
		switch m.Err {
		case "":
		case "OFFSET_OUT_OF_RANGE":
			r.outOfRange(env, p)
			return true, nil
		default:
			env.After(fetchBackoff, refetch{p.number})
			return true, nil
		}
		r.watch(env, p, m)
		p.fetch = m.Next
		if m.Records.N > 0 {
			env.Work(mailbox.Serialize, m.Records.Size())
			p.batches = append(p.batches, fetched{m.Records.Reader(), m.Records.N, m.Next})
		} else if len(p.batches) == 0 {
			p.next = m.Next
		} else {
			p.batches[len(p.batches)-1].end = m.Next
		}
		if len(p.batches) < 2 {
			r.ask(env, p)
		}
		return true, nil
	case wire.KafkaPartitionsAre:
		return true, r.measured(env, m)
	case stalledFor:
		r.overdue(env, m)
		return true, nil
	case wire.KafkaHolderIs:
		r.found(env, m)
		return true, nil
	case refetch:
		if p := r.partition(m.Partition); p != nil && p.asked == 0 && p.ends == 0 {
			r.ask(env, p)
		}
		return true, nil
	}
	return false, nil
}

func (r *KafkaReader) partition(number int32) *partition {
	for _, p := range r.splits {
		if p.number == number {
			return p
		}
	}
	return nil
}

// Emit hands out records, a batch of one split after that of another.
func (r *KafkaReader) Emit(env mailbox.Env, n int, emit func(record.Record)) int {
	emitted := 0
	for range r.splits {
		if emitted == n {
			break // whose turn it is goes on from here
		}
		p := r.splits[r.turn]
		if r.turn++; r.turn == len(r.splits) {
			r.turn = 0
		}
		for len(p.batches) > 0 && emitted < n {
			b := &p.batches[0]
			for b.left > 0 && emitted < n {
				b.records.Next()
				rec := b.records.Record
				emit(rec)
				p.highest = max(p.highest, rec.Time)
				p.next = rec.Origin.Offset + 1
				b.left--
				emitted++
			}
			if b.left == 0 {
				p.next = b.end
				p.batches = p.batches[1:]
				if p.asked == 0 {
					r.ask(env, p)
				}
			}
		}
	}
	return emitted
}

// Ready says whether there are records to hand out.
func (r *KafkaReader) Ready() bool {
	for _, p := range r.splits {
		if len(p.batches) > 0 {
			return true
		}
	}
	return false
}

// Done is never true: a topic has no end.
func (r *KafkaReader) Done() bool { return false }

// Splits says where the source stands, in the order of partitions.
func (r *KafkaReader) Splits() []wire.Split {
	var all []wire.Split
	for _, p := range r.splits {
		all = append(all, wire.Split{Partition: p.number, Offset: p.next})
	}
	slices.SortFunc(all, func(a, b wire.Split) int { return int(a.Partition - b.Partition) })
	return all
}

// Watermark is the least over the partitions. One that has brought no record since this attempt began holds it
// back, and so does a reader without partitions: Flink does the same where no idleness is declared.
func (r *KafkaReader) Watermark() record.EventTime {
	least := record.MaxTime
	for _, p := range r.splits {
		least = min(least, p.highest)
	}
	return behind(least, r.op.OutOfOrder)
}

// behind is the watermark after a highest time: a record at that time less the bound on disorder may still come.
func behind(highest record.EventTime, disorder time.Duration) record.EventTime {
	if highest == record.MinTime || highest == record.MaxTime {
		return record.MinTime
	}
	return highest - record.EventTime(disorder.Milliseconds()) - 1
}

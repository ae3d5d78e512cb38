package process

import (
	"encoding/binary"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/recordbatch"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// tail reads a topic along as it is written, with what is open and aborted, and with the markers: what it has seen
// when, a reader could have seen then.
type tail struct {
	topic  string
	client *kgo.Client
	done   sync.WaitGroup

	mu    sync.Mutex
	parts []partition
}

// partition is what a tail has read of one partition.
type partition struct {
	next    int64 // offset
	rows    []kafka.Row
	open    map[int64]int // by producer id: the first of its rows that no marker has decided
	markers []marker
}

// marker is a decision in a log.
type marker struct {
	producer int64
	epoch    int16
	commit   bool
	at       time.Duration
}

// follow begins to read a topic from its start.
func follow(k *realKafka, topic string, partitions int) (*tail, error) {
	from := map[int32]kgo.Offset{}
	for p := range partitions {
		from[int32(p)] = kgo.NewOffset().AtStart()
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(k.seeds...), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.FetchIsolationLevel(kgo.ReadUncommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(500*time.Millisecond))
	if err != nil {
		return nil, err
	}
	t := &tail{topic: topic, client: client, parts: make([]partition, partitions)}
	for p := range t.parts {
		t.parts[p].open = map[int64]int{}
	}
	t.done.Go(func() {
		for {
			fetches := client.PollFetches(k.ctx)
			if fetches.IsClientClosed() || k.ctx.Err() != nil {
				return
			}
			t.take(fetches, k.began())
		}
	})
	return t, nil
}

func (t *tail) close() {
	t.client.Close()
	t.done.Wait()
}

func (t *tail) take(fetches kgo.Fetches, now time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fetches.EachRecord(func(r *kgo.Record) {
		p := &t.parts[r.Partition]
		p.next = r.Offset + 1
		if r.Attrs.IsControl() {
			p.decide(r, now)
			return
		}
		row := kafka.Row{Partition: r.Partition, Offset: r.Offset, Key: string(r.Key), Value: recordbatch.Value(r.Value),
			Time: record.EventTime(r.Timestamp.UnixMilli()), ProducerID: r.ProducerID, Epoch: r.ProducerEpoch,
			Fate: kafka.Committed, Appended: now, Decided: now}
		var origin []byte
		for _, h := range r.Headers {
			if h.Key == recordbatch.OriginKey {
				origin = h.Value
			}
		}
		row.Origin, row.Count = recordbatch.Origin(origin)
		if r.Attrs.IsTransactional() {
			row.Fate, row.Decided = kafka.Open, -1
			if _, is := p.open[r.ProducerID]; !is {
				p.open[r.ProducerID] = len(p.rows)
			}
		}
		p.rows = append(p.rows, row)
	})
}

// decide takes a marker. Its key is a version and a type, two bytes each; type 1 is a commit.
func (p *partition) decide(r *kgo.Record, now time.Duration) {
	if len(r.Key) < 4 {
		return
	}
	m := marker{r.ProducerID, r.ProducerEpoch, binary.BigEndian.Uint16(r.Key[2:]) == 1, now}
	p.markers = append(p.markers, m)
	first, is := p.open[r.ProducerID]
	if !is {
		return
	}
	delete(p.open, r.ProducerID)
	for i := first; i < len(p.rows); i++ {
		if row := &p.rows[i]; row.ProducerID == m.producer && row.Fate == kafka.Open {
			row.Fate, row.Decided = kafka.Aborted, now
			if m.commit {
				row.Fate = kafka.Committed
			}
		}
	}
}

// settle waits until everything has been read that is in the log now, and compares it with the notes of the run.
func (k *realKafka) settle(notes history.History) error {
	for topic, t := range k.tails {
		ends, err := k.ends(topic, len(t.parts))
		if err != nil {
			return fmt.Errorf("ask for the end of %s: %w", topic, err)
		}
		for deadline := time.Now().Add(patience); !t.reached(ends); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				return fmt.Errorf("read %s to its end: it took more than %s", topic, patience)
			}
		}
	}
	ids, err := k.ids()
	if err != nil {
		return fmt.Errorf("ask Kafka for its transactions: %w", err)
	}
	flushed := map[writer][]time.Duration{}
	for _, e := range notes {
		if ev, ok := e.Event.(history.SinkPrecommitted); ok {
			w := writer{ev.Transaction, ev.ProducerID, ev.Epoch}
			flushed[w] = append(flushed[w], e.At)
		}
	}
	for _, t := range k.tails {
		t.finish(ids, flushed)
	}
	return nil
}

// writer is who writes a transaction.
type writer struct {
	id    string
	pid   int64
	epoch int16
}

// lag is how much later than it was written a tail reads a record, at most, on a machine with much else to do.
const lag = time.Second

func (t *tail) reached(ends []int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p, end := range ends {
		if t.parts[p].next < end {
			return false
		}
	}
	return true
}

// finish names transactions, and says from when on readers could see each row: when every transaction that began
// before it was decided. A row that the tail read just after its writer had noted that all is flushed was there then.
func (t *tail) finish(ids map[int64]string, flushed map[writer][]time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for p := range t.parts {
		visible := time.Duration(0)
		for i := range t.parts[p].rows {
			row := &t.parts[p].rows[i]
			row.TransactionalID = ids[row.ProducerID]
			for _, at := range flushed[writer{row.TransactionalID, row.ProducerID, row.Epoch}] {
				if at < row.Appended && row.Appended < at+lag {
					row.Appended = at
				}
			}
			switch {
			case visible < 0 || row.Fate == kafka.Open:
				visible = -1
			default:
				visible = max(visible, row.Decided)
			}
			row.Visible = visible
		}
	}
}

// Rows is how many rows Dump gives.
func (k *realKafka) Rows(topic string) []int {
	t := k.tails[topic]
	if t == nil {
		return nil
	}
	n := make([]int, len(t.parts))
	for p := range t.parts {
		n[p] = len(t.parts[p].rows)
	}
	return n
}

// Dump reads a topic out. The harness has settled before.
func (k *realKafka) Dump(topic string) iter.Seq[*kafka.Row] {
	return func(yield func(*kafka.Row) bool) {
		t := k.tails[topic]
		if t == nil {
			return
		}
		for p := range t.parts {
			for i := range t.parts[p].rows {
				if !yield(&t.parts[p].rows[i]) {
					return
				}
			}
		}
	}
}

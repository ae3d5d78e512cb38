package kafkatest

import (
	"fmt"
	"strings"

	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

func hasPartitions(s *story) {
	s.write(First, "", "x", "x", "d")
	s.flush(First, "")
	m := s.partitions(Second, Topic)
	s.equal("the answer is for", m.Req, s.last)
	s.equal("the partitions", words(m.Topic, m.Earliest, m.Latest, m.Err), "out [0 0] [2 1]")
}

func missesTopics(s *story) {
	m := s.partitions(First, "none")
	s.equal("a topic that is not there", words(m.Topic, m.Earliest, m.Latest, m.Err), "none [] [] UNKNOWN_TOPIC_OR_PARTITION")
	s.equal("a partition that is not there", s.fetch(First, Partitions, 0, false).Err, "UNKNOWN_TOPIC_OR_PARTITION")
}

func missesOffsets(s *story) {
	s.write(First, "", "x")
	s.flush(First, "")
	m := s.fetch(First, 0, 9, true)
	s.equal("an offset outside of the log", words(m.Records.N, m.Next, m.Err), "0 9 OFFSET_OUT_OF_RANGE")
}

// readsBack writes in several pieces, and looks at what a source makes of it: a record is its own origin, whatever
// it stands for in its sink.
func readsBack(s *story) {
	const pieces, each = 10, 30
	written := map[string][]record.Record{}
	for piece := range pieces {
		var b record.Batch
		for i := range each {
			n := int64(piece*each + i)
			r := record.Record{Key: fmt.Appendf(nil, "key-%d", n%7), Value: n*n - 1000, Count: n, Time: record.EventTime(1_700_000_000_000 + n%5*1000), Origin: record.Origin{Partition: 3, Offset: n}}
			written[string(r.Key)] = append(written[string(r.Key)], r)
			b.Append(r)
		}
		s.Ask(First, wire.KafkaProduce{Topic: Topic, Records: b})
	}
	flushed := s.flush(First, "")
	s.equal("the error of a flush", flushed.Err, "")
	s.equal("records flushed", flushed.Records, pieces*each)
	acked, err := s.produced(First)
	s.equal("records acknowledged", words(acked, err), words(pieces*each, ""))
	home := map[string]int32{}
	for partition := range int32(Partitions) {
		for i, r := range s.decided(Second, partition) {
			key := string(r.Key)
			if len(written[key]) == 0 {
				s.t.Fatalf("partition %d has %s=%d, which was not written, or is read twice", partition, key, r.Value)
			}
			want := written[key][0]
			written[key] = written[key][1:]
			s.equal("value of "+key, r.Value, want.Value)
			s.equal("time of "+key, r.Time, want.Time)
			s.equal("count of "+key, r.Count, int64(1))
			s.equal("origin of "+key, r.Origin, record.Origin{Partition: partition, Offset: int64(i)})
			if at, known := home[key]; known && at != partition {
				s.t.Errorf("%s is in partitions %d and %d", key, at, partition)
			}
			home[key] = partition
		}
	}
	for key, left := range written {
		s.equal("records that were not read of "+key, len(left), 0)
	}
}

// keepsOrigin looks at the log as a collector does after a run.
func keepsOrigin(s *story) {
	wrote := []record.Record{
		{Key: []byte("x"), Value: -1, Count: 12, Time: 1_700_000_000_000, Origin: record.Origin{Partition: 7, Offset: 1 << 40}},
		{Key: []byte("x"), Value: 1 << 50, Count: 0, Time: 1_600_000_000_000, Origin: record.Origin{Partition: 0, Offset: 0}},
	}
	var b record.Batch
	for _, r := range wrote {
		b.Append(r)
	}
	s.open(First, "a")
	s.Ask(First, wire.KafkaProduce{TransactionalID: "a", Topic: Topic, Records: b})
	s.equal("the error of a flush", s.flush(First, "a").Err, "")
	whole := func(records []record.Record) string {
		var all []string
		for _, r := range records {
			all = append(all, fmt.Sprintf("%s=%d at %d for %d from %s", r.Key, r.Value, r.Time, r.Count, r.Origin))
		}
		return strings.Join(all, ", ")
	}
	s.equal("the log", whole(s.Stored(0)), whole(wrote))
}

// flushesMuch is more than fits into one batch, and into one answer of a fetch.
func flushesMuch(s *story) {
	const pieces, each = 40, 1000
	for piece := range pieces {
		var b record.Batch
		for i := range each {
			b.Append(record.Record{Key: []byte("x"), Value: int64(piece*each + i), Count: 1})
		}
		s.Ask(First, wire.KafkaProduce{Topic: Topic, Records: b})
	}
	s.equal("records flushed", s.flush(First, "").Records, pieces*each)
	read := s.decided(Second, 0)
	s.equal("records read", len(read), pieces*each)
	for i, r := range read {
		if r.Value != int64(i) {
			s.t.Fatalf("at %d is %d", i, r.Value)
		}
	}
}

package kafkatest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// story is a bench under test. Requests are numbered by it.
type story struct {
	t *testing.T
	Bench
	last   uint64
	unread map[mailbox.Addr][]wire.KafkaProduced
}

// pair is who has written a transaction, as a checkpoint stores it.
type pair struct {
	id    string
	pid   int64
	epoch int16
}

func (s *story) req() uint64 {
	s.last++
	return s.last
}

// answer waits for an answer of one kind. What is said of records meanwhile is kept apart: it may come at any time.
func answer[M mailbox.Msg](s *story, asker mailbox.Addr) M {
	s.t.Helper()
	for {
		switch m := s.Answer(asker).(type) {
		case M:
			return m
		case wire.KafkaProduced:
			if s.unread == nil {
				s.unread = map[mailbox.Addr][]wire.KafkaProduced{}
			}
			s.unread[asker] = append(s.unread[asker], m)
		case nil:
			var want M
			s.t.Fatalf("%s waits for %q in vain", asker, want.Word())
		default:
			s.t.Fatalf("%s heard %+v", asker, m)
		}
	}
}

// produced is how many records were acknowledged to an asker so far, and the first error.
func (s *story) produced(asker mailbox.Addr) (records int, err string) {
	for _, m := range s.unread[asker] {
		records += m.Records
		if err == "" {
			err = m.Err
		}
	}
	return records, err
}

func (s *story) ready(asker mailbox.Addr, id string) wire.KafkaProducerReady {
	s.t.Helper()
	s.Ask(asker, wire.KafkaInitProducer{Req: s.req(), TransactionalID: id, Timeout: time.Minute})
	m := answer[wire.KafkaProducerReady](s, asker)
	s.equal("the answer is for", m.Req, s.last)
	s.equal("the producer's id", m.TransactionalID, id)
	return m
}

func (s *story) open(asker mailbox.Addr, id string) pair {
	s.t.Helper()
	m := s.ready(asker, id)
	s.equal("the error of an init", m.Err, "")
	return pair{id, m.ProducerID, m.Epoch}
}

// write hands over records with a key each: "x" belongs to partition 0, "d" to partition 1.
func (s *story) write(asker mailbox.Addr, id string, keys ...string) {
	var b record.Batch
	for i, key := range keys {
		b.Append(record.Record{Key: []byte(key), Value: int64(i), Count: 1})
	}
	s.Ask(asker, wire.KafkaProduce{TransactionalID: id, Topic: Topic, Records: b})
}

func (s *story) flush(asker mailbox.Addr, id string) wire.KafkaFlushed {
	s.t.Helper()
	s.Ask(asker, wire.KafkaFlush{Req: s.req(), TransactionalID: id})
	m := answer[wire.KafkaFlushed](s, asker)
	s.equal("the answer is for", m.Req, s.last)
	return m
}

// precommit opens a transaction, writes to it and flushes, as a sink does up to the barrier.
func (s *story) precommit(asker mailbox.Addr, id string, keys ...string) pair {
	s.t.Helper()
	p := s.open(asker, id)
	s.write(asker, id, keys...)
	s.equal("the error of a flush", s.flush(asker, id).Err, "")
	return p
}

func (s *story) end(asker mailbox.Addr, p pair, commit bool, deadline time.Duration) string {
	s.t.Helper()
	s.Ask(asker, wire.KafkaEndTxn{Req: s.req(), TransactionalID: p.id, ProducerID: p.pid, Epoch: p.epoch, Commit: commit, Deadline: deadline})
	m := answer[wire.KafkaTxnEnded](s, asker)
	s.equal("the answer is for", m.Req, s.last)
	return m.Err
}

func (s *story) commit(asker mailbox.Addr, p pair) string {
	s.t.Helper()
	return s.end(asker, p, true, time.Minute)
}

func (s *story) abort(asker mailbox.Addr, p pair) string {
	s.t.Helper()
	return s.end(asker, p, false, time.Minute)
}

// Fetches wait for a moment: it is the broker that waits, in its own time.
const moment = 20 * time.Millisecond

func (s *story) fetch(asker mailbox.Addr, partition int32, offset int64, committed bool) wire.KafkaFetched {
	s.t.Helper()
	s.Ask(asker, wire.KafkaFetch{Req: s.req(), Topic: Topic, Partition: partition, Offset: offset, MaxBytes: 1 << 20, MaxWait: moment, ReadCommitted: committed})
	m := answer[wire.KafkaFetched](s, asker)
	s.equal("the answer is for", m.Req, s.last)
	return m
}

func (s *story) partitions(asker mailbox.Addr, topic string) wire.KafkaPartitionsAre {
	s.t.Helper()
	s.Ask(asker, wire.KafkaPartitions{Req: s.req(), Topic: topic})
	return answer[wire.KafkaPartitionsAre](s, asker)
}

// decided reads a partition as a read_committed consumer does, from its start until nothing in it is open.
func (s *story) decided(asker mailbox.Addr, partition int32) []record.Record {
	s.t.Helper()
	return s.read(asker, partition, true)
}

// read reads a partition from its start to its end. One answer seldom has it all.
func (s *story) read(asker mailbox.Addr, partition int32, committed bool) []record.Record {
	s.t.Helper()
	var all []record.Record
	at := int64(0)
	for range 200 {
		end := s.partitions(asker, Topic).Latest[partition]
		got := s.fetch(asker, partition, at, committed)
		s.equal("the error of a fetch", got.Err, "")
		all, at = append(all, slices.Collect(got.Records.All())...), got.Next
		if at >= end && got.Latest >= end {
			return all
		}
	}
	s.t.Fatalf("partition %d still has something open: a reader comes to %d", partition, at)
	return nil
}

// visible is the keys and values that a read_committed consumer sees once nothing is open.
func (s *story) visible(asker mailbox.Addr, partition int32) string {
	s.t.Helper()
	return text(s.decided(asker, partition))
}

func text(records []record.Record) string {
	var all []string
	for _, r := range records {
		all = append(all, fmt.Sprintf("%s%d", r.Key, r.Value))
	}
	return strings.Join(all, " ")
}

// words are values with a space between them; an error that is none is no word.
func words(values ...any) string { return strings.TrimSpace(fmt.Sprintln(values...)) }

// equal is told what is compared, since all of it is of the same few kinds.
func (s *story) equal(what string, got, want any) {
	s.t.Helper()
	if got != want {
		s.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// oneOf is for an error that depends on who has noticed first.
func (s *story) oneOf(what, got string, want ...string) {
	s.t.Helper()
	if !slices.Contains(want, got) {
		s.t.Errorf("%s: got %q, want one of %q", what, got, want)
	}
}

package kafkatest

import (
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// reports is what a sink stores in a checkpoint.
func reports(s *story) {
	p := s.open(First, "a")
	s.equal("nothing is written yet", s.flush(First, "a"), wire.KafkaFlushed{Req: s.last, TransactionalID: "a", ProducerID: p.pid, Epoch: p.epoch})
	s.write(First, "a", "x", "d", "x")
	s.equal("the first flush", s.flush(First, "a"), wire.KafkaFlushed{Req: s.last, TransactionalID: "a", ProducerID: p.pid, Epoch: p.epoch, Records: 3})
	s.write(First, "a", "d")
	s.equal("the second flush", s.flush(First, "a"), wire.KafkaFlushed{Req: s.last, TransactionalID: "a", ProducerID: p.pid, Epoch: p.epoch, Records: 4})
	acked, err := s.produced(First)
	s.equal("records acknowledged", words(acked, err), words(4, ""))
}

// hidesUntilCommit is the sink's way. Whoever restores the checkpoint commits, and has only what is stored in it.
func hidesUntilCommit(s *story) {
	p := s.precommit(First, "a", "x", "d", "x")
	for partition, wrote := range []int{2, 1} {
		hidden := s.fetch(Second, int32(partition), 0, true)
		s.equal("an open transaction", words(hidden.Records.N, hidden.Next, hidden.Latest, hidden.Err), "0 0 0")
		all := s.fetch(Second, int32(partition), 0, false)
		s.equal("read_uncommitted", words(all.Records.N, all.Next, all.Latest, all.Err), words(wrote, wrote, wrote))
	}
	s.equal("the commit", s.commit(Second, p), "")
	s.equal("partition 0", s.visible(First, 0), "x0 x2")
	s.equal("partition 1", s.visible(First, 1), "d1")
	all := s.partitions(First, Topic)
	s.equal("a marker has an offset of its own", words(all.Latest), "[3 2]")
	s.equal("the reader's position", s.fetch(First, 0, 2, true).Next, int64(3))
}

// waitsForCommit asks before there is anything to read.
func waitsForCommit(s *story) {
	p := s.precommit(First, "a", "x", "x")
	s.Ask(Second, wire.KafkaFetch{Req: s.req(), Topic: Topic, MaxBytes: 1 << 20, MaxWait: 20 * time.Second, ReadCommitted: true})
	asked := s.last
	s.equal("the commit", s.commit(First, p), "")
	m := answer[wire.KafkaFetched](s, Second)
	s.equal("the answer is for", m.Req, asked)
	s.equal("what has come", words(m.Records.N, m.Latest, m.Err), "2 3")
	// The marker may come in an answer of its own: a broker ends one where the log goes on in another segment.
	s.equal("the reader's position", s.fetch(Second, 0, m.Next, true).Next, int64(3))
}

// commitsTwice: the answer to the first was lost, or the checkpoint is restored a second time.
func commitsTwice(s *story) {
	p := s.precommit(First, "a", "x")
	s.equal("the first commit", s.commit(First, p), "")
	s.equal("the second commit", s.commit(First, p), "")
	s.equal("somebody else's commit", s.commit(Second, p), "")
	s.equal("partition 0", s.visible(First, 0), "x0")
	s.equal("there is one marker", s.partitions(First, Topic).Latest[0], int64(2))
}

func hidesForEver(s *story) {
	p := s.precommit(First, "a", "x", "x")
	s.equal("the abort", s.abort(Second, p), "")
	s.equal("partition 0", s.visible(Second, 0), "")
	s.oneOf("a commit of what was aborted", s.commit(Second, p), "INVALID_TXN_STATE", "PRODUCER_FENCED")
	s.write(First, "", "x")
	s.equal("the error of a flush", s.flush(First, "").Err, "")
	s.equal("partition 0", s.visible(Second, 0), "x0")
	s.equal("read_uncommitted", len(s.read(Second, 0, false)), 3)
}

func refusesNothing(s *story) {
	p := s.open(First, "a")
	s.equal("the commit", s.commit(First, p), "INVALID_TXN_STATE")
}

// goesOn has a second transaction, under the pair that the flush tells: before TV2 it is the same.
func goesOn(s *story) {
	p := s.precommit(First, "a", "x")
	s.equal("the first commit", s.commit(First, p), "")
	s.write(First, "a", "x", "x", "d")
	second := s.flush(First, "a")
	s.equal("the second transaction", words(second.Records, second.Err), words(3, ""))
	s.equal("the second commit", s.commit(First, pair{"a", second.ProducerID, second.Epoch}), "")
	s.equal("partition 0", s.visible(Second, 0), "x0 x0 x1")
	s.equal("partition 1", s.visible(Second, 1), "d2")
}

func outlivesItsProducer(s *story) {
	p := s.precommit(First, "a", "x")
	s.Ask(First, wire.KafkaCloseProducer{TransactionalID: "a"})
	s.equal("a flush without producer", s.flush(First, "a").Err, "INVALID_PRODUCER_ID_MAPPING")
	s.equal("the commit", s.commit(First, p), "")
	s.equal("partition 0", s.visible(Second, 0), "x0")
}

// fences: a restarted attempt takes over, while the former one is still there.
func fences(s *story) {
	old := s.precommit(First, "a", "x")
	fresh := s.precommit(Second, "a", "x", "x")
	if fresh.pid == old.pid && fresh.epoch <= old.epoch {
		s.t.Errorf("the new producer has epoch %d after %d", fresh.epoch, old.epoch)
	}
	s.write(First, "a", "x")
	flushed := s.flush(First, "a")
	s.oneOf("the former's flush", flushed.Err, "INVALID_PRODUCER_EPOCH", "PRODUCER_FENCED")
	s.equal("the former's records", flushed.Records, 1)
	if _, err := s.produced(First); err != flushed.Err {
		s.t.Errorf("the former was told %q, and then %q", err, flushed.Err)
	}
	s.write(First, "a", "x")
	s.equal("the former's error stays", s.flush(First, "a").Err, flushed.Err)
	s.equal("the commit", s.commit(Second, fresh), "")
	s.equal("partition 0", s.visible(Second, 0), "x0 x1")
}

// beginsAnew: the same actor opens the same id again, and what it had under it is aborted.
func beginsAnew(s *story) {
	old := s.precommit(First, "a", "x")
	fresh := s.precommit(First, "a", "x", "x")
	if fresh == old {
		s.t.Errorf("both are %v", old)
	}
	s.equal("the commit", s.commit(First, fresh), "")
	s.equal("partition 0", s.visible(Second, 0), "x0 x1")
}

func tellsOfFencing(s *story) {
	p := s.precommit(First, "a", "x")
	s.open(Second, "a")
	s.oneOf("the former's commit", s.commit(First, p), "PRODUCER_FENCED", "INVALID_PRODUCER_EPOCH")
	s.equal("partition 0", s.visible(Second, 0), "")
}

func knowsItsProducers(s *story) {
	s.write(First, "a", "x")
	s.equal("a flush of nobody", s.flush(First, "a").Err, "INVALID_PRODUCER_ID_MAPPING")
	_, err := s.produced(First)
	s.equal("a record of nobody", err, "INVALID_PRODUCER_ID_MAPPING")
	s.open(First, "a")
	s.equal("a flush by somebody else", s.flush(Successor, "a").Err, "INVALID_PRODUCER_ID_MAPPING")
	idle := s.flush(Successor, "")
	s.equal("a flush without a transaction", words(idle.Records, idle.ProducerID, idle.Epoch, idle.Err), "0 -1 -1")
}

// abandons: a task is cancelled between two checkpoints. Readers need not wait for a timeout, and what it has
// pre-committed, so that it closed its producer, is still to be committed.
func abandons(s *story) {
	owed := s.precommit(First, "owed", "x")
	s.Ask(First, wire.KafkaCloseProducer{TransactionalID: "owed"})
	s.precommit(First, "a", "d")
	s.Ask(First, wire.KafkaClose{Asker: First})
	s.equal("partition 1", s.visible(Second, 1), "")
	s.equal("the commit", s.commit(Second, owed), "")
	s.equal("partition 0", s.visible(Second, 0), "x0")
}

// lists is how a job finds what a former attempt has left open. An id that was opened and not written to has nothing.
func lists(s *story) {
	var owed pair
	for _, id := range []string{"job-1-8", "job-0-7", "job-1-7", "jobless"} {
		p := s.precommit(First, id, "x")
		if id == "job-1-7" {
			owed = p
		}
	}
	s.open(First, "job-2-7")
	open := func(prefix string) string {
		s.Ask(Second, wire.KafkaListTxns{Req: s.req(), Prefix: prefix})
		m := answer[wire.KafkaTxnsAre](s, Second)
		s.equal("the answer is for", m.Req, s.last)
		s.equal("the error of a list", m.Err, "")
		return strings.Join(m.IDs, " ")
	}
	s.equal("open", open("job-"), "job-0-7 job-1-7 job-1-8")
	s.equal("the commit", s.commit(Second, owed), "")
	s.open(Second, "job-1-8")
	s.decided(Second, 1)
	s.equal("open", open("job-"), "job-0-7")
	s.equal("open", open(""), "job-0-7 jobless")
	s.equal("open", open("job-.*"), "")
}

// describes is how a sink learns what became of a transaction whose commit is refused. In version 2 ending one raises
// the epoch, and so does an abort for a successor; the init itself raises it once more, in all versions.
func describes(s *story) {
	ask := func(id string) wire.KafkaTxnIs {
		s.t.Helper()
		s.Ask(Second, wire.KafkaDescribeTxn{Req: s.req(), TransactionalID: id, Deadline: time.Minute})
		m := answer[wire.KafkaTxnIs](s, Second)
		s.equal("the answer is for", words(m.Req, m.TransactionalID), words(s.last, id))
		return m
	}
	unknown := ask("never")
	s.equal("an id that nobody has used", words(unknown.State, unknown.ProducerID, unknown.Epoch, unknown.Err), words("", -1, -1, "TRANSACTIONAL_ID_NOT_FOUND"))

	for id, commit := range map[string]bool{"a": true, "b": false} {
		p := s.open(First, id)
		empty := ask(id)
		s.equal("nothing is written yet", words(empty.State, empty.ProducerID, empty.Epoch, empty.Err), words("Empty", p.pid, p.epoch, ""))
		s.write(First, id, "x")
		s.equal("the error of a flush", s.flush(First, id).Err, "")
		open := ask(id)
		s.equal("an open transaction", words(open.State, open.ProducerID, open.Epoch, open.Err), words("Ongoing", p.pid, p.epoch, ""))

		want, raised := "CompleteAbort", p.epoch
		if commit {
			want = "CompleteCommit"
		}
		if open.Version >= 2 {
			raised++
		}
		s.equal("its end", s.end(First, p, commit, time.Minute), "")
		s.decided(Second, 0)
		is := ask(id)
		for is.State == strings.Replace(want, "Complete", "Prepare", 1) { // the markers are written, and that they are is not yet known
			s.fetch(Second, 0, s.partitions(Second, Topic).Latest[0], true) // which waits for a moment
			is = ask(id)
		}
		s.equal("an ended transaction", words(is.State, is.ProducerID, is.Epoch, is.Err), words(want, p.pid, raised, ""))
		next := s.open(First, id)
		s.equal("the epoch of the next", next.epoch, raised+1)
	}
}

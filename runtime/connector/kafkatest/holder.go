package kafkatest

import "github.com/flinch-dev/flinch/runtime/wire"

// findsHolders is what a source that stands still asks for: of the transactions that are open on the partition, the one
// that began first.
func findsHolders(s *story) {
	holder := func(partition int32) wire.KafkaHolderIs {
		s.t.Helper()
		s.Ask(Second, wire.KafkaFindHolder{Req: s.req(), Topic: Topic, Partition: partition})
		m := answer[wire.KafkaHolderIs](s, Second)
		s.equal("the answer is for", words(m.Req, m.Topic, m.Partition), words(s.last, Topic, partition))
		s.equal("the error of the search", m.Err, "")
		return m
	}
	is := func(what string, m wire.KafkaHolderIs, want pair, first int) {
		s.t.Helper()
		s.equal(what, words(m.TransactionalID, m.ProducerID, m.Epoch, m.First, m.State), words(want.id, want.pid, want.epoch, first, "Ongoing"))
	}
	s.write(First, "", "x")
	s.equal("the error of a flush", s.flush(First, "").Err, "")
	s.equal("nobody holds it", words(holder(0).ProducerID, holder(0).TransactionalID), "-1")

	old := s.precommit(First, "old", "x")
	fresh := s.precommit(First, "fresh", "x", "d")
	is("the first of two", holder(0), old, 1)
	is("the only one of the other partition", holder(1), fresh, 0)
	behind := s.fetch(Second, 0, 1, true)
	s.equal("a reader stands before it", words(behind.Next, behind.Latest, behind.HighWatermark), "1 1 3")

	s.equal("the commit", s.commit(First, old), "")
	for holder(0).ProducerID == old.pid { // its marker is under way
		s.fetch(Second, 0, 2, true) // which waits for a moment
	}
	is("the next one", holder(0), fresh, 2)
	s.equal("the abort", s.abort(First, fresh), "")
	s.equal("partition 0", s.visible(Second, 0), "x0 x0")
	s.equal("nobody is left", holder(0).ProducerID, int64(-1))

	s.Ask(Second, wire.KafkaFindHolder{Req: s.req(), Topic: Topic, Partition: 99})
	s.equal("a partition that is not there", answer[wire.KafkaHolderIs](s, Second).Err, "UNKNOWN_TOPIC_OR_PARTITION")
}

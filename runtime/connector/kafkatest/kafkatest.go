// Package kafkatest holds every client of Kafka to the same contract, of which wire/kafka.go has the words.
//
//	func TestModel(t *testing.T) { kafkatest.Run(t, startInAWorld, nil) }
//
// It says what the connectors rely on: what is written is read back, a transaction is decided by whoever knows its
// producer id and epoch, and an init takes a transaction away from whoever has it. The model client in front of model
// brokers keeps it, and so does the gateway in front of real ones. How long something takes is outside of the contract.
package kafkatest

import (
	"testing"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
)

// Those who ask. Each asks the client of its own process, at "<process>/kafka".
const (
	First     mailbox.Addr = "first/attempt-0"
	Successor mailbox.Addr = "first/attempt-1" // another actor, the same client
	Second    mailbox.Addr = "second/attempt-0"
)

// Askers are all of them.
var Askers = []mailbox.Addr{First, Successor, Second}

// Topic is empty when a story begins, and has Partitions partitions.
const (
	Topic      = "out"
	Partitions = 2
)

// Bench is a cluster that has been started, a client of it in each process, and an actor at each asker's address.
type Bench interface {
	// Ask mails a message to an asker's client, from the asker.
	Ask(asker mailbox.Addr, m mailbox.Msg)
	// Answer waits for the next message to an asker. It is nil when none has come for longer than anything takes.
	Answer(asker mailbox.Addr) mailbox.Msg
	// Heard is the next message to an asker that is already there, or nil.
	Heard(asker mailbox.Addr) mailbox.Msg
	// Unavailable makes every coordinator of transactions answer COORDINATOR_NOT_AVAILABLE, returns when it has told
	// so to somebody who asks, and gives the coordinators back with what it returns.
	Unavailable(ask func()) (available func())
	// Stored is what is in a partition, decided or not: with the origin and the count that the sink has written.
	Stored(partition int32) []record.Record
}

// Run runs the contract against the benches that start starts. A deviation is a clause that does not hold there, by
// what it says, with the reason.
func Run(t *testing.T, start func(t *testing.T) Bench, deviations map[string]string) {
	left := len(deviations)
	for _, clause := range clauses {
		reason, deviates := deviations[clause.says]
		if deviates {
			left--
		}
		t.Run(clause.says, func(t *testing.T) {
			if deviates {
				t.Skip(reason)
			}
			clause.holds(&story{t: t, Bench: start(t)})
		})
	}
	if left != 0 {
		t.Errorf("%d deviations are of clauses that there are not", left)
	}
}

var clauses = []struct {
	says  string
	holds func(s *story)
}{
	{"a topic has partitions with ends", hasPartitions},
	{"a topic that is not there is an answer", missesTopics},
	{"an offset outside of the log is an answer", missesOffsets},
	{"what is written is read back, in order per key", readsBack},
	{"a record keeps its origin and count", keepsOrigin},
	{"a large flush is whole", flushesMuch},
	{"a flush reports the transaction", reports},
	{"an open transaction is hidden until its pair is committed", hidesUntilCommit},
	{"a fetch waits for the commit", waitsForCommit},
	{"a commit twice is fine", commitsTwice},
	{"an abort hides for ever", hidesForEver},
	{"a transaction without records cannot be committed", refusesNothing},
	{"a producer goes on after its commit", goesOn},
	{"a closed producer's transaction stays open", outlivesItsProducer},
	{"an init fences the former producer and aborts its transaction", fences},
	{"opening again begins anew", beginsAnew},
	{"a commit after fencing says so", tellsOfFencing},
	{"a producer that was never opened is unknown", knowsItsProducers},
	{"open transactions are listed by prefix", lists},
	{"a description tells of the last transaction", describes},
	{"who holds the last stable offset has a name", findsHolders},
	{"an unavailable coordinator is waited for", waitsForCoordinators},
	{"a deadline leaves the commit undecided", timesOut},
	{"nothing is tried again for an actor that has ended", endsWithItsAsker},
	{"what an actor that has ended had open is aborted", abandons},
}

package client

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// position sends a position of the group "g" to a transaction.
func (a *app) position(id string, next int64) {
	a.say(SendOffsetToTxn{TransactionalID: id, Group: "g", Topic: "out", Next: next})
}

func (a *app) ask() { a.say(FetchOffset{Group: "g", Topic: "out"}) }

// A position counts once its transaction is committed. Until that is decided nobody is told where to go on.
func TestAPositionIsPartOfATransaction(t *testing.T) {
	for _, tv := range []protocol.TransactionVersion{protocol.TV1, protocol.TV2} {
		l := newLab(t, kafka.Config{TransactionVersion: tv})
		writer, other := l.app("writer", Config{TransactionVersion: tv}), l.app("other", Config{TransactionVersion: tv})
		other.ask()
		other.hears(time.Second, "offset is -1")
		writer.open("a")
		writer.write("a", "x")
		writer.position("a", 7)
		writer.hears(time.Second, "ready a as p1/0", "offset sent")
		other.ask()
		other.hears(5 * time.Second)
		writer.end("a", 1, 0, true)
		other.hears(2*time.Second, "offset is 7")
	}
}

// That of an aborted transaction is as if it had never been sent.
func TestAnAbortedPositionIsNone(t *testing.T) {
	for _, tv := range []protocol.TransactionVersion{protocol.TV1, protocol.TV2} {
		l := newLab(t, kafka.Config{TransactionVersion: tv})
		writer := l.app("writer", Config{TransactionVersion: tv})
		writer.open("a")
		writer.position("a", 7)
		writer.hears(time.Second, "ready a as p1/0", "offset sent")
		writer.end("a", 1, 0, false)
		writer.hears(time.Second, "ended a")
		writer.ask()
		writer.hears(time.Second, "offset is -1")
	}
}

// Whoever has been fenced cannot say where to go on, either.
func TestAZombieHasNoPosition(t *testing.T) {
	l := newLab(t, kafka.Config{})
	zombie, successor := l.app("zombie", Config{}), l.app("successor", Config{})
	zombie.open("a")
	zombie.hears(time.Second, "ready a as p1/0")
	successor.open("a")
	successor.hears(time.Second, "ready a as p1/1")
	zombie.position("a", 7)
	zombie.hears(time.Second, "offset sent INVALID_PRODUCER_EPOCH")
	zombie.position("b", 7)
	zombie.hears(time.Second, "offset sent INVALID_PRODUCER_ID_MAPPING")
}

// Answers are lost, and coordinators move: the same position is sent again.
func TestAPositionIsSentAgain(t *testing.T) {
	for _, tv := range []protocol.TransactionVersion{protocol.TV1, protocol.TV2} {
		l := newLab(t, kafka.Config{TransactionVersion: tv})
		writer := l.app("writer", Config{TransactionVersion: tv, RequestTimeout: time.Second})
		writer.open("a")
		writer.hears(time.Second, "ready a as p1/0")
		l.LoseAnswers(kmsg.AddOffsetsToTxn, 1)
		l.LoseAnswers(kmsg.TxnOffsetCommit, 1)
		writer.position("a", 7)
		writer.hears(10*time.Second, "offset sent")
		writer.end("a", 1, 0, true)
		writer.hears(time.Second, "ended a")
		l.LoseAnswers(kmsg.OffsetFetch, 1)
		writer.ask()
		writer.hears(10*time.Second, "offset is 7")
	}
}

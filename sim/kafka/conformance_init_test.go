package kafka

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Whoever asks for a producer id with a transactional id owns that id from then on: everybody before is fenced.
func TestInitProducerID(t *testing.T) {
	tell(t, []story{
		{"A1 a new id gets epoch 0", func(l *lab) {
			l.is(l.init("a", noPID, noEpoch), "NONE p1/0")
			l.is(l.describe("a"), "Empty p1/0")
		}},
		{"A2 each taking over bumps the epoch", func(l *lab) {
			l.is(l.init("a", noPID, noEpoch), "NONE p1/0")
			l.is(l.init("a", noPID, noEpoch), "NONE p1/1")
			l.is(l.init("a", noPID, noEpoch), "NONE p1/2")
		}},
		{"A3 the owner bumps its own epoch, A4 and its retry does not bump again", func(l *lab) {
			w := l.writer("a")
			l.is(l.init("a", w.pid, w.epoch), "NONE p1/1")
			l.is(l.init("a", w.pid, w.epoch), "NONE p1/1")
		}},
		{"A5 a fenced zombie does not come back to life", func(l *lab) {
			w := l.writer("a")
			l.writer("a")
			l.writer("a")
			l.is(l.init("a", w.pid, w.epoch), "PRODUCER_FENCED")
			l.is(l.describe("a"), "Empty p1/2")
		}},
		{"A6 another's producer id is fenced", func(l *lab) {
			other := l.writer("b")
			l.writer("a")
			l.is(l.init("a", other.pid, other.epoch), "PRODUCER_FENCED")
		}},
		{"A7 an unknown id takes whatever pair is given, and gets a fresh one", func(l *lab) {
			other := l.writer("b")
			l.is(l.init("a", other.pid, 5), "NONE p2/0")
		}},
		{"A8 half a pair is refused", func(l *lab) {
			l.is(l.init("a", 1, noEpoch), "INVALID_REQUEST")
			l.is(l.init("a", noPID, 1), "INVALID_REQUEST")
		}},
		{"A9 the empty id is refused", func(l *lab) {
			l.is(l.init("", noPID, noEpoch), "INVALID_REQUEST")
		}},
		{"A10 the timeout has a maximum", func(l *lab) {
			try := func(timeout time.Duration) string {
				said, _, _ := l.initFor("a", noPID, noEpoch, timeout)
				return said
			}
			l.is(try(0), "INVALID_TRANSACTION_TIMEOUT")
			l.is(try(15*time.Minute), "NONE p1/0")
			l.is(try(15*time.Minute+time.Millisecond), "INVALID_TRANSACTION_TIMEOUT")
		}},
		{"A11 without an id every producer id is new", func(l *lab) {
			first, second := l.plainWriter(), l.plainWriter()
			l.is(l.pair(first.pid, first.epoch)+" "+l.pair(second.pid, second.epoch), "p1/0 p2/0")
		}},
		{"A12 taking over aborts what is open, A13 and fences its commit", func(l *lab) {
			w := l.writer("a")
			w.write(0, 2)
			l.hasty = true
			l.is(l.init("a", noPID, noEpoch), "CONCURRENT_TRANSACTIONS")
			l.hasty = false
			l.is(l.init("a", noPID, noEpoch), "NONE p1/2")
			l.is(w.commit(), "PRODUCER_FENCED")
			l.is(l.log(0), "0-1 p1/0, 2 abort p1/1")
			l.is(l.visible(0), "")
		}},
		{"A14 after a commit the bump has been made already", func(l *lab) {
			w := l.writer("a")
			w.write(0, 1)
			l.is(w.commit(), "NONE p1/1")
			l.is(l.init("a", w.pid, w.epoch), "NONE p1/1")
		}},
		{"the old word for fenced is given to old versions", func(l *lab) {
			w := l.writer("a")
			l.writer("a")
			l.writer("a")
			req := kmsg.NewPtrInitProducerIDRequest()
			req.TransactionalID, req.TransactionTimeoutMillis = &w.id, 60000
			req.ProducerID, req.ProducerEpoch = w.pid, w.epoch
			resp := l.ask(l.Coordinator("a"), 3, req).(*kmsg.InitProducerIDResponse)
			l.is(name(resp.ErrorCode), "INVALID_PRODUCER_EPOCH")
		}},
		{"after the last epoch there is another producer id", func(l *lab) {
			w := l.aged(l.writer("a"), exhausted)
			l.is(l.init("a", noPID, noEpoch), "NONE p2/0")
			l.is(w.commit(), "PRODUCER_FENCED")
		}},
		{"the owner with the last epoch gets another producer id, and its retry the same", func(l *lab) {
			w := l.aged(l.writer("a"), exhausted)
			l.is(l.init("a", w.pid, w.epoch), "NONE p2/0")
			l.is(l.init("a", w.pid, w.epoch), "NONE p2/0")
		}},
		{"a coordinator that failed over does not know a retry, and fences it", func(l *lab) {
			w := l.writer("a")
			l.is(l.init("a", w.pid, w.epoch), "NONE p1/1")
			l.failOver("a")
			l.is(l.init("a", w.pid, w.epoch), "PRODUCER_FENCED")
		}},
	})
}

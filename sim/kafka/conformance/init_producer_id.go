package conformance

import (
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/preview"
)

// Whoever asks for a producer id with a transactional id owns that id from then on: everybody before is fenced.
var initProducerID = []Case{
	{"A1", "a new id gets epoch 0", 0, func(l *Lab) {
		l.Is(l.Init("a", NoPID, NoEpoch), "NONE p1/0")
		l.Is(l.Describe("a"), "Empty p1/0")
	}},
	{"A2", "each taking over bumps the epoch", 0, func(l *Lab) {
		l.Is(l.Init("a", NoPID, NoEpoch), "NONE p1/0")
		l.Is(l.Init("a", NoPID, NoEpoch), "NONE p1/1")
		l.Is(l.Init("a", NoPID, NoEpoch), "NONE p1/2")
	}},
	{"A3", "the owner bumps its own epoch", 0, func(l *Lab) {
		w := l.Writer("a")
		l.Is(l.Init("a", w.PID, w.Epoch), "NONE p1/1")
	}},
	{"A4", "and its retry does not bump again", 0, func(l *Lab) {
		w := l.Writer("a")
		l.Is(l.Init("a", w.PID, w.Epoch), "NONE p1/1")
		l.Is(l.Init("a", w.PID, w.Epoch), "NONE p1/1")
	}},
	{"A5", "a fenced zombie does not come back to life", 0, func(l *Lab) {
		w := l.Writer("a")
		l.Writer("a")
		l.Writer("a")
		l.Is(l.Init("a", w.PID, w.Epoch), "PRODUCER_FENCED")
		l.Is(l.Describe("a"), "Empty p1/2")
	}},
	{"A6", "another's producer id is fenced", 0, func(l *Lab) {
		other := l.Writer("b")
		l.Writer("a")
		l.Is(l.Init("a", other.PID, other.Epoch), "PRODUCER_FENCED")
	}},
	{"A7", "an unknown id takes whatever pair is given, and gets a fresh one", 0, func(l *Lab) {
		other := l.Writer("b")
		l.Is(l.Init("a", other.PID, 5), "NONE p2/0")
	}},
	{"A8", "half a pair is refused", 0, func(l *Lab) {
		l.Is(l.Init("a", 1, NoEpoch), "INVALID_REQUEST")
		l.Is(l.Init("a", NoPID, 1), "INVALID_REQUEST")
	}},
	{"A9", "the empty id is refused", 0, func(l *Lab) {
		resp, _ := l.Ask(AnyNode, 5, l.Initing("", NoPID, NoEpoch, lasting)).(*kmsg.InitProducerIDResponse)
		l.Is(Name(resp.ErrorCode), "INVALID_REQUEST")
	}},
	{"A10", "the timeout has a maximum", 0, func(l *Lab) {
		most := l.Traits().MaxTimeout
		for _, c := range []struct {
			timeout time.Duration
			says    string
		}{{0, "INVALID_TRANSACTION_TIMEOUT"}, {most, "NONE p1/0"}, {most + time.Millisecond, "INVALID_TRANSACTION_TIMEOUT"}} {
			said, _, _ := l.InitFor("a", NoPID, NoEpoch, c.timeout)
			l.Is(said, c.says)
		}
	}},
	{"A11", "without an id every producer id is new", 0, func(l *Lab) {
		first, second := l.PlainWriter(), l.PlainWriter()
		l.Is(l.Pair(first.PID, first.Epoch)+" "+l.Pair(second.PID, second.Epoch), "p1/0 p2/0")
	}},
	{"A12", "taking over aborts what is open", 0, func(l *Lab) {
		w := l.Writer("a")
		w.Write(0, 2)
		l.Hasty = true
		l.Is(l.Init("a", NoPID, NoEpoch), "CONCURRENT_TRANSACTIONS")
		l.Hasty = false
		l.Is(l.Init("a", NoPID, NoEpoch), "NONE p1/2")
		l.Is(l.Log(0), "0-1 p1/0, 2 abort p1")
		l.Is(l.Visible(0), "")
	}},
	{"A13", "and fences its commit", 0, func(l *Lab) {
		w := l.Writer("a")
		w.Write(0, 2)
		l.Init("a", NoPID, NoEpoch)
		l.Is(w.Commit(), "PRODUCER_FENCED")
	}},
	{"A14", "after a commit the bump has been made already", 0, func(l *Lab) {
		w := l.Writer("a")
		w.Write(0, 1)
		l.Is(w.Commit(), "NONE p1/1")
		l.Is(l.Init("a", w.PID, w.Epoch), "NONE p1/1")
	}},
	{"A15", "the old word for fenced is given to old versions", 0, func(l *Lab) {
		w := l.Writer("a")
		l.Writer("a")
		l.Writer("a")
		resp, _ := l.Ask(l.Coordinates("a"), 3, l.Initing("a", w.PID, w.Epoch, lasting)).(*kmsg.InitProducerIDResponse)
		l.Is(Name(resp.ErrorCode), "INVALID_PRODUCER_EPOCH")
	}},
	{"A16", "after the last epoch there is another producer id", 0, func(l *Lab) {
		w := l.aged("a")
		l.Is(l.Init("a", NoPID, NoEpoch), "NONE p2/0")
		l.Is(w.Commit(), "PRODUCER_FENCED")
	}},
	{"A17", "the owner with the last epoch gets another producer id, and its retry the same", 0, func(l *Lab) {
		w := l.aged("a")
		l.Is(l.Init("a", w.PID, w.Epoch), "NONE p2/0")
		l.Is(l.Init("a", w.PID, w.Epoch), "NONE p2/0")
	}},
	{"A20", "taking over what is open at the last epoch gives another producer id", 0, func(l *Lab) {
		w := l.aged("a")
		w.Write(0, 1)
		l.Is(l.Init("a", NoPID, NoEpoch), l.either("NONE p2/1", "NONE p2/0"))
		l.Is(l.Marked(0), "0 p1/32766, 1 abort p1/32767")
		l.Is(w.Commit(), l.either("INVALID_PRODUCER_ID_MAPPING", "PRODUCER_FENCED"))
	}},
	{"A18", "only the coordinator answers", Brokers, func(l *Lab) {
		resp, _ := l.Ask(l.Another(l.Coordinates("a")), 5, l.Initing("a", NoPID, NoEpoch, lasting)).(*kmsg.InitProducerIDResponse)
		l.Is(Name(resp.ErrorCode), "NOT_COORDINATOR")
	}},
	{"A19", "taking over with the right pair aborts what is open, too", 0, func(l *Lab) {
		w := l.Writer("a")
		w.Write(0, 1)
		l.Hasty = true
		l.Is(l.Init("a", w.PID, w.Epoch), "CONCURRENT_TRANSACTIONS")
		l.Hasty = false
		l.Settle("a")
		l.Is(l.Over("a"), "over p1/1")
		l.Is(l.Visible(0), "")
	}},
	{"A21", "the version for prepared transactions is not announced", 0, func(l *Lab) {
		for _, key := range l.apiVersions(3).ApiKeys {
			if kmsg.Key(key.ApiKey) == kmsg.InitProducerID {
				l.Is(fmt.Sprint(key.MinVersion, key.MaxVersion), "0 5")
			}
		}
	}},
	{"A22", "and who uses it all the same is hung up on", 0, func(l *Lab) {
		l.Writer("a")
		for _, flags := range [][2]bool{{false, false}, {true, false}, {true, true}} {
			req := &preview.InitProducerIDRequest{InitProducerIDRequest: *l.Initing("a", NoPID, NoEpoch, lasting)}
			req.Enable2PC, req.KeepPreparedTxn = flags[0], flags[1]
			said := Silence
			if resp, ok := l.Ask(l.Coordinates("a"), 6, req).(*preview.InitProducerIDResponse); ok {
				said = Name(resp.ErrorCode)
			}
			l.Is(said, Silence)
		}
		l.Is(l.Describe("a"), "Empty p1/0")
	}},
}

// exhausted is the last epoch that a producer is given.
const exhausted int16 = 32766

// aged is a writer whose epoch has come to its end: it is taken over as often as it can be.
func (l *Lab) aged(id string) *Writer { return l.agedFor(id, lasting) }

func (l *Lab) agedFor(id string, timeout time.Duration) *Writer {
	w := l.writerFor(id, 12, timeout)
	coordinator := l.Coordinates(id)
	const ahead = 100 // requests that are on their way
	var answers []func() kmsg.Response
	l.Conn = 1
	for sent := w.Epoch; w.Epoch < exhausted; {
		for ; sent < exhausted && len(answers) < ahead; sent++ {
			answers = append(answers, l.SendTo(coordinator, 5, l.Initing(id, NoPID, NoEpoch, timeout)))
		}
		resp, ok := answers[0]().(*kmsg.InitProducerIDResponse)
		if !ok || resp.ErrorCode != 0 || resp.ProducerEpoch != w.Epoch+1 {
			l.Stop("age %s from epoch %d: %+v", id, w.Epoch, resp)
		}
		w.Epoch++
		answers = answers[1:]
	}
	l.Conn = NewConn
	return w
}

package kafka

import (
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/preview"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// faults are what a scenario has asked for. They are set between events, and used up by what passes.
type faults struct {
	loseRequest, loseAnswer   counts
	delayRequest, delayAnswer waits
	coordinator               int16 // what coordinators answer to everything ...
	coordinatorUntil          time.Duration
	markerWait                time.Duration
	markerUntil               time.Duration
	failAppends               int
	failWritten               bool
	lost                      []Share
	late                      []Late
	hits                      uint64 // of FaultHits
}

// Share is a part of all requests of some kinds.
type Share struct {
	Of    []kmsg.Key
	Share float64 // 0 to 1
	IDs   string  // only those of transactional ids that begin so; lost answers have none
}

// Late is a part of all requests that comes later by so much.
type Late struct {
	Share
	By time.Duration
}

// hits draws whether a request is of the part.
func (s Share) hits(env mailbox.Env, site string, key kmsg.Key) bool {
	return slices.Contains(s.Of, key) && env.Rand(site).Float64() < s.Share
}

// concerns says whether a request is of a transactional id that the part is about.
func (s Share) concerns(req kmsg.Request) bool {
	return s.IDs == "" || strings.HasPrefix(transactionalIDOf(req), s.IDs)
}

// transactionalIDOf is the transactional id of a client's request, "" if it has none.
func transactionalIDOf(req kmsg.Request) string {
	var id *string
	switch req := req.(type) {
	case *kmsg.ProduceRequest:
		id = req.TransactionID
	case *kmsg.InitProducerIDRequest:
		id = req.TransactionalID
	case *preview.InitProducerIDRequest:
		id = req.TransactionalID
	case *kmsg.AddPartitionsToTxnRequest:
		id = &req.TransactionalID
	case *kmsg.EndTxnRequest:
		id = &req.TransactionalID
	}
	if id == nil {
		return ""
	}
	return *id
}

// LoseAnswersOf drops the answers of shares of requests, after they took effect, until it is told of others.
func (c *Cluster) LoseAnswersOf(shares ...Share) { c.faults.lost = shares }

// DelayRequestsOf makes shares of requests wait, so that later ones on other connections come first, until it is told
// of others.
func (c *Cluster) DelayRequestsOf(shares ...Late) { c.faults.late = shares }

// counts is how many of the next messages of each API key are concerned.
type counts map[kmsg.Key]int

func (c counts) take(key kmsg.Key) bool {
	if c[key] == 0 {
		return false
	}
	c[key]--
	return true
}

type waits map[kmsg.Key]struct {
	n    int
	wait time.Duration
}

func (w waits) take(key kmsg.Key) (time.Duration, bool) {
	e := w[key]
	if e.n == 0 {
		return 0, false
	}
	e.n--
	w[key] = e
	return e.wait, true
}

// LoseRequests drops the next n requests of an API key before they have any effect.
func (c *Cluster) LoseRequests(key kmsg.Key, n int) {
	c.faults.loseRequest = c.faults.loseRequest.add(key, n)
}

// LoseAnswers drops the answers of the next n requests of an API key, after they took effect.
func (c *Cluster) LoseAnswers(key kmsg.Key, n int) {
	c.faults.loseAnswer = c.faults.loseAnswer.add(key, n)
}

func (c counts) add(key kmsg.Key, n int) counts {
	if c == nil {
		c = counts{}
	}
	c[key] += n
	return c
}

// DelayRequests makes the next n requests of an API key wait, so that later ones on other connections, and
// even those behind them, come first.
func (c *Cluster) DelayRequests(key kmsg.Key, n int, wait time.Duration) {
	c.faults.delayRequest = c.faults.delayRequest.add(key, n, wait)
}

// DelayAnswers makes the answers of the next n requests of an API key wait.
func (c *Cluster) DelayAnswers(key kmsg.Key, n int, wait time.Duration) {
	c.faults.delayAnswer = c.faults.delayAnswer.add(key, n, wait)
}

func (w waits) add(key kmsg.Key, n int, wait time.Duration) waits {
	if w == nil {
		w = waits{}
	}
	e := w[key]
	e.n, e.wait = e.n+n, wait
	w[key] = e
	return w
}

// FailCoordinators makes every coordinator answer with a code (CoordinatorNotAvailable,
// CoordinatorLoadInProgress, NotCoordinator) for some time. What is under way goes on.
func (c *Cluster) FailCoordinators(code int16, wait time.Duration) {
	c.faults.coordinator, c.faults.coordinatorUntil = code, c.cfg.Now()+wait
}

// SlowMarkers makes every marker that is sent within a time wait longer before it leaves.
func (c *Cluster) SlowMarkers(extra, within time.Duration) {
	c.faults.markerWait, c.faults.markerUntil = extra, c.cfg.Now()+within
}

// FailTxnAppends makes the next n appends to the transaction log fail. If written is set the record is there
// all the same, for the next coordinator to find.
func (c *Cluster) FailTxnAppends(n int, written bool) {
	c.faults.failAppends, c.faults.failWritten = n, written
}

// FaultHits returns how many requests, answers and decisions have met a fault that lasts so far.
func (c *Cluster) FaultHits() uint64 { return c.faults.hits }

func (c *Cluster) coordinatorFault() int16 {
	if c.faults.coordinator != protocol.None && c.cfg.Now() < c.faults.coordinatorUntil {
		c.faults.hits++
		return c.faults.coordinator
	}
	return protocol.None
}

func (c *Cluster) markerFault() time.Duration {
	if c.faults.markerWait > 0 && c.cfg.Now() < c.faults.markerUntil {
		c.faults.hits++
		return c.faults.markerWait
	}
	return 0
}

// report notes the violations found while a broker handled a message, and what happened to partitions until then.
func (c *Cluster) report(env mailbox.Env) {
	for _, e := range c.told {
		env.Note(e)
	}
	c.told = c.told[:0]
	for _, v := range c.violations {
		env.Note(history.Violation{Invariant: v.invariant, Detail: v.detail})
	}
	c.violations = c.violations[:0]
}

package jobmanager

import (
	"maps"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// heartbeats watches the peers of an actor. A peer is lost when it has been silent for heartbeat.timeout, or
// when heartbeat.rpc-failure-threshold heartbeats in a row could not be delivered: a process that is not
// there is found sooner than one that hangs.
type heartbeats struct {
	conf  config.Heartbeat
	peers map[mailbox.Addr]*peer
	heard uint64
}

type peer struct {
	heard  uint64 // numbers the signs of life, over all peers
	failed int    // undeliverable in a row
	at     time.Time
}

// beat is the time to ask all peers. silence ends a peer if nothing was heard since the timer was set.
type (
	beat    struct{}
	silence struct {
		Peer  mailbox.Addr
		Heard uint64
	}
)

func (beat) Word() string    { return "heartbeat-due" }
func (silence) Word() string { return "heartbeat-silence" }

func newHeartbeats(conf config.Heartbeat) *heartbeats {
	return &heartbeats{conf: conf, peers: map[mailbox.Addr]*peer{}}
}

func (h *heartbeats) start(env mailbox.Env) { env.After(h.conf.Interval, beat{}) }

// watch adds a peer, or starts anew with one.
func (h *heartbeats) watch(env mailbox.Env, at mailbox.Addr) {
	h.peers[at] = &peer{}
	h.alive(env, at)
}

func (h *heartbeats) forget(at mailbox.Addr) { delete(h.peers, at) }

// alive takes a sign of life.
func (h *heartbeats) alive(env mailbox.Env, at mailbox.Addr) {
	p := h.peers[at]
	if p == nil {
		return
	}
	h.heard++
	p.heard, p.failed, p.at = h.heard, 0, env.Now()
	env.After(h.conf.Timeout, silence{at, p.heard})
}

// silent says whether a timer means that the peer is lost.
func (h *heartbeats) silent(env mailbox.Env, m silence) bool {
	p := h.peers[m.Peer]
	if p == nil || p.heard != m.Heard {
		return false
	}
	return h.lost(env, m.Peer, false)
}

// undeliverable says whether a heartbeat that did not arrive means that the peer is lost.
func (h *heartbeats) undeliverable(env mailbox.Env, at mailbox.Addr) bool {
	p := h.peers[at]
	if p == nil {
		return false
	}
	p.failed++
	if h.conf.RPCFailureThreshold < 0 || p.failed < h.conf.RPCFailureThreshold {
		return false
	}
	return h.lost(env, at, true)
}

func (h *heartbeats) lost(env mailbox.Env, at mailbox.Addr, unreachable bool) bool {
	h.forget(at)
	env.Note(history.HeartbeatTimeout{Watcher: string(env.Self()), Target: string(at), Unreachable: unreachable})
	return true
}

// due lists whom to ask, sorted, and sets the next time.
func (h *heartbeats) due(env mailbox.Env) []mailbox.Addr {
	env.After(h.conf.Interval, beat{})
	return slices.Sorted(maps.Keys(h.peers))
}

// lastHeard is when a peer last gave a sign of life.
func (h *heartbeats) lastHeard(at mailbox.Addr) time.Time { return h.peers[at].at }

func (h *heartbeats) knows(at mailbox.Addr) bool { return h.peers[at] != nil }

// known lists the peers, sorted.
func (h *heartbeats) known() []mailbox.Addr { return slices.Sorted(maps.Keys(h.peers)) }

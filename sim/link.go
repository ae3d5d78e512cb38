package sim

import (
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// link is one direction between two processes. It behaves as TCP does: what is sent arrives, in order, once,
// unless the connection breaks; loss and cuts show as delay. Control messages and data buffers have a
// connection each, so that one may overtake the other.
type link struct {
	from, to *process
	epoch    uint32 // grows when the connection breaks: what was under way is gone
	cut      bool
	refused  bool
	held     []event // sent while cut, or waiting for its turn
	rate     float64 // bytes a second, if it is throttled; else 0
	pacing   bool    // the first that is held has its turn
	extra    time.Duration
	spread   time.Duration
	loss     float64
	sent     uint64
	hits     uint64   // messages that have met something wrong here
	arrival  [2]int64 // last arrival on each connection
	free     int64    // when the line has room for the next byte
}

// Retransmission after a loss: the first timeout of TCP, doubled each time.
const retransmit = 200 * time.Millisecond

func (w *World) link(from, to *process) *link {
	if l := from.links[to.index]; l != nil {
		return l
	}
	l := &link{from: from, to: to}
	from.links[to.index] = l
	return l
}

// transmit puts a message on the way. It is called in the order of sending.
func (w *World) transmit(l *link, e event) {
	if l.refused || l.cut || l.rate > 0 {
		l.hits++
	}
	switch {
	case l.refused:
		w.refuse(e, w.profile.Latency)
		return
	case l.cut:
		l.held = append(l.held, e)
		return
	case l.rate > 0:
		l.held = append(l.held, e)
		w.pace(l)
		return
	}
	w.carry(l, e)
}

// sizeOf is about how many bytes a message has on the wire.
func sizeOf(m mailbox.Msg) int {
	if sized, ok := m.(mailbox.Sized); ok {
		return sized.Size()
	}
	return 256
}

// pace carries what a throttled link holds, one message after the other: who sends faster waits, as behind a full
// window, and when the throttle ends nothing is left of it.
func (w *World) pace(l *link) {
	if l.pacing || l.cut || len(l.held) == 0 {
		return
	}
	l.pacing = true
	w.After(time.Duration(float64(sizeOf(l.held[0].m))/l.rate*float64(time.Second)), func() {
		l.pacing = false
		if l.cut || l.rate == 0 || len(l.held) == 0 {
			return
		}
		first := l.held[0]
		l.held = l.held[1:]
		w.carry(l, first)
		w.pace(l)
	})
}

// carry lets the network have a message.
func (w *World) carry(l *link, e event) {
	e.via, e.life = l, l.epoch
	profile := &w.profile
	at := max(w.now, l.free) + int64(float64(sizeOf(e.m))/profile.Bandwidth)
	l.free = at
	l.sent++
	draw := Mix(l.from.key ^ Mix(l.to.key+l.sent))
	if profile.Jitter > 0 {
		at += int64(draw % uint64(profile.Jitter))
	}
	at += int64(profile.Latency + l.extra)
	if l.spread > 0 {
		at += int64(Mix(draw) % uint64(l.spread))
	}
	late := l.extra > 0 || l.spread > 0
	if l.loss > 0 {
		wait := int64(retransmit)
		for try := Mix(draw ^ 1); float64(try>>11)/(1<<53) < l.loss && wait < int64(time.Minute); try = Mix(try) {
			at += wait
			wait *= 2
			late = true
		}
	}
	if late {
		l.hits++
	}
	lane := 0
	switch e.m.(type) {
	case wire.Buffer, wire.Credit:
		lane = 1
	}
	at = max(at, l.arrival[lane]+1)
	l.arrival[lane] = at
	w.queue.push(at, e)
}

// Cut stops one direction: what is sent from now on waits, and nobody is told. Mend lets it through, in
// order. What was on the wire already arrives.
func (w *World) Cut(from, to string) {
	w.link(w.mustProcess(from), w.mustProcess(to)).cut = true
}

// Refuse breaks one direction as a firewall does that rejects: what is sent comes back as undeliverable, and
// the connections that were there are broken, which both ends are told.
func (w *World) Refuse(from, to string, on bool) {
	l := w.link(w.mustProcess(from), w.mustProcess(to))
	if on && !l.refused {
		w.Reset(from, to)
	}
	l.refused = on
}

// Mend ends a cut.
func (w *World) Mend(from, to string) {
	l := w.link(w.mustProcess(from), w.mustProcess(to))
	if !l.cut {
		return
	}
	l.cut = false
	w.sendAnew(l)
}

// Narrow lets so many bytes a second pass in one direction; 0 ends it.
func (w *World) Narrow(from, to string, bytesPerSecond float64) {
	l := w.link(w.mustProcess(from), w.mustProcess(to))
	l.rate = bytesPerSecond
	if !l.cut {
		w.sendAnew(l)
	}
}

// sendAnew sends what a link holds anew, as it is now.
func (w *World) sendAnew(l *link) {
	held := l.held
	l.held = nil
	for _, e := range held {
		w.transmit(l, e)
	}
}

// Slow adds a delay to one direction, with a spread on top; zero ends it.
func (w *World) Slow(from, to string, extra, spread time.Duration) {
	l := w.link(w.mustProcess(from), w.mustProcess(to))
	l.extra, l.spread = extra, spread
}

// Lose makes each message of one direction be lost with a probability, and be sent again after a while.
func (w *World) Lose(from, to string, probability float64) {
	w.link(w.mustProcess(from), w.mustProcess(to)).loss = probability
}

// Reset breaks the connection between two processes: what is under way in either direction is lost, and both
// sides are told.
func (w *World) Reset(a, b string) {
	p, q := w.mustProcess(a), w.mustProcess(b)
	if p.knows(q) || q.knows(p) {
		w.link(p, q).hits++
		w.link(q, p).hits++
	}
	w.breakLink(p, q)
	w.disconnected(p, q)
	w.disconnected(q, p)
}

func (w *World) breakLink(p, q *process) {
	for _, l := range []*link{w.link(p, q), w.link(q, p)} {
		l.epoch++
		l.held = nil
	}
}

// knows says whether an actor of p has exchanged mail with q since they were last connected. Of those outside nobody here
// can tell.
func (p *process) knows(q *process) bool {
	return p.up() && (p.Outside != nil || slices.ContainsFunc(p.actors, func(a *actor) bool { return a.knows(q) }))
}

// Hits returns how many messages from one process to another have met something wrong with their link so far: they were held
// back, refused, slowed down, or lost and sent again. A connection that was broken counts as one.
func (w *World) Hits(from, to string) uint64 {
	if l := w.mustProcess(from).links[w.mustProcess(to).index]; l != nil {
		return l.hits
	}
	return 0
}

// disconnected tells the actors of p that exchanged mail with q.
func (w *World) disconnected(p, q *process) {
	if !p.up() {
		return
	}
	if p.Outside != nil { // who of its actors knew the other process is known outside
		at := w.address(mailbox.Addr(p.Name))
		w.queue.push(w.now+int64(w.profile.Latency), event{do: deliver, to: at, from: at, life: p.life, m: mailbox.Disconnected{Process: q.Name}})
	}
	for _, a := range p.actors {
		if a.knows(q) {
			a.forget(q)
			w.queue.push(w.now+int64(w.profile.Latency), event{do: deliver, to: a.address, from: a.address,
				life: p.life, m: mailbox.Disconnected{Process: q.Name}})
		}
	}
}

package process

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/flinch-dev/flinch/chaos/fault"
)

// proxy is the way of members to a real Kafka: each connection goes through it, and what is wrong with a link is
// wrong there.
//
//	member ──"name target\n", then bytes──▶ pump ──▶ broker
//	       ◀───────────────────────── pump ◀────────
//
// Each direction of a connection is a pump of its own. A cut link holds bytes back and closes nothing, so that it
// heals as if nothing had been; one that refuses closes what there is and takes nothing new.
type proxy struct {
	listen net.Listener
	names  map[string]string // of brokers, by host:port

	mu      sync.Mutex
	changed sync.Cond
	links   map[way]fault.LinkState
	hits    map[way]uint64 // chunks that have met something wrong, and connections that were broken
	conns   map[*relayed]bool
	closed  bool
	running sync.WaitGroup
}

// way is one direction between two processes.
type way struct{ from, to string }

// relayed is a connection of a member to a broker, through the proxy.
type relayed struct {
	member, broker string
	ends           [2]net.Conn
}

func (r *relayed) close() {
	for _, c := range r.ends {
		c.Close()
	}
}

// newProxy returns a proxy to brokers, whose names it is told.
func newProxy(names map[string]string) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for connections to Kafka: %w", err)
	}
	p := &proxy{listen: l, names: names, links: map[way]fault.LinkState{}, hits: map[way]uint64{}, conns: map[*relayed]bool{}}
	p.changed.L = &p.mu
	p.running.Go(p.accept)
	return p, nil
}

// through returns how a member dials by a proxy.
func through(proxy, member string) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, proxy)
		if err != nil {
			return nil, err
		}
		if _, err := fmt.Fprintf(c, "%s %s\n", member, address); err != nil {
			c.Close()
			return nil, err
		}
		return c, nil
	}
}

func (p *proxy) accept() {
	for {
		c, err := p.listen.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(10 * time.Millisecond) // out of files, most likely: some will be closed
			continue
		}
		p.running.Go(func() { p.join(c) })
	}
}

// join connects a member to the broker that it asks for.
func (p *proxy) join(c net.Conn) {
	lines := bufio.NewReaderSize(c, 4<<10)
	c.SetReadDeadline(time.Now().Add(5 * time.Second))
	line, err := lines.ReadSlice('\n')
	member, target, ok := strings.Cut(strings.TrimSpace(string(line)), " ")
	broker := p.names[target]
	if err != nil || !ok || broker == "" {
		c.Close()
		return
	}
	c.SetReadDeadline(time.Time{})
	other, err := net.DialTimeout("tcp", target, 5*time.Second)
	if err != nil {
		c.Close()
		return
	}
	r := &relayed{member, broker, [2]net.Conn{c, other}}
	p.mu.Lock()
	refused := p.closed || p.links[way{member, broker}].Reject || p.links[way{broker, member}].Reject
	if refused {
		p.hits[way{member, broker}]++
		p.hits[way{broker, member}]++
	} else {
		p.conns[r] = true
		p.running.Go(func() { p.pump(lines, other, way{member, broker}, r) })
		p.running.Go(func() { p.pump(other, c, way{broker, member}, r) })
	}
	p.mu.Unlock()
	if refused {
		r.close()
	}
}

// chunk is what was read at once, and when it may go on.
type chunk struct {
	data []byte
	due  time.Time
}

// underWay is how many chunks one direction holds at most; a slow link slows its sender down.
const underWay = 256

// pump carries one direction of a connection until it breaks.
func (p *proxy) pump(from io.Reader, to io.Writer, w way, r *relayed) {
	defer p.end(r)
	chunks := make(chan chunk, underWay)
	p.running.Go(func() {
		defer close(chunks)
		for {
			data := make([]byte, 32<<10)
			n, err := from.Read(data)
			if n > 0 {
				chunks <- chunk{data[:n], time.Now().Add(p.latency(w))}
			}
			if err != nil {
				return
			}
		}
	})
	var broken bool
	for c := range chunks {
		if broken {
			continue // the reader ends with its connection
		}
		if wait := time.Until(c.due); wait > 0 {
			time.Sleep(wait)
		}
		p.whileHeld(w, r, len(c.data))
		if _, err := to.Write(c.data); err != nil {
			broken = true
			r.close()
		}
	}
}

// retransmission is how much later a lost packet arrives: TCP's first time-out, on a network of a machine.
const retransmission = 200 * time.Millisecond

// latency is how long a link takes for what is sent now. What it loses comes later.
func (p *proxy) latency(w way) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	state := p.links[w]
	wait := state.Delay
	if state.Jitter > 0 {
		wait += rand.N(state.Jitter)
	}
	for state.Loss > 0 && rand.Float64() < min(state.Loss, 0.9) {
		wait += retransmission
	}
	if state.Cut || state.Bytes > 0 || wait > 0 {
		p.hits[w]++
	}
	return wait
}

// whileHeld waits as long as a link is cut and its connection lasts; where it is throttled, also until so many bytes
// have had their turn.
func (p *proxy) whileHeld(w way, r *relayed, bytes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	began := time.Now()
	for p.conns[r] && !p.closed {
		link := p.links[w]
		turn := time.Duration(0)
		if link.Bytes > 0 {
			turn = time.Until(began.Add(time.Duration(float64(bytes) / link.Bytes * float64(time.Second))))
		}
		if !link.Cut && turn <= 0 {
			return
		}
		if turn > 0 {
			time.AfterFunc(turn, p.changed.Broadcast)
		}
		p.changed.Wait()
	}
}

// end closes a connection of which one direction has ended.
func (p *proxy) end(r *relayed) {
	p.mu.Lock()
	delete(p.conns, r)
	p.changed.Broadcast()
	p.mu.Unlock()
	r.close()
}

// set says what is wrong with one direction between two processes.
func (p *proxy) set(from, to string, state fault.LinkState) {
	p.mu.Lock()
	p.links[way{from, to}] = state
	p.changed.Broadcast()
	p.mu.Unlock()
	if state.Reject {
		p.reset(from, to)
	}
}

// reset breaks the connections between two processes.
func (p *proxy) reset(a, b string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for r := range p.conns {
		if r.member == a && r.broker == b || r.member == b && r.broker == a {
			p.hits[way{a, b}]++
			p.hits[way{b, a}]++
			delete(p.conns, r)
			r.close()
		}
	}
	p.changed.Broadcast()
}

// met is how much has met what was wrong with one direction so far.
func (p *proxy) met(from, to string) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hits[way{from, to}]
}

// close ends every connection.
func (p *proxy) close() {
	p.mu.Lock()
	p.closed = true
	for r := range p.conns {
		r.close()
	}
	p.changed.Broadcast()
	p.mu.Unlock()
	p.listen.Close()
	p.running.Wait()
}

package process

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/flinch-dev/flinch/chaos/process/broker"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/cluster"
)

// Conductor runs a cluster whose JobManagers and TaskManagers are real processes. Between two calls of Run the
// world stands still and may be looked at and changed; while Run waits, members move it.
type Conductor struct {
	*cluster.Cluster
	cfg     cluster.Config
	ledger  *ledger
	parts   *started       // nil until they are
	served  *broker.Server // the model of Kafka, if it is on TCP
	kafka   *realKafka     // nil: the model
	proxy   *proxy         // to served or kafka
	began   time.Time
	sleeps  time.Duration // until when the world stands still if nothing happens to it
	node    *live.Node
	mail    net.Listener
	control net.Listener
	woken   chan struct{}

	mu       sync.Mutex // held by whoever may touch the world
	members  map[string]*member
	services map[string]*service
	broken   error // what keeps the harness itself from going on
	closed   bool
	reaped   sync.WaitGroup
}

// New starts the parts and the world; members are started as time begins to pass. Close must be called in the end.
func New(cfg cluster.Config, parts Parts) (*Conductor, error) {
	c := &Conductor{cfg: cfg, woken: make(chan struct{}, 1), members: map[string]*member{}, services: map[string]*service{}}
	if err := c.prepare(parts); err != nil {
		return nil, errors.Join(fmt.Errorf("start real processes: %w", err), c.release())
	}
	go c.accept()
	c.mu.Lock()
	c.began = time.Now()
	c.cfg.Outside = c
	c.Cluster = cluster.New(c.cfg)
	c.Observe(c.follow)
	return c, nil
}

// prepare starts and reaches all that the world stands on.
func (c *Conductor) prepare(parts Parts) (err error) {
	if given := parts.withDefaults().Kafka; c.cfg.Input.Producer != nil && kafkaModels[given] == "" {
		return fmt.Errorf("the application before the job (pipeline.source.producer) can write to the model of Kafka only, and %s is another one: "+
			"leave --kafka out, or run a scenario without it", given)
	}
	if c.ledger, err = openLedger(); err != nil {
		return err
	}
	if c.parts, err = parts.start(c.ledger.folder, c.cfg.Kafka.TransactionMaxTimeout); err != nil {
		return err
	}
	kafka := c.reachKafka
	if parts.withDefaults().Kafka == Served {
		kafka = c.serveKafka
	}
	for _, reach := range []func() error{c.reachHA, c.reachStorage, kafka} {
		if err := reach(); err != nil {
			return err
		}
	}
	if c.mail, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return fmt.Errorf("listen for the members' mail: %w", err)
	}
	if c.control, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return fmt.Errorf("listen for the members' notes: %w", err)
	}
	c.node = live.Start(live.Config{Name: "harness", Listen: c.mail, Resolve: c.resolve, Relay: c.relay, Log: slog.New(slog.DiscardHandler)})
	return nil
}

// Run lets real time pass, and the world's with it, up to a time since the start.
func (c *Conductor) Run(until time.Duration) {
	for {
		now := time.Since(c.began)
		c.Cluster.Run(min(now, until))
		if now >= until {
			return
		}
		wait := until - now
		if next, ok := c.Next(); ok {
			wait = min(wait, max(next-now, 0))
		}
		c.sleeps = now + wait
		c.mu.Unlock()
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-c.woken:
		case <-c.node.Done():
		}
		timer.Stop()
		c.mu.Lock()
		select {
		case <-c.node.Done():
			c.broken = errors.Join(c.broken, fmt.Errorf("the harness's own mail has stopped: %w", c.node.Err()))
		default:
		}
		if c.Broken() != nil {
			return
		}
	}
}

// Broken says why the harness cannot go on, or nil. It is no word on the cluster.
func (c *Conductor) Broken() error {
	switch {
	case c.broken != nil:
		return c.broken
	case c.served != nil:
		return c.served.Err()
	case c.kafka != nil:
		return c.kafka.err()
	}
	return nil
}

// Settle reads along to the end what a real Kafka holds, before it is collected.
func (c *Conductor) Settle() error {
	if c.kafka == nil {
		return nil
	}
	return c.kafka.settle(c.History())
}

// relay takes mail of a member into the world.
func (c *Conductor) relay(from, to mailbox.Addr, m mailbox.Msg) {
	c.in(func() { c.Enter(from, to, m) })
}

// Mail brings mail out of the world to a member. It is called by the world.
func (c *Conductor) Mail(from, to mailbox.Addr, m mailbox.Msg) {
	if s := c.services[to.Process()]; s != nil {
		s.request(from, m)
		return
	}
	if _, is := c.brokerOf(to.Process()); is {
		c.served.Deliver(from, to, m)
		return
	}
	if member := c.members[to.Process()]; member == nil || member.listens == "" {
		c.Bounce(from, to, m)
		return
	}
	c.node.Send(from, to, m)
}

// resolve says where a member listens. One that has not said so yet is not there.
func (c *Conductor) resolve(name string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.members[name]; m != nil && m.listens != "" {
		return m.listens, nil
	}
	return "", fmt.Errorf("%s is not up", name)
}

// Start starts a life of a process.
func (c *Conductor) Start(name string, _ int) {
	if n, is := c.brokerOf(name); is {
		c.served.Boot(n)
		return
	}
	m, err := c.spawn(name)
	if err != nil {
		c.NoteOf(name, name, history.Violation{Invariant: "start", Detail: err.Error()})
		return
	}
	c.members[name] = m
	c.reaped.Add(1)
	go c.reap(m)
}

// reap notices the end of a member. One that nobody has killed has ended by itself, and the supervisor hears of it.
func (c *Conductor) reap(m *member) {
	defer c.reaped.Done()
	m.cmd.Wait()
	c.in(func() {
		if c.members[m.name] == m {
			delete(c.members, m.name)
			c.node.Forget(m.name)
			c.Fail(m.name, m.lastWords(), m.asserted())
		}
	})
}

// follow does to members and brokers what happens to their stand-ins. It is called while the world is held.
func (c *Conductor) follow(e history.Entry) {
	switch ev := e.Event.(type) {
	case history.ProcessStopped:
		if n, is := c.brokerOf(ev.Name); is {
			c.served.Kill(n)
		}
		if m := c.members[ev.Name]; m != nil {
			delete(c.members, ev.Name)
			m.kill()
			c.node.Forget(ev.Name)
		}
	case history.ProcessPaused:
		if m := c.members[ev.Name]; m != nil {
			m.pause()
		}
	case history.ProcessResumed:
		if m := c.members[ev.Name]; m != nil {
			m.resume()
		}
	}
}

// Close ends every member and leaves nothing behind. The history stays.
func (c *Conductor) Close() error {
	c.closed = true
	for name, m := range c.members {
		delete(c.members, name)
		m.kill()
	}
	c.mu.Unlock()
	c.reaped.Wait()
	err := c.release()
	c.mu.Lock()
	return err
}

// release ends what the harness itself has open.
func (c *Conductor) release() (err error) {
	if c.node != nil {
		err = c.node.Stop() // it closes c.mail
	} else if c.mail != nil {
		err = c.mail.Close()
	}
	if c.control != nil {
		err = errors.Join(err, c.control.Close())
	}
	for _, s := range c.services {
		s.close()
	}
	if c.proxy != nil {
		c.proxy.close()
	}
	if c.served != nil {
		err = errors.Join(err, c.served.Close())
	}
	if c.kafka != nil {
		c.kafka.close()
	}
	if c.ledger != nil {
		err = errors.Join(err, c.ledger.close())
	}
	if c.parts != nil {
		c.parts.stop()
	}
	return err
}

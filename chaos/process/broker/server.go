package broker

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// Config says what is served, and where. The zero Config is three empty brokers on free ports of the loopback interface.
type Config struct {
	Listen      string // host:port of broker 0, the others take the ports after it; port 0: free ones
	AllowRemote bool   // Listen may be of another interface than the loopback one
	// Kafka describes the cluster. How it tells the time and is reached is the server's business. Delays that are zero
	// are as short as can be.
	Kafka kafka.Config
	// RestartAfter is how long a broker that was killed stays away, 10 s: longer than others wait for it.
	RestartAfter time.Duration
	Topics       []Topic       // that are there from the start
	Faults       []fault.Fault // by time, or by protocol step, since the start
	Log          *slog.Logger  // nil: silence
}

// Topic is one that is created at the start.
type Topic struct {
	Name       string
	Partitions int
}

// Server is a cluster that is being served.
type Server struct {
	log       *slog.Logger
	listeners []net.Listener
	began     time.Time
	running   sync.WaitGroup // listeners and connections
	done      chan struct{}  // closed at the end

	mu      sync.Mutex // the turn: it guards all that follows
	cluster *kafka.Cluster
	actors  map[mailbox.Addr]*actor
	conns   map[mailbox.Addr]*conn
	mail    []letter
	timers  timers
	alarm   *time.Timer
	alarmAt time.Duration
	asked   uint64 // requests
	joined  uint64 // connections
	restart time.Duration
	faults  *injector
	over    bool
	failed  error
}

// instant is a delay that is over at once.
var instant = kafka.Delay{Least: 1, Most: 1}

// Start listens, and serves until Close. An error says which port cannot be had, or what is wrong with the Config.
func Start(cfg Config) (*Server, error) {
	s, err := newServer(cfg)
	if err != nil {
		return nil, err
	}
	if s.listeners, err = listen(cfg.Listen, len(s.cluster.Addrs()), cfg.AllowRemote); err != nil {
		return nil, err
	}
	s.Do(func(c *kafka.Cluster) {
		for n := range c.Addrs() {
			s.boot(n)
		}
		s.faults.in.Start()
	})
	for n, l := range s.listeners {
		s.running.Go(func() { s.accept(n, l) })
	}
	return s, nil
}

// newServer returns a server that nobody can reach yet.
func newServer(cfg Config) (*Server, error) {
	s := &Server{log: cfg.Log, began: time.Now(), done: make(chan struct{}),
		actors: map[mailbox.Addr]*actor{}, conns: map[mailbox.Addr]*conn{}, restart: cmp.Or(cfg.RestartAfter, 10*time.Second)}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.alarm = time.AfterFunc(never, s.ring)
	k := &cfg.Kafka
	for _, d := range []*kafka.Delay{&k.Replication, &k.TxnReplication, &k.MarkerGap, &k.Load} {
		if *d == (kafka.Delay{}) {
			*d = instant
		}
	}
	k.Now, k.Wake, k.Advertised = s.now, s.wake, s.advertised
	k.Unanswered = s.unanswered
	k.Decompress = (&unpacker{}).unpack
	s.cluster = kafka.NewCluster(*k)
	for _, t := range cfg.Topics {
		if s.cluster.Partition(t.Name, 0) != nil {
			return nil, fmt.Errorf("create topic %s: it is named twice; name it once", t.Name)
		}
		s.cluster.CreateTopic(t.Name, t.Partitions)
	}
	var err error
	s.faults, err = newInjector(s, cfg.Faults)
	return s, err
}

// Addrs are the bootstrap servers of a client, as host:port: the brokers in their order.
func (s *Server) Addrs() []string {
	all := make([]string, len(s.listeners))
	for n, l := range s.listeners {
		all[n] = l.Addr().String()
	}
	return all
}

// Do does something to the cluster between two of its steps, and lets what follows from it happen.
func (s *Server) Do(something func(*kafka.Cluster)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.over {
		s.step(func() { something(s.cluster) })
	}
}

// Done is closed when the server has ended: by Close, or since the model found itself wrong.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err is why the server ended by itself, or nil.
func (s *Server) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failed
}

// Close ends all connections and returns when nothing of the server runs any more.
func (s *Server) Close() error {
	s.mu.Lock()
	s.end(nil)
	s.mu.Unlock()
	s.running.Wait()
	return s.Err()
}

// end makes everybody stop. The caller has the turn.
func (s *Server) end(cause error) {
	if s.over {
		return
	}
	s.over, s.failed = true, cause
	s.alarm.Stop()
	close(s.done) // before anybody wonders why a connection breaks
	for _, l := range s.listeners {
		l.Close()
	}
	for _, c := range s.conns {
		c.net.Close()
	}
}

// accept takes connections to one broker.
func (s *Server) accept(node int, l net.Listener) {
	for {
		nc, err := l.Accept()
		select {
		case <-s.done:
			if err == nil {
				nc.Close()
			}
			return
		default:
		}
		if err != nil {
			s.log.Warn("a connection could not be taken", "broker", node, "cause", err)
			select {
			case <-s.done:
			case <-time.After(10 * time.Millisecond): // out of files, most likely: some will be closed
			}
			continue
		}
		if c := s.join(node, nc); c != nil {
			s.running.Go(c.serve)
		}
	}
}

// join makes a client known; nil if there is nobody to know it.
func (s *Server) join(node int, nc net.Conn) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		nc.Close()
		return nil
	}
	if s.actors[kafka.Addr(node)] == nil {
		nc.Close() // the broker is dead
		return nil
	}
	s.joined++
	c := newConn(s, mailbox.Addr(fmt.Sprintf("client-%d", s.joined)), kafka.Addr(node), nc)
	s.conns[c.addr] = c
	return c
}

// part forgets a client, and what the broker would still tell it.
func (s *Server) part(c *conn) {
	c.net.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c.addr)
	if !s.over {
		s.step(func() { s.send(c.addr, c.broker, mailbox.Disconnected{Process: string(c.addr)}) })
	}
}

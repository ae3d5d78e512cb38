package broker

import (
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
	// are as short as can be without a Host, and with one as the model has them.
	Kafka  kafka.Config
	Topics []Topic      // that are there from the start
	Log    *slog.Logger // nil: silence
	// Host is what the cluster is part of, and then no broker lives before it says so; nil: the server stands alone.
	Host Host
	// RestartAfter is how long a broker that was killed stays away, 10 s: longer than others wait for it. Without a Host.
	RestartAfter time.Duration
	// Faults strike by time, or at a step of the protocol, since the start. Without a Host.
	Faults []fault.Fault
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

	host     Host // its lock is the turn, which guards all that follows
	cluster  *kafka.Cluster
	actors   map[mailbox.Addr]*actor
	conns    map[mailbox.Addr]*conn
	mail     []letter
	settling bool
	timers   timers
	alarm    *time.Timer
	alarmAt  time.Duration
	asked    uint64 // requests
	joined   uint64 // connections
	over     bool
	failed   error // written before done is closed
}

// Start listens, and serves until Close. An error says which port cannot be had, or what is wrong with the Config.
func Start(cfg Config) (*Server, error) {
	s, err := newServer(cfg)
	if err != nil {
		return nil, err
	}
	if s.listeners, err = listen(cfg.Listen, len(s.cluster.Addrs()), cfg.AllowRemote); err != nil {
		return nil, err
	}
	if own, is := s.host.(*alone); is {
		own.begin()
	}
	for n, l := range s.listeners {
		s.running.Go(func() { s.accept(n, l) })
	}
	return s, nil
}

// newServer returns a server that nobody can reach yet.
func newServer(cfg Config) (*Server, error) {
	s := &Server{log: cfg.Log, began: time.Now(), done: make(chan struct{}),
		actors: map[mailbox.Addr]*actor{}, conns: map[mailbox.Addr]*conn{}, host: cfg.Host}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.host == nil {
		own, err := newAlone(s, &cfg)
		if err != nil {
			return nil, err
		}
		s.host = own
	}
	s.alarm = time.AfterFunc(never, s.ring)
	k := &cfg.Kafka
	k.Now, k.Wake, k.Advertised = s.host.Now, s.wake, s.advertised
	k.Unanswered = s.unanswered
	k.Decompress = (&unpacker{}).unpack
	s.cluster = kafka.NewCluster(*k)
	if err := canStrike(cfg.Faults, s.cluster.Addrs()); err != nil {
		return nil, err
	}
	for _, t := range cfg.Topics {
		if s.cluster.Partition(t.Name, 0) != nil {
			return nil, fmt.Errorf("create topic %s: there is one already; name each once, and none of Kafka's own", t.Name)
		}
		s.cluster.CreateTopic(t.Name, t.Partitions)
	}
	return s, nil
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
	s.host.Lock()
	defer s.host.Unlock()
	if !s.over {
		s.step(func() { something(s.cluster) })
	}
}

// Cluster is what is served, for whoever has the turn.
func (s *Server) Cluster() *kafka.Cluster { return s.cluster }

// Done is closed when the server has ended: by Close, or since the model found itself wrong.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err is why the server ended by itself, or nil.
func (s *Server) Err() error {
	select {
	case <-s.done:
		return s.failed
	default:
		return nil
	}
}

// Close ends all connections and returns when nothing of the server runs any more.
func (s *Server) Close() error {
	s.host.Lock()
	s.end(nil)
	s.host.Unlock()
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
	s.host.Lock()
	defer s.host.Unlock()
	if s.over {
		nc.Close()
		return nil
	}
	if s.actors[kafka.Addr(node)] == nil {
		reset(nc) // the broker is dead
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
	s.host.Lock()
	defer s.host.Unlock()
	delete(s.conns, c.addr)
	if !s.over {
		s.Deliver(c.addr, c.broker, mailbox.Disconnected{Process: string(c.addr)})
	}
}

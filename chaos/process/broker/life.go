package broker

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// session is how long a broker may be away until others lead what it led (broker.session.timeout.ms).
const session = 9 * time.Second

// boot begins a broker's next life.
func (s *Server) boot(node int) { s.settleIn(kafka.Addr(node), s.cluster.Broker(node)) }

// kill ends a broker's life, with its connections. Other brokers are told; after a while they take its place, and
// after another it comes back.
func (s *Server) kill(node int) {
	dead := kafka.Addr(node)
	delete(s.actors, dead)
	for _, c := range s.conns {
		if c.broker == dead {
			c.net.Close()
		}
	}
	for _, addr := range s.cluster.Addrs() {
		if s.actors[addr] != nil {
			s.send(dead, addr, mailbox.Disconnected{Process: string(dead)})
		}
	}
	s.after(session, &timer{do: func() {
		if s.actors[dead] == nil {
			s.cluster.FailOver(node)
		}
	}})
	s.after(s.restart, &timer{do: func() { s.boot(node) }})
}

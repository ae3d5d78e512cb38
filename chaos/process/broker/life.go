package broker

import (
	"net"

	"github.com/flinch-dev/flinch/sim/kafka"
)

// Boot begins a broker's next life.
func (s *Server) Boot(node int) {
	s.step(func() { s.settleIn(kafka.Addr(node), s.cluster.Broker(node)) })
}

// Kill ends a broker's life, with its connections.
func (s *Server) Kill(node int) {
	dead := kafka.Addr(node)
	if a := s.actors[dead]; a != nil {
		a.dead = true
		delete(s.actors, dead)
	}
	for _, c := range s.conns {
		if c.broker == dead {
			reset(c.net)
		}
	}
}

// reset ends a connection as one that is lost is ended, or a dead process's. An orderly end before the first answer looks
// to some clients as if TLS were missing, and they give up.
func reset(nc net.Conn) {
	if tcp, is := nc.(*net.TCPConn); is {
		tcp.SetLinger(0)
	}
	nc.Close()
}

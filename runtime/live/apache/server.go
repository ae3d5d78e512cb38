package apache

import (
	"errors"
	"fmt"
	"strings"
)

// Server is a ZooKeeper or a Kafka cluster: a process per node, on this machine. Its methods are called from one
// goroutine at a time.
type Server struct {
	Addr    string // host:port of every node, with commas between them
	Version string // of the program
	name    string
	nodes   []*node
}

// serve starts all nodes, and waits until each of them serves.
func serve(name string, a *artefact, nodes []*node) (*Server, error) {
	s := &Server{Version: a.version, name: name, nodes: nodes}
	var addrs []string
	for i, n := range nodes {
		addrs = append(addrs, n.addr)
		if err := n.launch(); err != nil {
			s.Stop()
			return nil, s.wrap("start", i, err)
		}
	}
	s.Addr = strings.Join(addrs, ",")
	for i, n := range nodes {
		if err := n.ready(); err != nil {
			s.Stop()
			return nil, s.wrap("start", i, err)
		}
	}
	return s, nil
}

func (s *Server) wrap(doing string, node int, err error) error {
	return fmt.Errorf("%s node %d of %s %s: %w", doing, node, s.name, s.Version, err)
}

// Nodes is how many there are. They are numbered from 0, in the order of Addr.
func (s *Server) Nodes() int { return len(s.nodes) }

// Kill ends nodes with SIGKILL and returns when they are no more. What they have stored stays.
func (s *Server) Kill(nodes ...int) error {
	for _, node := range nodes {
		if err := s.nodes[node].kill(); err != nil {
			return s.wrap("kill", node, err)
		}
	}
	return nil
}

// Start starts nodes that were killed, with their former data and addresses, and returns when they serve. Where most of
// a cluster is dead no node serves alone: start them with one call.
func (s *Server) Start(nodes ...int) error {
	for _, node := range nodes {
		if s.nodes[node].cmd != nil {
			return s.wrap("start", node, errors.New("it was not killed; kill it first"))
		}
		if err := s.nodes[node].launch(); err != nil {
			return s.wrap("start", node, err)
		}
	}
	for _, node := range nodes {
		if err := s.nodes[node].ready(); err != nil {
			return s.wrap("start", node, err)
		}
	}
	return nil
}

// Stop kills all nodes, and returns when they are no more.
func (s *Server) Stop() {
	for _, n := range s.nodes {
		n.kill() // if its process cannot be killed there is nothing else to try
	}
}

package broker

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
)

// anywhere is where to listen if nobody says where: a free port that nobody else can reach.
const anywhere = "127.0.0.1:0"

// listen opens the ports of n brokers, which follow each other, or are any free ones if the first is 0.
func listen(at string, n int, remote bool) (all []net.Listener, err error) {
	defer func() {
		if err != nil {
			for _, l := range all {
				l.Close()
			}
		}
	}()
	if at == "" {
		at = anywhere
	}
	addr, err := net.ResolveTCPAddr("tcp", at)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w; write host:port, for example 127.0.0.1:9092", at, err)
	}
	switch {
	case addr.IP == nil || addr.IP.IsUnspecified():
		return nil, fmt.Errorf("listen on %s: clients are told this address, and it is none; name one of this machine", at)
	case !addr.IP.IsLoopback() && !remote:
		return nil, fmt.Errorf("listen on %s: that is not the loopback interface, and everybody who reaches it may do anything; "+
			"if that is meant, add --allow-remote", at)
	case addr.Port > 0 && addr.Port+n-1 > 65535:
		return nil, fmt.Errorf("listen on %s: %d brokers need as many ports from there on; begin at a lower one", at, n)
	}
	for range n {
		l, err := net.ListenTCP("tcp", addr)
		if errors.Is(err, syscall.EADDRINUSE) {
			return all, fmt.Errorf("listen on %s: %w: another program has that port; name another, or 0", addr, syscall.EADDRINUSE)
		}
		if err != nil {
			return all, fmt.Errorf("listen on %s: %w; name an address of this machine", addr, err)
		}
		all = append(all, l)
		if addr.Port > 0 {
			addr.Port++
		}
	}
	return all, nil
}

// advertised is where clients reach a broker.
func (s *Server) advertised(node int) (host string, port int32) {
	if len(s.listeners) == 0 {
		return "", 0 // it cannot be reached at all
	}
	host, text, _ := net.SplitHostPort(s.listeners[node].Addr().String())
	n, _ := strconv.Atoi(text) // a listener knows its port
	return host, int32(n)
}

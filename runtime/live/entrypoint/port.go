package entrypoint

import (
	"fmt"
	"net"
	"strconv"

	"github.com/flinch-dev/flinch/runtime/config"
)

// port is where a process listens: on the first of the ports that is free.
type port struct {
	host  string
	ports []int
	key   string // of Flink's configuration, by which the ports are chosen
	risk  string // what everybody who reaches it may do
}

// rpc is the port of the mail between processes.
func rpc(at config.Endpoint, key string) port {
	return port{at.BindHost, []int{at.Port}, key, "do anything; if that is meant, add --allow-remote, and TLS"}
}

// open opens the port; one that is not of the loopback interface only if that was asked for.
func (p port) open(remote bool) (net.Listener, error) {
	at, err := net.ResolveTCPAddr("tcp", net.JoinHostPort(p.host, "0"))
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", p, err)
	}
	if !at.IP.IsLoopback() && !remote {
		return nil, fmt.Errorf("listen on %s: that is not the loopback interface, and everybody who reaches it may %s", p, p.risk)
	}
	for _, at.Port = range p.ports {
		var l *net.TCPListener
		if l, err = net.ListenTCP("tcp", at); err == nil {
			return l, nil
		}
	}
	return nil, fmt.Errorf("listen on %s: %w; if the port is taken, set %s to another, or to 0 for a free one", p, err, p.key)
}

// String names the ports that are tried.
func (p port) String() string {
	all := net.JoinHostPort(p.host, strconv.Itoa(p.ports[0]))
	if last := len(p.ports) - 1; last > 0 {
		all += fmt.Sprintf(" ... %d", p.ports[last])
	}
	return all
}

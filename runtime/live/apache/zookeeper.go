package apache

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// ZooKeeper starts a ZooKeeper of one node that keeps its data in dir. Started again with the same dir it has all that
// it had, under another port. Sessions may have timeouts from 400 ms to 1 min.
func ZooKeeper(dir string) (*Server, error) {
	a, err := obtainZooKeeper()
	if err != nil {
		return nil, fmt.Errorf("start ZooKeeper: %w", err)
	}
	n, err := zooKeeperNode(a, dir)
	if err != nil {
		return nil, fmt.Errorf("start ZooKeeper %s in %s: %w", a.version, dir, err)
	}
	return serve("ZooKeeper", a, []*node{n})
}

func zooKeeperNode(a *artefact, dir string) (*node, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	addrs, err := freeAddrs(1)
	if err != nil {
		return nil, err
	}
	addr := addrs[0]
	host, port, _ := net.SplitHostPort(addr)
	file := filepath.Join(dir, "zoo.cfg")
	return &node{
			dir: dir, addr: addr,
			args:    java(a, "128m", "org.apache.zookeeper.server.ZooKeeperServerMain", file),
			answers: func(ctx context.Context) error { return zooKeeperServes(ctx, addr) },
		}, properties{
			"dataDir":            "./data",
			"clientPortAddress":  host,
			"clientPort":         port,
			"tickTime":           "200",   // ms; a session lasts 2 ticks at least, and ends within one of its timeout
			"maxSessionTimeout":  "60000", // 20 ticks otherwise
			"maxClientCnxns":     "0",     // no limit
			"admin.enableServer": "false", // it would listen on every interface
			"forceSync":          "no",
			"preAllocSize":       "1024", // KB of its log at once, not 64 MB
		}.write(file)
}

// zooKeeperServes asks in ZooKeeper's shortest words, which it answers by default; before it is ready, with an excuse.
func zooKeeperServes(ctx context.Context, addr string) error {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	if deadline, ok := ctx.Deadline(); ok {
		c.SetDeadline(deadline)
	}
	if _, err := io.WriteString(c, "srvr"); err != nil {
		return err
	}
	said, err := io.ReadAll(c)
	if err != nil {
		return err
	}
	if !strings.Contains(string(said), "\nMode: ") {
		return fmt.Errorf("ask ZooKeeper at %s whether it serves: it says %q", addr, said)
	}
	return nil
}

package zookeeper

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/flinch-dev/flinch/runtime/live/apache"
	"github.com/flinch-dev/flinch/runtime/live/apache/apachetest"
)

// server is a ZooKeeper, real or not. What it has stored survives its death.
type server interface {
	Kill(nodes ...int) error
	Start(nodes ...int) error
	Stop()
}

// start starts a fake, or ZooKeeper itself where it is wanted: then every story is told on that.
func start(dir string) (s server, addr string, err error) {
	if !apachetest.Wanted() {
		f, err := startFake()
		return f, f.addr, err
	}
	if why := apache.Missing(); why != "" {
		return nil, "", errors.New(why)
	}
	a, err := apache.ZooKeeper(dir)
	if err != nil {
		return nil, "", err
	}
	return a, a.Addr, nil
}

// shared is the ZooKeeper of all stories that leave it alone. Each has a root of its own there.
type shared struct {
	server
	addr string
	dir  string
}

var startShared = sync.OnceValues(func() (s shared, err error) {
	if s.dir, err = os.MkdirTemp("", "zookeeper"); err == nil {
		s.server, s.addr, err = start(s.dir)
	}
	isShared.Store(true)
	return s, err
})

var (
	isShared atomic.Bool
	roots    atomic.Int64
)

func TestMain(m *testing.M) {
	flag.Set("test.parallel", "8") // the stories wait, and hardly compute
	code := m.Run()
	if isShared.Load() {
		s, err := startShared()
		if err == nil {
			s.Stop()
		}
		os.RemoveAll(s.dir)
	}
	os.Exit(code)
}

// serve returns where there is a ZooKeeper, and a root there that nobody has used.
func serve(t *testing.T) Config {
	t.Helper()
	s, err := startShared()
	if err != nil {
		t.Fatal(err)
	}
	return Config{Servers: []string{s.addr}, Root: fmt.Sprintf("/%d/flink", roots.Add(1)), Patience: patient}
}

// alone starts a ZooKeeper for one story.
func alone(t *testing.T) (server, Config) {
	t.Helper()
	s, addr, err := start(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s, Config{Servers: []string{addr}, Patience: patient}
}

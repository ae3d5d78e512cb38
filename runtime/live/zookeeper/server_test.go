package zookeeper

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/flinch-dev/flinch/runtime/live/apache"
)

// The stories are told on a fake, or on ZooKeeper itself: a JVM takes a while, so nobody gets one who has not asked.
var wantReal = os.Getenv("FLINCH_REAL_ZOOKEEPER") == "1"

// server is a ZooKeeper, real or not. What it has stored survives its death.
type server interface {
	Kill(nodes ...int) error
	Start(nodes ...int) error
	Stop()
}

func start(dir string) (s server, addr string, err error) {
	if !wantReal {
		f, err := startFake()
		return f, f.addr, err
	}
	if why := apache.Missing(); why != "" {
		return nil, "", fmt.Errorf("%s; or unset FLINCH_REAL_ZOOKEEPER", why)
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
	flag.Set("test.parallel", "16") // the stories wait, and hardly compute
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

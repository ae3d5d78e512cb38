package etcd

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/flinch-dev/flinch/runtime/live/coordination"
)

// Config is what a gateway needs.
type Config struct {
	Client *clientv3.Client // its owner closes it, after the gateway
	// Patience is how long after its request an asker hears "unavailable", when etcd has not answered.
	Patience time.Duration // 0: coordination.Patience
	Log      *slog.Logger  // nil: silence
}

// New returns a gateway, which whoever made it closes when its node has ended.
func New(cfg Config) *coordination.Gateway {
	return coordination.New(coordination.Config{Service: &cluster{cfg.Client}, Patience: cfg.Patience, Log: cfg.Log})
}

// cluster is etcd: a coordination.Service.
type cluster struct{ client *clientv3.Client }

func (c *cluster) String() string { return "etcd" }

// Explain implements coordination.Service.
func (c *cluster) Explain(err error) error {
	return fmt.Errorf("%w; see that etcd runs, and that it is reached at %s; its log may tell more", err, strings.Join(c.client.Endpoints(), ","))
}

package zookeeper

import (
	"context"
	"log/slog"
	"net"
	"time"

	"github.com/flinch-dev/flinch/runtime/live/coordination"
)

// Config is what a gateway needs. All but Servers may be left at zero.
type Config struct {
	Servers []string // host:port of the ensemble's members
	Root    string   // the node below which everything is (high-availability.zookeeper.path.root); "": /flink

	// Dial makes connections; nil: plain TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Patience is how long after its request an asker hears "unavailable", when ZooKeeper has not answered.
	Patience time.Duration // 0: coordination.Patience
	Log      *slog.Logger  // nil: silence
}

// Gateway is the actor. It belongs in a live.Node; whoever made it closes it when the node has ended.
type Gateway struct {
	*coordination.Gateway
	ensemble *ensemble
}

// New returns a gateway, which begins to dial. That nobody answers is no error: its askers will hear so.
func New(cfg Config) (*Gateway, error) {
	e, err := join(cfg)
	if err != nil {
		return nil, err
	}
	e.background.Go(e.listen)
	return &Gateway{coordination.New(coordination.Config{Service: e, Patience: cfg.Patience, Log: cfg.Log}), e}, nil
}

// Close ends all that was asked, and returns when nothing is under way any more. Sessions go on until they run out.
func (g *Gateway) Close() {
	g.Gateway.Close()
	g.ensemble.leave()
}

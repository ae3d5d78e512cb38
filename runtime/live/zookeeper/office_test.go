package zookeeper

import (
	"testing"

	"github.com/flinch-dev/flinch/runtime/election/coordtest"
	"github.com/flinch-dev/flinch/runtime/live/coordination/gatewaytest"
)

const patient = gatewaytest.Patience

var (
	write  = gatewaytest.Write
	remove = gatewaytest.Delete
)

// office is a process with a gateway, and with the askers in it.
type office struct {
	*gatewaytest.Office
	ensemble *ensemble
}

func open(t *testing.T, cfg Config) office {
	t.Helper()
	g := gateway(t, cfg)
	return office{gatewaytest.Open(t, g), g.ensemble}
}

func gateway(t *testing.T, cfg Config) *Gateway {
	t.Helper()
	g, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// The gateway keeps the contract that the model keeps, and that to etcd.
func TestContract(t *testing.T) {
	t.Parallel()
	coordtest.Run(t, func(t *testing.T) coordtest.Service {
		t.Parallel()
		return open(t, serve(t))
	})
}

// What a gateway knows is in ZooKeeper.
func TestSessionsAreOfAllGateways(t *testing.T) {
	t.Parallel()
	cfg := serve(t)
	gatewaytest.SharesSessions(open(t, cfg).Office, open(t, cfg).Office)
}

func TestElectionOnZooKeeper(t *testing.T) {
	t.Parallel()
	gatewaytest.Elects(t, func(t *testing.T) gatewaytest.Gateway { return gateway(t, serve(t)) })
}

package zookeeper

import (
	"testing"

	"github.com/flinch-dev/flinch/runtime/election/coordtest"
)

// The gateway keeps the contract that the model keeps, and that to etcd.
func TestContract(t *testing.T) {
	t.Parallel()
	coordtest.Run(t, func(t *testing.T) coordtest.Service {
		t.Parallel()
		return open(t, serve(t))
	})
}

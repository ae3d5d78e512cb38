package process

import (
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/sim/cluster"
)

// An application that writes the input in transactions lives in the world, and has a client of the model: a real Kafka is
// out of its reach, which is said before anything is started.
func TestAnApplicationBeforeTheJobNeedsTheModel(t *testing.T) {
	cfg := cluster.Config{Input: cluster.Input{Topic: "orders", Producer: &cluster.Producer{TransactionalID: "orders-app"}}}
	_, err := New(cfg, Parts{Kafka: "kfake"})
	if err == nil || !strings.Contains(err.Error(), "pipeline.source.producer") || !strings.Contains(err.Error(), "kfake is another one") {
		t.Errorf("it says %v", err)
	}
}

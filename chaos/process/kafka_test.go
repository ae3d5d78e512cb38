//go:build unix

package process

import (
	"testing"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/sim/cluster"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// committed is how many records of the output a read_committed reader sees.
func committed(t *testing.T, c *Conductor) (n int) {
	t.Helper()
	if err := c.Settle(); err != nil {
		t.Fatal(err)
	}
	for row := range c.Log.Dump("out") {
		if row.Fate == kafka.Committed && row.Visible >= 0 {
			n++
		}
	}
	return n
}

// standstill waits until nothing is committed any more, and returns what has been. A commit may have been on its last step.
func standstill(t *testing.T, c *Conductor) (before int) {
	t.Helper()
	waits(t, c, "nothing is committed any more", func() bool {
		before = committed(t, c)
		c.Run(c.Now() + 3*checkpointInterval)
		return committed(t, c) == before
	})
	return before
}

// A member's own client writes to a real Kafka: what it holds comes transaction by transaction, as its logs show it.
// A cut on the way to it holds the output back, and nothing of it is lost.
func TestAKafkaThatIsRealIsReadAlong(t *testing.T) {
	c := conduct(t, Parts{Kafka: partKfake})
	waits(t, c, "output is committed", func() bool { return committed(t, c) > 0 })
	for b := range c.kafka.brokers {
		c.SetLink("taskmanager-0", cluster.Broker(b), fault.LinkState{Cut: true})
	}
	before := standstill(t, c)
	for b := range c.kafka.brokers {
		c.SetLink("taskmanager-0", cluster.Broker(b), fault.LinkState{})
	}
	waits(t, c, "output is committed again", func() bool { return committed(t, c) > before })

	states := map[string]int{}
	for _, e := range c.kafka.Events() {
		switch ev := e.Event.(type) {
		case history.Transaction:
			if ev.ID == "" {
				t.Errorf("a transaction without a name: %+v", ev)
			}
			states[ev.State]++
		case history.MarkerAppended:
			states["marker"]++
		}
	}
	if states["CompleteCommit"] == 0 || states["CompleteCommit"] > states["PrepareCommit"] || states["PrepareCommit"] > states["Ongoing"] || states["marker"] < states["CompleteCommit"] {
		t.Errorf("the steps of the transactions: %v", states)
	}
}

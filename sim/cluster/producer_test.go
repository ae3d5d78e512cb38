package cluster_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/cluster"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// fed is a Kafka with a topic that an application writes, and no job that reads it.
func fed(naming cluster.Naming, rows []cluster.Row) *cluster.Cluster {
	return cluster.New(cluster.Config{World: sim.Config{Seed: 7}, Cores: 2, RestartAfter: time.Second,
		Input: cluster.Input{Topic: "in", Partitions: 2, Rate: 100, Keys: 10, ValueMax: 9, Seed: 7, Until: 20 * time.Second, Rows: rows,
			Producer: &cluster.Producer{TransactionalID: "app", Naming: naming, Interval: time.Second, Abort: 0.2, Timeout: 30 * time.Second}}})
}

// committed are the records of the topic by number, and how often each can be read.
func committed(c *cluster.Cluster) map[int64]int {
	times := map[int64]int{}
	for row := range c.Log.Dump("in") {
		if row.Fate == kafka.Committed {
			times[row.Origin.Offset]++
		}
	}
	return times
}

// What an application writes is the same input as is appended without one, and it is over when all of it is committed.
func TestAnApplicationWritesTheInput(t *testing.T) {
	for name, c := range map[string]*cluster.Cluster{"made up": fed(cluster.ByApplication, nil),
		"of a file": fed(cluster.ByApplication, make([]cluster.Row, 2000))} {
		c.Run(10 * time.Second)
		if c.Input.Done() || c.Input.Pending() == "" {
			t.Errorf("%s: after 10 s of 20, done is %v, and pending %q", name, c.Input.Done(), c.Input.Pending())
		}
		c.Kill("producer-0")
		c.Run(40 * time.Second)
		if pending := c.Input.Pending(); !c.Input.Done() || pending != "" {
			t.Errorf("%s: done is %v, and pending %q", name, c.Input.Done(), pending)
		}
		times := committed(c)
		for n := range int64(2000) {
			if times[n] != 1 {
				t.Fatalf("%s: record %d can be read %d times", name, n, times[n])
			}
		}
		if sent := c.Input.Sent(); sent <= 2000 || sent != c.Log.End("in") {
			t.Errorf("%s: %d offsets are sent; there are 2000 records, and the ends of transactions", name, sent)
		}
	}
}

// When the input is stopped, what was due is written, and no more.
func TestAStoppedInputIsWrittenToItsEnd(t *testing.T) {
	c := fed(cluster.ByApplication, nil)
	c.Run(5 * time.Second)
	c.Input.Stop()
	c.Run(10 * time.Second)
	if times := committed(c); len(times) != 500 || c.Input.Pending() != "" {
		t.Errorf("%d records of 500; pending %q", len(times), c.Input.Pending())
	}
}

// Another instance takes the place of one that goes on. Nobody restarts the former, not even at the end of a run.
func TestAnInstanceIsReplaced(t *testing.T) {
	c := fed(cluster.ByApplication, nil)
	c.Run(5 * time.Second)
	c.ReplaceProducer("producer-0")
	c.Run(15 * time.Second)
	if c.Up("producer-0") || !c.Up("producer-1") {
		t.Errorf("producer-0 is up: %v, producer-1: %v; the former was to be fenced", c.Up("producer-0"), c.Up("producer-1"))
	}
	c.Restart("producer-0")
	c.Run(40 * time.Second)
	if c.Up("producer-0") {
		t.Error("producer-0 was started again")
	}
	if times := committed(c); len(times) != 2000 {
		t.Errorf("%d records of 2000", len(times))
	}
}

// Who has which transactional id, after a restart and a replacement.
func TestTransactionalIDs(t *testing.T) {
	for naming, want := range map[cluster.Naming]string{
		cluster.ByApplication: "app app app",
		cluster.ByInstance:    "app-0 app-0 app-1",
		cluster.ByStart:       "app-0-1 app-0-2 app-1-1",
	} {
		c := fed(naming, nil)
		c.Run(3 * time.Second)
		c.Kill("producer-0")
		c.Run(50 * time.Second)
		c.ReplaceProducer("producer-0")
		c.Run(60 * time.Second)
		var ids []string
		for _, e := range c.History() {
			if ready, ok := e.Event.(history.ProducerReady); ok {
				ids = append(ids, ready.TransactionalID)
			}
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("by %s: %s, want %s", naming, got, want)
		}
	}
}

// A record is its number's alone: another seed makes others, another producer does not.
func TestARecordDependsOnItsNumber(t *testing.T) {
	text := func(c *cluster.Cluster) string {
		var b strings.Builder
		for n := range int64(50) {
			r := c.Input.Record(n)
			fmt.Fprintf(&b, "%s=%d@%d ", r.Key, r.Value, r.Time)
		}
		return b.String()
	}
	if a, b := fed(cluster.ByApplication, nil), fed(cluster.ByStart, nil); text(a) != text(b) {
		t.Errorf("two applications have different orders:\n%s\n%s", text(a), text(b))
	}
}

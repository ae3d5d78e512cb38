package jobmanager_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// growing is a job whose topic is given more partitions while it runs.
type growing struct {
	*stage
	dealt []string // "4@7" is partition 4 from offset 7 on
}

func grow(t *testing.T, flink map[string]string) *growing {
	g := &growing{stage: play(t, setting{job: orders(), flink: flink})}
	g.started = func(m mailbox.Msg, _ string) {
		if m, ok := m.(wire.AssignSplits); ok {
			for _, s := range m.Splits {
				g.dealt = append(g.dealt, fmt.Sprintf("%d@%d", s.Partition, s.Offset))
			}
		}
	}
	g.until("restore.completed", time.Minute)
	g.deals(time.Second, "0@0", "1@0", "2@0", "3@0")
	return g
}

// deals compares what is dealt out from now on, in any order.
func (g *growing) deals(within time.Duration, want ...string) {
	g.t.Helper()
	g.RunUntil(func() bool { return false }, g.Now()+within)
	g.mustBeSound()
	slices.Sort(g.dealt)
	if got := strings.Join(g.dealt, " "); got != strings.Join(want, " ") {
		g.t.Errorf("dealt out %q, want %q", got, want)
	}
	g.dealt = nil
}

// The topic is looked at again and again. What is new is read from the earliest offset that it has when it is found; what
// is known stays where it is.
func TestATopicGrowsWhileTheJobRuns(t *testing.T) {
	g := grow(t, map[string]string{"partition.discovery.interval.ms": "30000"})
	g.deals(time.Minute)
	g.earliest = append(g.earliest, 7, 9)
	g.deals(31*time.Second, "4@7", "5@9")
	g.earliest = []int64{40, 40, 40, 40, 40, 40, 0} // retention goes on, and one more comes
	g.deals(31*time.Second, "6@0")
}

// A checkpoint has the new partitions, so a restart finds them with their readers; without one they are dealt out again.
func TestNewPartitionsAreInTheNextCheckpoint(t *testing.T) {
	g := grow(t, map[string]string{"partition.discovery.interval.ms": "30000"})
	g.earliest = append(g.earliest, 7)
	g.deals(31*time.Second, "4@7")
	g.until("checkpoint.completed", 30*time.Second)
	g.fail("sum", 0, "the test says so")
	g.deals(9 * time.Second) // with the state of the readers
	g.silent = func(id.Attempt) bool { return true }
	g.earliest = append(g.earliest, 3)
	g.deals(31*time.Second, "5@3")
	g.silent = nil
	g.fail("sum", 0, "the test says so again")
	g.deals(9*time.Second, "5@3")
}

// By default the topic is looked at every five minutes, and never again if the interval is zero or less.
func TestHowOftenATopicIsLookedAt(t *testing.T) {
	g := grow(t, nil)
	g.earliest = append(g.earliest, 0)
	g.deals(4 * time.Minute)
	g.deals(2*time.Minute, "4@0")

	for _, never := range []map[string]string{{"partition.discovery.interval.ms": "-1"}, {"partition.discovery.interval.ms": "0"}} {
		g = grow(t, never)
		g.earliest = append(g.earliest, 0)
		g.deals(20 * time.Minute)
	}
}

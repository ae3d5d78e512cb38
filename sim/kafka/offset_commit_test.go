package kafka

import (
	"fmt"
	"testing"
	"time"
)

// A position is one when it is on every replica.
func TestOffsetCommit(t *testing.T) {
	l := newLab(t, Config{GroupReplication: Delay{time.Second, time.Second}})
	sent := l.SendTo(int32(l.GroupCoordinator("g")), 9, l.Committing(nil, 0, 42))
	l.pass(500 * time.Millisecond)
	l.is(l.Position(false, 0), "0 at -1")
	l.pass(time.Second)
	l.is(l.Position(false, 0), "0 at 42")
	l.is(l.Committed(sent()), "NONE")
	l.is(fmt.Sprint(l.CommittedOffset("g", "out", 0), l.CommittedOffset("g", "out", 1), l.CommittedOffset("none", "out", 0)), "42 -1 -1")
}

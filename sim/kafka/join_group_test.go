package kafka

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// When a group's first generation begins, and when its members may rely on what it has.
func TestClassicGroup(t *testing.T) {
	tell(t, []story{
		{"three seconds after its first member", func(l *lab) {
			alice := l.Member("alice").Asks()
			l.pass(2900 * time.Millisecond)
			l.is(fmt.Sprint(l.Answered(l.Last)), "false")
			l.pass(100 * time.Millisecond)
			l.is(fmt.Sprint(l.Answered(l.Last)), "true")
			l.is(alice.Joins(), "1 leads alice")
		}},
		{"who comes meanwhile is of it, and makes it wait once more", func(l *lab) {
			alice := l.Member("alice").Asks()
			first := l.Last
			l.pass(2 * time.Second)
			bob := l.Member("bob").Asks()
			l.pass(2 * time.Second)
			l.is(fmt.Sprint(l.Answered(first)), "false")
			l.is(alice.Joins()+", "+bob.Joins(), "1 leads alice bob, 1")
			bob.Syncs()
			l.pass(time.Second)
			l.is(fmt.Sprint(l.Answered(l.Last)), "false")
			l.is(alice.Syncs(alice, bob).Desk()+", "+bob.Desk(), "desk of alice, desk of bob")
		}},
		{"an assignment that is not on every replica yet makes nobody stable", func(l *lab) {
			l = newLab(l.t, Config{GroupReplication: Delay{time.Second, time.Second}, InitialRebalanceDelay: -1})
			alice := l.Member("alice").Asks()
			l.is(alice.Joins(), "1 leads alice")
			alice.Syncs(alice)
			l.pass(500 * time.Millisecond)
			l.is(strings.Fields(l.Group())[0], "CompletingRebalance")
			l.is(alice.Desk()+", "+l.Group(), "desk of alice, Stable alice")
		}},
		{"a coordinator that reads the group says so, but takes every heartbeat", func(l *lab) {
			alice := l.Member("alice").Asks()
			l.is(alice.Joins(), "1 leads alice")
			l.is(alice.Syncs(alice).Desk(), "desk of alice")
			l.MoveGroups(TxnPartitionOf("g"), (l.GroupCoordinator("g")+1)%3)
			l.is(alice.Beats()+", "+l.Group(), "NONE, COORDINATOR_LOAD_IN_PROGRESS")
			l.pass(time.Second)
			l.is(alice.Beats(), "NONE")
		}},
	})
}

package kafka

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Members come, go, and are not heard of; who is left agrees on a new generation.
func TestClassicGroup(t *testing.T) {
	tell(t, []story{
		{"a client is given an id and joins with it; three seconds later the first generation begins", func(l *lab) {
			alice := l.student("alice").asks()
			l.is(fmt.Sprint(alice.id != "", l.heard[alice.joined] == nil), "true true")
			l.is(l.group(), "PreparingRebalance ?")
			l.pass(3 * time.Second)
			l.is(alice.joins(), "1 leads alice")
			l.is(l.group(), "CompletingRebalance ?")
			l.is(alice.syncs(alice).desk(), "desk of alice")
			l.is(l.group()+", "+alice.beats(), "Stable alice, NONE")
		}},
		{"who comes meanwhile is of the first generation, and makes it wait once more", func(l *lab) {
			alice := l.student("alice").asks()
			l.pass(2 * time.Second)
			bob := l.student("bob").asks()
			l.pass(2 * time.Second)
			l.is(fmt.Sprint(l.heard[alice.joined] == nil), "true")
			l.is(alice.joins()+", "+bob.joins(), "1 leads alice bob, 1")
			bob.syncs()
			l.pass(time.Second)
			l.is(fmt.Sprint(l.heard[bob.synced] == nil), "true")
			l.is(alice.syncs(alice, bob).desk()+", "+bob.desk(), "desk of alice, desk of bob")
		}},
		{"who comes later makes all join again", func(l *lab) {
			alice := l.class("alice")[0]
			bob := l.student("bob").asks()
			l.is(alice.beats(), "REBALANCE_IN_PROGRESS")
			l.is(l.group(), "PreparingRebalance ? ?")
			l.is(alice.asks().joins()+", "+bob.joins(), "2 leads alice bob, 2")
			l.is(bob.beats(), "NONE")
			l.is(alice.syncs(alice, bob).desk()+", "+bob.syncs().desk(), "desk of alice, desk of bob")
		}},
		{"who leaves, too", func(l *lab) {
			c := l.class("alice", "bob")
			l.is(c[0].leaves(), "NONE")
			l.is(c[1].beats(), "REBALANCE_IN_PROGRESS")
			l.is(c[1].asks().joins(), "2 leads bob")
			l.is(c[0].beats()+", "+c[0].leaves(), "UNKNOWN_MEMBER_ID, UNKNOWN_MEMBER_ID")
		}},
		{"who is not heard of for a session is out", func(l *lab) {
			c := l.class("alice", "bob")
			for range 4 {
				l.pass(4 * time.Second)
				c[1].beats()
			}
			l.is(c[1].asks().joins(), "2 leads bob")
			l.is(c[0].beats(), "UNKNOWN_MEMBER_ID")
		}},
		{"who does not join again within the rebalance timeout is out", func(l *lab) {
			c := l.class("alice", "bob")
			carol := l.student("carol").asks()
			for range 70 {
				l.pass(time.Second)
				c[0].beats() // it lives, but does not listen
			}
			l.is(c[0].beats()+", "+carol.joins(), "UNKNOWN_MEMBER_ID, 2 leads carol")
		}},
		{"who never asks for its assignment is out", func(l *lab) {
			alice, bob := l.student("alice").asks(), l.student("bob").asks()
			l.is(alice.joins()+", "+bob.joins(), "1 leads alice bob, 1")
			alice.syncs(alice, bob)
			for range 61 {
				l.pass(time.Second)
				alice.beats()
				bob.beats()
			}
			l.is(bob.beats()+", "+alice.beats(), "UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS")
		}},
		{"an id that nobody joins with is taken back", func(l *lab) {
			alice := l.class("alice")[0]
			l.send(alice.coordinator(), 4, l.student("ghost").joinRequest())
			l.student("bob").asks()
			alice.asks()
			l.pass(5 * time.Second)
			l.is(fmt.Sprint(l.heard[alice.joined] == nil), "true")
			l.is(alice.joins(), "2 leads alice bob")
		}},
		{"a group of which all have left is empty, and can be deleted", func(l *lab) {
			c := l.class("alice", "bob")
			l.is(l.commitAs(c[0], "out", 0, 5)+", "+l.deleteGroup("g"), "NONE, NON_EMPTY_GROUP")
			c[0].leaves()
			c[1].leaves()
			l.is(l.group()+", "+l.listed(), "Empty, g is Empty")
			l.failOverGroup()
			l.is(l.group(), "Empty")
			l.is(l.deleteGroup("g")+", "+l.deleteGroup("g"), "NONE, GROUP_ID_NOT_FOUND")
			l.failOverGroup()
			l.is(l.group()+", "+l.listed(), "Dead, ")
		}},
		{"the leader that joins again asks for a new assignment; a follower gets what it has missed", func(l *lab) {
			c := l.class("alice", "bob")
			l.is(c[1].asks().joins(), "1")
			c[0].asks()
			l.is(c[1].beats(), "REBALANCE_IN_PROGRESS")
			l.is(c[1].asks().joins()+", "+c[0].joins(), "2, 2 leads alice bob")
		}},
		{"who waits for an assignment when another one comes has to join again", func(l *lab) {
			alice, bob := l.student("alice").asks(), l.student("bob").asks()
			l.is(alice.joins()+", "+bob.joins(), "1 leads alice bob, 1")
			bob.syncs()
			l.pass(time.Second)
			carol := l.student("carol").asks()
			l.is(bob.desk(), "REBALANCE_IN_PROGRESS")
			l.is(alice.syncs(alice, bob).desk(), "REBALANCE_IN_PROGRESS")
			l.is(alice.asks().beats()+", "+bob.asks().joins()+", "+carol.joins(), "REBALANCE_IN_PROGRESS, 2, 2")
		}},
		{"what a member must not say", func(l *lab) {
			alice := l.class("alice")[0]
			wrong := l.student("mallory")
			wrong.id = "nobody"
			l.is(wrong.asks().joins()+", "+wrong.beats()+", "+wrong.syncs().desk(), "UNKNOWN_MEMBER_ID, UNKNOWN_MEMBER_ID, UNKNOWN_MEMBER_ID")
			alice.generation++
			l.is(alice.beats()+", "+alice.syncs().desk(), "ILLEGAL_GENERATION, ILLEGAL_GENERATION")
			try := func(change func(*kmsg.JoinGroupRequest)) string {
				req := l.student("bob").joinRequest()
				change(req)
				return name(l.ask(alice.coordinator(), 9, req).(*kmsg.JoinGroupResponse).ErrorCode)
			}
			l.is(try(func(r *kmsg.JoinGroupRequest) { r.SessionTimeoutMillis = 5999 }), "INVALID_SESSION_TIMEOUT")
			l.is(try(func(r *kmsg.JoinGroupRequest) { r.SessionTimeoutMillis = 1_800_001 }), "INVALID_SESSION_TIMEOUT")
			l.is(try(func(r *kmsg.JoinGroupRequest) { r.ProtocolType = "connect" }), "INCONSISTENT_GROUP_PROTOCOL")
			l.is(try(func(r *kmsg.JoinGroupRequest) { r.Protocols[0].Name = "other" }), "INCONSISTENT_GROUP_PROTOCOL")
			l.is(try(func(r *kmsg.JoinGroupRequest) { r.Protocols = nil }), "INCONSISTENT_GROUP_PROTOCOL")
			l.is(try(func(r *kmsg.JoinGroupRequest) { r.Group = "" }), "INVALID_GROUP_ID")
		}},
		{"another broker is not the coordinator", func(l *lab) {
			l.class("alice")
			resp := l.ask((l.GroupCoordinator("g")+1)%3, 9, l.student("bob").joinRequest()).(*kmsg.JoinGroupResponse)
			l.is(name(resp.ErrorCode), "NOT_COORDINATOR")
		}},
	})
}

// A static member keeps its place while it is away for less than a session.
func TestStaticMembers(t *testing.T) {
	class := func(l *lab) (alice, bob *student) {
		alice, bob = l.student("alice").static("a").asks(), l.student("bob").static("b").asks()
		l.is(alice.joins()+", "+bob.joins(), "1 leads alice bob, 1")
		l.is(alice.syncs(alice, bob).desk()+", "+bob.syncs().desk(), "desk of alice, desk of bob")
		return alice, bob
	}
	tell(t, []story{
		{"who comes back under the same name has the old assignment, and nobody notices", func(l *lab) {
			alice, bob := class(l)
			again := l.student("bob").static("b").asks()
			l.is(again.joins()+", "+again.syncs().desk(), "1, desk of bob")
			l.is(alice.beats(), "NONE")
			l.is(bob.beats(), "FENCED_INSTANCE_ID")
			l.failOverGroup()
			l.is(again.beats(), "NONE")
		}},
		{"a leader that comes back is told that there is nothing to assign", func(l *lab) {
			class(l)
			again := l.student("alice").static("a").asks()
			l.is(again.joins(), "1 leads alice bob, assigned already")
		}},
		{"an older one is not told that it leads", func(l *lab) {
			class(l)
			again := l.student("alice").static("a")
			again.version = 8
			l.is(again.asks().joins(), "1")
		}},
		{"whoever waits under that name is fenced", func(l *lab) {
			alice, bob := class(l)
			l.student("carol").asks()
			bob.asks()
			l.student("bob").static("b").asks()
			l.is(bob.joins()+", "+alice.beats(), "FENCED_INSTANCE_ID, REBALANCE_IN_PROGRESS")
		}},
		{"an operator can take one out by its name", func(l *lab) {
			alice, _ := class(l)
			l.is((&student{l: l}).static("b").leaves()+", "+alice.beats(), "NONE, REBALANCE_IN_PROGRESS")
			l.is((&student{l: l}).static("nobody").leaves(), "UNKNOWN_MEMBER_ID")
		}},
		{"a rebalance does not put out who is only away", func(l *lab) {
			alice, bob := class(l)
			l.student("carol").asks()
			for range 12 {
				l.pass(5 * time.Second)
				alice.beats()
				bob.beats()
			}
			l.is(strings.Fields(l.group())[0]+" "+bob.beats(), "CompletingRebalance ILLEGAL_GENERATION")
		}},
	})
}

// A group survives its coordinator: members go on where they were.
func TestGroupFailOver(t *testing.T) {
	tell(t, []story{
		{"the new coordinator reads the group, and then knows it", func(l *lab) {
			c := l.class("alice", "bob")
			old := l.GroupCoordinator("g")
			l.MoveGroups(TxnPartitionOf("g"), (old+1)%3)
			l.is(c[0].beats(), "COORDINATOR_LOAD_IN_PROGRESS")
			l.pass(time.Second)
			l.is(c[0].beats()+", "+c[1].beats()+", "+l.group(), "NONE, NONE, Stable alice bob")
			l.is(c[1].syncs().desk(), "desk of bob")
		}},
		{"who died meanwhile has one more session", func(l *lab) {
			c := l.class("alice", "bob")
			l.failOverGroup()
			for range 3 {
				l.is(c[0].beats(), "NONE")
				l.pass(4 * time.Second)
			}
			l.is(c[0].beats(), "REBALANCE_IN_PROGRESS")
		}},
		{"who waits for a rebalance is sent to the new coordinator", func(l *lab) {
			l.class("alice")
			bob := l.student("bob").asks()
			l.failOverGroup()
			l.is(bob.joins()+", "+l.group(), "NOT_COORDINATOR, Stable alice")
		}},
		{"a broker that is killed and comes back has read the group", func(l *lab) {
			c := l.class("alice")
			broker := string(Addr(l.GroupCoordinator("g")))
			l.Kill(broker)
			l.Restart(broker)
			l.pass(time.Second)
			l.is(c[0].beats()+", "+l.group(), "NONE, Stable alice")
		}},
		{"an assignment that is not on every replica yet makes nobody stable", func(l *lab) {
			l = newLab(l.t, Config{GroupReplication: Delay{time.Second, time.Second}, InitialRebalanceDelay: -1})
			alice := l.student("alice").asks()
			l.is(alice.joins(), "1 leads alice")
			alice.syncs(alice)
			l.pass(500 * time.Millisecond)
			l.is(l.group(), "CompletingRebalance ?")
			l.is(alice.desk()+", "+l.group(), "desk of alice, Stable alice")
		}},
	})
}

func (l *lab) deleteGroup(id string) string {
	req := kmsg.NewPtrDeleteGroupsRequest()
	req.Groups = []string{id}
	resp, ok := l.ask(l.GroupCoordinator(id), 2, req).(*kmsg.DeleteGroupsResponse)
	if !ok {
		return silence
	}
	return name(resp.Groups[0].ErrorCode)
}

// listed are the groups of all brokers.
func (l *lab) listed(states ...string) string {
	var said []string
	for n := range l.Addrs() {
		req := kmsg.NewPtrListGroupsRequest()
		req.StatesFilter = states
		resp, ok := l.ask(n, 5, req).(*kmsg.ListGroupsResponse)
		if !ok || resp.ErrorCode != none {
			return silence
		}
		for _, g := range resp.Groups {
			said = append(said, g.Group+" is "+g.GroupState)
		}
	}
	return strings.Join(said, ", ")
}

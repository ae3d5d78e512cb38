package conformance

import (
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Members come, go, and are not heard of; who is left agrees on a new generation.
var groups = []Case{
	{"M1", "a client is given an id, joins with it, and gives itself what there is", 0, func(l *Lab) {
		alice := l.Member("alice")
		resp, _ := l.Ask(l.GroupCoordinator("g"), 9, alice.Joining()).(*kmsg.JoinGroupResponse)
		if resp == nil || resp.MemberID == "" {
			l.Stop("it is given no id")
		}
		l.Is(Name(resp.ErrorCode), "MEMBER_ID_REQUIRED")
		alice.ID = resp.MemberID
		l.Is(alice.Asks().Joins(), "1 leads alice")
		l.Comes(Patience, "CompletingRebalance ?", l.Group) // it is shown once it is in the log
		l.Is(alice.Syncs(alice).Desk(), "desk of alice")
		l.Is(l.Group()+", "+alice.Beats(), "Stable alice, NONE")
	}},
	{"M2", "who comes later makes all join again", 0, func(l *Lab) {
		alice, bob := l.Member("alice"), l.Member("bob")
		l.class(alice)
		bob.Asks()
		alice.Hears()
		l.Is(l.Group(), "PreparingRebalance ? alice")
		l.Is(alice.Asks().Joins()+", "+bob.Joins(), "2 leads alice bob, 2")
		l.Is(bob.Beats()+", "+l.Group(), "NONE, CompletingRebalance ? alice")
		bob.Syncs()
		l.Is(alice.Syncs(alice, bob).Desk()+", "+bob.Desk(), "desk of alice, desk of bob")
		l.Is(l.Group(), "Stable alice bob")
	}},
	{"M3", "who leaves, too", 0, func(l *Lab) {
		alice, bob := l.pair()
		l.Is(alice.Leaves(), "NONE")
		l.Is(bob.Beats(), "REBALANCE_IN_PROGRESS")
		l.Is(bob.Asks().Joins(), "3 leads bob")
		l.Is(alice.Beats()+", "+alice.Leaves(), "UNKNOWN_MEMBER_ID, UNKNOWN_MEMBER_ID")
	}},
	{"M4", "who is not heard of for a session is out", 0, func(l *Lab) {
		alice, bob := l.pair()
		bob.Hears()
		l.Is(bob.Asks().Joins()+", "+alice.Beats(), "3 leads bob, UNKNOWN_MEMBER_ID")
	}},
	{"M5", "so is who lives, and does not join again within the rebalance timeout", 0, func(l *Lab) {
		alice, bob, carol := l.quick("alice"), l.quick("bob"), l.quick("carol")
		l.class(alice, bob)
		carol.Asks()
		alice.Hears()
		l.Comes(Patience, "UNKNOWN_MEMBER_ID", alice.Beats)
		l.Is(bob.Beats()+", "+carol.Joins(), "UNKNOWN_MEMBER_ID, 3 leads carol")
	}},
	{"M6", "so is who never asks for what it was given", 0, func(l *Lab) {
		alice, bob := l.quick("alice"), l.quick("bob")
		l.class(alice)
		bob.Asks()
		alice.Hears()
		l.Is(alice.Asks().Joins()+", "+bob.Joins(), "2 leads alice bob, 2")
		l.Is(alice.Syncs(alice, bob).Desk(), "desk of alice")
		l.Comes(Patience, "UNKNOWN_MEMBER_ID", bob.Beats)
		l.Is(alice.Beats(), "REBALANCE_IN_PROGRESS")
	}},
	{"M7", "an id that nobody joins with is waited for no longer than a session", 0, func(l *Lab) {
		alice, bob := l.Member("alice"), l.Member("bob")
		l.class(alice)
		began := l.Now()
		l.Ask(l.GroupCoordinator("g"), 9, l.Member("ghost").Joining())
		bob.Asks()
		alice.Hears()
		l.Is(alice.Asks().Joins()+", "+bob.Joins(), "2 leads alice bob, 2")
		if took := l.Now().Sub(began); took < sessionTimeout-100*time.Millisecond {
			l.Stop("the ghost is given up after %v", took)
		}
	}},
	{"M8", "a group of which all have left is empty, and can be deleted", 0, func(l *Lab) {
		alice, bob := l.pair()
		l.Is(alice.Commits(0, 5)+", "+l.DeleteGroup(), "NONE, NON_EMPTY_GROUP")
		l.Is(l.Groups(), "g is Stable")
		l.Is(alice.Leaves()+", "+bob.Leaves(), "NONE, NONE")
		l.Is(l.Group()+", "+l.Groups(), "Empty, g is Empty")
		l.Is(l.DeleteGroup()+", "+l.DeleteGroup(), "NONE, GROUP_ID_NOT_FOUND")
		l.Is(l.Group()+", "+l.Groups()+l.Position(false, 0), "Dead, 0 at -1")
	}},
	{"M9", "a leader that joins again asks for another assignment; a follower hears what it has missed", 0, func(l *Lab) {
		alice, bob := l.pair()
		l.Is(bob.Asks().Joins(), "2")
		alice.Asks()
		bob.Hears()
		l.Is(bob.Asks().Joins()+", "+alice.Joins(), "3, 3 leads alice bob")
	}},
	{"M10", "who waits for an assignment when somebody comes has to join again", 0, func(l *Lab) {
		alice, bob, carol := l.Member("alice"), l.Member("bob"), l.Member("carol")
		l.class(alice)
		bob.Asks()
		alice.Hears()
		l.Is(alice.Asks().Joins()+", "+bob.Joins(), "2 leads alice bob, 2")
		bob.Syncs()
		carol.Asks()
		l.Is(bob.Desk(), "REBALANCE_IN_PROGRESS")
		l.Is(alice.Syncs(alice, bob).Desk(), "REBALANCE_IN_PROGRESS")
		l.Is(l.Group(), "PreparingRebalance ? ? ?")
		alice.Asks()
		l.Is(bob.Asks().Joins()+", "+carol.Joins()+", "+alice.Joins(), "3, 3, 3 leads alice bob carol")
	}},
	{"M11", "strangers and former generations have no say", 0, func(l *Lab) {
		alice, mallory := l.Member("alice"), l.Member("mallory")
		l.class(alice)
		mallory.ID = "nobody"
		l.Is(mallory.Asks().Joins()+", "+mallory.Beats()+", "+mallory.Syncs().Desk(), "UNKNOWN_MEMBER_ID, UNKNOWN_MEMBER_ID, UNKNOWN_MEMBER_ID")
		alice.Generation++
		l.Is(alice.Beats()+", "+alice.Syncs().Desk(), "ILLEGAL_GENERATION, ILLEGAL_GENERATION")
		alice.Generation -= 2
		l.Is(alice.Beats()+", "+alice.Syncs().Desk(), "ILLEGAL_GENERATION, ILLEGAL_GENERATION")
	}},
	{"M12", "who joins speaks the group's protocol, and has a session of six seconds to half an hour", 0, func(l *Lab) {
		l.class(l.Member("alice"))
		try := func(change func(*kmsg.JoinGroupRequest)) string {
			req := l.Member("bob").Joining()
			change(req)
			resp, ok := l.Ask(l.GroupCoordinator("g"), 9, req).(*kmsg.JoinGroupResponse)
			if !ok {
				return Silence
			}
			return Name(resp.ErrorCode)
		}
		l.Is(try(func(r *kmsg.JoinGroupRequest) { r.SessionTimeoutMillis = 5999 }), "INVALID_SESSION_TIMEOUT")
		l.Is(try(func(r *kmsg.JoinGroupRequest) { r.SessionTimeoutMillis = 1_800_001 }), "INVALID_SESSION_TIMEOUT")
		l.Is(try(func(r *kmsg.JoinGroupRequest) { r.ProtocolType = "connect" }), "INCONSISTENT_GROUP_PROTOCOL")
		l.Is(try(func(r *kmsg.JoinGroupRequest) { r.Protocols[0].Name = "other" }), "INCONSISTENT_GROUP_PROTOCOL")
		l.Is(try(func(r *kmsg.JoinGroupRequest) { r.Protocols = nil }), "INCONSISTENT_GROUP_PROTOCOL")
		l.Is(try(func(r *kmsg.JoinGroupRequest) { r.Group = "" }), "INVALID_GROUP_ID")
	}},
	{"M25", "who syncs names the protocol, since version 5", 0, func(l *Lab) {
		alice := l.Member("alice")
		l.class(alice)
		try := func(version int16, change func(*kmsg.SyncGroupRequest)) string {
			req := alice.Syncing()
			change(req)
			alice.synced = l.SendTo(l.GroupCoordinator("g"), version, req)
			return alice.Desk()
		}
		l.Is(try(5, func(r *kmsg.SyncGroupRequest) { r.ProtocolType = nil }), "INCONSISTENT_GROUP_PROTOCOL")
		l.Is(try(5, func(r *kmsg.SyncGroupRequest) { r.Protocol = nil }), "INCONSISTENT_GROUP_PROTOCOL")
		l.Is(try(5, func(r *kmsg.SyncGroupRequest) { r.Protocol = kmsg.StringPtr("other") }), "INCONSISTENT_GROUP_PROTOCOL")
		l.Is(try(5, func(*kmsg.SyncGroupRequest) {}), "desk of alice")
		l.Is(try(4, func(*kmsg.SyncGroupRequest) {}), "desk of alice")
	}},
	{"M13", "only the coordinator takes members", Brokers, func(l *Lab) {
		resp, _ := l.Ask(l.Another(l.GroupCoordinator("g")), 9, l.Member("bob").Joining()).(*kmsg.JoinGroupResponse)
		l.Is(Name(resp.ErrorCode), "NOT_COORDINATOR")
	}},
	{"M14", "a static member that comes back has what it had, and nobody notices", 0, func(l *Lab) {
		alice, bob := l.staticPair(rebalanceTimeout)
		again := l.Member("bob").Static("b")
		l.Is(again.Asks().Joins()+", "+again.Syncs().Desk(), "2, desk of bob")
		l.Is(alice.Beats()+", "+bob.Beats(), "NONE, FENCED_INSTANCE_ID")
	}},
	{"M15", "one that leads is told that there is nothing to assign", 0, func(l *Lab) {
		l.staticPair(rebalanceTimeout)
		l.Is(l.Member("alice").Static("a").Asks().Joins(), "2 leads alice bob, assigned already")
	}},
	{"M16", "an older one is not told that it leads", 0, func(l *Lab) {
		l.staticPair(rebalanceTimeout)
		again := l.Member("alice").Static("a")
		again.Version = 8
		l.Is(again.Asks().Joins(), "2")
	}},
	{"M17", "whoever waits under its name is fenced", 0, func(l *Lab) {
		alice, bob := l.staticPair(rebalanceTimeout)
		l.Member("carol").Asks()
		alice.Hears()
		bob.Asks()
		l.Member("bob").Static("b").Asks()
		l.Is(bob.Joins()+", "+alice.Beats(), "FENCED_INSTANCE_ID, REBALANCE_IN_PROGRESS")
	}},
	{"M18", "an operator can take it out by its name", 0, func(l *Lab) {
		alice, _ := l.staticPair(rebalanceTimeout)
		l.Is(l.Member("").Static("b").Leaves()+", "+alice.Beats(), "NONE, REBALANCE_IN_PROGRESS")
		l.Is(l.Member("").Static("nobody").Leaves(), "UNKNOWN_MEMBER_ID")
	}},
	{"M19", "a rebalance does not put it out while it is away for less than a session", 0, func(l *Lab) {
		_, bob := l.staticPair(2 * time.Second)
		carol := l.quick("carol").Asks()
		l.Comes(Patience, "ILLEGAL_GENERATION", bob.Beats)
		l.Is(carol.Joins(), "3 leads alice bob carol")
		l.Is(strings.Fields(l.Group())[0], "CompletingRebalance")
	}},
	{"M20", "another coordinator reads the group, and then knows it", Moves, func(l *Lab) {
		alice, bob := l.pair()
		l.moveGroup()
		l.Comes(Patience, "Stable alice bob", l.Group)
		l.Is(alice.Beats()+", "+bob.Beats(), "NONE, NONE")
		l.Is(bob.Syncs().Desk(), "desk of bob")
	}},
	{"M21", "who died meanwhile has one more session", Moves, func(l *Lab) {
		alice, bob := l.pair()
		l.moveGroup()
		l.Comes(Patience, "Stable alice bob", l.Group)
		alice.Hears()
		l.Is(alice.Asks().Joins()+", "+bob.Beats(), "3 leads alice, UNKNOWN_MEMBER_ID")
	}},
	{"M22", "who waits for a rebalance is sent to it", Moves, func(l *Lab) {
		alice, bob := l.Member("alice"), l.Member("bob")
		l.class(alice)
		bob.Asks()
		alice.Hears()
		l.moveGroup()
		l.Is(bob.Joins(), "NOT_COORDINATOR")
		l.Comes(Patience, "Stable alice", l.Group)
	}},
	{"M23", "a static member's new id is known to it, and a group that was deleted is not", Moves, func(l *Lab) {
		alice, bob := l.staticPair(rebalanceTimeout)
		again := l.Member("bob").Static("b")
		l.Is(again.Asks().Joins(), "2")
		l.moveGroup()
		l.Comes(Patience, "Stable alice bob", l.Group)
		l.Is(again.Beats()+", "+bob.Beats(), "NONE, FENCED_INSTANCE_ID")
		l.Is(alice.Leaves()+", "+again.Leaves(), "NONE, NONE")
		l.moveGroup()
		l.Comes(Patience, "Empty", l.Group)
		l.Is(l.DeleteGroup(), "NONE")
		l.moveGroup()
		l.Comes(Patience, "Dead", l.Group)
	}},
	{"M24", "a coordinator that is killed and comes back has read the group", Kills, func(l *Lab) {
		alice := l.Member("alice")
		alice.Session = time.Minute
		l.class(alice)
		node := l.GroupCoordinator("g")
		l.kill(node)
		l.start(node)
		l.Comes(6*Patience, "Stable alice", l.Group)
		l.Is(alice.Beats(), "NONE")
	}},
}

// quick is a member whose rebalances are short.
func (l *Lab) quick(name string) *Member {
	m := l.Member(name)
	m.Rebalance = 2 * time.Second
	return m
}

// staticPair are two static members. Alice leads.
func (l *Lab) staticPair(rebalance time.Duration) (alice, bob *Member) {
	alice, bob = l.Member("alice").Static("a"), l.Member("bob").Static("b")
	alice.Rebalance, bob.Rebalance = rebalance, rebalance
	l.class(alice, bob)
	return alice, bob
}

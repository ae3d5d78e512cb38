package conformance

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Case is one thing that a cluster does, told as a story.
type Case struct {
	ID    string // as the reference sheet has it: A1, B3 ...
	Title string
	Needs Need
	Tell  func(l *Lab)
}

// Need is what a target must have for a case, one bit each.
type Need uint8

// The needs.
const (
	Brokers    Need = 1 << iota // more than one
	Timeouts                    // transactions that time out while somebody waits
	Expiration                  // so do transactional ids
	Moves                       // Mover
	Kills                       // Killer
	Clients                     // Reached
	Version0                    // a transaction version of 0; a story that needs more finds that out by itself
)

// missing says why a case cannot be told to a target, "" if it can.
func (n Need) missing(t Target) string {
	traits := t.Traits()
	_, mover := t.(Mover)
	_, killer := t.(Killer)
	_, reached := t.(Reached)
	for _, each := range []struct {
		need Need
		met  bool
		says string
	}{
		{Brokers, traits.Brokers > 1, "there is one broker only"},
		{Timeouts, traits.Timeout > 0, "its times are too long to wait for a timeout"},
		{Expiration, traits.Expiration > 0, "its times are too long to wait for an id to expire"},
		{Moves, mover && traits.Brokers > 1, "its leaders cannot be moved from here"},
		{Kills, killer, "its brokers cannot be killed from here"},
		{Clients, reached, "no real client reaches it"},
		{Version0, traits.TransactionVersion == 0, "it can write transactions of the new style down"},
	} {
		if n&each.need != 0 && !each.met {
			return each.says
		}
	}
	return ""
}

// Verdict is what came of a case: it was skipped, or it went otherwise than Kafka does, or neither.
type Verdict struct {
	Skipped     string        // why
	Differences []string      // in the order in which they showed
	Took        time.Duration // of the target's time
}

// Run tells a case to a target. All names on the target end with the suffix, so that cases can share one.
func (c Case) Run(t Target, suffix string) (v Verdict) {
	if v.Skipped = c.Needs.missing(t); v.Skipped != "" {
		return v
	}
	l := NewLab(t, suffix)
	began := t.Now()
	defer func() {
		switch r := recover().(type) {
		case nil, hopeless:
		case unfit:
			v.Skipped = string(r)
		default:
			panic(r)
		}
		l.CleanUp()
		v.Differences, v.Took = l.Differences, t.Now().Sub(began)
	}()
	c.Tell(l)
	return v
}

// Cases are all of them, in the order of their ids.
func Cases() []Case {
	all := slices.Concat(initProducerID, addPartitionsToTxn, produce, sequences, endTxn, timeouts, fetch, listOffsets, offsets,
		offsetCommits, groups, describe, failOver, clients, lookUp, followerFetch, replicas, anomalies, versions)
	slices.SortStableFunc(all, func(a, b Case) int { return compareIDs(a.ID, b.ID) })
	return all
}

// compareIDs puts A2 before A10.
func compareIDs(a, b string) int {
	if a[0] == b[0] && len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

func (c Case) String() string { return fmt.Sprint(c.ID, " ", c.Title) }

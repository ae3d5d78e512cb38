package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// The pieces of a transaction's life, in order, each until the next begins: what it waits for.
const (
	whileOpen       = "open"       // records
	whileCheckpoint = "checkpoint" // pre-committed: the checkpoint to be complete
	whileDecision   = "decision"   // its committer and its coordinator
	whileMarkers    = "markers"    // decided: the last marker to be appended
	whileReaders    = "readers"    // marked: read_committed readers to be let past it
)

// pieces cuts a transaction's life. What took no time, or did not come, has no piece.
func (t transaction) pieces() []span {
	var all []span
	at := t.Opened
	until := func(state string, to time.Duration) {
		if to > at {
			all = append(all, span{at, to, state})
			at = to
		}
	}
	over, marked := t.Ended, t.Ended // the end of the run, if it is open
	if n := len(t.Markers); n > 0 {
		marked = t.Markers[n-1].At
	}
	decided := over
	if t.Prepared >= 0 {
		decided = t.Prepared
	}
	switch {
	case t.Precommitted < 0:
		until(whileOpen, decided)
	case t.Completed < 0:
		until(whileOpen, min(t.Precommitted, decided))
		until(whileCheckpoint, decided)
	default:
		until(whileOpen, min(t.Precommitted, decided))
		until(whileCheckpoint, min(t.Completed, decided))
		until(whileDecision, decided)
	}
	if t.Prepared >= 0 {
		until(whileMarkers, marked)
	}
	until(whileReaders, t.Visible)
	return all
}

// lifeBar draws the lives of the transactions of a checkpoint on one scale.
type lifeBar struct{ from, to time.Duration }

func (b *lifeBar) include(t transaction) {
	if b.to == 0 || t.Opened < b.from {
		b.from = t.Opened
	}
	b.to = max(b.to, t.Ended, t.Visible)
}

// lifePiece is one element of the bar, in percent of its width. A tick has no width.
type lifePiece struct {
	Class       string
	Left, Width float64
}

func (b lifeBar) draw(t transaction) []lifePiece {
	var all []lifePiece
	at := func(d time.Duration) float64 { return 100 * float64(d-b.from) / float64(max(b.to-b.from, 1)) }
	for _, p := range t.pieces() {
		all = append(all, lifePiece{"y-" + p.State, at(p.From), max(at(p.To)-at(p.From), 0.4)})
	}
	if t.First >= 0 {
		all = append(all, lifePiece{"y-first", at(t.First), 0})
	}
	last := -1.0
	for _, m := range t.Markers { // those within a line's width are one line
		if x := at(m.At); x >= last+0.6 {
			all = append(all, lifePiece{"y-marker", x, 0})
			last = x
		}
	}
	return all
}

// inWords tells the life to those who do not see the bar, and to those who want to know more.
func (t transaction) inWords() string {
	parts := []string{"opened " + moment(t.Opened)}
	add := func(what string, at time.Duration) {
		if at >= 0 {
			parts = append(parts, what+" "+moment(at))
		}
	}
	add("first record", t.First)
	add("pre-committed", t.Precommitted)
	add(fmt.Sprintf("checkpoint %d complete", t.By), t.Completed)
	add("decided", t.Prepared)
	for _, m := range shown(t.Markers) {
		parts = append(parts, fmt.Sprintf("marker on %s-%d %s", m.Topic, m.Partition, moment(m.At)))
	}
	if left := len(t.Markers) - markersMax; left > 0 {
		parts = append(parts, fmt.Sprintf("%d more markers", left))
	}
	add("visible", t.Visible)
	return strings.Join(parts, ", ")
}

// markersMax is how many markers of a transaction are told one by one: the last ones.
const markersMax = 16

func shown(all []marker) []marker { return all[max(0, len(all)-markersMax):] }

// markersInWords says how many partitions had to learn the decision, and which was the last.
func (t transaction) markersInWords() string {
	n := len(t.Markers)
	if n == 0 {
		return ""
	}
	last := t.Markers[n-1]
	if n == 1 {
		return fmt.Sprintf("partition %d", last.Partition)
	}
	return fmt.Sprintf("%d partitions, %d last", n, last.Partition)
}

// during is how long a transaction was in one piece of its life.
func (t transaction) during(piece string) (time.Duration, bool) {
	all := t.pieces()
	i := slices.IndexFunc(all, func(p span) bool { return p.State == piece })
	if i < 0 {
		return 0, false
	}
	return all[i].To - all[i].From, true
}

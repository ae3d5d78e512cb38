package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/flinch-dev/flinch/runtime/id"
)

func checkpointAnchor(n id.Checkpoint) string { return fmt.Sprintf("checkpoint-%d", n) }
func transactionAnchor(i int) string          { return fmt.Sprintf("transaction-%d", i) }

// byCheckpoint are the numbers of the transactions, those of a checkpoint together. One that was never pre-committed is
// with the checkpoint that was triggered last before its end.
func (s *story) byCheckpoint() []int {
	near := make([]id.Checkpoint, len(s.transactions))
	all := make([]int, len(s.transactions))
	for i, t := range s.transactions {
		if all[i], near[i] = i, t.Checkpoint; near[i] > 0 {
			continue
		}
		for _, c := range s.checkpoints {
			if c.Triggered <= t.Ended {
				near[i] = max(near[i], c.ID)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b int) int {
		return cmp.Or(cmp.Compare(near[a], near[b]), cmp.Compare(s.transactions[b].Checkpoint, s.transactions[a].Checkpoint),
			naturally(s.transactions[a].Lane, s.transactions[b].Lane))
	})
	return all
}

// fatesByCheckpoint says in a few words what became of the transactions of each checkpoint, and which row is the first.
func (s *story) fatesByCheckpoint() (fates, first map[id.Checkpoint]string) {
	fates, first = map[id.Checkpoint]string{}, map[id.Checkpoint]string{}
	counts := map[id.Checkpoint]map[string]int{}
	for _, i := range s.byCheckpoint() {
		t := &s.transactions[i]
		if counts[t.Checkpoint] == nil {
			counts[t.Checkpoint], first[t.Checkpoint] = map[string]int{}, transactionAnchor(i)
		}
		counts[t.Checkpoint][t.Fate]++
	}
	for n, of := range counts {
		var parts []string
		for _, fate := range []string{"committed", "aborted", "open"} {
			if of[fate] > 0 {
				parts = append(parts, count(of[fate])+" "+fate)
			}
		}
		fates[n] = strings.Join(parts, ", ")
	}
	return fates, first
}

// transactionTable has the life of every transaction, checkpoint by checkpoint.
func transactionTable(s *story, rowsMax int) table {
	t := table{Name: "Transactions", Empty: "The sink used no transactions.", Columns: []column{{"checkpoint", true}, {"transaction", false},
		{"opened", true}, {"life", false}, {whileOpen, true}, {whileCheckpoint, true}, {whileDecision, true}, {whileMarkers, true}, {whileReaders, true}, {"fate", false}}}
	bars := map[id.Checkpoint]*lifeBar{}
	for _, x := range s.transactions {
		if bars[x.Checkpoint] == nil {
			bars[x.Checkpoint] = &lifeBar{}
		}
		bars[x.Checkpoint].include(x)
	}
	for _, i := range s.byCheckpoint() {
		x := s.transactions[i]
		of := cell{Text: "–", Sort: "-1"}
		if x.Checkpoint > 0 {
			of = num(x.Checkpoint)
			of.Link = checkpointAnchor(x.Checkpoint)
		}
		about := fmt.Sprintf("%s, producer %d, epoch %d", x.Lane, x.ProducerID, x.Epoch)
		if x.Precommitted >= 0 {
			about += ", " + plural(x.Records, "record", "records")
		}
		bar := lifeBar{from: x.Opened, to: max(x.Ended, x.Visible)} // on its own scale, if it belongs to no others
		if x.Checkpoint > 0 {
			bar = *bars[x.Checkpoint]
		}
		r := row{ID: transactionAnchor(i), Cells: []cell{of, {Text: x.ID, Below: about}, when(x.Opened), {Text: x.inWords(), Sort: fmt.Sprint(int64(x.Ended - x.Opened)), Bar: bar.draw(x)}}}
		for _, piece := range []string{whileOpen, whileCheckpoint, whileDecision, whileMarkers, whileReaders} {
			c := cell{Text: "–", Sort: "-1"}
			if d, was := x.during(piece); was {
				c = took(d)
			}
			if piece == whileMarkers {
				c.Below = x.markersInWords()
			}
			r.Cells = append(r.Cells, c)
		}
		r.Cells = append(r.Cells, cell{Text: x.Fate, Below: x.cause()})
		if x.Fate == "aborted" || x.Lost != "" {
			r.Class = "failed"
		}
		t.Rows = append(t.Rows, r)
	}
	return t.capped(rowsMax)
}

func (x transaction) cause() string {
	switch {
	case x.Lost != "":
		return "commit answered " + x.Lost
	case x.Restored && x.Cause == "":
		return "committed after a restore"
	}
	return x.Cause
}

package reports

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/checker/measure"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
)

// TestCheckpointsLeadToTheirTransactionsAndBack: with one click from a checkpoint to the first of its transactions, and
// from each of those to the checkpoint.
func TestCheckpointsLeadToTheirTransactionsAndBack(t *testing.T) {
	page := render(t, failover())
	row := func(id string) string {
		t.Helper()
		found := regexp.MustCompile(`(?s)<tr id="` + id + `".*?</tr>`).FindString(page)
		if found == "" {
			t.Fatalf("there is no row %s", id)
		}
		return found
	}
	for checkpoint, fates := range map[string]string{"checkpoint-4": "4 committed", "checkpoint-3": "4 aborted"} {
		link := regexp.MustCompile(`<a href="#(transaction-\d+)">` + fates + `</a>`).FindStringSubmatch(row(checkpoint))
		if link == nil {
			t.Fatalf("%s does not lead to its transactions: %s", checkpoint, row(checkpoint))
		}
		if back := `<a href="#` + checkpoint + `">`; !strings.Contains(row(link[1]), back) {
			t.Errorf("%s does not lead back to %s: %s", link[1], checkpoint, row(link[1]))
		}
	}
}

// TestNoLinkLeadsNowhere: also when rows were left out, since there are too many.
func TestNoLinkLeadsNowhere(t *testing.T) {
	d := failover()
	s := read(d.Run)
	tables := linked(checkpointTable(s, 5), transactionTable(s, 9))
	ids, links := map[string]bool{}, 0
	for _, of := range tables {
		for _, r := range of.Rows {
			ids[r.ID] = true
		}
	}
	for _, of := range tables {
		for _, r := range of.Rows {
			for _, c := range r.Cells {
				if c.Link != "" {
					links++
				}
				if c.Link != "" && !ids[c.Link] {
					t.Errorf("%s leads to %s, which is not there", r.ID, c.Link)
				}
			}
		}
	}
	if links == 0 {
		t.Error("no link is left")
	}
	page := render(t, d)
	for _, m := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(page, `id="`+m[1]+`"`) {
			t.Errorf("a link leads to %s, which is not on the page", m[1])
		}
	}
}

// life is one transaction from a history and an output of its own, and its pieces in words.
func lifeOf(t *testing.T, output []checker.Output, events ...history.Entry) (transaction, string) {
	t.Helper()
	s := read(checker.Run{Events: events, Output: output, End: 100 * time.Second})
	if len(s.transactions) == 0 {
		t.Fatal("there is no transaction")
	}
	x := s.transactions[0]
	var all []string
	for _, p := range x.pieces() {
		all = append(all, fmt.Sprintf("%s %v..%v", p.State, p.From.Seconds(), p.To.Seconds()))
	}
	return x, strings.Join(all, ", ")
}

func entry(seconds float64, e history.Event) history.Entry {
	return history.Entry{At: time.Duration(seconds * float64(time.Second)), Event: e}
}

// TestALifeIsCutIntoPieces: from the coordinator's first word to the moment when a reader has all of it.
func TestALifeIsCutIntoPieces(t *testing.T) {
	attempt := id.Attempt{Vertex: "sink"}
	until := func(state string) history.Entry {
		return map[string]history.Entry{
			"Ongoing":       entry(1, history.Transaction{ID: "a", ProducerID: 7, State: "Ongoing"}),
			"precommitted":  entry(4, history.SinkPrecommitted{Checkpoint: 3, Attempt: attempt, Transaction: "a", ProducerID: 7, Records: 2}),
			"completed":     entry(6, history.CheckpointCompleted{Checkpoint: 3}),
			"PrepareCommit": entry(7, history.Transaction{ID: "a", ProducerID: 7, Epoch: 1, State: "PrepareCommit", Cause: "client"}),
			"marker 0":      entry(8, history.MarkerAppended{ID: "a", ProducerID: 7, Topic: "out", Partition: 0, Commit: true}),
			"marker 1":      entry(9, history.MarkerAppended{ProducerID: 7, Topic: "out", Partition: 1, Commit: true}), // by a partition that does not know the id
			"Complete":      entry(9.5, history.Transaction{ID: "a", ProducerID: 7, Epoch: 1, State: "CompleteCommit"}),
			"aborted":       entry(8, history.Transaction{ID: "a", ProducerID: 7, Epoch: 1, State: "PrepareAbort", Cause: "timeout"}),
			"late":          entry(30, history.CheckpointCompleted{Checkpoint: 4}),
		}[state]
	}
	output := []checker.Output{{Transaction: "a", ProducerID: 7, Appended: 2 * time.Second, Visible: 10 * time.Second, Decided: 8 * time.Second},
		{Partition: 1, Transaction: "a", ProducerID: 7, Appended: 3 * time.Second, Visible: 9 * time.Second, Decided: 9 * time.Second}}
	story := func(states ...string) (all []history.Entry) {
		for _, s := range states {
			all = append(all, until(s))
		}
		return all
	}

	x, got := lifeOf(t, output, story("Ongoing", "precommitted", "completed", "PrepareCommit", "marker 0", "marker 1", "Complete")...)
	if want := "open 1..4, checkpoint 4..6, decision 6..7, markers 7..9, readers 9..10"; got != want {
		t.Errorf("the whole life is\n%s, want\n%s", got, want)
	}
	if x.First != 2*time.Second || x.Fate != "committed" || len(x.Markers) != 2 {
		t.Errorf("%+v", x)
	}
	words := "opened +1.0 s, first record +2.0 s, pre-committed +4.0 s, checkpoint 3 complete +6.0 s, decided +7.0 s, " +
		"marker on out-0 +8.0 s, marker on out-1 +9.0 s, visible +10.0 s"
	if x.inWords() != words {
		t.Errorf("in words it is\n%s, want\n%s", x.inWords(), words)
	}

	for _, c := range []struct {
		what, want string
		states     []string
	}{
		{"the run ended before its checkpoint", "open 1..4, checkpoint 4..100", []string{"Ongoing", "precommitted"}},
		{"nobody commits it", "open 1..4, checkpoint 4..6, decision 6..100", []string{"Ongoing", "precommitted", "completed"}},
		{"a marker is missing", "open 1..4, checkpoint 4..6, decision 6..7, markers 7..8", []string{"Ongoing", "precommitted", "completed", "PrepareCommit", "marker 0"}},
		{"its checkpoint never came, and its time was over", "open 1..4, checkpoint 4..8, markers 8..9", []string{"Ongoing", "precommitted", "aborted", "marker 1", "late"}},
	} {
		if _, got := lifeOf(t, nil, story(c.states...)...); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
	if x, _ := lifeOf(t, nil, story("Ongoing", "precommitted", "aborted", "marker 1", "late")...); x.Completed >= 0 {
		t.Errorf("a checkpoint that was complete at %s has let nobody commit what was aborted before", x.Completed)
	}
}

// TestWhatWasHeldIsSaidByTopic: one transaction writes to several topics, and holds a partition more than once if it was
// not the oldest there all the time.
func TestWhatWasHeldIsSaidByTopic(t *testing.T) {
	d := &Document{}
	for _, topic := range []string{"orders", "totals"} {
		for partition := range int32(8) {
			for at := range 1 + int(partition)%2 {
				d.Holdings = append(d.Holdings, measure.Holding{Topic: topic, Partition: partition, Transaction: "chain",
					From: ms(1000 * at), Decided: ms(1000*at + 500), Hanging: ms(1000*at + 500), To: ms(1000*at + 500)})
			}
		}
	}
	longest := longestHolders(d, read(d.Run))
	if len(longest) != 1 {
		t.Fatalf("%d transactions held something, want 1", len(longest))
	}
	if want := "; it held 8 partitions of orders and 8 partitions of totals."; !strings.HasSuffix(longest[0].inWords(), want) {
		t.Errorf("it is said that %s", longest[0].inWords())
	}
}

// TestAHangingTransactionIsNamed: on the page, in the terminal and in run.json; and what those saw who did not wait.
func TestAHangingTransactionIsNamed(t *testing.T) {
	d := failover()
	d.Holdings = append(d.Holdings, measure.Holding{Partition: 2, Offset: 1234, Transaction: "zombie-1", ProducerID: 9, Writer: id.Subtask{Vertex: "sum", Index: 1},
		From: ms(40_000), Decided: ms(40_000), Hanging: ms(40_000), To: ms(150_000)})
	d.Uncommitted = measure.Uncommitted{Records: 12100, Dirty: 90, Undecided: 1, Twice: 80, AheadP50: ms(4600), AheadP99: ms(9800), AheadMax: ms(31_000)}
	d.Run.Events = append(d.Run.Events, history.Entry{At: ms(149_000), Event: history.SourceStalled{Topic: "orders", Partition: 3, SinceMs: 61_000,
		Stable: 10, HighWatermark: 99, Transaction: "upstream-7", ProducerID: 5, Epoch: 2, State: "CompleteAbort"}})
	said := "zombie-1 of sum-1 held the last stable offset of partition 2 at 1\u202f234 for 110 s from +40.0 s, hanging"
	page := html.UnescapeString(render(t, d))
	for _, want := range []string{said, `<rect class="h-hanging"`,
		"saw records 4.6 s (p50), 9.8 s (p99) and at most 31 s before", "90 were later aborted (dirty reads), 1 was undecided at the end, and 80 it had seen before",
		"upstream-7 (producer 5, epoch 2) holds it with a hanging transaction: its coordinator has CompleteAbort"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	var b bytes.Buffer
	if err := Terminal(&b, d, false); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "held  "+spaced(said)) {
		t.Errorf("the terminal does not say so:\n%s", b.String())
	}
	sum := SummaryOf(d).Transactions
	if sum == nil || sum.Holders[0].Transaction != "zombie-1" || sum.Holders[0].Why != "hanging" || sum.Uncommitted.Dirty != 90 {
		t.Errorf("run.json has %+v", sum)
	}
	if !strings.Contains(Markdown(d), spaced(said)) {
		t.Error("summary.md does not say so")
	}
}

package reports

import (
	"fmt"
	"strings"
)

// table is one sortable table. A cell has the value that it is sorted by when the text is not in order.
type table struct {
	Name    string
	Columns []column
	Rows    []row
	Note    string
	Empty   string // what to say when there are no rows
}

type column struct {
	Name  string
	Right bool
}

type row struct {
	Class string
	Cells []cell
}

type cell struct {
	Text string
	Sort string // empty: the text itself
}

func num[T ~int | ~int64 | ~uint64](n T) cell {
	return cell{count(int64(n)), fmt.Sprint(n)}
}

func checkpointTable(s *story, rowsMax int) table {
	t := table{Name: "Checkpoints", Empty: "No checkpoint was triggered.", Columns: []column{{"id", true}, {"triggered", true},
		{"duration", true}, {"size", true}, {"acks", true}, {"result", false}, {"reason", false}, {"restored from", true}}}
	for _, c := range s.checkpoints {
		r := row{Cells: []cell{num(c.ID), when(c.Triggered), took(c.Duration), {size(c.Bytes), fmt.Sprint(c.Bytes)},
			num(c.Acks), {Text: c.Result}, {Text: c.Reason}, times(c.Restored)}}
		if c.Result != completed {
			r.Class = "failed"
			r.Cells[3].Text = "–"
		}
		t.Rows = append(t.Rows, r)
	}
	return t.capped(rowsMax)
}

func times(n int) cell {
	switch n {
	case 0:
		return cell{"", "0"}
	case 1:
		return cell{"once", "1"}
	}
	return cell{fmt.Sprintf("%d times", n), fmt.Sprint(n)}
}

func restartTable(s *story, rowsMax int) table {
	t := table{Name: "Restarts", Empty: "The job was never restarted by its restart strategy.", Columns: []column{{"at", true},
		{"attempt", true}, {"back-off", true}, {"from checkpoint", true}, {"RUNNING", true}, {"cause", false}, {"regions", false}}}
	for _, r := range s.restarts {
		from, running := cell{"–", "-1"}, cell{"not reached", "1e18"}
		if r.Restored >= 0 {
			from = num(r.Restored)
		}
		if r.Running >= 0 {
			running = when(r.Running)
		}
		t.Rows = append(t.Rows, row{Cells: []cell{when(r.At), num(r.Event.Attempt), {fmt.Sprintf("%d ms", r.Event.Backoff), fmt.Sprint(r.Event.Backoff)},
			from, running, {Text: r.Event.Cause}, {Text: strings.Join(r.Event.Regions, ", ")}}})
	}
	return t.capped(rowsMax)
}

func transactionTable(s *story, rowsMax int) table {
	t := table{Name: "Transactions", Empty: "The sink used no transactions.", Columns: []column{{"id", false}, {"producer", true},
		{"epoch", true}, {"writer", false}, {"checkpoint", true}, {"records", true}, {"opened", true}, {"pre-committed", true},
		{"decided", true}, {"fate", false}, {"cause", false}}}
	for _, x := range s.transactions {
		pre, decided, cp := cell{"–", "-1"}, cell{"–", "1e18"}, cell{"–", "-1"}
		if x.Precommitted >= 0 {
			pre = when(x.Precommitted)
		}
		if x.Fate != "open" {
			decided = when(x.Ended)
		}
		if x.Checkpoint > 0 {
			cp = num(x.Checkpoint)
		}
		r := row{Cells: []cell{{Text: x.ID}, {fmt.Sprint(x.ProducerID), ""}, num(int(x.Epoch)), {Text: x.Lane}, cp, num(x.Records),
			when(x.Opened), pre, decided, {Text: x.Fate}, {Text: x.cause()}}}
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

// capped keeps the rows that are out of the ordinary when it must drop some.
func (t table) capped(rowsMax int) table {
	if len(t.Rows) <= rowsMax {
		return t
	}
	all := t.Rows
	failed := 0
	for _, r := range all {
		if r.Class != "" {
			failed++
		}
	}
	ordinary := max(rowsMax-failed, 0)
	t.Rows = nil
	for _, r := range all {
		if len(t.Rows) == rowsMax {
			break
		}
		if r.Class == "" {
			if ordinary == 0 {
				continue
			}
			ordinary--
		}
		t.Rows = append(t.Rows, r)
	}
	t.Note = fmt.Sprintf("%s of %s rows; events.jsonl has all.", count(len(t.Rows)), count(len(all)))
	return t
}

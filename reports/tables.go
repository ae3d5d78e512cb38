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
	ID    string // what links point to; may be empty
	Class string
	Cells []cell
}

type cell struct {
	Text  string
	Sort  string      // empty: the text itself
	Below string      // a smaller second line
	Link  string      // the id of a row that the text leads to
	Bar   []lifePiece // instead of a text, which is told to those who do not see it
}

func num[T ~int | ~int64 | ~uint64](n T) cell {
	return cell{Text: count(int64(n)), Sort: fmt.Sprint(n)}
}

func checkpointTable(s *story, rowsMax int) table {
	t := table{Name: "Checkpoints", Empty: "No checkpoint was triggered.", Columns: []column{{"id", true}, {"triggered", true},
		{"duration", true}, {"size", true}, {"acks", true}, {"result", false}, {"reason", false}, {"transactions", false}, {"restored from", true}}}
	fates, first := s.fatesByCheckpoint()
	for _, c := range s.checkpoints {
		r := row{ID: checkpointAnchor(c.ID), Cells: []cell{num(c.ID), when(c.Triggered), took(c.Duration), {Text: size(c.Bytes), Sort: fmt.Sprint(c.Bytes)},
			num(c.Acks), {Text: c.Result}, {Text: c.Reason}, {Text: fates[c.ID], Link: first[c.ID]}, times(c.Restored)}}
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
		return cell{Sort: "0"}
	case 1:
		return cell{Text: "once", Sort: "1"}
	}
	return cell{Text: fmt.Sprintf("%d times", n), Sort: fmt.Sprint(n)}
}

func restartTable(s *story, rowsMax int) table {
	t := table{Name: "Restarts", Empty: "The job was never restarted by its restart strategy.", Columns: []column{{"at", true},
		{"attempt", true}, {"back-off", true}, {"from checkpoint", true}, {"RUNNING", true}, {"cause", false}, {"regions", false}}}
	for _, r := range s.restarts {
		from, running := cell{Text: "–", Sort: "-1"}, cell{Text: "not reached", Sort: "1e18"}
		if r.Restored >= 0 {
			from = num(r.Restored)
		}
		if r.Running >= 0 {
			running = when(r.Running)
		}
		t.Rows = append(t.Rows, row{Cells: []cell{when(r.At), num(r.Event.Attempt), {Text: fmt.Sprintf("%d ms", r.Event.Backoff), Sort: fmt.Sprint(r.Event.Backoff)},
			from, running, {Text: r.Event.Cause}, {Text: strings.Join(r.Event.Regions, ", ")}}})
	}
	return t.capped(rowsMax)
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

// linked takes away the links to rows that are not there, in any of the tables.
func linked(all ...table) []table {
	ids := map[string]bool{}
	for _, t := range all {
		for _, r := range t.Rows {
			ids[r.ID] = true
		}
	}
	for _, t := range all {
		for _, r := range t.Rows {
			for i := range r.Cells {
				if !ids[r.Cells[i].Link] {
					r.Cells[i].Link = ""
				}
			}
		}
	}
	return all
}

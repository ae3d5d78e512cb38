package reports

import "fmt"

// uncommitted says what a read_uncommitted reader of the output saw; nothing where there were no transactions.
func uncommitted(d *Document) string {
	u := d.Uncommitted
	if len(d.Holdings) == 0 || u.Records == 0 {
		return ""
	}
	text := fmt.Sprintf("A read_uncommitted reader saw records %s (p50), %s (p99) and at most %s before a read_committed one", seconds(u.AheadP50),
		seconds(u.AheadP99), seconds(u.AheadMax))
	if u.Dirty+u.Undecided+u.Twice == 0 {
		return text + ", and nothing that was aborted or came twice."
	}
	text += fmt.Sprintf("; of %s that it saw, %s later aborted (dirty reads)", plural(u.Records, "record", "records"), count(u.Dirty)+was(u.Dirty))
	if u.Undecided > 0 {
		text += fmt.Sprintf(", %s undecided at the end", count(u.Undecided)+was(u.Undecided))
	}
	if u.Twice == 0 {
		return text + "."
	}
	return text + fmt.Sprintf(", and %s it had seen before, written again after a restart.", count(u.Twice))
}

func was(n int) string {
	if n == 1 {
		return " was"
	}
	return " were"
}

package connector

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
)

// enumeration is an enumerator with its readers, told in short words.
type enumeration struct {
	*Enumerator
	t      *testing.T
	number map[int]int // the attempt of each subtask
}

func enumerate(t *testing.T, readers int) *enumeration {
	return &enumeration{NewEnumerator(plan.Operator{Name: "orders", Kind: plan.KafkaSource, Topic: "orders"}, readers), t, map[int]int{}}
}

func (e *enumeration) attempt(subtask int) id.Attempt {
	return id.Attempt{Vertex: "orders", Subtask: subtask, Number: e.number[subtask]}
}

// start registers the next attempt of a reader.
func (e *enumeration) start(subtask int) {
	e.number[subtask]++
	e.Register(e.attempt(subtask))
}

// deals says what is dealt out now: "0:[1@0 3@0]" is partitions 1 and 3 from offset 0, to subtask 0.
func (e *enumeration) deals(want string) {
	e.t.Helper()
	var got []string
	for _, a := range e.Assign() {
		var splits []string
		for _, s := range a.Splits {
			splits = append(splits, fmt.Sprintf("%d@%d", s.Partition, s.Offset))
		}
		slices.Sort(splits)
		got = append(got, fmt.Sprintf("%d:%v", a.Subtask, splits))
	}
	if text := strings.Join(got, " "); text != want {
		e.t.Errorf("dealt out %q, want %q", text, want)
	}
}

// The partitions of a topic go round the readers, from a start that depends on the topic's name as in Java.
func TestPartitionsGoRoundTheReaders(t *testing.T) {
	if got := javaHash("orders"); got != -1008770331 {
		t.Fatalf("hashCode of orders is %d", got)
	}
	e := enumerate(t, 3)
	e.DiscoveredPartitions(make([]int64, 6))
	var owners []int
	for _, s := range e.unassigned {
		owners = append(owners, e.owner(s))
	}
	first := owners[0]
	for p, owner := range owners {
		if owner != (first+p)%3 {
			t.Fatalf("owners are %v", owners)
		}
	}
}

func TestAReaderGetsItsPartitionsWhenItRegisters(t *testing.T) {
	e := enumerate(t, 1)
	e.start(0)
	e.deals("")
	e.DiscoveredPartitions([]int64{5, 7})
	e.deals("0:[0@5 1@7]")
	e.deals("")
	e.DiscoveredPartitions([]int64{9, 9, 3}) // the topic has grown; what is known keeps its offset
	e.deals("0:[2@3]")
}

// What was assigned after the restored checkpoint comes back; what was assigned before is in the reader.
func TestOnlyWhatTheCheckpointLacksComesBack(t *testing.T) {
	e := enumerate(t, 1)
	e.start(0)
	e.DiscoveredPartitions([]int64{0})
	e.deals("0:[0@0]")
	e.Snapshot(1)
	e.SnapshotStarted(0, 1)
	e.DiscoveredPartitions([]int64{0, 4})
	e.deals("0:[1@4]")
	e.Completed(1)
	e.Lost(0)
	e.Reset(0, 1)
	e.start(0)
	e.deals("0:[1@4]")
}

// A checkpoint that completes between the failure and the restore includes what was assigned before it.
func TestNothingComesBackBeforeTheRestoredCheckpointIsKnown(t *testing.T) {
	e := enumerate(t, 1)
	e.start(0)
	e.DiscoveredPartitions([]int64{0})
	e.deals("0:[0@0]")
	e.Snapshot(1)
	e.Lost(0)
	e.Completed(1)
	e.Reset(0, 1)
	e.start(0)
	e.deals("")
}

// Nobody has heard that checkpoint 1 completed, but it is what the reader restores, so it did.
func TestTheRestoredCheckpointCountsAsCompleted(t *testing.T) {
	e := enumerate(t, 1)
	e.start(0)
	e.DiscoveredPartitions([]int64{0})
	e.deals("0:[0@0]")
	e.Snapshot(1)
	e.Reset(0, 1)
	e.start(0)
	e.deals("")
}

// A checkpoint that is aborted includes nothing: its assignments are remembered until one completes.
func TestAnAbortedCheckpointIncludesNothing(t *testing.T) {
	e := enumerate(t, 1)
	e.start(0)
	e.DiscoveredPartitions([]int64{0})
	e.deals("0:[0@0]")
	e.Snapshot(1)
	e.Aborted(1)
	e.Reset(0, 0)
	e.start(0)
	e.deals("0:[0@0]")
}

// Between the enumerator's snapshot and the reader's, nothing may go to the reader: it would be in the
// reader's part of the checkpoint and in the enumerator's as well.
func TestTheGatewayIsClosedBetweenTheSnapshots(t *testing.T) {
	e := enumerate(t, 1)
	e.start(0)
	e.Snapshot(1)
	e.Snapshot(2)
	e.DiscoveredPartitions([]int64{0})
	e.deals("")
	e.SnapshotStarted(0, 1)
	e.deals("")
	e.Aborted(2)
	e.deals("0:[0@0]")
}

// A reader that registers while the gateway is closed waits like the others.
func TestANewReaderWaitsForTheSnapshotToo(t *testing.T) {
	e := enumerate(t, 1)
	e.DiscoveredPartitions([]int64{0})
	e.Snapshot(1)
	e.start(0)
	e.deals("")
	e.SnapshotStarted(0, 1)
	e.deals("0:[0@0]")
}

// A checkpoint before the assignment has the offset that was decided, however far the topic has moved on.
func TestOffsetsAreDecidedOnce(t *testing.T) {
	e := enumerate(t, 1)
	e.DiscoveredPartitions([]int64{5})
	data := e.Snapshot(1)
	next := enumerate(t, 1)
	if err := next.Restore(data, 1); err != nil {
		t.Fatal(err)
	}
	next.DiscoveredPartitions([]int64{90})
	next.start(0)
	next.deals("0:[0@5]")
	if string(next.Snapshot(2)) != strings.Replace(string(data), `"Assigned":null,"Unassigned":[{"Partition":0,"Path":"","Offset":5}]`,
		`"Assigned":[{"Partition":0,"Path":"","Offset":5}],"Unassigned":null`, 1) {
		t.Errorf("the next checkpoint says %s", next.Snapshot(2))
	}
	if err := next.Restore([]byte("{"), 1); err == nil {
		t.Error("nonsense was restored")
	}
}

// Files are dealt out once they are listed, and everybody hears that there will be no others, even those
// that get none.
func TestABoundedSource(t *testing.T) {
	e := enumerate(t, 2)
	e.start(0)
	e.start(1)
	e.deals("")
	e.DiscoveredFiles([]string{"a"})
	all := e.Assign()
	if len(all) != 2 || !all[0].NoMore || !all[1].NoMore || len(all[0].Splits)+len(all[1].Splits) != 1 {
		t.Fatalf("dealt out %+v", all)
	}
	e.deals("")
	e.start(1)
	if again := e.Assign(); len(again) != 1 || !again[0].NoMore {
		t.Errorf("a reader that starts again hears %+v", again)
	}
}

// The rows of a datagen source are dealt once, evenly: a restored enumerator has its splits, and they go on being of
// those rows whatever the parallelism is.
func TestRowsAreDealtOnce(t *testing.T) {
	for _, c := range []struct {
		rows int64
		want string
	}{{7, "[{0  0 4} {1  0 3}]"}, {1, "[{0  0 1}]"}, {0, "[{0  0 0} {1  0 0}]"}} {
		e := enumerate(t, 2)
		e.DiscoveredRows(c.rows)
		wider := enumerate(t, 3)
		if err := wider.Restore(e.Snapshot(1), 1); err != nil {
			t.Fatal(err)
		}
		wider.DiscoveredRows(c.rows)
		for _, e := range []*enumeration{e, wider} {
			if got := fmt.Sprint(e.unassigned); got != c.want {
				t.Errorf("%d rows are dealt into %s by an enumerator for %d, want %s", c.rows, got, e.parallelism, c.want)
			}
		}
	}
}

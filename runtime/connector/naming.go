package connector

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/snapshot"
)

// naming is how a writer calls its transactions (sink.transaction-naming-strategy). Every transactional id is
// <prefix>-<subtask>-<n>.
type naming interface {
	ownership
	// next are the ids of the epoch that follows a checkpoint. Each is initialised, in this order; the last is
	// written to.
	next(checkpoint id.Checkpoint) []string
	// recycle takes back an id whose transaction has no record.
	recycle(name string)
	// finished says that the committer has finished with an id.
	finished(name string)
	// completed says that a restore goes back to this checkpoint at the furthest.
	completed(checkpoint id.Checkpoint)
}

// ownership is which transactions of former attempts are this subtask's to commit, or to abort.
type ownership interface {
	owns(name string) bool
	// mode is how the list of what is owed is dealt out at a restore.
	mode() snapshot.Mode
}

func newNaming(op plan.Operator, subtask Subtask) naming {
	if op.Naming == plan.Pooling {
		return &pool{prefix: op.TransactionPrefix, subtask: subtask.Attempt.Subtask, parallelism: subtask.Parallelism, inUse: map[int]use{}}
	}
	return &incrementing{prefix: op.TransactionPrefix, subtask: subtask.Attempt.Subtask}
}

// incrementing takes n from the checkpoints: one more than the id of the checkpoint before. Ids are never used
// again, so whoever initialises one that is newer than what was restored can hit nothing that is owed.
type incrementing struct {
	prefix  string
	subtask int
	number  id.Checkpoint // of the last id
}

// next has more than one id if checkpoints were skipped. Probing stops at a number that was never used, so there
// may be no gaps.
func (i *incrementing) next(checkpoint id.Checkpoint) (names []string) {
	if i.number == 0 {
		i.number = checkpoint // after a restore the row begins anew
	}
	for i.number <= checkpoint {
		i.number++
		names = append(names, transactionalID(i.prefix, i.subtask, int(i.number)))
	}
	return names
}

func (i *incrementing) recycle(string)          {}
func (i *incrementing) finished(string)         {}
func (i *incrementing) completed(id.Checkpoint) {}

// owns: what a checkpoint owes is decided before anybody writes, by whoever it was dealt to.
func (i *incrementing) owns(string) bool { return true }

func (i *incrementing) mode() snapshot.Mode { return snapshot.Split }

func transactionalID(prefix string, subtask, n int) string {
	return fmt.Sprintf("%s-%d-%d", prefix, subtask, n)
}

// parseTransactionalID is strict: of the prefixes "sums" and "sums-2" each takes its own ids only, though those of
// the second begin with the first, too.
func parseTransactionalID(prefix, name string) (subtask, n int, ok bool) {
	rest, ok := strings.CutPrefix(name, prefix+"-")
	if !ok {
		return 0, 0, false
	}
	first, last, ok := strings.Cut(rest, "-")
	if !ok {
		return 0, 0, false
	}
	subtask, err := strconv.Atoi(first)
	if err != nil || subtask < 0 {
		return 0, 0, false
	}
	n, err = strconv.Atoi(last)
	return subtask, n, err == nil && n >= 0
}

package jobmanager

import (
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// failures is the exception history of a job: what made it restart or fail.
type failures struct {
	roots     []wire.RootFailure // the newest last
	truncated bool
}

// failuresMax bounds the history (web.exception-history-size), and the failures that count as one with another.
const failuresMax = 16

// add keeps a failure. e is the execution that has failed; nil: the job as a whole has. A failure is merged with
// the one before it when the restart strategy answers both with one restart.
func (f *failures) add(now time.Time, e *execution, cause string, merged bool) {
	failure := wire.Failure{At: now.UnixMilli(), Cause: cause}
	if e != nil {
		failure.Attempt, failure.TaskManager = e.attempt, e.taskManager
	}
	if last := len(f.roots) - 1; merged && last >= 0 {
		if len(f.roots[last].Concurrent) < failuresMax {
			f.roots[last].Concurrent = append(f.roots[last].Concurrent, failure)
		}
		return
	}
	if f.roots = append(f.roots, wire.RootFailure{Failure: failure}); len(f.roots) > failuresMax {
		f.roots, f.truncated = f.roots[1:], true
	}
}

func (f *failures) newestFirst() []wire.RootFailure {
	all := slices.Clone(f.roots)
	slices.Reverse(all)
	for i := range all {
		all[i].Concurrent = slices.Clone(all[i].Concurrent)
	}
	return all
}

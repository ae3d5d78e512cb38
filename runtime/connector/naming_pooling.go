package connector

import (
	"maps"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/snapshot"
)

// pool takes the smallest n that is not in use. A broker remembers every id for days, so a few that come again
// are kinder to it than one for each checkpoint; but now an id that is initialised, which aborts what it has open,
// may have been one that is owed. Two rules keep that apart:
//
//  1. An id is free when the committer has finished with it, and a checkpoint is complete that does not name it any
//     more. Flink's pool does not wait for the latter. Then (1) the id is committed, (2) it is initialised for the next
//     epoch, (3) the job fails and restores the checkpoint that names it, (4) the commit is answered PRODUCER_FENCED,
//     and nobody can tell that from a loss.
//  2. The transactions of an old subtask belong to one new one, old mod parallelism: it alone commits what is owed
//     and aborts what is open, in this order. So the list of what is owed is everyone's (snapshot.Union), and each
//     takes its part. This holds as well for a subtask that no checkpoint knows of, of an attempt that was scaled up
//     and died.
//
// An id is initialised before each use. Two transactions of one (producer id, epoch) could not be told apart, and
// a repeated commit of the first would commit the second.
type pool struct {
	prefix               string
	subtask, parallelism int
	inUse                map[int]use // by n
}

// use is where an id is on its way back to the pool.
type use struct {
	finished bool
	absent   id.Checkpoint // the first that does not name it; 0 while there is none
}

func (p *pool) next(checkpoint id.Checkpoint) []string {
	for n, u := range p.inUse { // in any order: each for itself
		if u.finished && u.absent == 0 {
			p.inUse[n] = use{finished: true, absent: checkpoint}
		}
	}
	n := 0
	for p.taken(n) {
		n++
	}
	p.inUse[n] = use{}
	return []string{transactionalID(p.prefix, p.subtask, n)}
}

func (p *pool) taken(n int) bool {
	_, taken := p.inUse[n]
	return taken
}

func (p *pool) recycle(name string) {
	if n, ok := p.own(name); ok {
		delete(p.inUse, n)
	}
}

// finished may be of an id that a former attempt has taken.
func (p *pool) finished(name string) {
	if n, ok := p.own(name); ok {
		p.inUse[n] = use{finished: true}
	}
}

func (p *pool) completed(checkpoint id.Checkpoint) {
	maps.DeleteFunc(p.inUse, func(_ int, u use) bool { return u.absent != 0 && u.absent <= checkpoint })
}

// own returns the n of an id under which this subtask writes.
func (p *pool) own(name string) (n int, ok bool) {
	subtask, n, ok := parseTransactionalID(p.prefix, name)
	return n, ok && subtask == p.subtask
}

func (p *pool) owns(name string) bool {
	subtask, _, ok := parseTransactionalID(p.prefix, name)
	return ok && subtask%p.parallelism == p.subtask
}

func (p *pool) mode() snapshot.Mode { return snapshot.Union }

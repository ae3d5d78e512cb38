package checkpoint

import (
	"fmt"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// abortedMax is how many aborted ids are remembered, so that what a late ack refers to can be deleted.
const abortedMax = 256

// abort ends a checkpoint, unless its pointer may exist already. by is the task that caused it, if one did.
func (c *Coordinator) abort(env mailbox.Env, p *pending, reason Reason, by *id.Attempt) {
	if p.phase == storingPointer || len(moves[p.phase]) == 0 {
		return
	}
	c.fail(env, p, reason, by, true)
}

// fail does what abort says. The files are kept when the pointer may exist.
func (c *Coordinator) fail(env mailbox.Env, p *pending, reason Reason, by *id.Attempt, drop bool) {
	if p.phase == snapshottingSources {
		c.triggering = false
	}
	stored := p.phase == storingFiles || p.phase == storingPointer
	p.move(aborted)
	p.expiry.Stop()
	c.forget(p)
	c.stats.failed(p, env.Now(), reason)
	counts, tooMany := c.failures.fail(p.id, reason)
	env.Note(history.CheckpointAborted{Job: c.id, Checkpoint: p.id, Reason: string(reason), Counted: counts})
	if drop {
		c.remember(p.id)
		var files []string
		for _, v := range p.plan.Vertices {
			for _, t := range v.Subtasks {
				files = append(files, filesOf(t)...)
			}
		}
		if stored {
			files = append(files, c.metadataPath(p.id), c.handlePath(p.id))
		}
		c.discard(env, files)
	}
	for _, t := range c.job.Deployed() {
		env.Send(t.TaskManager, wire.NotifyCheckpointAborted{Attempt: t.Attempt, Checkpoint: p.id, LatestCompleted: c.latest()})
	}
	c.job.Aborted(env, p.id)
	if tooMany && (by == nil || c.job.Running(*by)) {
		c.job.FailGlobally(env, fmt.Sprintf("checkpoint %d failed (%s), one more in a row than "+
			"execution.checkpointing.tolerable-failed-checkpoints lets pass", p.id, reason))
		return
	}
	c.storeNext(env)
	c.next(env)
}

func (c *Coordinator) remember(n id.Checkpoint) {
	c.aborted = append(c.aborted, n)
	if len(c.aborted) > abortedMax {
		c.aborted = c.aborted[1:]
	}
}

// filesOf are the files of a task's state. All of them belong to one checkpoint.
func filesOf(t snapshot.Task) []string {
	var files []string
	for _, o := range t.Operators {
		for _, h := range o.Keyed {
			if h.Path != "" {
				files = append(files, h.Path)
			}
		}
	}
	return files
}

// discard deletes files that nobody refers to. A failure leaves orphans, which do no harm.
func (c *Coordinator) discard(env mailbox.Env, files []string) {
	if len(files) == 0 {
		return
	}
	c.cleaning++
	c.blobs.Delete(env, files, func(env mailbox.Env, _ error) {
		c.cleaning--
		c.next(env)
	})
}

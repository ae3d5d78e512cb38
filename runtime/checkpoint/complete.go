package checkpoint

import (
	"slices"

	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// storeNext starts to store an acknowledged checkpoint, one at a time. The order must not change: metadata
// file, handle file, pointer, and only then anybody hears of it. So (1) a crash before the pointer leaves the
// checkpoint before it, with orphaned files; (2) a pointer always leads to files that are there; (3) nobody
// commits what a restore would not find.
func (c *Coordinator) storeNext(env mailbox.Env) {
	at := slices.IndexFunc(c.pending, func(p *pending) bool { return p.phase == acknowledged })
	busy := slices.ContainsFunc(c.pending, func(p *pending) bool { return p.phase == storingFiles || p.phase == storingPointer })
	if at < 0 || busy {
		return
	}
	p := c.pending[at]
	p.move(storingFiles)
	done := Completed{Metadata: snapshot.Metadata{Job: c.id, ID: p.id, MaxParallelism: c.maxP, Vertices: p.plan.Vertices, Coordinators: p.sources},
		Handle: Handle{Metadata: c.metadataPath(p.id)}, path: c.handlePath(p.id)}
	data := encodeMetadata(done.Metadata)
	env.Work(mailbox.Serialize, len(data))
	c.blobs.Put(env, done.Handle.Metadata, data, func(env mailbox.Env, err error) {
		switch {
		case p.phase != storingFiles: // aborted meanwhile: this file came too late to be deleted
			c.discard(env, []string{done.Handle.Metadata})
		case err != nil:
			c.fail(env, p, Finalize, nil, true)
		default:
			env.Note(history.CheckpointStored{Job: c.id, Checkpoint: p.id})
			c.storeHandle(env, p, done)
		}
	})
}

func (c *Coordinator) storeHandle(env mailbox.Env, p *pending, done Completed) {
	c.blobs.Put(env, done.path, done.Handle.encode(), func(env mailbox.Env, err error) {
		switch {
		case p.phase != storingFiles:
			c.discard(env, []string{done.path})
		case err != nil:
			c.fail(env, p, Finalize, nil, true)
		default:
			c.storePointer(env, p, done)
		}
	})
}

func (c *Coordinator) storePointer(env mailbox.Env, p *pending, done Completed) {
	p.move(storingPointer)
	c.store.Create(env, election.PointerKey(c.id, p.id), done.pointer(), func(env mailbox.Env, o election.Outcome, version uint64) {
		switch o {
		case election.Written:
			done.version = version
			c.complete(env, p, done)
		case election.Unknown:
			// The pointer may be there, and a JobManager that starts now would follow it: the files stay.
			c.undecided = append(c.undecided, done)
			c.fail(env, p, Finalize, nil, false)
		default:
			c.fail(env, p, Finalize, nil, true)
		}
		c.decide(env)
	})
}

// complete is what follows from the pointer.
func (c *Coordinator) complete(env mailbox.Env, p *pending, done Completed) {
	p.move(complete)
	p.expiry.Stop()
	c.forget(p)
	c.add(done)
	c.ended = env.Now()
	c.stats.completed(p, c.path(p.id))
	env.Note(history.CheckpointCompleted{Job: c.id, Checkpoint: p.id, Bytes: done.Metadata.Size(),
		DurationMs: p.since(c.ended).Milliseconds(), Acked: p.acked, Waited: attempts(p.plan.Wait)})
	c.subsume(env)
	c.failures.succeed(p.id)
	for _, older := range slices.Clone(c.pending) {
		if older.id < p.id {
			c.abort(env, older, Subsumed, nil)
		}
	}
	// The present attempts are told, even if another one has acked: they are whose commits are owed. Nobody
	// repeats this when it is lost; the next completion, an abort or a restore says the same.
	for _, t := range c.job.Deployed() {
		env.Send(t.TaskManager, wire.NotifyCheckpointComplete{Attempt: t.Attempt, Checkpoint: p.id})
	}
	c.job.Completed(env, p.id)
	c.storeNext(env)
	c.next(env)
}

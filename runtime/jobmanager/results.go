package jobmanager

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/checkpoint"
	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// The job results: a job that has ended for good has one, dirty until everything it left is cleaned up. Once
// there is a result the job never runs again.
const resultsPrefix = "job-results/"

type result struct {
	Status string `json:"status"`
	Dirty  bool   `json:"dirty"`
}

func (r result) encode() []byte {
	data, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("dispatcher: encode a job result: %v", err)) // plain fields: cannot happen
	}
	return data
}

// ended is the first step after a job has reached a globally terminal status. Without a result the job would
// run again, from its last checkpoint; so if none can be written, the process ends and the next leader decides.
func (d *dispatcher) ended(env mailbox.Env, job id.Job, status string) {
	r := result{Status: status, Dirty: true}
	d.store.Create(env, resultsPrefix+string(job), r.encode(), func(env mailbox.Env, o election.Outcome, _ uint64) {
		switch o {
		case election.Written, election.Refused: // refused: it has one
			d.results[job] = r
			env.Note(history.JobResultStored{Job: job, Status: status})
			if d.cfg.Job != nil && d.cfg.Job.ID == job {
				env.Send(d.cfg.root(), applicationEnded{})
			}
			d.cleanup(env, job, 0)
		case election.Deposed: // the new leader runs the job to its end again
		default:
			d.failure = fmt.Errorf("job %s is %s, but its result could not be written (%s)", job, status, o)
		}
	})
}

// The clean-up is tried again until it works, with growing pauses.
const (
	cleanupPause    = time.Second
	cleanupPauseMax = time.Hour
)

// cleanup removes what a job has left, and then marks its result clean. What points to something goes before
// what it points to.
func (d *dispatcher) cleanup(env mailbox.Env, job id.Job, tries int) {
	if d.stopping {
		return
	}
	retry := func(env mailbox.Env) {
		env.After(min(cleanupPause<<min(tries, 12), cleanupPauseMax), retryCleanup{job, tries + 1})
	}
	deleted := func(then func(env mailbox.Env)) func(mailbox.Env, election.Outcome) {
		return func(env mailbox.Env, o election.Outcome) {
			if o == election.Written {
				then(env)
			} else {
				retry(env)
			}
		}
	}
	keep := checkpoint.Kept(d.conf.Checkpointing.Retention, d.results[job].Status)
	checkpoint.Cleanup(env, d.conf, job, keep, d.store, d.blobs, func(env mailbox.Env, err error) {
		if err != nil {
			retry(env)
			return
		}
		d.store.Unpublish(env, wire.LeaderKey(d.conf.HighAvailability.ClusterID, "job/"+string(job)), deleted(func(env mailbox.Env) {
			d.store.Delete(env, []string{plansPrefix + string(job)}, deleted(func(env mailbox.Env) {
				d.deletePlan(env, job, retry)
			}))
		}))
	})
}

func (d *dispatcher) deletePlan(env mailbox.Env, job id.Job, retry func(mailbox.Env)) {
	marked := func(env mailbox.Env, o election.Outcome) {
		if o != election.Written {
			retry(env)
			return
		}
		d.results[job] = result{Status: d.results[job].Status}
		delete(d.jobs, job)
	}
	mark := func(env mailbox.Env) {
		if d.conf.ResultStore.DeleteOnCommit {
			d.store.Delete(env, []string{resultsPrefix + string(job)}, marked)
			return
		}
		d.store.Put(env, resultsPrefix+string(job), result{Status: d.results[job].Status}.encode(), marked)
	}
	if d.conf.HighAvailability.Type == config.NoHA {
		mark(env)
		return
	}
	d.blobs.Delete(env, []string{d.planPath(job)}, func(env mailbox.Env, err error) {
		if err != nil {
			retry(env)
			return
		}
		mark(env)
	})
}

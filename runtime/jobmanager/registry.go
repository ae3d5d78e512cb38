package jobmanager

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// The job registry: a job's plan is a file, and the HA store has a pointer to it.
const plansPrefix = "execution-plans/"

type planPointer struct {
	Path string `json:"path"`
}

func (d *dispatcher) planPath(job id.Job) string {
	return d.conf.HighAvailability.StorageDir + "/" + plansPrefix + string(job)
}

// recover finds what a former leader has left: first results, then plans. A job with a result is not started
// again, only cleaned up after. A plan that cannot be read ends the process: nobody may forget a job.
func (d *dispatcher) recover(env mailbox.Env) {
	d.store.List(env, resultsPrefix, func(env mailbox.Env, entries []wire.Entry, err error) {
		for _, e := range entries {
			var r result
			if err == nil {
				err = json.Unmarshal(e.Value, &r)
			}
			job := id.Job(strings.TrimPrefix(e.Key, resultsPrefix))
			d.results[job] = r
			env.Note(history.JobResultStored{Job: job, Status: r.Status}) // whoever wrote it may not have lived to say so
		}
		if err != nil {
			d.failure = fmt.Errorf("recover the job results: %w", err)
			return
		}
		for _, e := range entries {
			job := id.Job(strings.TrimPrefix(e.Key, resultsPrefix))
			if d.results[job].Dirty {
				d.jobs[job] = &jobEntry{status: d.results[job].Status, ended: d.results[job].Status}
				d.cleanup(env, job, 0)
			}
		}
		d.store.List(env, plansPrefix, func(env mailbox.Env, entries []wire.Entry, err error) {
			if err != nil {
				d.failure = fmt.Errorf("recover the plans of jobs: %w", err)
				return
			}
			d.load(env, entries)
		})
	})
}

// load reads one plan after the other, and starts its job. Then this Dispatcher is ready, and says so.
func (d *dispatcher) load(env mailbox.Env, entries []wire.Entry) {
	if d.stopping {
		return
	}
	if len(entries) == 0 {
		d.published = d.store.Announce(env, "dispatcher", wire.Leader{Addr: string(d.self), Token: d.token})
		d.application(env)
		return
	}
	job := id.Job(strings.TrimPrefix(entries[0].Key, plansPrefix))
	if _, ended := d.results[job]; ended {
		d.load(env, entries[1:])
		return
	}
	failed := func(err error) {
		d.failure = fmt.Errorf("recover the plan of job %s from %s: %w", job, d.planPath(job), err)
	}
	var at planPointer
	if err := json.Unmarshal(entries[0].Value, &at); err != nil {
		failed(err)
		return
	}
	d.blobs.Get(env, at.Path, func(env mailbox.Env, data []byte, err error) {
		var p plan.Job
		if err == nil {
			err = json.Unmarshal(data, &p)
		}
		if err != nil {
			failed(err)
			return
		}
		if d.stopping {
			return
		}
		d.jobs[job] = &jobEntry{status: statusInitializing}
		d.start(env, &p, true)
		d.load(env, entries[1:])
	})
}

// submit takes a job: its plan is kept before anything of it runs.
func (d *dispatcher) submit(env mailbox.Env, job plan.Job, answer func(env mailbox.Env, refused string)) {
	refuse := func(env mailbox.Env, why string) {
		delete(d.jobs, job.ID)
		answer(env, fmt.Sprintf("submit job %s: %s", job.ID, why))
	}
	_, ended := d.results[job.ID]
	switch {
	case ended:
		answer(env, fmt.Sprintf("submit job %s: it has ended already; a new run needs a new id", job.ID))
		return
	case d.jobs[job.ID] != nil:
		answer(env, fmt.Sprintf("submit job %s: it is running already, or being submitted", job.ID))
		return
	case len(job.Vertices) == 0:
		answer(env, fmt.Sprintf("submit job %s: it has no operators", job.ID))
		return
	}
	d.jobs[job.ID] = &jobEntry{status: statusInitializing}
	if d.conf.HighAvailability.Type == config.NoHA { // nobody could recover it
		d.start(env, &job, false)
		answer(env, "")
		return
	}
	data, err := json.Marshal(job)
	if err != nil {
		panic(fmt.Sprintf("dispatcher: encode the plan of job %s: %v", job.ID, err)) // plain fields: cannot happen
	}
	path := d.planPath(job.ID)
	d.blobs.Put(env, path, data, func(env mailbox.Env, err error) {
		if err != nil {
			refuse(env, err.Error())
			return
		}
		pointer, err := json.Marshal(planPointer{path})
		if err != nil {
			panic(fmt.Sprintf("dispatcher: encode the pointer to %s: %v", path, err)) // a string: cannot happen
		}
		d.store.Create(env, plansPrefix+string(job.ID), pointer, func(env mailbox.Env, o election.Outcome, _ uint64) {
			switch {
			case o != election.Written:
				refuse(env, fmt.Sprintf("the pointer to its plan was not written (%s); try again", o))
			case !d.stopping:
				d.start(env, &job, false)
				answer(env, "")
			}
		})
	})
}

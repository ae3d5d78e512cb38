package jobmanager

import (
	"maps"
	"slices"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// archive keeps the last reports of jobs that have ended under this Dispatcher: their JobMasters are gone.
type archive struct {
	reports map[id.Job]wire.JobReport
	order   []id.Job // in which they ended
}

const archivedMax = 100

func (a *archive) add(r wire.JobReport) {
	if a.reports == nil {
		a.reports = map[id.Job]wire.JobReport{}
	}
	a.reports[r.Plan.ID] = r
	if a.order = append(a.order, r.Plan.ID); len(a.order) > archivedMax {
		delete(a.reports, a.order[0])
		a.order = a.order[1:]
	}
}

// summaries lists all jobs that are known here, also those that ended under another leader.
func (d *dispatcher) summaries() []wire.JobSummary {
	known := map[id.Job]bool{}
	for job := range d.jobs { // in any order: they are sorted below
		known[job] = true
	}
	for job := range d.results { // in any order: they are sorted below
		known[job] = true
	}
	var all []wire.JobSummary
	for _, job := range slices.Sorted(maps.Keys(known)) {
		all = append(all, wire.JobSummary{Job: job, Status: d.status(job)})
	}
	return all
}

// describe has a job described to an asker: by its JobMaster, or as it was at its end.
func (d *dispatcher) describe(env mailbox.Env, q describe) {
	job := q.Ask.Job
	if e := d.jobs[job]; e != nil && e.jobMaster != "" && e.ended == "" {
		env.Send(e.jobMaster, q)
		return
	}
	r, archived := d.archive.reports[job]
	if !archived {
		r = wire.JobReport{Plan: plan.Job{ID: job}, Status: d.status(job), At: env.Now().UnixMilli()}
	}
	env.Send(q.Asker, wire.JobIs{Req: q.Ask.Req, Report: r})
}

// undescribed answers for a JobMaster that had ended before the question came.
func (d *dispatcher) undescribed(env mailbox.Env, m mailbox.Msg) (mine bool) {
	back, _ := m.(mailbox.Undeliverable)
	q, mine := back.M.(describe)
	if mine {
		d.describe(env, q)
	}
	return mine
}

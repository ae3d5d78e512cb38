package chaos

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/runtime/history"
)

// A run goes through three phases: it waits for the steady state, it is under load while faults strike, and it is
// drained.

// steady waits for the steady state.
func (r *runner) steady() error {
	s := r.scenario.SteadyState
	if s == nil {
		return nil
	}
	var lacks string
	err := r.pass(time.Duration(s.Within), func() bool {
		lacks = r.lacks(s.Require)
		return lacks == ""
	})
	if err == nil && lacks != "" {
		if lacks = r.lacks(s.Require); lacks != "" {
			r.notReady = fmt.Sprintf("the steady state was not reached within %s: %s; no fault was injected", time.Duration(s.Within), lacks)
		}
	}
	return err
}

// lacks says which requirement does not hold yet, or "".
func (r *runner) lacks(require map[string]scenario.Limit) string {
	for _, a := range r.applications {
		if status := a.Status(); status != running {
			return fmt.Sprintf("%s is %s%s", a.called(), orNot(status), r.trouble(a))
		}
	}
	for _, name := range sortedNames(require) {
		value, ok := r.now(name)
		if limit := require[name]; !ok || !within(value, limit) {
			return fmt.Sprintf("%s is %g, wanted %s", name, value, limitText(limit))
		}
	}
	return ""
}

// trouble is what an application's job has last said of why it does not run, or "".
func (r *runner) trouble(a *application) string {
	for _, e := range slices.Backward(r.world.History()) {
		if !a.Concerns(e) {
			continue
		}
		switch ev := e.Event.(type) {
		case history.JobStatus:
			if ev.Cause != "" {
				return " (" + ev.Cause + ")"
			}
		case history.ProcessStopped:
			return fmt.Sprintf(" (%s has stopped: %s)", ev.Name, ev.Cause)
		}
	}
	return ""
}

// holder is the transaction behind which a source has last reported that it waits for ever, or "".
func (r *runner) holder() string {
	for _, e := range slices.Backward(r.world.History()) {
		if s, ok := e.Event.(history.SourceStalled); ok && s.Hangs() {
			return fmt.Sprintf("; transaction %s (producer %d, epoch %d) hangs, and holds the last stable offset of %s-%d at %d",
				cmp.Or(s.Transaction, "without an id"), s.ProducerID, s.Epoch, s.Topic, s.Partition, s.Stable)
		}
	}
	return ""
}

func orNot(status string) string {
	if status == "" {
		return "not there"
	}
	return status
}

// load lets the faults work until the input ends.
func (r *runner) load() error {
	return r.pass(loadMax, func() bool {
		if r.stopped = r.mustStop(); r.stopped != "" {
			return true
		}
		if r.world.Status() == finished && len(r.applications) == 1 {
			return true // a bounded source
		}
		if r.real != nil && r.recovered() {
			return true // nobody waits for a quiet hour in real time
		}
		if r.scenario.Pipeline.Source.Records == nil {
			return r.world.Now() >= time.Duration(r.scenario.Duration)
		}
		// A user's file may be through before the scenario's faults are.
		return r.world.Input.Done() && r.injector.Idle() && len(r.injector.Missed()) == 0 || r.world.Now() >= r.fileEnd()
	})
}

// recovered says whether all faults are over, and checkpoints have gone on for a while since.
func (r *runner) recovered() bool {
	for _, a := range r.applications {
		if a.Status() != running || a.LastCompleted() < r.struck+calm/2 {
			return false
		}
	}
	return r.injector.Idle() && len(r.injector.Missed()) == 0 && r.world.Now() >= r.struck+calm
}

// calm is how long the load goes on in real time after the last fault.
const calm = 20 * time.Second

const loadMax = 30 * 24 * time.Hour

// fileEnd is when a run over a user's file ends at the latest: when the file is through and the duration over.
func (r *runner) fileEnd() time.Duration {
	if !r.world.Input.Done() {
		return loadMax
	}
	return max(time.Duration(r.scenario.Duration), r.world.Now())
}

// drain is the calm end: nothing is broken any more, no input comes, and everything is given time to come
// out.
func (r *runner) drain() (drained bool, err error) {
	r.injector.Stop()
	r.world.Input.Stop()
	quiet, most := 20*time.Second, 5*time.Minute
	if d := r.scenario.Drain; d != nil {
		quiet, most = time.Duration(d.QuietFor), time.Duration(d.Max)
	}
	r.restartTheDead()
	busy := r.world.Now() // when something was still waited for
	err = r.pass(r.world.Now()+most, func() bool {
		r.pending = r.waitsFor(quiet)
		if owed := r.owed(); r.pending == "" && owed > 0 {
			r.pending = fmt.Sprintf("%d transactions or files of completed checkpoints are not committed", owed)
		}
		if marking := r.world.Marking(); r.pending == "" && marking > 0 {
			r.pending = fmt.Sprintf("%d transactions are decided, and their markers are under way", marking)
		}
		if r.pending != "" {
			busy = r.world.Now()
		}
		return r.world.Now() >= busy+afterglow
	})
	if r.pending != "" {
		r.pending += r.holder()
	}
	return r.waitsFor(quiet) == "", err // what is still owed after all this time is not late, but lost
}

// owed is how many transactions, or parts of files, completed checkpoints owe to readers.
func (r *runner) owed() (n int) {
	for _, a := range r.applications {
		n += a.Owed()
	}
	return n
}

// afterglow is the time for what nobody waits for, such as the answers that are on their way.
const afterglow = 2 * time.Second

// waitsFor is what a run still waits for at its end, or "".
func (r *runner) waitsFor(quiet time.Duration) string {
	if pending := r.world.Input.Pending(); pending != "" {
		return pending
	}
	first := r.applications[0]
	if pending := first.waitsFor(r.world.Input.Sent(), quiet); pending != "" || len(r.applications) == 1 {
		return pending
	}
	return r.applications[1].waitsFor(r.world.Log.End(sinkOf(&first.job).Topic), quiet)
}

// What a job may be, of Flink's words, when all is well.
const (
	running  = "RUNNING"
	finished = "FINISHED"
)

// restartTheDead gives a cluster without a supervisor its processes back: to come to rest, what is left of it
// must be able to.
func (r *runner) restartTheDead() {
	for _, p := range r.world.Processes() {
		if !r.world.Up(p) {
			r.world.Restart(p)
		}
	}
}

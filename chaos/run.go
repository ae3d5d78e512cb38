package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/process"
	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/checker/measure"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/sim/cluster"
)

// Outcome is all that came of one run.
type Outcome struct {
	Backend  fault.Backend
	Cell     scenario.Cell
	Seed     uint64
	Run      *checker.Run
	Audit    checker.ExactlyOnce
	Measured measure.Measured
	Results  []checker.Result
	Levels   []Level
	Evidence []Evidence
	Judgement
	TraceHash uint64
	Virtual   time.Duration
	Wall      time.Duration
	Events    uint64
	Panics    []string // with their stacks
	Pending   string   // what the drain waited for in vain, or ""
}

// ErrHarness is a failure of the harness itself: a run that says nothing.
var ErrHarness = errors.New("the run was ended by a failure of the harness")

// slice is how much virtual time passes between two looks at the run from outside.
const slice = 500 * time.Millisecond

// runner is one run under way.
type runner struct {
	ctx      context.Context
	scenario *scenario.Scenario
	job      plan.Job
	world    *cluster.Cluster
	backend  fault.Backend
	run      func(until time.Duration) // lets the world's time pass
	broken   func() error              // why the harness itself cannot go on
	struck   time.Duration             // when a fault last began or ended
	injector *fault.Injector
	progress func(virtual time.Duration)
	stopped  string // by stopWhen: why
	notReady string // the steady state was not reached: why
	pending  string // what the drain still waited for when its time was over
}

// Execute runs a cell with a seed. The error is for what keeps a run from being one at all: a pipeline that
// does not compile, a records file that cannot be read, an interrupt (the context's error). Everything else is
// in the outcome. progress may be nil.
func Execute(ctx context.Context, backend fault.Backend, cell scenario.Cell, seed uint64, progress func(virtual time.Duration)) (*Outcome, error) {
	return execute(ctx, backend, cell, seed, progress, func(*cluster.Config) {})
}

// execute lets a test change the world before the run.
func execute(ctx context.Context, backend fault.Backend, cell scenario.Cell, seed uint64, progress func(virtual time.Duration), change func(*cluster.Config)) (*Outcome, error) {
	began := time.Now()
	r := &runner{ctx: ctx, backend: backend, scenario: &cell.Scenario, progress: progress}
	if progress == nil {
		r.progress = func(time.Duration) {}
	}
	var err error
	if r.job, err = compile(r.scenario); err != nil {
		return nil, err
	}
	cfg, err := deployment(r.scenario, r.job, seed)
	if err != nil {
		return nil, err
	}
	change(&cfg)
	closed, err := r.start(cfg)
	if err != nil {
		return nil, err
	}
	defer closed()
	if err := r.arm(); err != nil {
		return nil, err
	}
	drained := false
	interrupted := r.steady()
	if interrupted == nil && r.notReady == "" {
		r.injector.Start()
		if interrupted = r.load(); interrupted == nil {
			drained, interrupted = r.drain()
		}
	}
	if err := r.broken(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHarness, err)
	}
	run, err := collect(r.world, &r.job, r.scenario.Metadata.Name, r.scenario.Pipeline.Source.Topic, drained)
	if err != nil {
		return nil, err
	}
	o := &Outcome{Backend: backend, Cell: cell, Seed: seed, Run: run, TraceHash: r.world.TraceHash(), Virtual: r.world.Now(), Events: r.world.Events(),
		Panics: r.world.Panics(), Pending: r.pending}
	r.judge(o, interrupted)
	o.Wall = time.Since(began)
	return o, interrupted
}

// start makes the world: a simulated one, or one whose JobManagers and TaskManagers are real processes.
func (r *runner) start(cfg cluster.Config) (closed func() error, err error) {
	switch r.backend {
	case fault.Sim:
		r.world = cluster.New(cfg)
		r.run, r.broken = r.world.Run, func() error { return nil }
		return func() error { return nil }, nil
	case fault.Process:
		conductor, err := process.New(cfg)
		if err != nil {
			return nil, err
		}
		r.world, r.run, r.broken = conductor.Cluster, conductor.Run, conductor.Broken
		return conductor.Close, nil
	}
	return nil, fmt.Errorf("run on %s: that backend is not there yet; run on %s or %s", r.backend, fault.Sim, fault.Process)
}

// arm joins the injector to the world.
func (r *runner) arm() error {
	bounds := map[fault.Role]int{}
	for role, most := range r.scenario.Safety.MaxAffected {
		bounds[role] = most
	}
	var err error
	r.injector, err = fault.New(fault.Config{
		Faults:      r.scenario.Faults,
		Target:      newTarget(r.world, &r.job),
		Job:         &r.job,
		Rand:        func(name string, n int) *rand.Rand { return r.world.Rand("fault", name, uint64(n)) },
		At:          r.world.After,
		Note:        r.world.Note,
		MaxAffected: bounds,
	})
	if err != nil {
		return err
	}
	r.world.Observe(func(e history.Entry) {
		switch e.Event.(type) {
		case history.FaultStarted, history.FaultEnded:
			r.struck = e.At
		}
		r.injector.Observe(e)
	})
	return nil
}

// pass lets virtual time pass until a condition holds, at most until a time.
func (r *runner) pass(until time.Duration, done func() bool) error {
	for r.world.Now() < until && !done() {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		r.run(min(r.world.Now()+slice, until))
		if err := r.broken(); err != nil {
			return err
		}
		r.progress(r.world.Now())
	}
	return nil
}

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

// load lets the faults work until the input ends.
func (r *runner) load() error {
	return r.pass(loadMax, func() bool {
		if r.stopped = r.mustStop(); r.stopped != "" {
			return true
		}
		if r.world.Status() == finished {
			return true // a bounded source
		}
		if r.backend != fault.Sim && r.recovered() {
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
	return r.injector.Idle() && len(r.injector.Missed()) == 0 && r.world.Status() == running &&
		r.world.Now() >= r.struck+calm && r.world.LastCompleted() >= r.struck+calm/2
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
		if owed := r.world.Owed(); r.pending == "" && owed > 0 {
			r.pending = fmt.Sprintf("%d transactions or files of completed checkpoints are not committed", owed)
		}
		if r.pending != "" {
			busy = r.world.Now()
		}
		return r.world.Now() >= busy+afterglow
	})
	return r.waitsFor(quiet) == "", err // what is still owed after all this time is not late, but lost
}

// afterglow is the time for what nobody waits for: commit markers on their way to the partitions.
const afterglow = 2 * time.Second

// waitsFor is what a run still waits for at its end, or "". A bounded job has to finish. An unbounded one has to
// complete a checkpoint that covers all input, and another one a while later: until then a TaskManager may be
// dead without anybody having noticed, and with it the commits of the first.
func (r *runner) waitsFor(quiet time.Duration) string {
	status := r.world.Status()
	records, at := r.world.Covered()
	switch {
	case status == finished:
		return ""
	case r.scenario.Pipeline.Source.Connector == "file" || status != running:
		return fmt.Sprintf("the job is %s", orNot(status))
	case records < r.world.Input.Sent():
		return fmt.Sprintf("the completed checkpoints cover %d of %d records", records, r.world.Input.Sent())
	case r.world.LastCompleted() < at+quiet:
		return "no checkpoint was completed after the one that covers all records"
	}
	return ""
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

// lacks says which requirement does not hold yet, or "".
func (r *runner) lacks(require map[string]scenario.Limit) string {
	if status := r.world.Status(); status != running {
		return fmt.Sprintf("the job is %s", orNot(status))
	}
	for _, name := range sortedNames(require) {
		value, ok := r.now(name)
		if limit := require[name]; !ok || !within(value, limit) {
			return fmt.Sprintf("%s is %g, wanted %s", name, value, limitText(limit))
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

// mustStop says which limit of stopWhen is broken, or "".
func (r *runner) mustStop() string {
	for _, name := range sortedNames(r.scenario.StopWhen) {
		if value, ok := r.now(name); ok && !within(value, r.scenario.StopWhen[name]) {
			return fmt.Sprintf("stopWhen: %s is %g, allowed %s", name, value, limitText(r.scenario.StopWhen[name]))
		}
	}
	return ""
}

// now is a metric while the run is under way. What can only be measured afterwards is not there.
func (r *runner) now(name string) (value float64, ok bool) {
	sent := float64(r.world.Input.Sent())
	switch name {
	case "completedCheckpoints":
		return float64(r.world.Completed()), true
	case "numRestarts":
		return float64(r.world.Restarts()), true
	case "consumerLag":
		return sent - float64(r.world.Input.Read()), true
	case "throughputRatio":
		return float64(r.world.Input.Read()) / max(sent, 1), sent > 0
	}
	return 0, false
}

func sortedNames[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

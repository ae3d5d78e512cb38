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
	"github.com/flinch-dev/flinch/sim/cluster"
)

// Outcome is all that came of one run.
type Outcome struct {
	Backend  fault.Backend
	Services map[string]string // of real processes: what served, by ha, storage and kafka
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
	// Downstream is the same run as the downstream application saw it, judged in Judgement with this one; nil if there is
	// none.
	Downstream *Outcome
	Left       error // what real processes have left behind, since it could not be undone
}

// ErrUnavailable says that a service which a run needs is not there: there was no run.
var ErrUnavailable = errors.New("the run cannot begin")

// ErrHarness is a failure of the harness itself: a run that says nothing.
var ErrHarness = errors.New("the run was ended by a failure of the harness")

// slice is how much virtual time passes between two looks at the run from outside.
const slice = 500 * time.Millisecond

// runner is one run under way.
type runner struct {
	ctx          context.Context
	scenario     *scenario.Scenario
	applications []*application // the scenario's own, and one downstream of it
	world        *cluster.Cluster
	on           On
	real         *process.Conductor        // nil in simulation
	run          func(until time.Duration) // lets the world's time pass
	broken       func() error              // why the harness itself cannot go on
	struck       time.Duration             // when a fault last began or ended
	injector     *fault.Injector
	events       history.History // all that was noted, once the run is over
	progress     func(virtual time.Duration)
	stopped      string // by stopWhen: why
	notReady     string // the steady state was not reached: why
	pending      string // what the drain still waited for when its time was over
}

// On says where a run takes place.
type On struct {
	Backend fault.Backend
	Parts   process.Parts // of the process backend
}

// Execute runs a cell with a seed. The error is for what keeps a run from being one at all: a pipeline that
// does not compile, a records file that cannot be read, an interrupt (the context's error). Everything else is
// in the outcome. progress may be nil.
func Execute(ctx context.Context, on On, cell scenario.Cell, seed uint64, progress func(virtual time.Duration)) (*Outcome, error) {
	return execute(ctx, on, cell, seed, progress, func(*cluster.Config) {})
}

// execute lets a test change the world before the run.
func execute(ctx context.Context, on On, cell scenario.Cell, seed uint64, progress func(virtual time.Duration), change func(*cluster.Config)) (o *Outcome, err error) {
	began := time.Now()
	r := &runner{ctx: ctx, on: on, scenario: &cell.Scenario, progress: progress}
	if progress == nil {
		r.progress = func(time.Duration) {}
	}
	if r.applications, err = applications(r.scenario); err != nil {
		return nil, err
	}
	cfg, err := deployment(r.applications, seed)
	if err != nil {
		return nil, err
	}
	change(&cfg)
	closed, err := r.start(cfg)
	if err != nil {
		return nil, err
	}
	defer func() {
		if left := closed(); o != nil {
			o.Left = left
		} else {
			err = errors.Join(err, left)
		}
	}()
	r.join()
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
	var services map[string]string
	if r.real != nil {
		services = r.real.Services()
		if err := r.real.Settle(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrHarness, err)
		}
	}
	runs, err := r.collect(drained)
	if err != nil {
		return nil, err
	}
	if err := r.broken(); err != nil { // the files of a real store are read as they are collected
		return nil, fmt.Errorf("%w: %w", ErrHarness, err)
	}
	o = &Outcome{Backend: on.Backend, Services: services, Cell: cell, Seed: seed, Run: runs[0], TraceHash: r.world.TraceHash(), Virtual: r.world.Now(), Events: r.world.Events(),
		Panics: r.world.Panics(), Pending: r.pending}
	if len(runs) > 1 {
		down := *o
		down.Cell, down.Run, o.Downstream = cell.Next(), runs[1], &down
	}
	r.judge(o, interrupted)
	o.Wall = time.Since(began)
	return o, interrupted
}

// start makes the world: a simulated one, or one whose JobManagers and TaskManagers are real processes.
func (r *runner) start(cfg cluster.Config) (closed func() error, err error) {
	switch r.on.Backend {
	case fault.Sim:
		r.world = cluster.New(cfg)
		r.run, r.broken = r.world.Run, func() error { return nil }
		return func() error { return nil }, nil
	case fault.Process:
		r.real, err = process.New(cfg, r.on.Parts)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
		}
		r.world, r.run, r.broken = r.real.Cluster, r.real.Run, r.real.Broken
		return r.real.Close, nil
	}
	return nil, fmt.Errorf("run on %s: that backend is not there yet; run on %s or %s", r.on.Backend, fault.Sim, fault.Process)
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
		Target:      newTarget(r.world, r.real, r.applications),
		Jobs:        r.jobs(),
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
		return sent - float64(r.world.Read()), true
	case "throughputRatio":
		return float64(r.world.Read()) / max(sent, 1), sent > 0
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

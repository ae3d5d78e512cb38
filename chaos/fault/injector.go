package fault

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/plan"
)

// Config is what an Injector needs of the world around it.
type Config struct {
	Faults []Fault
	Target Target
	// Jobs tells, by application, which operators a vertex chains; may be nil.
	Jobs map[string]*plan.Job
	// Rand draws for one firing of one fault: the same (name, ordinal) draws the same.
	Rand func(fault string, ordinal int) *rand.Rand
	// At calls f when wait has passed, in the same thread as everything else.
	At func(wait time.Duration, f func())
	// Note records FaultStarted and FaultEnded. It may call Observe.
	Note func(history.Event)
	// MaxAffected bounds how many processes of a role may suffer at once; a role without entry is unbounded.
	MaxAffected map[Role]int
}

// Injector decides when faults fire and at whom, and undoes them.
type Injector struct {
	cfg        Config
	target     Target
	faults     []*armed
	active     []*firing    // in the order of their start
	conditions []*condition // in force, in the order of their start
	down       map[string]Role
	failures   []Failure
	queue      []history.Entry
	firing     bool
	armed      bool // Start was called: before it, events count but nothing fires
	stopped    bool
}

// armed is a fault with what its trigger has counted.
type armed struct {
	Fault
	kind    Kind
	matches int
	fired   int
	planned int  // firings decided on, some perhaps still waiting for "plus"
	started bool // for "after" of other faults
	struck  bool // somebody, or something, at least once
}

// firing is one fault in force.
type firing struct {
	*armed
	hit     victims
	service Role   // that it makes wrong as a whole, or ""
	hits    uint64 // of its links or its service, before it began
	gone    bool   // a victim died, and with it what was wrong there
	ended   bool
}

// Failure is a firing that could not happen.
type Failure struct {
	Fault   string
	Reason  string
	Refused bool // safety.maxAffected forbade it
}

// firingsMax bounds one fault's firings, so that two faults that trigger each other end.
const firingsMax = 1000

// New arms the faults. They must be complete and valid, as WithDefaults and a validated scenario leave them.
func New(cfg Config) (*Injector, error) {
	i := &Injector{cfg: cfg, target: cfg.Target, down: map[string]Role{}}
	for _, f := range cfg.Faults {
		f = f.WithDefaults()
		kind, known := Lookup(f.Inject)
		if !known {
			return nil, fmt.Errorf("arm fault %q: there is no kind of fault %q; chaos faults lists them", f.Name, f.Inject)
		}
		if f.At == nil && f.When == nil {
			return nil, fmt.Errorf("arm fault %q: it has no trigger; give it one of at, when and every", f.Name)
		}
		i.faults = append(i.faults, &armed{Fault: f, kind: kind})
	}
	return i, nil
}

// Start lets faults fire, and sets the timers of those with "at". Call it when the steady state is reached.
// What was observed before counts for "nth".
func (i *Injector) Start() {
	i.armed = true
	for _, a := range i.faults {
		if a.At == nil {
			continue
		}
		wait := time.Duration(a.At.At)
		if a.At.Until > a.At.At {
			wait += time.Duration(i.cfg.Rand(a.Name+"/at", 0).Int64N(int64(a.At.Until - a.At.At)))
		}
		i.later(a, wait)
	}
}

func (i *Injector) later(a *armed, wait time.Duration) {
	a.planned++
	i.cfg.At(wait, func() {
		i.fire(a)
		if a.Every > 0 && !i.stopped && a.planned < firingsMax {
			i.later(a, time.Duration(a.Every))
		}
		i.drainQueue()
	})
}

// Observe looks at what has just happened. Faults whose trigger it meets fire before Observe returns, in the
// order of the scenario. What a firing itself causes is looked at once the firing is complete.
func (i *Injector) Observe(e history.Entry) {
	i.queue = append(i.queue, e)
	if !i.firing {
		i.drainQueue()
	}
}

func (i *Injector) drainQueue() {
	if i.firing {
		return
	}
	for len(i.queue) > 0 {
		e := i.queue[0]
		i.queue = i.queue[1:]
		i.look(e)
	}
}

func (i *Injector) look(e history.Entry) {
	i.follow(e.Event)
	if i.stopped {
		return
	}
	application := i.target.Application(e.Process)
	for _, a := range i.faults {
		if a.When == nil || a.When.Application != application || !a.When.Matches(e.Event, i.cfg.Jobs[application]) || a.When.After != "" && !i.hasStarted(a.When.After) {
			continue
		}
		if f := factsOf(e.Event).fault; f != "" && f == a.Name {
			continue // a fault does not set itself off
		}
		a.matches++
		again := a.When.Every > 0 && a.matches > a.When.Nth && (a.matches-a.When.Nth)%a.When.Every == 0
		if !i.armed || a.matches != a.When.Nth && !again || a.planned >= firingsMax {
			continue
		}
		if a.When.Plus > 0 {
			i.later(a, time.Duration(a.When.Plus))
			continue
		}
		a.planned++
		i.fire(a)
		if a.Every > 0 {
			i.later(a, time.Duration(a.Every))
		}
	}
}

// follow keeps book of who is down, for MaxAffected and for faults whose victim dies.
func (i *Injector) follow(event history.Event) {
	switch e := event.(type) {
	case history.ProcessStarted:
		delete(i.down, e.Name)
	case history.ProcessStopped:
		// A pause dies with the process, a wrong clock with its machine; links, services and a broker's disk stay as they are.
		i.conditions = slices.DeleteFunc(i.conditions, func(c *condition) bool {
			dies := c.pause == e.Name || c.clock == e.Name && e.Cause == history.MachineLost
			c.firing.gone = c.firing.gone || dies
			return dies
		})
	}
}

func (i *Injector) hasStarted(name string) bool {
	return slices.ContainsFunc(i.faults, func(a *armed) bool { return a.Name == name && a.started })
}

// fire injects one fault now.
func (i *Injector) fire(a *armed) {
	if i.stopped {
		return
	}
	i.firing = true
	defer func() { i.firing = false }()
	hit, err := i.victims(a.Fault, a.kind, i.cfg.Rand(a.Name, a.fired))
	a.fired++
	if err != nil {
		i.fail(a, err.Error(), false)
		return
	}
	if refusal := i.tooMany(a, hit); refusal != "" {
		i.fail(a, refusal, true)
		return
	}
	a.started = true
	i.cfg.Note(history.FaultStarted{Fault: a.Name, Inject: a.Inject, Targets: hit.names(), Asked: a.asked(), Why: hit.why})
	conditions := a.conditionsOf(hit)
	f := &firing{armed: a, hit: hit, service: serviceOf(conditions)}
	f.hits = i.hits(f)
	if a.kind.Lasts == AtOnce {
		i.cfg.Note(history.FaultEnded{Fault: a.Name, Inject: a.Inject, Result: i.strike(f)})
		return
	}
	for _, c := range conditions {
		c.firing = f
		i.conditions = append(i.conditions, c)
		if err := i.settle(c); err != nil && !errors.Is(err, ErrGone) {
			i.failures = append(i.failures, Failure{Fault: a.Name, Reason: err.Error()})
		}
	}
	i.active = append(i.active, f)
	if a.For > 0 {
		i.cfg.At(time.Duration(a.For), func() {
			i.end(f)
			i.drainQueue()
		})
	}
}

func (i *Injector) fail(a *armed, reason string, refused bool) {
	i.failures = append(i.failures, Failure{Fault: a.Name, Reason: reason, Refused: refused})
	i.cfg.Note(history.FaultEnded{Fault: a.Name, Inject: a.Inject, Result: "not injected: " + reason})
}

// end undoes a firing: what it made wrong is put right unless another firing still wants it wrong.
func (i *Injector) end(f *firing) {
	if f.ended {
		return
	}
	f.ended = true
	was := i.firing
	i.firing = true
	defer func() { i.firing = was }()
	i.active = slices.DeleteFunc(i.active, func(o *firing) bool { return o == f })
	var mine []*condition
	i.conditions = slices.DeleteFunc(i.conditions, func(c *condition) bool {
		if c.firing == f {
			mine = append(mine, c)
		}
		return c.firing == f
	})
	result := i.came(f, "undone")
	if f.gone {
		result = "its victim died first"
	}
	for _, c := range slices.Backward(mine) {
		if err := i.settle(c); err != nil && !errors.Is(err, ErrGone) {
			result = "undo failed: " + err.Error()
			i.failures = append(i.failures, Failure{Fault: f.Name, Reason: result})
		}
	}
	i.cfg.Note(history.FaultEnded{Fault: f.Name, Inject: f.Inject, Result: result})
}

// Stop undoes everything, the last fault first, and lets nothing fire any more.
func (i *Injector) Stop() {
	i.stopped = true
	for _, f := range slices.Backward(slices.Clone(i.active)) {
		i.end(f)
	}
	i.drainQueue()
}

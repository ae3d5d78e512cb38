package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// Resident is an actor that a process starts with. Name "" is the root actor: when it ends, so does the
// process.
type Resident struct {
	Name  string
	Actor mailbox.Actor
}

// Process describes a process of the world.
type Process struct {
	Name    string
	Machine string // processes on one machine are lost together; "" is a machine of its own
	Cores   int    // 0: as many as it wants
	// Boot makes the residents of one life of the process: boot is 1 for the first.
	Boot func(boot int) []Resident
	// BootTime is from the start to the first message; 0 is the profile's, negative is at once.
	BootTime time.Duration
	// Outside makes the process the stand-in of one that lives outside of the world: mail to any of its addresses
	// where no resident lives is handed to it, and what the real process sends comes in by Enter.
	Outside func(from, to mailbox.Addr, m mailbox.Msg)
	// RestartAfter is what a supervisor waits before it starts a dead process again; 0: there is none.
	RestartAfter time.Duration
}

// phase is where a process is in its life.
type phase uint8

const (
	booting phase = iota
	running
	dead
	gone // with its machine: nobody answers, not even with a refusal
)

type process struct {
	Process
	index  int
	key    uint64 // for draws
	phase  phase
	paused bool
	life   uint32 // grows with every death: what belongs to a former life is ignored
	orphan bool   // nobody will start it again
	boot   int
	clock  Clock
	links  []*link
	actors []*actor
	cores  []int64 // when each is free
	ready  []*actor
	held   []event // came while paused
	hash   uint64
}

func (p *process) up() bool { return p.phase == running }

// Add adds a process and starts it.
func (w *World) Add(p Process) {
	if w.processes[p.Name] != nil {
		panic(fmt.Sprintf("sim: process %q is there already", p.Name))
	}
	if p.Machine == "" {
		p.Machine = p.Name
	}
	n := &process{Process: p, index: len(w.order), key: hashString(Mix(w.cfg.Seed), p.Name), phase: dead, clock: NewClock()}
	n.cores = make([]int64, p.Cores)
	w.processes[p.Name] = n
	w.order = append(w.order, n)
	for _, each := range w.order {
		for len(each.links) < len(w.order) {
			each.links = append(each.links, nil)
		}
	}
	w.start(n)
}

func (w *World) mustProcess(name string) *process {
	p := w.processes[name]
	if p == nil {
		panic(fmt.Sprintf("sim: there is no process %q", name))
	}
	return p
}

func (w *World) start(p *process) {
	p.phase = booting
	p.boot++
	wait := p.BootTime
	if wait == 0 {
		wait = w.profile.Boot
	}
	life := p.life
	w.After(max(wait, 0), func() {
		if p.life != life || p.phase != booting {
			return
		}
		p.phase = running
		clear(p.cores)
		w.note(p.Name, p.Name, history.ProcessStarted{Name: p.Name, Boot: p.boot})
		for _, r := range p.Boot(p.boot) {
			addr := mailbox.Addr(p.Name)
			if r.Name != "" {
				addr = addr.In(r.Name)
			}
			w.spawn(p, w.address(addr), nil, r.Actor)
		}
	})
}

// Kill ends a process as SIGKILL does: what it had in memory is gone, its connections break.
func (w *World) Kill(name string) { w.stop(w.mustProcess(name), "killed", false, dead) }

// LoseMachine ends every process of a machine, and with them whatever was on its disks, and its clock. Nobody refuses
// connections: to the others it is silent.
func (w *World) LoseMachine(machine string) {
	for _, p := range w.order {
		if p.Machine == machine {
			w.stop(p, history.MachineLost, false, gone)
			p.clock = NewClock()
		}
	}
}

func (w *World) stop(p *process, cause string, panicked bool, to phase) {
	if p.phase == dead || p.phase == gone {
		return
	}
	p.phase = to
	p.paused = false
	p.life++
	p.held, p.ready = nil, nil
	for _, a := range p.actors {
		a.end()
	}
	p.actors = nil
	w.note(p.Name, p.Name, history.ProcessStopped{Name: p.Name, Cause: cause, Panic: panicked})
	for _, q := range w.order {
		if q == p || p.links[q.index] == nil && q.links[p.index] == nil {
			continue
		}
		w.breakLink(p, q)
		if to == dead && !w.link(p, q).cut {
			w.disconnected(q, p)
		}
	}
	if p.RestartAfter > 0 && !panicked {
		life := p.life
		w.After(p.RestartAfter, func() {
			if p.life == life {
				w.Restart(p.Name)
			}
		})
	}
}

// Abandon takes a process away from its supervisor, and from everybody else who might start it again. It goes on until
// it ends.
func (w *World) Abandon(name string) { w.mustProcess(name).orphan = true }

// Restart starts a process that is not running.
func (w *World) Restart(name string) {
	p := w.mustProcess(name)
	if (p.phase == dead || p.phase == gone) && !p.orphan {
		w.start(p)
	}
}

// Pause makes a process stand still: its mail and timers wait, its clock goes on, its connections stay.
func (w *World) Pause(name string) {
	p := w.mustProcess(name)
	if p.up() && !p.paused {
		p.paused = true
		w.note(p.Name, p.Name, history.ProcessPaused{Name: p.Name})
	}
}

// Resume ends a pause: everything that waited is handled now, in the order in which it came.
func (w *World) Resume(name string) {
	p := w.mustProcess(name)
	if !p.paused {
		return
	}
	p.paused = false
	w.note(p.Name, p.Name, history.ProcessResumed{Name: p.Name})
	held := p.held
	p.held = nil
	for _, e := range held {
		w.queue.push(w.now, e)
	}
	w.After(0, func() { w.dispatch(p) })
}

// Up says whether a process is running, paused or not.
func (w *World) Up(name string) bool { return w.mustProcess(name).up() }

// Paused says whether a process stands still.
func (w *World) Paused(name string) bool { return w.mustProcess(name).paused }

// Machine returns the machine that a process is on.
func (w *World) Machine(name string) string { return w.mustProcess(name).Machine }

// Processes returns the names of all processes, sorted.
func (w *World) Processes() []string {
	names := make([]string, 0, len(w.order))
	for _, p := range w.order {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return names
}

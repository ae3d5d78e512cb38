package sim

import (
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// Profile is a cost model: what work, starts and the network cost in virtual time. The figures are orders of
// magnitude that make the right things expensive; they are not measurements of anyone's cluster.
type Profile struct {
	Name      string
	Work      [mailbox.Works]float64 // nanoseconds per unit
	Boot      time.Duration          // from the start of a process to its first message
	Latency   time.Duration          // one way between two processes, at least
	Jitter    time.Duration          // and up to this much more
	Bandwidth float64                // bytes per nanosecond of one link
}

// Profiles by name.
var Profiles = map[string]Profile{
	// A small static binary: up in no time, about 5 million records/s through an operator and core.
	"go-process": {
		Name: "go-process",
		Work: [mailbox.Works]float64{
			mailbox.Process:   200,
			mailbox.Serialize: 0.5,
			mailbox.Freeze:    0.1,
			mailbox.Restore:   2,
			mailbox.Start:     2e6,
		},
		Boot:      150 * time.Millisecond,
		Latency:   150 * time.Microsecond,
		Jitter:    100 * time.Microsecond,
		Bandwidth: 1.25,
	},
	// A JVM in a container: seconds to start, tens of milliseconds to set up a task.
	"flink-jvm": {
		Name: "flink-jvm",
		Work: [mailbox.Works]float64{
			mailbox.Process:   1000,
			mailbox.Serialize: 2,
			mailbox.Freeze:    0.5,
			mailbox.Restore:   8,
			mailbox.Start:     8e7,
		},
		Boot:      6 * time.Second,
		Latency:   300 * time.Microsecond,
		Jitter:    400 * time.Microsecond,
		Bandwidth: 1.25,
	},
}

// charge turns units of work into nanoseconds.
func (p *Profile) charge(work *[mailbox.Works]int) int64 {
	var ns float64
	for kind, n := range work {
		if n != 0 {
			ns += float64(n) * p.Work[kind]
		}
	}
	return int64(ns)
}

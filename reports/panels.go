package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/checker/measure"
)

// panels are the plots of one run, in the order in which they are read.
func panels(d *Document, s *story) []*panel {
	all := []*panel{
		{Name: "Rate", Unit: "records/s", Height: 150, Curves: curves(d, "offered", "consumed", "committed")},
		{Name: "Output latency", Unit: "seconds", Log: true, Height: 150,
			Curves: curves(d, "latency.p50", "latency.p99"), Limits: limits(d, "output.latency.p99", "output.latency.p50"), Note: uncommitted(d)},
		{Name: "Consumer lag", Unit: "records", Height: 110, Curves: curves(d, "lag"), Limits: limits(d, "consumerLag")},
		checkpointDurations(d, s),
		checkpointSizes(s),
		{Name: "Restarts", Height: 70, Curves: stairs(restarts(d, s)), Limits: limits(d, "numRestarts")},
		{Name: "Open transactions", Height: 70, Curves: stairs(openTransactions(d, s))},
	}
	return append(all, furtherPanels(d)...)
}

// drawn are the series that have a place of their own.
var drawn = []string{"offered", "consumed", "committed", "latency.p50", "latency.p99", "lag",
	"checkpoint.duration", "restarts", "openTransactions"}

// furtherPanels give every other series a panel, so that a new one is seen without a change here.
func furtherPanels(d *Document) []*panel {
	var all []*panel
	for _, m := range d.Series {
		if !slices.Contains(drawn, m.Name) && len(all) < 4 {
			all = append(all, &panel{Name: m.Name, Unit: m.Unit, Height: 100, Curves: curves(d, m.Name)})
		}
	}
	return all
}

func curves(d *Document, names ...string) []curve {
	var all []curve
	for _, name := range names {
		for _, m := range d.Series {
			if m.Name == name {
				all = append(all, curve{Name: name, Class: "s-" + class(name), Step: m.Step, Values: m.Value})
			}
		}
	}
	return all
}

// class turns a series name into the name of a CSS class.
func class(name string) string {
	if !slices.Contains(drawn, name) {
		return "further"
	}
	return strings.ReplaceAll(name, ".", "-")
}

func stairs(all []curve) []curve {
	for i := range all {
		all[i].Stairs = true
	}
	return all
}

// limits are the service levels on a quantity. A limit for some part of the run is drawn all over, with the
// part in its label.
func limits(d *Document, names ...string) []limit {
	var all []limit
	for _, o := range d.SLO {
		if slices.Contains(names, o.Name) && !math.IsNaN(o.Limit) {
			label := quantity(o.Limit, o.Unit)
			if o.During != "" {
				label += " " + o.During
			}
			all = append(all, limit{o.Limit, label})
		}
	}
	return all
}

func checkpointDurations(d *Document, s *story) *panel {
	p := &panel{Name: "Checkpoint duration", Unit: "seconds", Height: 110, Limits: limits(d, "lastCheckpointDuration")}
	for _, c := range s.checkpoints {
		at, class := c.Ended, "m-done"
		if c.Result != completed {
			class = "m-failed"
		}
		p.Marks = append(p.Marks, mark{at, c.Duration.Seconds(), class, checkpointTip(c)})
	}
	return p
}

func checkpointTip(c checkpoint) string {
	tip := fmt.Sprintf("checkpoint %d %s at %s after %s", c.ID, c.Result, moment(c.Ended), seconds(c.Duration))
	return because(tip, c.Reason)
}

func checkpointSizes(s *story) *panel {
	var largest int64
	for _, c := range s.checkpoints {
		largest = max(largest, c.Bytes)
	}
	unit, per := "bytes", int64(1)
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if largest < per<<10 {
			break
		}
		unit, per = next, per<<10
	}
	p := &panel{Name: "Checkpoint size", Unit: unit, Height: 80}
	for _, c := range s.checkpoints {
		if c.Result == completed {
			p.Marks = append(p.Marks, mark{c.Ended, float64(c.Bytes) / float64(per), "m-done",
				fmt.Sprintf("checkpoint %d: %s", c.ID, size(c.Bytes))})
		}
	}
	return p
}

// restarts and openTransactions are counted from the history when no series was handed in.
func restarts(d *Document, s *story) []curve {
	if given := curves(d, "restarts"); len(given) > 0 {
		return given
	}
	var steps []change
	for _, r := range s.restarts {
		steps = append(steps, change{r.At, 1})
	}
	return []curve{counted("restarts", steps, s.end)}
}

func openTransactions(d *Document, s *story) []curve {
	if given := curves(d, "openTransactions"); len(given) > 0 {
		return given
	}
	var steps []change
	for _, t := range s.transactions {
		steps = append(steps, change{t.Opened, 1})
		if t.Fate != "open" {
			steps = append(steps, change{t.Ended, -1})
		}
	}
	if len(steps) == 0 {
		return nil
	}
	return []curve{counted("openTransactions", steps, s.end)}
}

type change struct {
	at time.Duration
	by float64
}

// counted samples a running count at so many equal steps that a change is placed to the width of a line.
func counted(name string, steps []change, end time.Duration) curve {
	const samples = 1000
	c := curve{Name: name, Class: "s-" + class(name), Step: max(end/samples, 1), Values: make([]float64, samples+1)}
	for _, s := range steps {
		c.Values[min(int(s.at/c.Step), samples)] += s.by
	}
	for i := 1; i < len(c.Values); i++ {
		c.Values[i] += c.Values[i-1]
	}
	return c
}

// readout is a curve as the script shows its values under the cursor: few numbers, three digits each.
type readout struct {
	Step   float64   `json:"step"`
	Unit   string    `json:"unit"`
	Values []*Number `json:"values"`
}

func readouts(all []*panel) map[string]readout {
	out := map[string]readout{}
	for _, p := range all {
		for _, c := range p.Curves {
			every := max(1, (len(c.Values)+599)/600)
			r := readout{Step: c.Step.Seconds() * float64(every), Unit: p.Unit}
			for i := 0; i < len(c.Values); i += every {
				r.Values = append(r.Values, rounded(c.Values[i]))
			}
			out[c.Name] = r
		}
	}
	return out
}

func rounded(v float64) *Number {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	n := Number(v)
	if v != 0 {
		scale := math.Pow(10, 3-math.Ceil(math.Log10(math.Abs(v))))
		n = Number(math.Round(v*scale) / scale)
	}
	return &n
}

// capacityModel is what law 1 of recovery says: work that piled up while nothing was read is worked off with
// the capacity that the offered load leaves free.
type capacityModel struct {
	Load, Capacity float64
	Backlog        time.Duration // time whose input must be read (again)
	CatchUp        time.Duration
}

// modelOf reads load and capacity off the series. It says no when the run does not show them.
func modelOf(d *Document, s *story, r measure.Recovery) (capacityModel, bool) {
	offered, consumed := curves(d, "offered"), curves(d, "consumed")
	if len(offered) == 0 || len(consumed) == 0 || r.Total < 0 || r.CatchUp <= 0 {
		return capacityModel{}, false
	}
	load := window(offered[0], 0, r.At)
	fast := window(consumed[0], r.At+r.Total-r.CatchUp-consumed[0].Step, r.At+r.Total) // with the step in which it began
	if len(load) == 0 || len(fast) == 0 {
		return capacityModel{}, false
	}
	m := capacityModel{Load: quantile(load, 0.5), Capacity: slices.Max(fast), Backlog: r.Total - r.CatchUp}
	if last := s.lastCompleted(r.At + r.Total - r.CatchUp); last != nil {
		m.Backlog += max(0, r.At-last.Triggered)
	}
	if m.Capacity <= m.Load*1.02 {
		return capacityModel{}, false
	}
	rho := m.Load / m.Capacity
	m.CatchUp = time.Duration(rho / (1 - rho) * float64(m.Backlog))
	return m, true
}

// window returns the known values of a curve between two times.
func window(c curve, from, to time.Duration) []float64 {
	var all []float64
	for i, v := range c.Values {
		if t := c.Step * time.Duration(i); t >= from && t < to && !math.IsNaN(v) {
			all = append(all, v)
		}
	}
	return all
}

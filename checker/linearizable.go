package checker

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/flinch-dev/flinch/runtime/history"
)

// Bounds of the search. Linearizability is costly to decide: a history that takes longer is not decided, and
// a picture of more operations is one that no browser opens.
const (
	searchTime    = 10 * time.Second
	pictureOpsMax = 2000
)

// objects are the shared objects whose operations can be checked and drawn.
var objects = []string{"lease", "pointers", "counter"}

// object is a shared object: its sequential model, and the operations on it, a list for each key.
type object struct {
	name  string
	model porcupine.Model
	keys  []string
	ops   map[string][]porcupine.Operation
	// skipped says what was left out, or "".
	skipped string
	// why says why there are no operations, or "".
	why string
}

func objectOf(run *Run, name string) object {
	switch name {
	case "lease":
		return leases(run)
	case "pointers":
		return pointers(run)
	}
	return counter(run)
}

func leaseLinearizable(run *Run) Result    { return linearizable(run, leases(run)) }
func pointersLinearizable(run *Run) Result { return linearizable(run, pointers(run)) }
func counterLinearizable(run *Run) Result  { return linearizable(run, counter(run)) }

// linearizable looks for an order of the operations that explains all answers, key by key.
func linearizable(run *Run, o object) Result {
	if o.why != "" {
		return notDecided("%s", o.why)
	}
	until := time.Now().Add(searchTime)
	looked := 0
	for _, key := range o.keys {
		ops := o.ops[key]
		looked += len(ops)
		left := time.Until(until)
		if left <= 0 {
			return notDecided("the search for an order took longer than %s; %d operations are open", searchTime, countOps(o)-looked+len(ops))
		}
		switch porcupine.CheckOperationsTimeout(o.model, ops, left) {
		case porcupine.Unknown:
			return notDecided("the search for an order of the %d operations on %s %q took longer than %s", len(ops), o.name, key, searchTime)
		case porcupine.Illegal:
			return o.illegal(run, key, looked)
		}
	}
	return holds(looked, "%d operations on %s have an order that explains every answer%s", looked, o.name, o.skipped)
}

func countOps(o object) int {
	n := 0
	for _, ops := range o.ops {
		n += len(ops)
	}
	return n
}

// illegal shows the operation that cannot be explained: the first to return of those that the longest good
// order leaves out.
func (o object) illegal(run *Run, key string, looked int) Result {
	ops := o.ops[key]
	r := Result{Verdict: Broken, Anomaly: "not-linearizable", Looked: looked, Records: []string{key}}
	culprit := firstUnexplained(o.model, ops)
	r.At = time.Duration(culprit.Return)
	until := "to " + time.Duration(culprit.Return).String()
	if culprit.Return < culprit.Call { // no answer
		r.At, until = run.End, "on"
	}
	r.Detail = fmt.Sprintf("%s %q: no order of its %d operations explains the answer of %s, from %s %s", o.name, key, len(ops),
		o.model.DescribeOperation(culprit.Input, culprit.Output), time.Duration(culprit.Call), until)
	if call, ok := culprit.Input.(counterAdd); ok {
		r.Records, r.Evidence = []string{call.record}, answerOf(run, call.record)
		return r
	}
	for _, e := range run.Events {
		if op, ok := e.Event.(history.Operation); ok && op.Object == o.name && op.Key == key && int64(e.At) <= culprit.Return {
			r.Evidence = append(r.Evidence, e)
		}
	}
	r.Evidence = tidy(r.Evidence)
	return r
}

// firstUnexplained finds, by bisection, the shortest beginning of the operations (by return) that has no
// order: its last operation is the one that cannot be explained. Those that return later are kept as pending,
// since they may have taken effect.
func firstUnexplained(model porcupine.Model, ops []porcupine.Operation) porcupine.Operation {
	sorted := slices.Clone(ops)
	slices.SortStableFunc(sorted, func(a, b porcupine.Operation) int { return cmp.Compare(a.Return, b.Return) })
	until := time.Now().Add(searchTime)
	low, high := 0, len(sorted) // sorted[:low] has an order, sorted[:high] has none
	for high-low > 1 {
		mid := (low + high) / 2
		part := slices.Clone(sorted[:mid])
		for _, later := range sorted[mid:] {
			if later.Call < sorted[mid-1].Return {
				part = append(part, pending(later))
			}
		}
		if porcupine.CheckOperationsTimeout(model, part, time.Until(until)+time.Millisecond) == porcupine.Illegal {
			high = mid
		} else {
			low = mid
		}
	}
	return sorted[high-1]
}

// never is the return time of an operation that was not answered: it may take effect until the end.
const never = int64(1) << 62

// unanswered is the output of such an operation: whatever it does, nobody has seen it.
type unanswered struct{}

func pending(op porcupine.Operation) porcupine.Operation {
	op.Output, op.Return = unanswered{}, never
	return op
}

// operationsOn reads the calls on one object from the history, by key, with true times. Refused calls certainly had no effect
// and are left out. A call may be noted twice: when it was sent, without a return, and when it was answered.
func operationsOn(run *Run, name string, input func(history.Operation) (any, error), output func(history.Operation) any) object {
	type sent struct {
		key, client, call, input string
		invoke                   int64
	}
	o := object{name: name, ops: map[string][]porcupine.Operation{}}
	clients := map[string]int{}
	open := map[sent]porcupine.Operation{}
	var order []sent
	clocks := clocksFail(run)
	for _, e := range run.Events {
		ev, ok := e.Event.(history.Operation)
		if !ok || ev.Object != name {
			continue
		}
		this := sent{ev.Key, ev.Client, ev.Call, ev.Input, ev.Invoke}
		first, noted := open[this]
		if ev.Return >= 0 {
			delete(open, this)
			if !ev.OK {
				continue
			}
		}
		answered := ev.Return >= 0
		ev.Invoke, ev.Return = trueTimes(e, ev, clocks)
		if noted {
			ev.Invoke = first.Call
		}
		in, err := input(ev)
		if err != nil {
			o.why = fmt.Sprintf("history entry %d: %s", e.N, err)
			return o
		}
		if _, seen := clients[ev.Client]; !seen {
			clients[ev.Client] = len(clients)
		}
		op := porcupine.Operation{ClientId: clients[ev.Client], Input: in, Call: ev.Invoke, Output: output(ev), Return: ev.Return}
		if !answered {
			open[this] = pending(op)
			order = append(order, this)
			continue
		}
		o.add(ev.Key, op)
	}
	for _, this := range order {
		if op, unanswered := open[this]; unanswered {
			delete(open, this)
			o.add(this.key, op)
		}
	}
	if len(o.keys) == 0 {
		o.why = fmt.Sprintf("the history has no operations on %q", name)
	}
	slices.Sort(o.keys)
	return o
}

func (o *object) add(key string, op porcupine.Operation) {
	if o.ops[key] == nil {
		o.keys = append(o.keys, key)
	}
	o.ops[key] = append(o.ops[key], op)
}

// trueTimes says when a call was sent and answered. The times in the event are by the clock of the process,
// which may be off, so only their difference is used; the entry's own time is true. Where clocks are made to
// fail the difference is worth nothing either, and the call may have been sent at any time before.
func trueTimes(e history.Entry, ev history.Operation, clocksFail bool) (call, answer int64) {
	answer = int64(e.At)
	took := ev.Return - ev.Invoke
	switch {
	case ev.Return < 0:
		return answer, never // noted when it was sent
	case clocksFail || took < 0:
		return 0, answer
	}
	return max(0, answer-took), answer
}

func clocksFail(run *Run) bool {
	return slices.ContainsFunc(run.Events, func(e history.Entry) bool {
		fault, ok := e.Event.(history.FaultStarted)
		return ok && strings.HasPrefix(fault.Inject, "clock.")
	})
}

// Visualize writes a page that shows the operations on an object ("lease", "pointers" or "counter") and the
// order found for them, for one key: the first that is broken, or the first of all. At most 2000 operations
// are drawn; the note says what is shown, since the page does not.
func Visualize(run *Run, name string, w io.Writer) (note string, err error) {
	if !slices.Contains(objects, name) {
		return "", fmt.Errorf("draw the operations on %q: there are only %v", name, objects)
	}
	o := objectOf(run, name)
	if o.why != "" {
		return "", errors.New("draw the operations on " + name + ": " + o.why)
	}
	key := o.keys[0]
	for _, k := range o.keys {
		if porcupine.CheckOperationsTimeout(o.model, o.ops[k], searchTime/10) == porcupine.Illegal {
			key = k
			break
		}
	}
	ops := o.ops[key]
	note = fmt.Sprintf("%s %q: %d operations", name, key, len(ops))
	if len(ops) > pictureOpsMax {
		ops = ops[:pictureOpsMax]
		note += fmt.Sprintf(", of which the first %d are drawn", pictureOpsMax)
	}
	_, info := porcupine.CheckOperationsVerbose(o.model, ops, searchTime)
	return note, porcupine.Visualize(o.model, info, w)
}

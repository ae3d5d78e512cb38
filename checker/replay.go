package checker

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/flinch-dev/flinch/runtime/plan"
)

// inCommitOrder returns the places in Run.Output of the committed records, as readers got to see them; those behind
// a transaction that is still open nobody has seen yet. All records of a key are in one partition of the output, so
// for a key this is the order of the log.
func inCommitOrder(run *Run) []int {
	if run.commits == nil {
		run.commits = sortByCommit(run)
	}
	return run.commits
}

// sortByCommit sorts whole stretches of records that became visible together: there are far fewer of them.
func sortByCommit(run *Run) []int {
	type stretch struct{ from, to int } // places in Run.Output
	var all []stretch
	total := 0
	for i := range run.Output {
		out := &run.Output[i]
		if out.Fate != Committed || out.Visible == Unknown {
			continue
		}
		total++
		if n := len(all); n > 0 && all[n-1].to == i {
			if before := &run.Output[i-1]; before.Visible == out.Visible && before.Partition == out.Partition && before.Offset < out.Offset {
				all[n-1].to++
				continue
			}
		}
		all = append(all, stretch{i, i + 1})
	}
	slices.SortFunc(all, func(a, b stretch) int {
		x, y := &run.Output[a.from], &run.Output[b.from]
		return cmp.Or(cmp.Compare(x.Visible, y.Visible), cmp.Compare(x.Partition, y.Partition), cmp.Compare(x.Offset, y.Offset))
	})
	order := make([]int, 0, total)
	for _, s := range all {
		for i := s.from; i < s.to; i++ {
			order = append(order, i)
		}
	}
	return order
}

// stateMatchesReplay recomputes the job and compares every committed value. Duplicated and lost records are
// not its business, as long as the values are right: a lost output is the sink's fault, a wrong value is the
// state's.
func stateMatchesReplay(run *Run) Result {
	t, err := interpret(run.Pipeline)
	if err != nil {
		return notDecided("%s", err)
	}
	switch t.shape {
	case mixed:
		return notDecided("some ways to the sink go through other operators with state than others: which record came which way is not known")
	case windowed:
		return replayWindows(run, t)
	}
	index, err := indexed(run)
	if err != nil {
		return notDecided("%s", err)
	}
	if t.shape == stateless {
		return replayStateless(run, t, index)
	}
	return replayKeyed(run, t, index)
}

// replayStateless compares the values of each source record with those that the ways to the sink give it. A
// record that comes out with the values of one way twice is as wrong as one with a value of none.
func replayStateless(run *Run, t *topology, index *Index) Result {
	looked := 0
	taken := map[[2]int]int64{} // only for several ways: (record, value's place) already matched, by output
	for i := range run.Output {
		out := &run.Output[i]
		n, in := index.Find(out.Origin)
		if out.Fate != Committed || n < 0 {
			continue
		}
		looked++
		match, wanted := false, []int64(nil)
		for way := range t.before {
			value, passes := t.before[way].apply(in.Value)
			if !passes {
				continue
			}
			wanted = append(wanted, value)
			if value != out.Value || match {
				continue
			}
			if len(t.before) > 1 && t.sink.Guarantee == plan.ExactlyOnce {
				if taken[[2]int{n, way}] > 0 {
					continue
				}
				taken[[2]int{n, way}]++
			}
			match = true
		}
		if !match {
			return wrongValue(run, looked, i, out.Origin.String(), fmt.Sprintf("its value is %d; the job makes %v of it", out.Value, wanted))
		}
	}
	return holds(looked, "%d committed values recomputed", looked)
}

// replayKeyed replays the fold of each key. A key whose records are all in one source partition, and stay in
// order up to the fold, has only one possible order, so its values follow from the input. Else the committed
// order is taken, which is that of the fold only if nothing was overtaken after it and every record is there
// once: where that is not so, such keys are left out.
func replayKeyed(run *Run, t *topology, index *Index) Result {
	slot, lone := loneKeys(index)
	if !t.foldOrdered {
		clear(lone)
	}
	want := foldInput(index, t, slot, lone)

	folds := map[string]*fold{}
	done := make([]uint8, index.Total)
	looked, skipped := 0, 0
	for _, i := range inCommitOrder(run) {
		out := &run.Output[i]
		n, in := index.Find(out.Origin)
		if n < 0 || in.Key != out.Key || t.copies(in.Value) == 0 {
			continue
		}
		expected := want[n]
		if !lone[slot[n]] {
			if t.sink.Guarantee != plan.ExactlyOnce || !t.commitOrdered {
				skipped++
				continue
			}
			if done[n] >= uint8(t.copies(in.Value)) {
				continue // a duplicate: exactlyOnce says so, and here it must not be counted again
			}
			if folds[out.Key] == nil {
				folds[out.Key] = t.fold()
			}
			matched := false
			expected, matched = foldNext(folds[out.Key], t, in.Value, out.Value, int(done[n]))
			done[n]++
			if matched {
				looked++
				continue
			}
		}
		looked++
		if out.Value != expected {
			return wrongValue(run, looked, i, out.Origin.String(),
				fmt.Sprintf("its value is %d; recomputing key %q gives %d", out.Value, out.Key, expected))
		}
	}
	if looked == 0 && skipped > 0 {
		return notDecided("the committed output tells nothing of the order in which keys were folded (%d records)", skipped)
	}
	return holds(looked, "%d committed values recomputed, %d left out", looked, skipped)
}

// loneKeys finds the keys that live in one source partition: lone says so of each slot (see Index.slots).
func loneKeys(index *Index) (slot []uint32, lone []bool) {
	slot, n := index.slots()
	lone = make([]bool, n)
	of, met := map[string]uint32{}, make([]bool, n)
	for p := range index.parts {
		part := &index.parts[p]
		for i := range part.records {
			s := slot[part.start+i]
			if met[s] {
				continue
			}
			met[s] = true
			if other, elsewhere := of[part.records[i].Key]; elsewhere {
				lone[other] = false
			} else {
				of[part.records[i].Key], lone[s] = s, true
			}
		}
	}
	return slot, lone
}

// foldInput computes the value of every record whose key lives in one source partition. There is one way to
// the sink then: with several, no order is certain.
func foldInput(index *Index, t *topology, slot []uint32, lone []bool) []int64 {
	want := make([]int64, index.Total)
	folds := make([]*fold, len(lone))
	for p := range index.parts {
		part := &index.parts[p]
		for i := range part.records {
			s := slot[part.start+i]
			if !lone[s] {
				continue
			}
			if folds[s] == nil {
				folds[s] = t.fold()
			}
			if value, passes := t.before[0].apply(part.records[i].Value); passes {
				want[part.start+i] = folds[s].add(value)
			}
		}
	}
	return want
}

// foldNext adds one more arrival of a record to the fold of its key. On several ways the record arrives with
// several values; the k-th copy takes the first way that explains what came out, from the k-th on.
func foldNext(f *fold, t *topology, in, out int64, k int) (expected int64, matched bool) {
	before := slices.Clone(f.state)
	var arrivals []int64
	for _, way := range t.before {
		if value, passes := way.apply(in); passes {
			arrivals = append(arrivals, value)
		}
	}
	for _, value := range arrivals {
		copy(f.state, before)
		if f.add(value) == out {
			return out, true
		}
	}
	copy(f.state, before)
	return f.add(arrivals[k]), false
}

// replayWindows compares the sum and count of every committed window.
func replayWindows(run *Run, t *topology) Result {
	all, at := windowsOf(run, t)
	looked := 0
	for i := range run.Output {
		out := &run.Output[i]
		n, known := at[windowKey{out.Key, out.Time}]
		if out.Fate != Committed || !known {
			continue
		}
		looked++
		w := &all[n]
		sum, _ := t.after[1:].apply(w.sum)
		switch {
		case w.unsure > 0 && (out.Count < w.count-w.unsure || out.Count > w.count):
			return wrongValue(run, looked, i, w.name(), fmt.Sprintf("it counts %d records; between %d and %d are in it", out.Count, w.count-w.unsure, w.count))
		case w.unsure > 0 && out.Count < w.count: // which of the late records it dropped is not known
		case out.Count != w.count || out.Value != sum:
			return wrongValue(run, looked, i, w.name(), fmt.Sprintf("sum %d of %d records; recomputing gives %d of %d", out.Value, out.Count, sum, w.count))
		}
	}
	return holds(looked, "%d committed windows recomputed", looked)
}

func wrongValue(run *Run, looked, output int, name, detail string) Result {
	out := &run.Output[output]
	return Result{Verdict: Broken, Anomaly: WrongValue, Looked: looked, At: out.Visible, Records: []string{name},
		Detail:   fmt.Sprintf("record %s, committed in transaction %s: %s", name, transactionOf(out), detail),
		Evidence: tidy(append(restoresBefore(run, out.Appended), aboutTransaction(run, out)...))}
}

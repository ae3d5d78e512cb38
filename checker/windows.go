package checker

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/record"
)

// window is one window of one key, as the input says it must come out.
type window struct {
	key        string
	end        record.EventTime
	sum, count int64
	// unsure counts records that came so late in their own partition that the window may have fired before:
	// the job drops them or not, depending on how the partitions were read.
	unsure int64
	due    bool          // the last watermark has passed it
	last   time.Duration // when the last of its records was appended
	seen   int
}

func (w *window) name() string { return fmt.Sprintf("%s/%d", w.key, w.end) }

type windowKey struct {
	key string
	end record.EventTime
}

// windowsOf computes every window of the input, sorted by key and end, and whether the job must have emitted it.
func windowsOf(run *Run, t *topology) ([]window, map[windowKey]int) {
	size, disorder := t.after[0].Window, record.EventTime(t.source.OutOfOrder/time.Millisecond)
	at := map[windowKey]int{}
	var all []window
	for _, log := range run.Input {
		newest := record.MinTime
		for i := range log.Records {
			in := &log.Records[i]
			late := newest > record.MinTime && windowEnd(in.Time, size)-1 <= newest-disorder
			newest = max(newest, in.Time)
			for _, way := range t.before {
				value, passes := way.apply(in.Value)
				if !passes {
					continue
				}
				k := windowKey{in.Key, windowEnd(in.Time, size)}
				n, there := at[k]
				if !there {
					n = len(all)
					at[k] = n
					all = append(all, window{key: k.key, end: k.end})
				}
				w := &all[n]
				w.sum += value
				w.count++
				w.last = max(w.last, in.Appended)
				if late {
					w.unsure++
				}
			}
		}
	}
	watermark := lastWatermark(run, t.source)
	slices.SortFunc(all, func(a, b window) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.end, b.end))
	})
	for i := range all {
		all[i].due = all[i].end-1 <= watermark
		at[windowKey{all[i].key, all[i].end}] = i
	}
	return all, at
}

// certain says whether a window must come out at all.
func (w *window) certain() bool { return w.count > w.unsure }

// auditWindows accounts for a windowed job. A window stands for source records: one that says too few has
// lost some, one that says too many has counted some twice.
func auditWindows(run *Run, t *topology, e *ExactlyOnce) {
	all, at := windowsOf(run, t)
	after := t.after[1:]
	passes := func(w *window) bool { _, ok := after.apply(w.sum); return ok || w.unsure > 0 }
	for i := range all {
		if all[i].due && passes(&all[i]) {
			e.Windows++
			e.Expected += int(all[i].count)
		}
	}
	newest := map[string]record.EventTime{}
	aborted := map[int]bool{}
	for i := range run.Output {
		out := &run.Output[i]
		n, known := at[windowKey{out.Key, out.Time}]
		if out.Fate != Committed {
			if e.unread(out.Fate); known && out.Fate == Aborted {
				aborted[n] = true
			}
			continue
		}
		e.Committed += int(out.Count)
		if !known || !passes(&all[n]) {
			e.Unexpected++
			e.find(Finding{Unexpected, windowName(out), out.Visible, i, "the input has no such window"})
			continue
		}
		w := &all[n]
		w.seen++
		switch {
		case w.seen > 1:
			e.Duplicated += int(max(out.Count, 1))
			e.find(Finding{Duplicated, w.name(), out.Visible, i, fmt.Sprintf("the window came out again, in transaction %s", transactionOf(out))})
			continue
		case out.Count < w.count-w.unsure:
			e.Lost += int(w.count - w.unsure - out.Count)
			e.find(Finding{Lost, w.name(), out.Visible, i, fmt.Sprintf("the window counted %d records of %d", out.Count, w.count)})
		case out.Count > w.count:
			e.Duplicated += int(out.Count - w.count)
			e.find(Finding{Duplicated, w.name(), out.Visible, i, fmt.Sprintf("the window counted %d records of %d", out.Count, w.count)})
		}
		if latest, ok := newest[out.Key]; ok && out.Time < latest && t.commitOrdered {
			e.OutOfOrder++
			e.find(Finding{OutOfOrder, w.name(), out.Visible, i, fmt.Sprintf("comes after the window that ends at %d", latest)})
		}
		newest[out.Key] = max(newest[out.Key], out.Time)
	}
	for i := range all {
		w := &all[i]
		switch {
		case w.seen > 0 && aborted[i]:
			e.Recovered++
		case w.seen > 0 || !w.due || !w.certain() || !passes(w):
		case run.Drained:
			e.Lost += int(w.count)
			e.find(Finding{Lost, w.name(), run.End, -1, "the window never came out"})
		default:
			e.Pending += int(w.count)
		}
	}
}

func windowName(out *Output) string { return fmt.Sprintf("%s/%d", out.Key, out.Time) }

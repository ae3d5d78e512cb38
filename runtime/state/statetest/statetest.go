// Package statetest holds every state.Backend to the same contract.
//
//	func TestHeap(t *testing.T) { statetest.Run(t, state.NewHeap) }
package statetest

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/snapshot"
	"github.com/flinch-dev/flinch/runtime/state"
)

const maxParallelism = 16

var all = snapshot.Groups{First: 0, Last: maxParallelism - 1}

// Run runs the contract against the backends that open opens.
func Run(t *testing.T, open state.Opener) {
	t.Run("values add up per key and namespace", func(t *testing.T) { addsUp(t, open) })
	t.Run("a backend keeps its own copy of a key", func(t *testing.T) { copiesKeys(t, open) })
	t.Run("namespaces expire in order, and 0 never", func(t *testing.T) { expires(t, open) })
	t.Run("a snapshot stays as it was", func(t *testing.T) { isolates(t, open) })
	t.Run("the same state gives the same bytes", func(t *testing.T) { isDeterministic(t, open) })
	t.Run("damaged bytes are an error", func(t *testing.T) { refusesDamage(t, open) })
	t.Run("another number of key groups is an error", func(t *testing.T) { refusesOtherGroups(t, open) })
	t.Run("an extreme value survives", func(t *testing.T) { keepsExtremes(t, open) })
	t.Run("a foreign key is a bug", func(t *testing.T) { refusesForeignKeys(t, open) })
	t.Run("it behaves as a map does", func(t *testing.T) { behavesAsMap(t, open) })
	t.Run("state moves to any other parallelism", func(t *testing.T) { rescales(t, open) })
}

// place is where a value is.
type place struct {
	namespace int64
	key       string
}

// read returns everything in a snapshot, through a restore: that is all that a snapshot is for.
func read(t fataler, open state.Opener, groups snapshot.Groups, files ...[]byte) map[place]state.Value {
	b := open(groups, maxParallelism)
	for _, f := range files {
		if err := b.Restore(f); err != nil {
			t.Fatalf("restore: %v", err)
		}
	}
	return drain(t, b)
}

// drain empties a backend whose namespaces are all above 0.
func drain(t fataler, b state.Backend) map[place]state.Value {
	n := b.Len()
	values := map[place]state.Value{}
	b.Expire(math.MaxInt64, func(key []byte, namespace int64, v state.Value) { values[place{namespace, string(key)}] = v })
	if len(values) != n || b.Len() != 0 {
		t.Fatalf("a backend of %d values gave %d, and %d are left", n, len(values), b.Len())
	}
	return values
}

type fataler interface{ Fatalf(string, ...any) }

func same(a, b map[place]state.Value) bool { return fmt.Sprint(a) == fmt.Sprint(b) } // fmt sorts maps

// Add adds to one value, and returns what has come of it.
func Add(b state.Backend, key []byte, namespace int64, delta state.Value) state.Value {
	row := []state.Change{{Key: key, Namespace: namespace, Value: delta}}
	b.Add(row)
	return row[0].Value
}

func key(i int) []byte { return fmt.Append(nil, "customer-", i) }

func addsUp(t *testing.T, open state.Opener) {
	b := open(all, maxParallelism)
	for _, step := range []struct {
		key       string
		namespace int64
		delta     state.Value
		want      state.Value
	}{
		{"a", 0, state.Value{5, 1}, state.Value{5, 1}},
		{"a", 0, state.Value{-7, 1}, state.Value{-2, 2}},
		{"b", 0, state.Value{1, 1}, state.Value{1, 1}},
		{"a", 1000, state.Value{9, 1}, state.Value{9, 1}},
		{"", 0, state.Value{3, 0}, state.Value{3, 0}},
		{"a", 0, state.Value{}, state.Value{-2, 2}},
		{"a", -1, state.Value{4, 0}, state.Value{4, 0}},
	} {
		if got := Add(b, []byte(step.key), step.namespace, step.delta); got != step.want {
			t.Errorf("%q/%d after adding %v is %v, want %v", step.key, step.namespace, step.delta, got, step.want)
		}
	}
	if b.Len() != 5 {
		t.Errorf("there are %d values, want 5", b.Len())
	}
}

func copiesKeys(t *testing.T, open state.Opener) {
	b := open(all, maxParallelism)
	k := []byte("aaaa")
	Add(b, k, 1, state.Value{1})
	copy(k, "bbbb")
	Add(b, k, 1, state.Value{2})
	want := map[place]state.Value{{1, "aaaa"}: {1}, {1, "bbbb"}: {2}}
	if got := drain(t, b); !same(got, want) {
		t.Errorf("there is %v, want %v", got, want)
	}
}

func expires(t *testing.T, open state.Opener) {
	b := open(all, maxParallelism)
	for i := range 100 {
		Add(b, key(i), int64(1000*(1+i%20)), state.Value{int64(i), 1})
	}
	Add(b, key(0), 0, state.Value{1, 1})
	Add(b, key(0), -5, state.Value{1, 1})
	var got []string
	see := func(key []byte, namespace int64, v state.Value) {
		got = append(got, fmt.Sprintf("%d %s %d", namespace, key, v[0]))
	}
	want := func(upTo int) []string {
		var w []string
		for end := 1000; end <= upTo; end += 1000 {
			var of []string
			for i := range 100 {
				if 1000*(1+i%20) == end {
					of = append(of, fmt.Sprintf("%d %s %d", end, key(i), i))
				}
			}
			slices.Sort(of)
			w = append(w, of...)
		}
		return w
	}
	b.Expire(999, see)
	b.Expire(math.MinInt64, see)
	if len(got) != 0 {
		t.Errorf("before any end there came %v", got)
	}
	if b.Expire(12_000, see); !slices.Equal(got, want(12_000)) {
		t.Errorf("at 12000 there came %v\nwant %v", got, want(12_000))
	}
	b.Expire(12_000, see)
	if b.Expire(math.MaxInt64, see); !slices.Equal(got, want(20_000)) {
		t.Errorf("in all there came %v\nwant %v", got, want(20_000))
	}
	if b.Len() != 2 {
		t.Errorf("%d values are left; those of namespaces 0 and -5 should be", b.Len())
	}
	if v := Add(b, key(0), 1000, state.Value{7, 1}); v != (state.Value{7, 1}) {
		t.Errorf("a window that has expired begins anew with %v", v)
	}
}

func isolates(t *testing.T, open state.Opener) {
	b := open(all, maxParallelism)
	before := map[place]state.Value{}
	for i := range 1000 {
		before[place{1, string(key(i))}] = Add(b, key(i), 1, state.Value{int64(i), 1})
	}
	first := b.Freeze()
	for i := range 2000 { // every second key is new
		Add(b, key(i), 1, state.Value{1, 1})
	}
	Add(b, key(1), 7, state.Value{1, 1})
	second := b.Freeze()
	now := drain(t, b)
	if got := read(t, open, all, first.Bytes()); !same(got, before) {
		t.Error("the first snapshot shows what was written after it")
	}
	if got := read(t, open, all, second.Bytes()); !same(got, now) {
		t.Error("the second snapshot is not the state as it was then")
	}
	if got := read(t, open, all, b.Freeze().Bytes()); len(got) != 0 {
		t.Errorf("a snapshot of the empty state has %d values", len(got))
	}
}

func isDeterministic(t *testing.T, open state.Opener) {
	one, other := open(all, maxParallelism), open(all, maxParallelism)
	for i := range 500 {
		Add(one, key(i), int64(i%3), state.Value{int64(i), 1})
		k := 499 - i
		Add(other, key(k), int64(k%3), state.Value{int64(k) - 1, 0})
		Add(other, key(k), int64(k%3), state.Value{1, 1})
	}
	a, b := one.Freeze(), other.Freeze()
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("one state, built in two orders, gives two files")
	}
	if !bytes.Equal(a.Bytes(), a.Bytes()) {
		t.Error("one snapshot gives two files")
	}
	if size, n := a.Size(), len(a.Bytes()); size < n/2 || size > 2*n {
		t.Errorf("a file of %d bytes is said to have about %d", n, size)
	}
}

func refusesDamage(t *testing.T, open state.Opener) {
	b := open(all, maxParallelism)
	for i := range 20 {
		Add(b, key(i), 1, state.Value{int64(i), 1})
	}
	file := b.Freeze().Bytes()
	for i := range file {
		bad := slices.Clone(file)
		bad[i] ^= 0x10
		if err := open(all, maxParallelism).Restore(bad); err == nil {
			t.Errorf("byte %d of %d is damaged, and nobody noticed", i, len(file))
		}
		if err := open(all, maxParallelism).Restore(file[:i]); err == nil {
			t.Errorf("the file ends after %d of %d bytes, and nobody noticed", i, len(file))
		}
	}
}

func refusesOtherGroups(t *testing.T, open state.Opener) {
	b := open(all, maxParallelism)
	Add(b, key(1), 1, state.Value{1})
	if err := open(all, 2*maxParallelism).Restore(b.Freeze().Bytes()); err == nil {
		t.Errorf("state with %d key groups was restored into a job with %d", maxParallelism, 2*maxParallelism)
	}
}

func keepsExtremes(t *testing.T, open state.Opener) {
	b := open(all, maxParallelism)
	long := bytes.Repeat([]byte{0xff}, 1<<16)
	want := map[place]state.Value{
		{math.MaxInt64, "x"}: Add(b, []byte("x"), math.MaxInt64, state.Value{math.MaxInt64, math.MinInt64}),
		{1, string(long)}:    Add(b, long, 1, state.Value{-1, -1}),
		{1, "\x00"}:          Add(b, []byte{0}, 1, state.Value{}),
		{1, ""}:              Add(b, nil, 1, state.Value{1}),
	}
	if got := read(t, open, all, b.Freeze().Bytes()); !same(got, want) {
		t.Error("extreme keys or values came back changed")
	}
}

func refusesForeignKeys(t *testing.T, open state.Opener) {
	defer func() {
		if recover() == nil {
			t.Error("a key of another subtask's key group was taken")
		}
	}()
	k := key(1)
	g := (plan.KeyGroup(k, maxParallelism) + 1) % maxParallelism
	Add(open(snapshot.Groups{First: g, Last: g}, maxParallelism), k, 0, state.Value{1})
}

// Any row of calls has the answers that a plain map would give, over snapshots and restores.
func behavesAsMap(t *testing.T, open state.Opener) {
	rapid.Check(t, func(t *rapid.T) {
		b := open(all, maxParallelism)
		model := map[place]state.Value{}
		type picture struct {
			taken state.Snapshot
			model map[place]state.Value
		}
		var pictures []picture
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				var row []state.Change
				for range rapid.IntRange(1, 300).Draw(t, "changes") { // some of the same value
					row = append(row, state.Change{Key: key(rapid.IntRange(0, 200).Draw(t, "key")), Namespace: int64(rapid.IntRange(1, 4).Draw(t, "namespace")),
						Value: state.Value{int64(rapid.IntRange(-9, 9).Draw(t, "delta")), 1}})
				}
				deltas := slices.Clone(row)
				b.Add(row)
				for i, c := range deltas {
					at := place{c.Namespace, string(c.Key)}
					v := model[at]
					model[at] = state.Value{v[0] + c.Value[0], v[1] + c.Value[1]}
					if row[i].Value != model[at] {
						t.Fatalf("%v is %v, want %v", at, row[i].Value, model[at])
					}
				}
			},
			"expire": func(t *rapid.T) {
				until := int64(rapid.IntRange(0, 4).Draw(t, "until"))
				b.Expire(until, func(key []byte, namespace int64, v state.Value) {
					at := place{namespace, string(key)}
					if want, ok := model[at]; !ok || namespace > until || v != want {
						t.Fatalf("%v expired with %v; it should be %v", at, v, want)
					}
					delete(model, at)
				})
				for at := range model {
					if at.namespace <= until {
						t.Fatalf("%v did not expire at %d", at, until)
					}
				}
			},
			"freeze": func(*rapid.T) {
				copied := map[place]state.Value{}
				for at, v := range model {
					copied[at] = v
				}
				pictures = append(pictures, picture{b.Freeze(), copied})
			},
			"restore": func(t *rapid.T) {
				if len(pictures) == 0 {
					t.Skip("no snapshot yet")
				}
				p := rapid.SampledFrom(pictures).Draw(t, "picture")
				b = open(all, maxParallelism)
				if err := b.Restore(p.taken.Bytes()); err != nil {
					t.Fatalf("restore: %v", err)
				}
				model = map[place]state.Value{}
				for at, v := range p.model {
					model[at] = v
				}
			},
			"": func(t *rapid.T) {
				if b.Len() != len(model) {
					t.Fatalf("there are %d values, want %d", b.Len(), len(model))
				}
			},
		})
		if got := drain(t, b); !same(got, model) {
			t.Fatalf("at the end there is %v, want %v", got, model)
		}
	})
}

// Every subtask of the new parallelism restores from all the files that touch its key groups. Together they
// have what there was, each value once.
func rescales(t *testing.T, open state.Opener) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.IntRange(1, maxParallelism).Draw(t, "from")
		to := rapid.IntRange(1, maxParallelism).Draw(t, "to")
		before := map[place]state.Value{}
		backends := make([]state.Backend, from)
		for i := range backends {
			backends[i] = open(snapshot.GroupsOf(i, maxParallelism, from), maxParallelism)
		}
		for i := range rapid.IntRange(0, 300).Draw(t, "keys") {
			owner := plan.Owner(plan.KeyGroup(key(i), maxParallelism), maxParallelism, from)
			before[place{1, string(key(i))}] = Add(backends[owner], key(i), 1, state.Value{int64(i), 1})
		}
		var files [][]byte
		for _, b := range backends {
			files = append(files, b.Freeze().Bytes())
		}
		after := map[place]state.Value{}
		for i := range to {
			own := snapshot.GroupsOf(i, maxParallelism, to)
			for at, v := range read(t, open, own, files...) {
				if _, twice := after[at]; twice || !own.Contains(plan.KeyGroup([]byte(at.key), maxParallelism)) {
					t.Fatalf("subtask %d of %d restored %v, which is not its own", i, to, at)
				}
				after[at] = v
			}
		}
		if !same(after, before) {
			t.Fatalf("from %d to %d subtasks, %d values became %d, or changed", from, to, len(before), len(after))
		}
	})
}

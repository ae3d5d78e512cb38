package snapshot

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const name = "enumerated"

// vertex makes a vertex of n subtasks; subtask i has the items that of(i) says in one list.
func vertex(n int, mode Mode, of func(i int) []string) Vertex {
	v := Vertex{Vertex: "v", Parallelism: n, Finished: make([]bool, n)}
	for i := range n {
		l := List{Name: name, Mode: mode}
		for _, s := range of(i) {
			l.Items = append(l.Items, []byte(s))
		}
		v.Subtasks = append(v.Subtasks, Task{Operators: []Operator{{Operator: "op", Lists: []List{l}}}})
	}
	return v
}

func items(t Task) []string {
	var all []string
	for _, l := range t.Of("op").Lists {
		for _, item := range l.Items {
			all = append(all, string(item))
		}
	}
	return all
}

func wantItems(t *testing.T, tasks []Task, want ...[]string) {
	t.Helper()
	for i := range want {
		if got := items(tasks[i]); !slices.Equal(got, want[i]) {
			t.Errorf("subtask %d restores %v, want %v", i, got, want[i])
		}
	}
}

func TestASplitListIsDealtInBlocks(t *testing.T) {
	v := vertex(2, Split, func(i int) []string { return [][]string{{"a", "b", "c"}, {"d", "e"}}[i] })
	wantItems(t, Assign(v, 128, 2), []string{"a", "b", "c"}, []string{"d", "e"})
	wantItems(t, Assign(v, 128, 3), []string{"a", "b"}, []string{"c", "d"}, []string{"e"})
	wantItems(t, Assign(v, 128, 1), []string{"a", "b", "c", "d", "e"})
}

// Two lists of one element each: the second must not fall to the same subtask as the first.
func TestTheNextListStartsWhereTheRemainderEnded(t *testing.T) {
	v := Vertex{Vertex: "v", Parallelism: 1, Subtasks: []Task{{Operators: []Operator{{Operator: "op", Lists: []List{
		{"first", Split, [][]byte{[]byte("x")}}, {"second", Split, [][]byte{[]byte("y")}}}}}}}}
	wantItems(t, Assign(v, 128, 3), []string{"x"}, []string{"y"}, nil)
}

func TestAUnionListGoesToEveryoneEvenAtTheSameParallelism(t *testing.T) {
	v := vertex(2, Union, func(i int) []string { return []string{fmt.Sprint(i)} })
	both := []string{"0", "1"}
	wantItems(t, Assign(v, 128, 2), both, both)
	wantItems(t, Assign(v, 128, 3), both, both, both)
}

func TestABroadcastListIsReplicatedOnce(t *testing.T) {
	v := vertex(2, Broadcast, func(int) []string { return []string{"rule"} })
	one := []string{"rule"}
	wantItems(t, Assign(v, 128, 3), one, one, one)
	// A subtask that had finished lacks the list: it gets a copy at the same parallelism too.
	v.Subtasks[1] = Task{}
	wantItems(t, Assign(v, 128, 2), one, one)
}

func TestAtTheSameParallelismEveryoneGetsItsOwnBack(t *testing.T) {
	v := Vertex{Vertex: "v", Parallelism: 2, Subtasks: []Task{
		{Operators: []Operator{{Operator: "source", Lists: []List{{"splits", Split, [][]byte{[]byte("0@7")}}}}, {Operator: "sum", Keyed: []Handle{{Path: "a", Groups: Groups{0, 63}}}}}},
		{Operators: []Operator{{Operator: "source", Lists: []List{{"splits", Split, nil}}}, {Operator: "sum", Keyed: []Handle{{Path: "b", Groups: Groups{64, 127}}}}}},
	}}
	if got := Assign(v, 128, 2); !reflect.DeepEqual(got, v.Subtasks) {
		t.Errorf("restored %+v\nwant %+v", got, v.Subtasks)
	}
}

func TestKeyedHandlesGoToWhoeverOwnsOneOfTheirGroups(t *testing.T) {
	v := Vertex{Vertex: "v", Parallelism: 2, Subtasks: []Task{
		{Operators: []Operator{{Operator: "op", Keyed: []Handle{{Path: "low", Groups: GroupsOf(0, 128, 2)}}}}},
		{Operators: []Operator{{Operator: "op", Keyed: []Handle{{Path: "high", Groups: GroupsOf(1, 128, 2)}}}}},
	}}
	var got []string
	for _, task := range Assign(v, 128, 3) {
		s := ""
		for _, h := range task.Of("op").Keyed {
			s += h.Path + " "
		}
		got = append(got, s)
	}
	if want := []string{"low ", "low high ", "high "}; !slices.Equal(got, want) {
		t.Errorf("handles go to %q, want %q", got, want)
	}
}

// Invariant S3, over any two rescalings one after the other: a split list keeps its elements and is dealt
// evenly, a union list is everyone's.
func TestNoListElementIsLostOrCopied(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		mode := rapid.SampledFrom([]Mode{Split, Union}).Draw(t, "mode")
		from := rapid.IntRange(1, 7).Draw(t, "from")
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-c]{1,2}`), 1, 3, rapid.ID[string]).Draw(t, "names")
		v := Vertex{Vertex: "v", Parallelism: from}
		n := 0
		for range from {
			o := Operator{Operator: "op"}
			for _, name := range names {
				l := List{Name: name, Mode: mode}
				for range rapid.IntRange(0, 4).Draw(t, "items") {
					l.Items = append(l.Items, fmt.Append(nil, n))
					n++
				}
				o.Lists = append(o.Lists, l)
			}
			v.Subtasks = append(v.Subtasks, Task{Operators: []Operator{o}})
		}
		for range 2 {
			to := rapid.IntRange(1, 7).Draw(t, "to")
			dealt := Assign(v, 128, to)
			for _, name := range names {
				checkList(t, name, mode, old(v), dealt)
			}
			if mode == Union {
				return // everyone's copy would count once more in the next snapshot
			}
			v = Vertex{Vertex: "v", Parallelism: to, Subtasks: dealt}
		}
	})
}

func old(v Vertex) []Operator {
	var ops []Operator
	for _, t := range v.Subtasks {
		ops = append(ops, t.Of("op"))
	}
	return ops
}

func checkList(t *rapid.T, name string, mode Mode, before []Operator, dealt []Task) {
	had := sorted(concat(before, name))
	var got [][]byte
	least, most := 1<<30, 0
	for i, task := range dealt {
		l, _ := find(task.Of("op"), name)
		if mode == Union && !slices.Equal(sorted(l.Items), had) {
			t.Fatalf("list %s: subtask %d of %d has %q, want all of %q", name, i, len(dealt), l.Items, had)
		}
		least, most = min(least, len(l.Items)), max(most, len(l.Items))
		got = append(got, l.Items...)
	}
	if mode == Split {
		if now := sorted(got); !slices.Equal(now, had) {
			t.Fatalf("list %s: %q became %q over %d subtasks", name, had, now, len(dealt))
		}
		if len(dealt) != len(before) && most-least > 1 {
			t.Fatalf("list %s: somebody has %d elements, somebody else %d", name, most, least)
		}
	}
}

func sorted(items [][]byte) []string {
	all := make([]string, len(items))
	for i, b := range items {
		all[i] = string(b)
	}
	slices.Sort(all)
	return all
}

// Invariant S2: whatever the two parallelisms, every key group's state reaches its one owner, and a subtask
// gets no handle that has nothing for it.
func TestEveryKeyGroupReachesItsOwner(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 300).Draw(t, "maxParallelism")
		from := rapid.IntRange(1, most).Draw(t, "from")
		to := rapid.IntRange(1, most).Draw(t, "to")
		v := Vertex{Vertex: "v", Parallelism: from}
		for i := range from {
			v.Subtasks = append(v.Subtasks, Task{Operators: []Operator{{Operator: "op", Keyed: []Handle{{Groups: GroupsOf(i, most, from)}}}}})
		}
		owners := make([]int, most)
		for i, task := range Assign(v, most, to) {
			own := GroupsOf(i, most, to)
			has := map[int]bool{}
			for _, h := range task.Of("op").Keyed {
				if !h.Groups.Overlaps(own) {
					t.Fatalf("subtask %d owns %v and gets a handle for %v", i, own, h.Groups)
				}
				for g := h.Groups.First; g <= h.Groups.Last; g++ {
					has[g] = true
				}
			}
			for g := own.First; g <= own.Last; g++ {
				owners[g]++
				if !has[g] {
					t.Fatalf("subtask %d owns group %d and does not get its state", i, g)
				}
			}
		}
		for g, n := range owners {
			if n != 1 {
				t.Fatalf("group %d has %d owners", g, n)
			}
		}
	})
}

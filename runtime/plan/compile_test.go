package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/snapshot"
)

func source() Operator { return Operator{Name: "orders", Kind: KafkaSource, Topic: "orders"} }

func sink() Operator {
	return Operator{Name: "out", Kind: KafkaSink, Topic: "out", Guarantee: ExactlyOnce, TransactionPrefix: "store"}
}

func pipeline(ops ...Operator) Pipeline { return Pipeline{Name: "p", Parallelism: 4, Operators: ops} }

// draw shows a job in one line per vertex: its chain, its parallelism, and where its records come from.
func draw(j Job) string {
	var b strings.Builder
	for _, v := range j.Vertices {
		var chain []string
		for _, o := range v.Chain {
			chain = append(chain, string(o.Name))
		}
		fmt.Fprintf(&b, "%s: %s x%d", v.ID, strings.Join(chain, "+"), v.Parallelism)
		for _, e := range j.Inputs(v.ID) {
			fmt.Fprintf(&b, " <-%s- %s", e.Partitioner, e.From)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestHowPipelinesAreLaidOut(t *testing.T) {
	for _, c := range []struct {
		why      string
		pipeline Pipeline
		conf     map[string]string
		want     string
	}{
		{"a sum is hashed by key, and the sink is chained to it",
			pipeline(source(), Operator{Name: "sum", Kind: KeyedSum}, sink()), nil,
			"orders: orders x4\nsum: sum+out x4 <-HASH- orders\n"},
		{"everything without keys is one chain",
			pipeline(source(), Operator{Name: "double", Kind: Map, Multiply: 2}, sink()), nil,
			"orders: orders+double+out x4\n"},
		{"unless chaining is off",
			pipeline(source(), Operator{Name: "double", Kind: Map, Multiply: 2}, sink()), map[string]string{"pipeline.operator-chaining.enabled": "false"},
			"orders: orders x4\ndouble: double x4 <-FORWARD- orders\nout: out x4 <-FORWARD- double\n"},
		{"another parallelism breaks the chain",
			pipeline(source(), Operator{Name: "double", Kind: Map, Parallelism: 2}, sink()), nil,
			"orders: orders x4\ndouble: double x2 <-REBALANCE- orders\nout: out x4 <-REBALANCE- double\n"},
		{"key-by is chained to what is before it, and hashes what is behind it",
			pipeline(source(), Operator{Name: "by-customer", Kind: KeyBy}, Operator{Name: "pass", Kind: PassThrough}, sink()), nil,
			"orders: orders+by-customer x4\npass: pass+out x4 <-HASH- orders\n"},
		{"in a diamond nothing is chained across the branches",
			pipeline(source(),
				Operator{Name: "odd", Kind: Filter, Modulo: 2, Remainder: 1, Inputs: []id.Operator{"orders"}},
				Operator{Name: "even", Kind: Filter, Modulo: 2, Inputs: []id.Operator{"orders"}},
				Operator{Name: "both", Kind: KeyedCount, Inputs: []id.Operator{"even", "odd"}}, sink()), nil,
			"orders: orders x4\nodd: odd x4 <-FORWARD- orders\neven: even x4 <-FORWARD- orders\nboth: both+out x4 <-HASH- even <-HASH- odd\n"},
		{"inputs may name operators further down; the order of vertices is that of the records",
			pipeline(Operator{Name: "sum", Kind: KeyedSum, Inputs: []id.Operator{"late"}}, sink(), Operator{Name: "late", Kind: FileSource, Path: "in/"}), nil,
			"late: late x4\nsum: sum+out x4 <-HASH- late\n"},
		{"a job that is only there to be measured is laid out like any other",
			pipeline(Operator{Name: "rows", Kind: DataGen, Keys: 10}, Operator{Name: "count", Kind: KeyedCount}, Operator{Name: "end", Kind: Blackhole}), nil,
			"rows: rows x4\ncount: count+end x4 <-HASH- rows\n"},
	} {
		j, err := Compile(c.pipeline, "job", c.conf)
		if err != nil {
			t.Errorf("%s: %v", c.why, err)
		} else if got := draw(j); got != c.want {
			t.Errorf("%s:\n%swant\n%s", c.why, got, c.want)
		}
	}
}

func TestDefaultsAreFlinks(t *testing.T) {
	p := pipeline(source(), sink())
	p.Parallelism = 0
	j, err := Compile(p, "job", map[string]string{"parallelism.default": "3"})
	if err != nil {
		t.Fatal(err)
	}
	in, out := j.Vertices[0].Chain[0], j.Vertices[0].Chain[1]
	if j.Vertices[0].Parallelism != 3 || j.MaxParallelism != 128 || in.Isolation != ReadUncommitted ||
		out.Naming != Incrementing || out.TransactionTimeout != time.Hour || !slices.Equal(out.Inputs, []id.Operator{"orders"}) {
		t.Errorf("compiled to %+v", j)
	}
	j, err = Compile(pipeline(source(), sink()), "job", map[string]string{"pipeline.max-parallelism": "16"})
	if err != nil || j.MaxParallelism != 16 {
		t.Errorf("with 16 key groups configured there are %d, %v", j.MaxParallelism, err)
	}
}

func TestAPipelineIsNotChangedByCompiling(t *testing.T) {
	p := pipeline(source(), sink())
	before := fmt.Sprintf("%+v", p)
	conf := map[string]string{"heartbeat.timeout": "30 s"}
	j, err := Compile(p, "job", conf)
	if err != nil || fmt.Sprintf("%+v", p) != before {
		t.Errorf("%+v became %+v, %v", before, p, err)
	}
	if conf["heartbeat.timeout"] = "1 h"; j.Config["heartbeat.timeout"] != "30 s" {
		t.Error("the job's configuration is not its own")
	}
}

func TestComplaints(t *testing.T) {
	with := func(o Operator, change func(*Operator)) Operator { change(&o); return o }
	sum := Operator{Name: "sum", Kind: KeyedSum}
	rows := Operator{Name: "rows", Kind: DataGen, Keys: 10}
	for complaint, p := range map[string]Pipeline{
		`has no source; add a kafka-source`:                              pipeline(with(sink(), func(o *Operator) { o.Inputs = []id.Operator{"out"} })),
		`has no sink; add a kafka-sink`:                                  pipeline(source(), sum),
		`operator "sum": nobody reads what it emits`:                     pipeline(source(), sum),
		`operator "sum": another operator has this name`:                 pipeline(source(), sum, sum, sink()),
		`operator 2 (keyed-sum) has no name`:                             pipeline(source(), Operator{Kind: KeyedSum}, sink()),
		`operator "a/b": its name may have only letters`:                 pipeline(source(), Operator{Name: "a/b", Kind: KeyedSum}, sink()),
		`operator "sum": its input "oders" is not an operator`:           pipeline(source(), with(sum, func(o *Operator) { o.Inputs = []id.Operator{"oders"} }), sink()),
		`operator "sum": its input "out" is a sink`:                      pipeline(source(), sink(), sum),
		`operator "sum": its input "orders" is named twice`:              pipeline(source(), with(sum, func(o *Operator) { o.Inputs = []id.Operator{"orders", "orders"} }), sink()),
		`operator "orders": a kafka-source has no inputs`:                pipeline(with(source(), func(o *Operator) { o.Inputs = []id.Operator{"out"} }), sink()),
		`operator "sum": it has no input, and no operator stands before`: pipeline(sum, sink(), source()),
		`operator "sum": its parallelism is -1`:                          pipeline(source(), with(sum, func(o *Operator) { o.Parallelism = -1 }), sink()),
		`operator "sum": its kind "keyd-sum" is not one of`:              pipeline(source(), with(sum, func(o *Operator) { o.Kind = "keyd-sum" }), sink()),
		`operator "orders": a kafka-source needs a topic`:                pipeline(with(source(), func(o *Operator) { o.Topic = "" }), sink()),
		`operator "orders": isolation level "dirty"`:                     pipeline(with(source(), func(o *Operator) { o.Isolation = "dirty" }), sink()),
		`operator "rows": a datagen-source needs to know how many keys`:  pipeline(with(rows, func(o *Operator) { o.Keys = 0 }), sink()),
		`operator "rows": -1 rows are less than none`:                    pipeline(with(rows, func(o *Operator) { o.Rows = -1 }), sink()),
		`operator "rows": 2000000000 rows a second are not between 0`:    pipeline(with(rows, func(o *Operator) { o.RowsPerSecond = 2_000_000_000 }), sink()),
		`operator "out": exactly-once needs a transactional id prefix`:   pipeline(source(), with(sink(), func(o *Operator) { o.TransactionPrefix = "" })),
		`operator "out": delivery guarantee "maybe"`:                     pipeline(source(), with(sink(), func(o *Operator) { o.Guarantee = "maybe" })),
		`operator "out": a transaction timeout of -1s`:                   pipeline(source(), with(sink(), func(o *Operator) { o.TransactionTimeout = -time.Second })),
		`operator "w": a window of 1.5ms`:                                pipeline(source(), Operator{Name: "w", Kind: Tumble, Window: 1500 * time.Microsecond}, sink()),
		`operator "f": remainder 3 is not between`:                       pipeline(source(), Operator{Name: "f", Kind: Filter, Modulo: 2, Remainder: 3}, sink()),
		`prefix "store-2" and that of "out", "store", begin alike`:       pipeline(source(), sink(), with(sink(), func(o *Operator) { o.Name, o.Inputs, o.TransactionPrefix = "out-2", []id.Operator{"orders"}, "store-2" })),
		`has a cycle: a -> b -> a`:                                       pipeline(source(), Operator{Name: "a", Kind: Map, Inputs: []id.Operator{"orders", "b"}}, Operator{Name: "b", Kind: Map}, sink()),
		`operator "sum": its parallelism, 200, is more than the 128 key`: {Name: "p", Parallelism: 4, MaxParallelism: 128, Operators: []Operator{source(), with(sum, func(o *Operator) { o.Parallelism = 200 }), sink()}},
	} {
		if _, err := Compile(p, "job", nil); err == nil || !strings.Contains(err.Error(), complaint) {
			t.Errorf("the complaint is %v\nwant in it: %s", err, complaint)
		}
	}
}

func TestAllComplaintsComeAtOnceThoseAboutTheConfigurationToo(t *testing.T) {
	_, err := Compile(pipeline(Operator{Name: "a b", Kind: Tumble}), "job", map[string]string{"heartbeat.timeout": "soon"})
	for _, want := range []string{"its name may have only", "it has no input", "a window of 0s", "has no source", "has no sink", "heartbeat.timeout"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in:\n%v", want, err)
		}
	}
}

// Whatever the pipeline, Compile does not panic, and what it accepts is laid out whole.
func TestAnyPipeline(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", ""}
	rapid.Check(t, func(t *rapid.T) {
		p := Pipeline{Name: "p", Parallelism: rapid.IntRange(0, 3).Draw(t, "parallelism")}
		for i := range rapid.IntRange(0, 6).Draw(t, "operators") {
			o := Operator{Name: id.Operator(rapid.SampledFrom([]string{names[i%5], names[i%5], "a", ""}).Draw(t, "name")),
				Kind:        rapid.SampledFrom([]Kind{KafkaSource, FileSource, Map, Filter, KeyBy, KeyedSum, Tumble, KafkaSink, FileSink, "other"}).Draw(t, "kind"),
				Parallelism: rapid.IntRange(-1, 3).Draw(t, "its parallelism"), Topic: "t", Path: "p", Window: time.Second}
			for range rapid.IntRange(0, 2).Draw(t, "inputs") {
				o.Inputs = append(o.Inputs, id.Operator(rapid.SampledFrom(names).Draw(t, "input")))
			}
			p.Operators = append(p.Operators, o)
		}
		checkLayout(t, p)
	})
}

// The same for pipelines that are right: operators read from those before them, sinks come last.
func TestAnyRightPipeline(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := Pipeline{Name: "p", Parallelism: 2, Operators: []Operator{source()}}
		unread := map[id.Operator]bool{"orders": true}
		n := rapid.IntRange(0, 5).Draw(t, "operators")
		for i := range n {
			o := Operator{Name: id.Operator(fmt.Sprint("op", i)), Kind: rapid.SampledFrom([]Kind{Map, Filter, KeyBy, KeyedSum, Tumble}).Draw(t, "kind"),
				Parallelism: rapid.IntRange(0, 3).Draw(t, "parallelism"), Window: time.Second}
			for range rapid.IntRange(1, 2).Draw(t, "inputs") {
				in := rapid.SampledFrom(p.Operators).Draw(t, "input").Name
				if !slices.Contains(o.Inputs, in) {
					o.Inputs = append(o.Inputs, in)
				}
				delete(unread, in)
			}
			unread[o.Name] = true
			p.Operators = append(p.Operators, o)
		}
		for i, o := range slices.Clone(p.Operators) {
			if unread[o.Name] {
				p.Operators = append(p.Operators, Operator{Name: id.Operator(fmt.Sprint("sink", i)), Kind: FileSink, Path: "out/", Inputs: []id.Operator{o.Name}})
			}
		}
		if !checkLayout(t, p) {
			_, err := Compile(p, "job", nil)
			t.Fatalf("a right pipeline was refused: %v", err)
		}
	})
}

func checkLayout(t *rapid.T, p Pipeline) bool {
	j, err := Compile(p, "job", nil)
	if err != nil {
		return false
	}
	if again, _ := Compile(p, "job", nil); !reflect.DeepEqual(j, again) {
		t.Fatalf("one pipeline, two jobs:\n%+v\n%+v", j, again)
	}
	vertexOf := map[id.Operator]id.Vertex{}
	place := map[id.Vertex]int{}
	for i, v := range j.Vertices {
		place[v.ID] = i
		for k, o := range v.Chain {
			if vertexOf[o.Name] != "" {
				t.Fatalf("operator %s is in two vertices", o.Name)
			}
			vertexOf[o.Name] = v.ID
			if o.Parallelism != v.Parallelism || k > 0 && (len(o.Inputs) != 1 || o.Inputs[0] != v.Chain[k-1].Name || o.Kind.Stateful() || v.Chain[k-1].Kind == KeyBy) {
				t.Fatalf("operator %s may not be in the chain of %s: %+v", o.Name, v.ID, v)
			}
		}
	}
	if len(vertexOf) != len(p.Operators) {
		t.Fatalf("%d operators were laid out, of %d", len(vertexOf), len(p.Operators))
	}
	edges := map[Edge]bool{}
	for _, e := range j.Edges {
		edges[Edge{From: e.From, To: e.To}] = true
		if place[e.From] >= place[e.To] {
			t.Fatalf("edge %v goes backwards", e)
		}
		if e.Partitioner == Forward && j.Vertex(e.From).Parallelism != j.Vertex(e.To).Parallelism {
			t.Fatalf("edge %v goes straight on to another parallelism", e)
		}
	}
	for _, v := range j.Vertices {
		for _, o := range v.Chain {
			for _, in := range o.Inputs {
				if vertexOf[in] != v.ID && !edges[Edge{From: vertexOf[in], To: v.ID}] {
					t.Fatalf("there is no edge from %s to %s", in, o.Name)
				}
			}
		}
	}
	return true
}

// Invariant S2: the ranges of the subtasks and the owner of a group must agree, for every parallelism.
func TestEveryKeyGroupHasOneOwner(t *testing.T) {
	for _, most := range []int{1, 2, 7, 128, 1000} {
		for p := 1; p <= min(most, 140); p++ {
			for g := range most {
				for i := range p {
					if owns := GroupsOf(i, most, p).Contains(g); owns != (Owner(g, most, p) == i) {
						t.Fatalf("group %d of %d, subtask %d of %d: in its range is %v, the owner is %d", g, most, i, p, owns, Owner(g, most, p))
					}
				}
			}
		}
	}
	if got, want := GroupsOf(1, 128, 3), (snapshot.Groups{First: 43, Last: 85}); got != want {
		t.Errorf("subtask 1 of 3 owns %v, want %v", got, want)
	}
}

func TestKeysSpreadOverTheGroups(t *testing.T) {
	var in [128]int
	for i := range 128 * 100 {
		in[KeyGroup(fmt.Append(nil, "customer-", i), 128)]++
	}
	for g, n := range in {
		if n < 50 || n > 160 {
			t.Errorf("group %d got %d of 12800 keys", g, n)
		}
	}
	for p, want := range map[int]int{1: 128, 85: 128, 86: 256, 100: 256, 30000: 1 << 15} {
		if got := DefaultMaxParallelism(p); got != want {
			t.Errorf("parallelism %d has %d key groups by default, want %d", p, got, want)
		}
	}
}

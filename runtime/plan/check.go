package plan

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
)

// Words of the options of sources and sinks.
const (
	ReadUncommitted = "read_uncommitted"
	ReadCommitted   = "read_committed"
	Incrementing    = "INCREMENTING"
	Pooling         = "POOLING"
)

// DefaultTransactionTimeout is that of Flink's Kafka sink. It is above what a broker allows by default, so
// that nobody runs with it unawares.
const DefaultTransactionTimeout = time.Hour

// RowsPerSecondMax bounds the rate of a datagen source: its subtasks count a second's rows in nanoseconds.
const RowsPerSecondMax = 1_000_000_000

var kinds = []Kind{KafkaSource, FileSource, DataGen, Map, Filter, KeyBy, PassThrough, KeyedSum, KeyedCount, Tumble, KafkaSink, FileSink, Blackhole}

// A name becomes part of mail addresses, file names and transactional ids.
var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func complain(pipeline string, op id.Operator, format string, args ...any) error {
	return fmt.Errorf("pipeline %q: operator %q: %s", pipeline, op, fmt.Sprintf(format, args...))
}

// check returns every complaint about the operators of a pipeline.
func check(pipeline string, ops []Operator) []error {
	var complaints []error
	seen := map[id.Operator]Kind{}
	for i, o := range ops {
		_, twice := seen[o.Name]
		switch {
		case o.Name == "":
			complaints = append(complaints, fmt.Errorf("pipeline %q: operator %d (%s) has no name; give it one", pipeline, i+1, o.Kind))
		case !plainName.MatchString(string(o.Name)):
			complaints = append(complaints, complain(pipeline, o.Name, "its name may have only letters, digits, '-', '_' and '.'"))
		case twice:
			complaints = append(complaints, complain(pipeline, o.Name, "another operator has this name; state is found by name, so it must be unique"))
		}
		seen[o.Name] = o.Kind
	}
	read := map[id.Operator]bool{}
	unknown := false
	for _, o := range ops {
		for _, problem := range slices.Concat(checkInputs(o, seen, &unknown), checkOptions(o)) {
			complaints = append(complaints, complain(pipeline, o.Name, "%s", problem))
		}
		for _, in := range o.Inputs {
			read[in] = true
		}
	}
	source, sink := false, false
	for _, o := range ops {
		source, sink = source || o.Kind.Source(), sink || o.Kind.Sink()
		if slices.Contains(kinds, o.Kind) && !o.Kind.Sink() && !read[o.Name] {
			complaints = append(complaints, complain(pipeline, o.Name, "nobody reads what it emits; let another operator name it in its inputs, or add a sink"))
		}
	}
	if !source {
		complaints = append(complaints, fmt.Errorf("pipeline %q has no source; add a kafka-source, file-source or datagen-source", pipeline))
	}
	if !sink {
		complaints = append(complaints, fmt.Errorf("pipeline %q has no sink; add a kafka-sink, file-sink or blackhole-sink", pipeline))
	}
	if _, stuck := sorted(ops); len(stuck) > 0 && !unknown {
		complaints = append(complaints, fmt.Errorf("pipeline %q has a cycle: %s", pipeline, strings.Join(cycle(stuck), " -> ")))
	}
	return append(complaints, checkPrefixes(pipeline, ops)...)
}

func checkInputs(o Operator, known map[id.Operator]Kind, unknown *bool) (problems []string) {
	if o.Kind.Source() && len(o.Inputs) > 0 {
		problems = append(problems, fmt.Sprintf("a %s has no inputs; take them away", o.Kind))
	}
	if !o.Kind.Source() && len(o.Inputs) == 0 {
		problems = append(problems, "it has no input, and no operator stands before it")
	}
	for i, in := range o.Inputs {
		kind, ok := known[in]
		switch {
		case !ok:
			*unknown = true
			problems = append(problems, fmt.Sprintf("its input %q is not an operator of this pipeline", in))
		case kind.Sink():
			problems = append(problems, fmt.Sprintf("its input %q is a sink, which emits nothing", in))
		case slices.Contains(o.Inputs[:i], in):
			problems = append(problems, fmt.Sprintf("its input %q is named twice", in))
		}
	}
	return problems
}

func checkOptions(o Operator) (problems []string) {
	need := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	need(o.Parallelism >= 1 && o.Parallelism <= 1<<15, "its parallelism is %d; it must be between 1 and 32768", o.Parallelism)
	need(o.OutOfOrder >= 0, "out-of-orderness of %v is negative", o.OutOfOrder)
	switch o.Kind {
	case KafkaSource:
		need(o.Topic != "", "a kafka-source needs a topic")
		need(o.Isolation == ReadUncommitted || o.Isolation == ReadCommitted,
			"isolation level %q is not %s or %s", o.Isolation, ReadUncommitted, ReadCommitted)
	case FileSource, FileSink:
		need(o.Path != "", "a %s needs a path", o.Kind)
	case DataGen:
		need(o.Keys >= 1, "a datagen-source needs to know how many keys there are, at least 1; %d were given", o.Keys)
		need(o.Rows >= 0, "%d rows are less than none; 0 is without end", o.Rows)
		need(o.RowsPerSecond >= 0 && o.RowsPerSecond <= RowsPerSecondMax, "%d rows a second are not between 0, which is no limit, and %d", o.RowsPerSecond, RowsPerSecondMax)
	case Filter:
		need(o.Modulo >= 0, "modulo %d is negative", o.Modulo)
		need(o.Modulo <= 0 || o.Remainder >= 0 && o.Remainder < o.Modulo,
			"remainder %d is not between 0 and the modulo, %d: no record would pass", o.Remainder, o.Modulo)
	case Tumble:
		need(o.Window > 0 && o.Window%time.Millisecond == 0, "a window of %v is not a positive number of whole milliseconds", o.Window)
	case KafkaSink:
		need(o.Topic != "", "a kafka-sink needs a topic")
		if o.Guarantee == ExactlyOnce {
			need(o.TransactionPrefix != "", "exactly-once needs a transactional id prefix, unique on the Kafka cluster; set sink.transactional-id-prefix")
			need(o.Naming == Incrementing || o.Naming == Pooling, "transaction naming %q is not %s or %s", o.Naming, Incrementing, Pooling)
			// Kafka keeps the timeout in milliseconds, in 32 bits.
			need(o.TransactionTimeout >= time.Millisecond && o.TransactionTimeout <= math.MaxInt32*time.Millisecond,
				"a transaction timeout of %v is not between 1 ms and 24 days", o.TransactionTimeout)
		}
	case Map, KeyBy, PassThrough, KeyedSum, KeyedCount, Blackhole:
	default:
		var all []string
		for _, k := range kinds {
			all = append(all, string(k))
		}
		need(false, "its kind %q is not one of %s", o.Kind, strings.Join(all, ", "))
	}
	if o.Kind.Sink() {
		need(o.Guarantee == None || o.Guarantee == AtLeastOnce || o.Guarantee == ExactlyOnce,
			"delivery guarantee %q is not one of none, at-least-once, exactly-once", o.Guarantee)
	}
	return problems
}

// checkPrefixes keeps the transactional ids of two sinks apart: a prefix must not be the beginning of
// another, or one sink would abort the transactions of the other when it starts.
func checkPrefixes(pipeline string, ops []Operator) (complaints []error) {
	for i, a := range ops {
		for _, b := range ops[:i] {
			p, q := a.TransactionPrefix, b.TransactionPrefix
			if p != "" && q != "" && (strings.HasPrefix(p, q) || strings.HasPrefix(q, p)) {
				complaints = append(complaints, complain(pipeline, a.Name,
					"its transactional id prefix %q and that of %q, %q, begin alike: each sink would abort the other's transactions; choose prefixes of which none begins another", p, b.Name, q))
			}
		}
	}
	return complaints
}

// cycle follows inputs from a stuck operator until one comes again.
func cycle(stuck []Operator) []string {
	at := map[id.Operator]Operator{}
	for _, o := range stuck {
		at[o.Name] = o
	}
	var path []string
	o := stuck[0]
	for !slices.Contains(path, string(o.Name)) {
		path = append(path, string(o.Name))
		// A stuck operator has a stuck input: walk on along it.
		o = at[o.Inputs[slices.IndexFunc(o.Inputs, func(in id.Operator) bool { _, is := at[in]; return is })]]
	}
	path = append(path[slices.Index(path, string(o.Name)):], string(o.Name))
	slices.Reverse(path) // inputs were followed backwards; records flow the other way
	return path
}

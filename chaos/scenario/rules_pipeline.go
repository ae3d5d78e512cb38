package scenario

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// sinkOptions are the options that are acted on; the others of Kafka's and Flink's are kept without effect.
var sinkOptions = []string{sinkConnector, sinkTopic, sinkPath, sinkName, sinkGuarantee, sinkPrefix, sinkNaming, sinkTimeout}

// idleOptions are well known, and mean nothing to a run.
var idleOptions = []string{"format", "key.format", "value.format", "key.fields", "value.fields-include", "sink.parallelism",
	"sink.partitioner", "sink.buffer-flush.interval", "sink.buffer-flush.max-rows"}

func (r *rules) pipeline() {
	p := r.s.Pipeline
	sink := []string{"pipeline", "sink"}
	for _, part := range []string{"source", "sink"} {
		if _, _, there := r.tree.at("pipeline", part); !there {
			return // which has been said
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Sink)) {
		if slices.Contains(sinkOptions, name) || slices.Contains(idleOptions, name) {
			continue
		}
		hint := DidYouMean(name, sinkOptions)
		if hint == "" && strings.HasPrefix(name, "properties.") {
			continue
		}
		_, pos, _ := r.tree.at(sink...)
		if n, _, whole := r.tree.at(sink...); whole {
			pos = n.keyPos(name)
		}
		r.l.report(Problem{Pos: pos, Warning: true, Message: fmt.Sprintf("sink option %q is not known; it is kept, without effect%s", name, hint)})
	}
	r.oneOf(append(sink, sinkConnector), p.Sink[sinkConnector], "kafka", "file")
	r.oneOf(append(sink, sinkGuarantee), p.Sink[sinkGuarantee], "none", "at-least-once", "exactly-once")
	r.oneOf(append(sink, sinkNaming), p.Sink[sinkNaming], "", plan.Incrementing, plan.Pooling)
	r.milliseconds(append(sink, sinkTimeout), p.Sink[sinkTimeout])
	r.brokers()
	if p.Sink[sinkConnector] == "kafka" {
		if p.Sink[sinkTopic] == "" {
			r.fail(sink, "the sink has no topic to write to")
		}
		if p.Sink[sinkGuarantee] == "exactly-once" && p.Sink[sinkPrefix] == "" {
			r.fail(append(sink, sinkGuarantee), "exactly-once needs %s, unique on the Kafka cluster", sinkPrefix)
		}
		if p.Source.Connector == "kafka" && p.Source.Topic != "" && p.Source.Topic == p.Sink[sinkTopic] {
			r.fail(append(sink, sinkTopic), "the sink writes to %q, the topic that the source reads: the job would feed itself", p.Source.Topic)
		}
	} else if p.Sink[sinkPath] == "" {
		r.fail(sink, "a file sink has no path to write to")
	}
	if p.Source.Connector == "file" {
		if p.Source.Path == "" {
			r.fail([]string{"pipeline", "source"}, "a file source has no path to read")
		}
	} else if p.Source.Topic == "" && !r.written([]string{"pipeline", "source"}, "topic") {
		r.fail([]string{"pipeline", "source"}, "the source has no topic to read")
	}
	if made := p.Source.RecordsPerSecond * time.Duration(r.s.Duration).Seconds(); p.Source.Records == nil && made > generatedMax {
		r.fail([]string{"pipeline", "source", "records-per-second"}, "%.0f records a second for %s are %.0f, and at most %.0f are made: lower the rate, or the duration",
			p.Source.RecordsPerSecond, r.s.Duration, made, generatedMax)
	}
	r.producer()
	r.operatorList()
	r.records()
}

// generatedMax is how many records a run may make: all of them stay in memory, to be judged.
const generatedMax = 100e6

// compiles builds the job as a run will, so that nothing is left for the run to complain about. Its errors have
// no place in the file: whatever has one is said by the rules, and better.
func (r *rules) compiles() {
	r.compile(r.s, "pipeline")
	if next := r.s.Next(); next != nil {
		r.compile(next, "downstream", "pipeline")
	}
}

func (r *rules) compile(s *Scenario, at ...string) {
	if _, err := plan.Compile(s.Plan(), id.Job(s.Metadata.Name), s.Deployment.FlinkConfiguration); err != nil {
		for _, one := range unjoin(err) {
			r.fail(at, "the job cannot be built: %v", one)
		}
	}
}

func (r *rules) oneOf(path []string, value string, of ...string) {
	if !slices.Contains(of, value) {
		of = slices.DeleteFunc(of, func(s string) bool { return s == "" })
		r.fail(path, "unknown %s %q%s", path[len(path)-1], value, hintOrList(value, of))
	}
}

func (r *rules) milliseconds(path []string, text string) {
	if text == "" {
		return
	}
	if n, err := strconv.ParseInt(text, 10, 64); err != nil || n < 1 {
		r.fail(path, "%s is %q; it must be a whole number of milliseconds, for example 900000", path[len(path)-1], text)
	}
}

// brokers looks at the settings of the Kafka brokers: their values must be right, and unknown ones are said by the lint.
func (r *rules) brokers() {
	for _, name := range slices.Sorted(maps.Keys(r.s.Pipeline.Broker)) {
		if !slices.Contains(kafka.BrokerSettings(), name) {
			continue
		}
		if err := new(kafka.Config).Set(name, r.s.Pipeline.Broker[name]); err != nil {
			r.fail([]string{"pipeline", "broker", name}, "%v", err)
		}
	}
	if first := r.s.Pipeline.Broker[firstEpoch]; first != "" && first != "0" && r.s.probes() {
		r.fail([]string{"pipeline", "broker", firstEpoch}, "a sink that names its transactions %s asks for one id after the other until one begins with epoch 0, "+
			"and none would: set %s to %s", plan.Incrementing, sinkNaming, plan.Pooling)
	}
}

// probes says whether a sink looks for the end of the ids that a former life has used (PROBING, in Flink's connector).
func (s *Scenario) probes() bool {
	sink, next := s.Pipeline.Sink, s.Next()
	return sink[sinkConnector] == "kafka" && sink[sinkGuarantee] == string(plan.ExactlyOnce) && sink[sinkNaming] != plan.Pooling ||
		next != nil && next.probes()
}

func (r *rules) operatorList() {
	known := []string{r.s.Pipeline.Source.Name}
	read := map[string]bool{}
	for i, o := range r.s.Pipeline.Operators {
		path := []string{"pipeline", "operators", strconv.Itoa(i)}
		if slices.Contains(known, o.Name) || o.Name != "" && o.Name == r.s.Pipeline.Sink[sinkName] {
			r.fail(append(path, "name"), "two operators are called %q; state is found by name", o.Name)
		}
		for j, in := range o.Inputs {
			if !slices.Contains(known, in) {
				r.fail(append(path, "inputs", strconv.Itoa(j)), "input %q is not the source or an operator before this one%s", in, hintOrList(in, known))
			}
			read[in] = true
		}
		if len(o.Inputs) == 0 {
			read[known[len(known)-1]] = true
		}
		r.params(path, o)
		known = append(known, o.Name)
	}
	for i, name := range known[:len(known)-1] {
		if !read[name] && name != "" {
			path := []string{"pipeline", "source"}
			if i > 0 {
				path = []string{"pipeline", "operators", strconv.Itoa(i - 1)}
			}
			r.fail(path, "nobody reads what %s emits: name it in the inputs of an operator after it", name)
		}
	}
}

// params complains about parameters that an operator's kind lacks or does not have.
func (r *rules) params(path []string, o Operator) {
	p := o.Params
	takes := map[string][]string{"map": {"multiply", "add"}, "filter": {"modulo", "remainder"}, "tumbling-window": {"window"}}[o.Kind]
	if n, _, found := r.tree.at(append(path, "params")...); found {
		for _, f := range n.fields {
			if !slices.Contains(takes, f.key) && o.Kind != "" {
				r.failKey(append(path, "params"), f.key, "%s has no parameter %q; it takes %s", o.Kind, f.key, orNone(takes))
			}
		}
	}
	switch {
	case o.Kind == "tumbling-window" && p.Window <= 0:
		r.fail(path, "%s needs params: {window: ...}, for example 10 s", o.Name)
	case o.Kind == "filter" && p.Modulo == 0:
		r.fail(path, "%s needs params: {modulo: ..., remainder: ...}: it keeps the values whose remainder that is", o.Name)
	case o.Kind == "filter" && p.Remainder >= p.Modulo:
		r.fail(append(path, "params", "remainder"), "the remainder by %d is at most %d: no value would pass", p.Modulo, p.Modulo-1)
	}
}

func orNone(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// records reads a user's file, so that its mistakes come out before a run.
func (r *rules) records() {
	rec := r.s.Pipeline.Source.Records
	if rec == nil || rec.Path == "" || rec.Key == "" || rec.Value == "" {
		return
	}
	err, read := r.l.records[*rec]
	if !read {
		_, err = rec.Read(r.s.Pipeline.Source.RecordsPerSecond)
		r.l.records[*rec] = err
	}
	if err == nil {
		return
	}
	for _, one := range unjoin(err) {
		r.fail([]string{"pipeline", "source", "records", "path"}, "%v", one)
	}
}

func unjoin(err error) []error {
	var many interface{ Unwrap() []error }
	if errors.As(err, &many) {
		return many.Unwrap()
	}
	return []error{err}
}

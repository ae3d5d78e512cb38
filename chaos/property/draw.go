package property

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/checker"
)

// Draw draws a plan: a small cluster with any of the settings that matter, a pipeline of any shape, and faults.
// What it draws must keep its guarantee and come to rest; settings that lose output by design are not in it.
func Draw(t *rapid.T) scenario.Scenario {
	seed := rapid.Uint64Range(1, 1<<32).Draw(t, "seed")
	s := scenario.Scenario{
		APIVersion: scenario.APIVersion,
		Kind:       scenario.KindScenario,
		Metadata:   scenario.Metadata{Name: "drawn"},
		Seed:       &seed,
		Duration:   span(t, "duration", 20*time.Second, 60*time.Second, time.Second),
		Deployment: drawDeployment(t),
		Drain:      &scenario.Drain{QuietFor: scenario.Duration(5 * time.Second), Max: scenario.Duration(10 * time.Minute)},
	}
	s.Pipeline = drawPipeline(t, &s.Deployment)
	if s.Pipeline.Source.Connector == "kafka" && rapid.Bool().Draw(t, "waits for the steady state") {
		s.SteadyState = &scenario.SteadyState{Within: scenario.Duration(10 * time.Minute),
			Require: map[string]scenario.Limit{"completedCheckpoints": {Min: &scenario.Amount{Value: 1}}}}
	}
	s.Faults = drawFaults(t, &s)
	drawProducer(t, &s)
	s.Invariants = slices.DeleteFunc(checker.Names(), func(name string) bool { return mayBreak(&s, name) })
	return s
}

// mayBreak says whether a plan may break an invariant without anybody being at fault.
func mayBreak(s *scenario.Scenario, invariant string) bool {
	switch invariant {
	case "exactlyOnce", "counterLinearizable":
		return s.Pipeline.Sink["sink.delivery-guarantee"] != "exactly-once"
	case "upstreamExactlyOnce":
		return s.Pipeline.Source.Producer == nil
	case "leaseLinearizable": // a candidate compares the renew time, which is the holder's clock, with its own
		return slices.ContainsFunc(s.Faults, func(f fault.Fault) bool { return f.Inject == "clock.skew" })
	}
	return false
}

// span draws a time between two, in steps.
func span(t *rapid.T, label string, least, most, step time.Duration) scenario.Duration {
	return scenario.Duration(least + step*time.Duration(rapid.IntRange(0, int((most-least)/step)).Draw(t, label)))
}

func oneOf[V any](t *rapid.T, label string, of ...V) V { return rapid.SampledFrom(of).Draw(t, label) }

func drawDeployment(t *rapid.T) scenario.Deployment {
	restart := true
	slots := rapid.IntRange(1, 3).Draw(t, "slots")
	workers := rapid.IntRange(1, 4).Draw(t, "taskmanagers")
	d := scenario.Deployment{
		Profile:     oneOf(t, "profile", "go-process", "go-process", "flink-jvm"),
		JobManager:  scenario.Replicas{Replicas: rapid.IntRange(1, 3).Draw(t, "jobmanagers")},
		TaskManager: scenario.Replicas{Replicas: workers},
		Supervisor:  scenario.Supervisor{Restart: &restart, Delay: span(t, "supervisor delay", time.Second, 5*time.Second, time.Second)},
		Job:         scenario.Job{Parallelism: rapid.IntRange(1, min(slots*workers, 6)).Draw(t, "parallelism")},
	}
	conf := map[string]string{
		"taskmanager.numberOfTaskSlots":                           fmt.Sprint(slots),
		"high-availability.type":                                  "kubernetes",
		"high-availability.storageDir":                            "s3://flink/ha",
		"execution.checkpointing.interval":                        oneOf(t, "interval", "1 s", "3 s", "10 s"),
		"execution.checkpointing.timeout":                         oneOf(t, "checkpoint timeout", "1 min", "10 s"),
		"execution.checkpointing.min-pause":                       oneOf(t, "min-pause", "0 s", "1 s"),
		"execution.checkpointing.max-concurrent-checkpoints":      oneOf(t, "concurrent", "1", "2"),
		"execution.checkpointing.tolerable-failed-checkpoints":    oneOf(t, "tolerable", "100", "0"),
		"execution.checkpointing.num-retained":                    oneOf(t, "retained", "1", "3"),
		"execution.checkpointing.data-inline-threshold":           oneOf(t, "inline", "20 kb", "0 b"),
		"jobmanager.execution.failover-strategy":                  oneOf(t, "failover", "region", "full"),
		"execution.buffer-timeout.interval":                       oneOf(t, "buffer-timeout", "100 ms", "10 ms"),
		"pipeline.max-parallelism":                                oneOf(t, "max-parallelism", "128", "6"),
		"restart-strategy.type":                                   oneOf(t, "restart strategy", "exponential-delay", "fixed-delay", "failure-rate"),
		"restart-strategy.exponential-delay.max-backoff":          "10 s",
		"restart-strategy.fixed-delay.attempts":                   "1000000",
		"restart-strategy.failure-rate.max-failures-per-interval": "1000000",
	}
	if rapid.Bool().Draw(t, "quick heartbeats") {
		conf["heartbeat.interval"], conf["heartbeat.timeout"] = "1 s", "5 s"
	}
	d.FlinkConfiguration = conf
	return d
}

// The operators that a drawn pipeline is made of. Only one has state: the reference interpreter of the checkers
// knows what every shape with one must give.
var stateless, stateful = []string{"map", "filter", "key-by", "pass-through"}, []string{"keyed-sum", "keyed-count", "tumbling-window"}

func drawPipeline(t *rapid.T, d *scenario.Deployment) scenario.Pipeline {
	p := scenario.Pipeline{Source: scenario.Source{Connector: "kafka", Topic: "in", Keys: rapid.IntRange(1, 200).Draw(t, "keys"),
		Partitions: rapid.IntRange(1, 8).Draw(t, "partitions"), RecordsPerSecond: float64(rapid.IntRange(1, 20).Draw(t, "rate") * 20),
		OutOfOrderness: span(t, "disorder", 0, 2*time.Second, 500*time.Millisecond)}}
	if rapid.IntRange(0, 5).Draw(t, "file source") == 5 {
		p.Source.Connector, p.Source.Topic, p.Source.Path = "file", "", "in"
	}
	add := func(kind string, inputs ...string) string {
		o := scenario.Operator{Name: fmt.Sprintf("%s-%d", kind, len(p.Operators)+1), Kind: kind, Inputs: inputs}
		switch kind {
		case "map":
			times := rapid.Int64Range(1, 9).Draw(t, "multiply")
			o.Params = scenario.Params{Multiply: &times, Add: rapid.Int64Range(0, 9).Draw(t, "add")}
		case "filter":
			o.Params.Modulo = rapid.Int64Range(1, 3).Draw(t, "modulo")
		case "tumbling-window":
			o.Params.Window = span(t, "window", time.Second, 5*time.Second, time.Second)
		}
		if rapid.IntRange(0, 3).Draw(t, "own parallelism") == 3 {
			o.Parallelism = rapid.IntRange(1, d.Job.Parallelism).Draw(t, "parallelism")
		}
		p.Operators = append(p.Operators, o)
		return o.Name
	}
	for range rapid.IntRange(0, 2).Draw(t, "operators before the state") {
		add(oneOf(t, "operator", stateless...))
	}
	switch shape := oneOf(t, "shape", "keyed", "keyed", "stateless", "diamond"); shape {
	case "keyed":
		add(oneOf(t, "state", stateful...))
	case "diamond":
		fork := add("pass-through")
		left, right := add("map", fork), add("pass-through", fork)
		add("pass-through", left, right)
	}
	if n := len(p.Operators); n > 0 && p.Operators[n-1].Kind == "tumbling-window" {
		p.Source.Partitions = max(p.Source.Partitions, d.Job.Parallelism) // a reader without a partition stops event time
	}
	p.Sink = map[string]string{"connector": "kafka", "topic": "out", "sink.transactional-id-prefix": "drawn",
		"sink.delivery-guarantee": oneOf(t, "guarantee", "exactly-once", "exactly-once", "exactly-once", "at-least-once")}
	if rapid.IntRange(0, 4).Draw(t, "file sink") == 4 {
		p.Sink = map[string]string{"connector": "file", "path": "out", "sink.delivery-guarantee": "exactly-once"}
	} else {
		p.Sink["properties.transaction.timeout.ms"] = "900000" // longer than any drawn run is down
	}
	return p
}

// steps are the protocol steps at which faults are aimed.
var steps = []string{"checkpoint.triggered", "alignment.started", "barrier.aligned", "snapshot.taken", "snapshot.stored",
	"sink.precommitted", "checkpoint.acked", "checkpoint.stored", "checkpoint.completed", "checkpoint.notified", "sink.committed",
	"txn.preparecommit", "marker.appended", "restart.scheduled", "restore.started", "task.restored", "restore.completed",
	"leader.elected", "task.running", "fault.started"}

// harmless are the faults that nothing may be lost by. Whoever orders an unclean election gives records up.
var harmless = slices.DeleteFunc(fault.Names(), func(name string) bool {
	return name == "kafka.unclean-election" || strings.HasPrefix(name, producerFaults)
})

// drawFaults draws a few faults out of a few kinds: a run that has every kind is good at none.
func drawFaults(t *rapid.T, s *scenario.Scenario) []fault.Fault {
	kinds := rapid.SliceOfNDistinct(rapid.SampledFrom(harmless), 1, 4, rapid.ID[string]).Draw(t, "kinds of faults")
	var all []fault.Fault
	for i := range rapid.IntRange(0, 4).Draw(t, "faults") {
		kind, _ := fault.Lookup(oneOf(t, "kind", kinds...))
		f := fault.Fault{Name: fmt.Sprintf("f%d", i+1), Inject: kind.Name}
		if rapid.Bool().Draw(t, "at a step") {
			f.When = &fault.When{Event: oneOf(t, "step", steps...), Nth: rapid.IntRange(1, 8).Draw(t, "nth")}
			if rapid.Bool().Draw(t, "a little later") {
				f.When.Plus = span(t, "plus", 0, 50*time.Millisecond, time.Millisecond)
			}
		} else {
			f.At = &fault.Moment{At: span(t, "at", 0, time.Duration(s.Duration), 100*time.Millisecond)}
		}
		if kind.Lasts != fault.AtOnce {
			f.For = span(t, "for", time.Second, 30*time.Second, time.Second)
		}
		f.Target, f.With = drawAim(t, s, kind), drawParams(t, kind)
		all = append(all, f)
	}
	return all
}

func drawAim(t *rapid.T, s *scenario.Scenario, kind fault.Kind) fault.Aim {
	if !slices.Contains(kind.Roles, fault.TaskManager) || kind.Name == "cluster.pause" || rapid.Bool().Draw(t, "default aim") {
		return fault.Aim{}
	}
	a := fault.Aim{Side: fault.Side{Role: []fault.Role{fault.TaskManager}, Pick: oneOf(t, "pick", fault.One, fault.Hosting, fault.All)}}
	if a.Pick == fault.Hosting {
		a.Operator = "source"
	}
	if kind.Network {
		far := oneOf(t, "far side", fault.JobManager, fault.Kafka, fault.ObjectStore, fault.TaskManager)
		a = fault.Aim{Between: [][]fault.Side{{a.Side}, {{Role: []fault.Role{far}, Pick: fault.All}}},
			Direction: oneOf(t, "direction", fault.Both, fault.To, fault.From)}
	}
	return a
}

func drawParams(t *rapid.T, kind fault.Kind) map[string]string {
	with := map[string]string{}
	for _, p := range kind.Params {
		switch {
		case p.Type == fault.Choice:
			with[p.Name] = oneOf(t, p.Name, p.Of...)
		case kind.Name == "clock.skew" && p.Name == "jump":
			with[p.Name] = oneOf(t, "jump", "1s", "-1s", "20s", "-20s")
		case p.Type == fault.Choices && rapid.Bool().Draw(t, "some "+p.Name):
			with[p.Name] = oneOf(t, p.Name, p.Of...)
		}
	}
	return with
}

package scenario

import (
	"strconv"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/sim/kafka"
)

// Pipeline is the job: a source, operators in a row (or a DAG by inputs), a sink.
type Pipeline struct {
	Source    Source            `json:"source"`
	Operators []Operator        `json:"operators,omitempty" jsonschema_description:"in order; each reads from the one before it unless it says inputs"`
	Sink      map[string]string `json:"sink" jsonschema_description:"table-connector options, as in a SQL WITH clause"`
	Broker    map[string]string `json:"broker,omitempty" jsonschema_description:"settings of the Kafka brokers"`
}

// Source is where records come from, and at what rate.
type Source struct {
	Name             string    `json:"name,omitempty" jsonschema:"pattern=^[A-Za-z0-9][A-Za-z0-9._-]*$" jsonschema_description:"source, if left out"`
	Connector        string    `json:"connector,omitempty" jsonschema:"enum=kafka,enum=file"`
	Topic            string    `json:"topic,omitempty" jsonschema_description:"kafka: the topic to read"`
	Path             string    `json:"path,omitempty" jsonschema_description:"file: the folder to read; the source ends with its files"`
	Partitions       int       `json:"partitions,omitempty" jsonschema:"minimum=1,maximum=10000"`
	RecordsPerSecond float64   `json:"records-per-second,omitempty" jsonschema:"minimum=0" jsonschema_description:"offered load over all partitions"`
	Keys             int       `json:"keys,omitempty" jsonschema:"minimum=1" jsonschema_description:"how many different keys are generated"`
	OutOfOrderness   Duration  `json:"out-of-orderness,omitzero" jsonschema_description:"how late event time may be; watermarks stay so far behind"`
	Records          *Records  `json:"records,omitempty" jsonschema_description:"your own records instead of generated ones"`
	Isolation        string    `json:"properties.isolation.level,omitempty" jsonschema:"enum=read_committed,enum=read_uncommitted"`
	Group            string    `json:"properties.group.id,omitempty" jsonschema_description:"kafka: a consumer group that hears of the source's offsets at completed checkpoints"`
	Producer         *Producer `json:"producer,omitempty" jsonschema_description:"an application that writes the topic in Kafka transactions; without it the records are appended without"`
}

// Operator is one operator of the job.
type Operator struct {
	Name        string   `json:"name" jsonschema:"pattern=^[A-Za-z0-9][A-Za-z0-9._-]*$"`
	Kind        string   `json:"kind" jsonschema:"enum=map,enum=filter,enum=key-by,enum=keyed-sum,enum=keyed-count,enum=tumbling-window,enum=pass-through"`
	Inputs      []string `json:"inputs,omitempty" jsonschema_description:"operators before it in the list, or the source"`
	Parallelism int      `json:"parallelism,omitempty" jsonschema:"minimum=1,maximum=1000"`
	Params      Params   `json:"params,omitzero"`
}

// Params are the parameters of an operator's kind.
type Params struct {
	Multiply  *int64   `json:"multiply,omitempty" jsonschema_description:"map: value * multiply + add"`
	Add       int64    `json:"add,omitempty" jsonschema_description:"map: value * multiply + add"`
	Modulo    int64    `json:"modulo,omitempty" jsonschema:"minimum=1" jsonschema_description:"filter: keep values whose remainder by modulo is remainder"`
	Remainder int64    `json:"remainder,omitempty" jsonschema:"minimum=0"`
	Window    Duration `json:"window,omitzero" jsonschema_description:"tumbling-window: how long a window is"`
}

// Sink option names.
const (
	sinkConnector = "connector"
	sinkTopic     = "topic"
	sinkPath      = "path"
	sinkName      = "name"
	sinkGuarantee = "sink.delivery-guarantee"
	sinkPrefix    = "sink.transactional-id-prefix"
	sinkNaming    = "sink.transaction-naming-strategy"
	sinkTimeout   = "properties.transaction.timeout.ms"
	brokerMax     = "transaction.max.timeout.ms"
	firstEpoch    = "flinch.first.producer.epoch"
)

// The connectors' own defaults.
const (
	defaultTransactionTimeout = time.Hour        // of Flink's KafkaSink
	defaultBrokerMax          = 15 * time.Minute // of a Kafka broker
)

// setDefaults fills in what a source that is fed may leave out of that.
func (in *Source) setDefaults(parallelism int) {
	orDefault(&in.Partitions, parallelism)
	orDefault(&in.RecordsPerSecond, 1000)
	if in.Records == nil {
		orDefault(&in.Keys, 100)
	}
	if in.Producer != nil {
		in.Producer.setDefaults()
	}
}

// setDefaults fills in what a pipeline may leave out.
func (p *Pipeline) setDefaults() {
	orDefault(&p.Source.Name, "source")
	orDefault(&p.Source.Connector, "kafka")
	if p.Sink == nil {
		p.Sink = map[string]string{}
	}
	for key, value := range map[string]string{sinkName: "sink", sinkConnector: "kafka", sinkGuarantee: "at-least-once"} {
		if p.Sink[key] == "" {
			p.Sink[key] = value
		}
	}
}

// TransactionTimeout is the sink's transaction timeout.
func (p Pipeline) TransactionTimeout() time.Duration {
	return millis(p.Sink[sinkTimeout], defaultTransactionTimeout)
}

// BrokerMaxTransactionTimeout is the longest timeout that the brokers accept.
func (p Pipeline) BrokerMaxTransactionTimeout() time.Duration {
	return millis(p.Broker[brokerMax], defaultBrokerMax)
}

// Brokers is the configuration of the Kafka brokers. What a resolved scenario has is right; what is not known has no
// effect.
func (p Pipeline) Brokers() kafka.Config {
	c := kafka.Config{TransactionMaxTimeout: defaultBrokerMax}
	for name, value := range p.Broker { // each sets a field of its own
		_ = c.Set(name, value)
	}
	return c
}

func millis(text string, otherwise time.Duration) time.Duration {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Duration(n) * time.Millisecond
	}
	return otherwise
}

// Plan is the pipeline in the runtime's words. Call it on a resolved scenario.
func (s *Scenario) Plan() plan.Pipeline {
	p := s.Pipeline
	sourceName, sink := id.Operator(p.Source.Name), p.Sink
	out := plan.Pipeline{Name: s.Metadata.Name, Parallelism: s.Deployment.Job.Parallelism, MaxParallelism: s.MaxParallelism()}
	source := plan.Operator{Name: sourceName, Kind: plan.KafkaSource, OutOfOrder: time.Duration(p.Source.OutOfOrderness),
		Topic: p.Source.Topic, Isolation: p.Source.Isolation, Group: p.Source.Group}
	if p.Source.Connector == "file" {
		source.Kind, source.Path, source.Topic, source.Isolation, source.Group = plan.FileSource, p.Source.Path, "", "", ""
	}
	out.Operators = append(out.Operators, source)
	last := sourceName
	for _, o := range p.Operators {
		op := plan.Operator{Name: id.Operator(o.Name), Kind: plan.Kind(o.Kind), Parallelism: o.Parallelism,
			Window: time.Duration(o.Params.Window), Modulo: o.Params.Modulo, Remainder: o.Params.Remainder}
		if op.Kind == plan.Map {
			op.Multiply, op.Add = 1, o.Params.Add
			if o.Params.Multiply != nil {
				op.Multiply = *o.Params.Multiply
			}
		}
		for _, in := range o.Inputs {
			op.Inputs = append(op.Inputs, id.Operator(in))
		}
		if len(op.Inputs) == 0 {
			op.Inputs = []id.Operator{last}
		}
		out.Operators = append(out.Operators, op)
		last = op.Name
	}
	end := plan.Operator{Name: id.Operator(sink[sinkName]), Kind: plan.KafkaSink, Inputs: []id.Operator{last}, Topic: sink[sinkTopic],
		Guarantee: plan.Guarantee(sink[sinkGuarantee]), Naming: sink[sinkNaming]}
	if sink[sinkConnector] == "file" {
		end.Kind, end.Topic, end.Path, end.Naming = plan.FileSink, "", sink[sinkPath], ""
	} else if end.Guarantee == plan.ExactlyOnce {
		end.TransactionPrefix, end.TransactionTimeout = sink[sinkPrefix], p.TransactionTimeout()
	}
	out.Operators = append(out.Operators, end)
	return out
}

// MaxParallelism is pipeline.max-parallelism, or 0 for Flink's default.
func (s *Scenario) MaxParallelism() int {
	n, _ := strconv.Atoi(s.Deployment.FlinkConfiguration["pipeline.max-parallelism"])
	return n
}

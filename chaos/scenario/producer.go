package scenario

import (
	"slices"
	"strconv"
	"time"

	"github.com/flinch-dev/flinch/chaos/fault"
)

// Producer is an application that writes the source's topic in Kafka transactions, as another service would. It keeps
// its position in them, so that what it writes is there exactly once, if Kafka keeps its word and it is set up well.
type Producer struct {
	TransactionalID       string   `json:"transactional-id" jsonschema:"pattern=^[A-Za-z0-9][A-Za-z0-9._-]*$" jsonschema_description:"of the application; what is made of it, naming says"`
	Naming                string   `json:"transactional-id-naming,omitempty" jsonschema:"enum=application,enum=instance,enum=start" jsonschema_description:"who has an id of its own: the application (as it should be), each instance, or each start of one"`
	RecordsPerTransaction int64    `json:"records-per-transaction,omitempty" jsonschema:"minimum=1" jsonschema_description:"so many records make a transaction; any number if left out"`
	CommitInterval        Duration `json:"commit-interval,omitzero" jsonschema_description:"a transaction as old as this is ended, 1s if left out"`
	AbortPercent          float64  `json:"abort-percent,omitempty" jsonschema:"minimum=0,maximum=99" jsonschema_description:"of the transactions, aborted on purpose and written again"`
	TransactionTimeout    int64    `json:"transaction.timeout.ms,omitempty" jsonschema:"minimum=1"`
	RequestTimeout        int64    `json:"request.timeout.ms,omitempty" jsonschema:"minimum=1000"`
	DeliveryTimeout       int64    `json:"delivery.timeout.ms,omitempty" jsonschema:"minimum=1000"`
}

// setDefaults fills in what may be left out: the defaults of Kafka's producer.
func (p *Producer) setDefaults() {
	orDefault(&p.Naming, "application")
	orDefault(&p.CommitInterval, Duration(second))
	orDefault(&p.TransactionTimeout, 60_000)
	orDefault(&p.RequestTimeout, 30_000)
	orDefault(&p.DeliveryTimeout, 120_000)
}

// instances is how many instances of it there are in the end: each replacement adds one.
func (s *Scenario) instances() int {
	if s.Pipeline.Source.Producer == nil {
		return 0
	}
	n := 1
	for _, f := range s.Faults {
		if f.Inject == "producer.replace" {
			n++
		}
	}
	return n
}

// producer complains about an application that cannot write, and about what is asked of one that is not there.
func (r *rules) producer() {
	p, at := r.s.Pipeline.Source.Producer, []string{"pipeline", "source", "producer"}
	if p == nil {
		r.noProducer()
		return
	}
	if r.s.Pipeline.Source.Connector != "kafka" {
		r.fail(at, "an application writes a topic in transactions, and the source reads files: take producer away, or connector: file")
	}
	if timeout, most := time.Duration(p.TransactionTimeout)*time.Millisecond, r.s.Pipeline.BrokerMaxTransactionTimeout(); timeout > most {
		r.fail(append(at, "transaction.timeout.ms"), "the brokers accept %s at most: lower it, or raise pipeline.broker.%s", Duration(most), brokerMax)
	}
	if time.Duration(p.CommitInterval) >= time.Duration(p.TransactionTimeout)*time.Millisecond {
		r.fail(append(at, "commit-interval"), "a transaction is %s old when it is ended, and the coordinator aborts it before that: "+
			"commit-interval must be below transaction.timeout.ms", p.CommitInterval)
	}
	if r.s.Pipeline.Source.Isolation != "read_committed" {
		r.warn([]string{"pipeline", "source"}, "the job also reads what the application aborts: set properties.isolation.level to read_committed")
	}
}

// noProducer complains about faults and an invariant that are about an application before the job, where there is none.
func (r *rules) noProducer() {
	for i, f := range r.s.Faults {
		sides := slices.Concat(append(f.Target.Between, []fault.Side{f.Target.Side})...)
		if slices.ContainsFunc(sides, func(s fault.Side) bool { return slices.Contains(s.Role, fault.Producer) }) {
			r.fail([]string{"faults", strconv.Itoa(i)}, "%s strikes the application before the job, and there is none: give pipeline.source.producer", f.Name)
		}
	}
	if i := slices.Index(r.s.Invariants, "upstreamExactlyOnce"); i >= 0 {
		r.fail([]string{"invariants", strconv.Itoa(i)}, "upstreamExactlyOnce is about the application before the job, and there is none: "+
			"give pipeline.source.producer, or take the invariant away")
	}
}

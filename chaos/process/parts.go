package process

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/process/broker"
	"github.com/flinch-dev/flinch/runtime/live/services"
)

// Parts say what a run with real processes uses for its services: a word for what the harness starts itself, or the
// place of what is there, as package services reads it. An empty part is the default.
type Parts struct {
	HA      string // etcd (the default), zookeeper, model; etcd://... or zookeeper://...
	Storage string // file (the default), s3, model; file:///... or s3://...
	Kafka   string // served (the default), model, kfake, apache; host:port
}

// The parts that the simulation uses, in real time.
const (
	Model  = "model"  // in the world: members speak to it through the harness
	Served = "served" // Kafka's, on TCP: members speak to it by their own clients
)

// What the words mean, for people.
var (
	models      = map[string]string{Model: "the model of the simulation, in real time"}
	kafkaModels = map[string]string{Model: models[Model], Served: "the model of the simulation, on TCP"}
)

// withDefaults fills in what is left out.
func (p Parts) withDefaults() Parts {
	for part, otherwise := range map[*string]string{&p.HA: partEtcd, &p.Storage: partFile, &p.Kafka: Served} {
		if *part == "" {
			*part = otherwise
		}
	}
	return p
}

// Check looks at the words and places; nothing is started.
func (p Parts) Check() error {
	p = p.withDefaults()
	for _, part := range []struct {
		given  string
		own    map[string]starter
		models map[string]string
		at     services.Places
	}{
		{p.HA, ownHA, models, services.Places{HA: p.HA}},
		{p.Storage, ownStorage, models, services.Places{Storage: p.Storage}},
		{p.Kafka, ownKafka, kafkaModels, services.Places{Kafka: p.Kafka}},
	} {
		if part.models[part.given] != "" || part.own[part.given] != nil {
			continue
		}
		if err := part.at.Check(); err != nil {
			words := append(slices.Sorted(maps.Keys(part.own)), slices.Sorted(maps.Keys(part.models))...)
			return fmt.Errorf("%w, or one of %s", err, strings.Join(words, ", "))
		}
	}
	return nil
}

// CheckFaults returns an error for a fault that needs Kafka to be a model: what strikes its brokers, and what waits for one
// of their steps, which a real Kafka tells nobody in time. It can be cut off, no more.
func (p Parts) CheckFaults(faults []fault.Fault) error {
	p = p.withDefaults()
	if kafkaModels[p.Kafka] != "" {
		return nil
	}
	for _, f := range faults {
		switch {
		case broker.AboutKafka(f):
			return fmt.Errorf("arm fault %q: %s cannot be done to Kafka at %q, which can only be cut off; use the model, --kafka %s, or leave the fault out",
				f.Name, f.Inject, p.Kafka, Served)
		case f.When != nil && fault.StepOfKafka(f.When.Event):
			return fmt.Errorf("arm fault %q: %s is a step inside of Kafka, and Kafka at %q does not tell it; use the model, --kafka %s, or aim at another event",
				f.Name, f.When.Event, p.Kafka, Served)
		}
	}
	return nil
}

// started is what a run uses, and what the harness has started for it.
type started struct {
	at      services.Places   // "" where a model serves
	foreign services.Places   // those that the user has named
	what    map[string]string // by service, for people: with versions
	stops   []func()
}

func (s *started) stop() {
	for _, stop := range slices.Backward(s.stops) {
		stop()
	}
}

// start starts what the parts name, in a folder.
func (p Parts) start(folder string, transactionMax time.Duration) (*started, error) {
	p = p.withDefaults()
	s := &started{what: map[string]string{}}
	for _, part := range []struct {
		name        string
		given       string
		own         map[string]starter
		models      map[string]string
		at, foreign *string
	}{
		{"ha", p.HA, ownHA, models, &s.at.HA, &s.foreign.HA},
		{"storage", p.Storage, ownStorage, models, &s.at.Storage, &s.foreign.Storage},
		{"kafka", p.Kafka, ownKafka, kafkaModels, &s.at.Kafka, &s.foreign.Kafka},
	} {
		start := part.own[part.given]
		switch {
		case part.models[part.given] != "":
			s.what[part.name] = part.models[part.given]
		case start == nil:
			*part.at, *part.foreign = part.given, part.given
			s.what[part.name] = part.given
		default:
			own, err := start(filepath.Join(folder, part.given), transactionMax)
			if err != nil {
				s.stop()
				return nil, err
			}
			*part.at, s.what[part.name] = own.place, own.what
			if own.stop != nil {
				s.stops = append(s.stops, own.stop)
			}
		}
	}
	return s, nil
}

// Services are what serves in this run, by the names of the flags: with versions, for people.
func (c *Conductor) Services() map[string]string { return c.parts.what }

package fault

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A condition is one thing in the world that a fault has made wrong and will put right: a pause, a cut link,
// an outage. Two faults may make the same thing wrong at once, so that ending one must not heal the other:
// the world is always set to what the conditions in force add up to.
type condition struct {
	firing  *firing
	pause   string // a process that stands still
	clock   string // a process whose clock is wrong
	offset  time.Duration
	rate    float64
	link    [2]string // one direction
	state   LinkState
	replica string // a broker whose followers stand still
	topic   string // of which; "": of all
	broker  string // one that has something wrong by itself
	fails   BrokerState
	service Role
	outage  ServiceState
}

// about says whether both are about the same thing.
func (c *condition) about(other *condition) bool {
	return c.pause == other.pause && c.clock == other.clock && c.link == other.link && c.replica == other.replica && c.broker == other.broker && c.service == other.service
}

// settle sets the thing that c is about to what all conditions in force add up to.
func (i *Injector) settle(c *condition) error {
	var in []*condition
	for _, other := range i.conditions {
		if other.about(c) {
			in = append(in, other)
		}
	}
	switch {
	case c.pause != "" && len(in) > 0:
		return i.target.Pause(c.pause)
	case c.pause != "":
		return i.target.Resume(c.pause)
	case c.clock != "":
		offset, rate := time.Duration(0), 1.0
		for _, o := range in {
			offset, rate = offset+o.offset, rate*o.rate
		}
		return i.target.SkewClock(c.clock, offset, rate)
	case c.link != [2]string{}:
		var sum LinkState
		for _, o := range in {
			sum.Cut = sum.Cut || o.state.Cut
			sum.Reject = sum.Reject || o.state.Reject
			sum.Delay += o.state.Delay
			sum.Jitter += o.state.Jitter
			sum.Loss = max(sum.Loss, o.state.Loss)
			if sum.Bytes == 0 || o.state.Bytes > 0 && o.state.Bytes < sum.Bytes {
				sum.Bytes = o.state.Bytes // the narrowest
			}
		}
		return i.target.SetLink(c.link[0], c.link[1], sum)
	case c.replica != "" && len(in) == 0:
		return i.target.ResumeFollowers(c.replica)
	case c.replica != "":
		var topics []string
		for _, o := range in {
			if o.topic == "" {
				return i.target.StopFollowers(c.replica, nil)
			}
			topics = append(topics, o.topic)
		}
		return i.target.StopFollowers(c.replica, topics)
	case c.broker != "":
		var sum BrokerState
		for _, o := range in {
			sum.DiskFull = sum.DiskFull || o.fails.DiskFull
			sum.Produce, sum.Fetch = least(sum.Produce, o.fails.Produce), least(sum.Fetch, o.fails.Fetch)
		}
		return i.target.SetBroker(c.broker, sum)
	default:
		var all []ServiceState
		for _, o := range in {
			all = append(all, o.outage)
		}
		return i.target.SetService(c.service, all)
	}
}

// conditionsOf says what a lasting fault makes wrong at its victims.
func (f Fault) conditionsOf(v victims) []*condition {
	var all []*condition
	switch f.Inject {
	case "jobmanager.pause", "taskmanager.pause", "producer.pause", "cluster.pause":
		for _, p := range v.processes {
			all = append(all, &condition{pause: p})
		}
	case "clock.skew":
		for _, p := range v.processes {
			all = append(all, &condition{clock: p, offset: f.span("jump"), rate: f.number("rate")})
		}
	case "network.partition", "network.delay", "network.loss", "network.throttle":
		var state LinkState
		switch f.Inject {
		case "network.partition":
			state.Reject = f.Param("mode") == "reject"
			state.Cut = !state.Reject
		case "network.delay":
			state.Delay, state.Jitter = f.span("delay"), f.span("jitter")
		case "network.loss":
			state.Loss = f.number("percent") / 100
		case "network.throttle":
			state.Bytes = max(1, f.number("bytes-per-second"))
		}
		for _, l := range v.links {
			all = append(all, &condition{link: l, state: state})
		}
	case "objectstore.outage":
		all = append(all, f.outage(ObjectStore, ServiceMode(f.Param("mode"))))
	case "objectstore.full":
		full := f.outage(ObjectStore, Http503)
		full.outage.Operations = []string{"PUT"}
		all = append(all, full)
	case "objectstore.throttle":
		all = append(all, f.outage(ObjectStore, Throttle))
	case "objectstore.lost-answer":
		all = append(all, f.outage(ObjectStore, LostAnswer))
	case "ha.unavailable":
		all = append(all, f.outage(HA, Unavailable))
	case "ha.lost-answer":
		all = append(all, f.outage(HA, LostAnswer))
	case "kafka.disk.full":
		for _, p := range v.processes {
			all = append(all, &condition{broker: p, fails: BrokerState{DiskFull: true}})
		}
	case "kafka.throttle":
		for _, p := range v.processes {
			all = append(all, &condition{broker: p, fails: f.quota()})
		}
	case "kafka.coordinator.unavailable":
		all = append(all, f.outage(Kafka, ServiceMode("coordinator-"+f.Param("mode"))))
	case "kafka.replica.lag":
		for _, p := range v.processes {
			all = append(all, &condition{replica: p, topic: f.Param("topic")})
		}
	case "kafka.lost-answer":
		all = append(all, f.outage(Kafka, LostAnswer))
	case "kafka.late-request":
		all = append(all, f.outage(Kafka, LateRequest))
	case "kafka.markers.slow":
		all = append(all, f.outage(Kafka, SlowMarkers))
	}
	return all
}

// quota is what a throttled broker lets each client have.
func (f Fault) quota() (s BrokerState) {
	rate, of := max(1, f.number("bytes-per-second")), f.Param("operations")
	if of == "" || strings.Contains(of, "Produce") {
		s.Produce = rate
	}
	if of == "" || strings.Contains(of, "Fetch") {
		s.Fetch = rate
	}
	return s
}

// least is the lower of two bounds, of which 0 is none.
func least(a, b float64) float64 {
	if a == 0 || b > 0 && b < a {
		return b
	}
	return a
}

func (f Fault) outage(role Role, mode ServiceMode) *condition {
	s := ServiceState{Mode: mode, Prefix: cmp.Or(f.Param("prefix"), f.Param("transactional-id"))}
	if ops := f.Param("operations"); ops != "" {
		s.Operations = strings.Split(ops, ",")
	}
	switch mode {
	case LostAnswer:
		s.Share = f.number("percent") / 100
	case LateRequest:
		s.Share, s.Wait = f.number("percent")/100, f.span("delay")
	case SlowMarkers:
		s.Wait = f.span("delay")
	case Throttle:
		s.PerSecond = f.number("requests-per-second")
	}
	return &condition{service: role, outage: s}
}

// Param returns a parameter as written, or its default.
func (f Fault) Param(name string) string {
	if v, ok := f.With[name]; ok {
		return v
	}
	kind, _ := Lookup(f.Inject)
	p, _ := kind.Param(name)
	return p.Default
}

func (f Fault) span(name string) time.Duration {
	text, negative := strings.CutPrefix(f.Param(name), "-")
	d, _ := ParseDuration(text) // Check has read it before
	if negative {
		d = -d
	}
	return time.Duration(d)
}

func (f Fault) number(name string) float64 {
	n, _ := strconv.ParseFloat(strings.TrimSuffix(f.Param(name), "%"), 64)
	return n
}

// inOrder sorts links, so that they are broken in an order that no map has decided.
func inOrder(links [][2]string) [][2]string {
	slices.SortFunc(links, func(a, b [2]string) int {
		return cmp.Or(strings.Compare(a[0], b[0]), strings.Compare(a[1], b[1]))
	})
	return slices.Compact(links)
}

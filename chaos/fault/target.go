package fault

import (
	"errors"
	"time"
)

// Target is all that faults want of a world. Names are processes. Every call takes effect before it returns.
type Target interface {
	// Processes returns the processes of a role that are up, paused ones too, in a fixed order.
	Processes(role Role) []string
	// Application says whose process it is: "" for the first application, and for services.
	Application(process string) string
	// Leader returns the JobManager that holds an application's leadership, or "".
	Leader(application string) string
	// Hosting returns the TaskManagers that run an operator's subtask, or any subtask of it for -1.
	Hosting(application, operator string, subtask int) []string

	Kill(process string) error
	Pause(process string) error
	Resume(process string) error
	// LoseMachine takes away the machine that the process runs on, with all that is on it.
	LoseMachine(process string) error
	// SkewClock sets how far a process's clock is off and how fast it runs; (0, 1) is a right clock.
	SkewClock(process string, offset time.Duration, rate float64) error

	// SetLink says what is wrong with one direction between two processes; the zero LinkState is a healthy link.
	SetLink(from, to string, state LinkState) error
	// Reset breaks the connections between two processes; both ends are told.
	Reset(a, b string) error

	// LinkHits returns how many messages, in one direction, have met what was wrong with the link so far, or with the
	// connection.
	LinkHits(from, to string) uint64

	// SetService says all that is wrong with a service (object store, Kafka, HA), and nothing else is; none is a healthy one.
	SetService(role Role, states []ServiceState) error
	// ServiceHits returns how many requests have met what was wrong with the service so far.
	ServiceHits(role Role) uint64
	// Move makes other brokers lead what one of a Kafka's leads.
	Move(broker string, what Led) error
	// Replace starts another instance of the application before the job, in the place of one that goes on.
	Replace(producer string) error
	// StopFollowers makes the replicas on a Kafka broker that follow a leader fetch nothing, of these topics or, if there are
	// none, of all; ResumeFollowers makes them fetch again.
	StopFollowers(broker string, topics []string) error
	ResumeFollowers(broker string) error
	// SetBroker says what is wrong with a Kafka broker, alive or not; the zero BrokerState is a healthy one.
	SetBroker(broker string, state BrokerState) error
	// ElectUnclean makes a Kafka broker lead the partitions that nobody may lead, if it has a replica.
	ElectUnclean(broker string) error
	// LoseLease takes the leadership lease from its holder.
	LoseLease(holder string) error
}

// LinkState is what is wrong with one direction of a link.
type LinkState struct {
	Cut    bool          // silence: what is sent waits
	Reject bool          // refusal: what is sent comes back at once
	Delay  time.Duration // added to every message
	Jitter time.Duration // up to so much more
	Loss   float64       // share of packets, 0 to 1
	Bytes  float64       // that pass in a second; 0: as many as the network can
}

// BrokerState is what is wrong with a Kafka broker.
type BrokerState struct {
	DiskFull bool    // no room for what it has to store
	Produce  float64 // bytes a second that each client may send; 0: as many as it likes
	Fetch    float64 // the same that it may have
}

// ServiceMode is how a service misbehaves.
type ServiceMode string

// The modes. Which of them a service knows is in the vocabulary.
const (
	Http503                ServiceMode = "http-503"
	Timeout                ServiceMode = "timeout" // no answer, no effect
	Throttle               ServiceMode = "throttle"
	LostAnswer             ServiceMode = "lost-answer" // effect, but no answer
	Unavailable            ServiceMode = "unavailable"
	CoordinatorUnavailable ServiceMode = "coordinator-unavailable"
	CoordinatorLoading     ServiceMode = "coordinator-loading"
	LateRequest            ServiceMode = "late-request" // it has its effect, but later
	SlowMarkers            ServiceMode = "slow-markers"
)

// Led is what brokers of a Kafka lead.
type Led string

// What is led.
const (
	Coordinators Led = "coordinators" // of transactional ids
	Partitions   Led = "partitions"   // of topics
)

// ServiceState is one thing that is wrong with a service.
type ServiceState struct {
	Mode       ServiceMode
	Operations []string      // only these; all if empty
	Prefix     string        // only objects whose name begins so, or requests of such transactional ids
	Share      float64       // lost-answer, late-request: of the requests, 0 to 1
	PerSecond  float64       // throttle: requests served
	Wait       time.Duration // late-request, slow-markers: how much later
}

// ErrGone is returned by a Target for a process that is not there any more. A fault whose victim is gone is
// over; that is no error.
var ErrGone = errors.New("the process is gone")

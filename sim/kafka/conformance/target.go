package conformance

import (
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Target is a cluster as its clients see it: brokers that answer requests, or hang up.
type Target interface {
	// Send puts a request on its way to a broker; any broker will do for AnyNode. Requests with the same conn, unless it
	// is NewConn, share a connection. What is returned waits for the response: nil if the broker hung up, or if none
	// came within Patience.
	Send(node int32, conn int, req kmsg.Request) (await func() kmsg.Response)
	// Now is the brokers' time, for records.
	Now() time.Time
	// Pass lets time pass.
	Pass(d time.Duration)
	Traits() Traits
}

// Special nodes and connections of Send.
const (
	AnyNode int32 = -1
	NewConn int   = 0
)

// Patience is how long the answer to a request is waited for.
const Patience = 10 * time.Second

// Traits are what cases ask of a target before they are told to it. A duration of 0 is one that takes too long to wait for.
type Traits struct {
	Brokers            int
	TransactionVersion int16         // the finalized feature transaction.version
	MaxTimeout         time.Duration // transaction.max.timeout.ms
	Timeout            time.Duration // of transactions that are to time out; 0: none can be waited for
	AbortScan          time.Duration // after its timeout a transaction is aborted within this
	Expiration         time.Duration // transactional.id.expiration.ms and a look for what is expired; 0: too long
}

// Insider is a target that knows who leads and coordinates: nobody is asked, so stories about it go on when nobody answers.
// -1 is nobody.
type Insider interface {
	Leader(topic string, partition int) int
	Coordinator(id string) int
	GroupCoordinator(group string) int
}

// Mover is a target whose leaders can be moved.
type Mover interface {
	MoveLeader(topic string, partition int32, to int32)
	MoveCoordinator(id string, to int32)
	MoveGroup(group string, to int32)
}

// Killer is a target whose brokers can be killed, and started again with what they had stored.
type Killer interface {
	Kill(nodes ...int32)
	Start(nodes ...int32)
}

// Reached is a target that real clients can reach.
type Reached interface {
	Client(opts ...kgo.Opt) (*kgo.Client, error)
}

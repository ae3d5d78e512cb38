package kafka

import (
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// ClientConfig describes a client. All but Brokers may be left at zero.
type ClientConfig struct {
	Brokers            []mailbox.Addr // the index is the node id
	TransactionVersion TransactionVersion
	Linger             time.Duration // linger.ms, 5 ms
	BatchBytes         int           // batch.size, 16384
	InFlightMax        int           // max.in.flight.requests.per.connection, 5
	RequestTimeout     time.Duration // request.timeout.ms, 30 s
	DeliveryTimeout    time.Duration // delivery.timeout.ms, 120 s
	MaxBlock           time.Duration // max.block.ms, 60 s
	RetryBackoff       time.Duration // retry.backoff.ms, 100 ms, doubled up to 1 s
}

// Client is the actor at "<process>/kafka": wire's Kafka words on one side, brokers on the other.
type Client struct {
	cfg          ClientConfig
	calls        caller
	bootstrap    int // the broker to ask what any broker knows
	alive        []int32
	leaders      map[string][]int32 // by topic, then partition
	asking       bool               // metadata is under way
	parked       []parked           // waits for metadata
	coordinators map[string]int32   // by transactional id or group
	producers    []*producer        // as made; few
	jobs         []*job             // under way, and some that are over
	lastConn     uint32
	groups       [][]shipment // by broker, while a producer is pumped
}

// NewClient returns a client that knows nothing yet.
func NewClient(cfg ClientConfig) mailbox.Actor {
	assert(len(cfg.Brokers) > 0, "a client needs the addresses of the brokers")
	set(&cfg.Linger, 5*time.Millisecond)
	set(&cfg.BatchBytes, 16384)
	set(&cfg.InFlightMax, 5)
	set(&cfg.RequestTimeout, 30*time.Second)
	set(&cfg.DeliveryTimeout, 120*time.Second)
	set(&cfg.MaxBlock, 60*time.Second)
	set(&cfg.RetryBackoff, 100*time.Millisecond)
	c := &Client{cfg: cfg, calls: newCaller(cfg.RequestTimeout), leaders: map[string][]int32{}, coordinators: map[string]int32{}}
	c.groups = make([][]shipment, len(cfg.Brokers))
	for n := range cfg.Brokers {
		c.alive = append(c.alive, int32(n))
	}
	return c
}

// Receive handles one message.
func (c *Client) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
	case Response:
		c.calls.answered(env, m)
	case mailbox.Undeliverable:
		if r, ok := m.M.(Request); ok { // an answer to an asker that is gone is nobody's loss
			c.calls.refused(env, r.Corr)
		}
	case mailbox.Disconnected:
		c.calls.disconnected(env, m.Process)
	case sweep:
		c.calls.sweep(env)
		c.expireBatches(env)
	case resume:
		m.action.run(env)
	case linger:
		c.lingered(env, m.producer)
	case wire.KafkaPartitions:
		c.partitions(env, from, m)
	case wire.KafkaFetch:
		c.fetch(env, &fetching{asker: from, m: m, since: env.Now()})
	case wire.KafkaInitProducer:
		c.initProducer(env, from, m)
	case wire.KafkaProduce:
		c.produce(env, from, m)
	case wire.KafkaFlush:
		c.flush(env, from, m)
	case wire.KafkaEndTxn:
		c.endTxn(env, from, m)
	case wire.KafkaListTxns:
		c.listTxns(env, from, m)
	case wire.KafkaCloseProducer:
		c.closeProducer(from, m.TransactionalID)
	case wire.KafkaClose:
		c.close(m.Asker)
	case wire.KafkaCommitOffsets:
		c.commitOffsets(env, from, m)
	default:
		return fmt.Errorf("kafka client: no handler for %q from %s", m.Word(), from)
	}
	return nil
}

// action is something to do later, unless it was cancelled.
type action struct {
	do        func(mailbox.Env)
	cancelled bool
	timer     mailbox.Timer
}

func (a *action) run(env mailbox.Env) {
	if !a.cancelled {
		a.do(env)
	}
}

func (a *action) cancel() {
	a.cancelled = true
	a.timer.Stop()
}

func later(env mailbox.Env, wait time.Duration, do func(mailbox.Env)) *action {
	a := &action{do: do}
	a.timer = env.After(wait, resume{a})
	return a
}

// job is one wish of the runtime, which may take several tries. It ends once: with an answer, when its time is
// over, or with its asker.
type job struct {
	asker mailbox.Addr
	over  bool
	tries int
	limit *action
}

// within starts a job; giveUp answers if it takes too long.
func (c *Client) within(env mailbox.Env, asker mailbox.Addr, limit time.Duration, giveUp func(mailbox.Env)) *job {
	j := &job{asker: asker}
	c.jobs = append(slices.DeleteFunc(c.jobs, func(old *job) bool { return old.over }), j)
	j.limit = later(env, limit, func(env mailbox.Env) {
		j.over = true
		giveUp(env)
	})
	return j
}

func (j *job) end() {
	j.over = true
	j.limit.cancel()
}

// close ends the jobs and the producers of an asker that has ended. Were its requests tried on, one that takes
// an id away from whoever has it could hit the asker's successor:
//
//	attempt 0 opens prefix-0-2, and the coordinator does not answer    attempt 0 is cancelled
//	    attempt 1 restores, opens prefix-0-2, and pre-commits it
//	the client of attempt 0 tries again: prefix-0-2 is fenced, and what was pre-committed is aborted
func (c *Client) close(asker mailbox.Addr) {
	for _, j := range c.jobs {
		if j.asker == asker && !j.over {
			j.end()
		}
	}
	for _, p := range slices.Clone(c.producers) {
		if p.asker == asker {
			c.drop(p)
		}
	}
}

// again does something after a back-off that doubles with every try, and that no two clients have alike.
func (c *Client) again(env mailbox.Env, tries *int, do func(mailbox.Env)) {
	wait := min(c.cfg.RetryBackoff<<min(*tries, 8), max(time.Second, c.cfg.RetryBackoff))
	*tries++
	wait = wait*4/5 + time.Duration(env.Rand("backoff").Int64N(int64(wait)*2/5+1))
	later(env, wait, do)
}

// send asks one broker. Then gets nil if there was no answer.
func (c *Client) send(env mailbox.Env, node int32, conn uint32, version int16, req kmsg.Request, then func(mailbox.Env, kmsg.Response)) {
	req.SetVersion(version)
	c.calls.send(env, c.cfg.Brokers[node], conn, req, then)
}

// sendAny asks some broker, another one after a failure.
func (c *Client) sendAny(env mailbox.Env, version int16, req kmsg.Request, then func(mailbox.Env, kmsg.Response)) {
	node := c.alive[c.bootstrap%len(c.alive)]
	c.send(env, node, 0, version, req, func(env mailbox.Env, resp kmsg.Response) {
		if resp == nil {
			c.bootstrap++
		}
		then(env, resp)
	})
}

// retriable says whether a coordinator's answer leaves the matter open. Where it is to be asked again may have
// changed, too.
func (c *Client) retriable(key string, code int16) bool {
	switch code {
	case NotCoordinator, CoordinatorNotAvailable, networkException:
		delete(c.coordinators, key)
		return true
	case CoordinatorLoadInProgress, concurrentTransactions, requestTimedOut:
		return true
	}
	return false
}

// withCoordinator finds out who coordinates a key (type 0: a group, 1: a transactional id).
func (c *Client) withCoordinator(env mailbox.Env, j *job, key string, kind int8, then func(mailbox.Env, int32)) {
	if j.over {
		return
	}
	if node, ok := c.coordinators[key]; ok {
		then(env, node)
		return
	}
	req := kmsg.NewPtrFindCoordinatorRequest()
	req.CoordinatorType, req.CoordinatorKeys = kind, []string{key}
	c.sendAny(env, 4, req, func(env mailbox.Env, resp kmsg.Response) {
		if found, ok := resp.(*kmsg.FindCoordinatorResponse); ok && found.Coordinators[0].ErrorCode == none {
			c.coordinators[key] = found.Coordinators[0].NodeID
		} else {
			c.again(env, &j.tries, func(env mailbox.Env) { c.withCoordinator(env, j, key, kind, then) })
			return
		}
		c.withCoordinator(env, j, key, kind, then)
	})
}

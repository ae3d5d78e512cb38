package election

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// Elector contends for leadership for its process. It lives in the root actor.
type Elector interface {
	Start(env mailbox.Env)
	// Handle takes a message. mine is false for one that is not for the elector.
	Handle(env mailbox.Env, m mailbox.Msg) (mine bool)
	// Resign gives up leadership, if we have it, and what others would wait for; the elector does nothing after it.
	Resign(env mailbox.Env)
}

// Owner hears of grants and losses, strictly one after the other.
type Owner interface {
	Granted(env mailbox.Env, token id.Token)
	Revoked(env mailbox.Env, token id.Token, cause string)
}

// state is where a contender is.
type state string

const (
	idle      state = "idle"      // nothing started, or no session
	following state = "following" // somebody else leads, or nobody yet
	acquiring state = "acquiring" // a write that makes us the leader is under way
	leading   state = "leading"
	resigned  state = "resigned" // for good
)

var moves = map[state][]state{
	idle:      {following, leading, resigned},
	following: {acquiring, idle, resigned},
	acquiring: {leading, following, idle, resigned},
	leading:   {following, idle, resigned},
}

// contender is what the kinds of electors have in common.
type contender struct {
	state  state
	token  id.Token // of our grant, or of the one that we are trying for
	name   string   // of the process
	holder string   // of this life of the process: a restarted one is somebody else
	key    string   // of the record
	owner  Owner
	svc    *service
	object string // the lease's name in the history
}

func (c *contender) move(to state) {
	for _, legal := range moves[c.state] {
		if legal == to {
			c.state = to
			return
		}
	}
	panic(fmt.Sprintf("election of %s: no move from %s to %s", c.name, c.state, to))
}

func (c *contender) grant(env mailbox.Env) {
	c.move(leading)
	env.Note(history.LeaderElected{Holder: c.name, Token: c.token})
	c.owner.Granted(env, c.token)
}

// lose gives leadership up and goes to a state from which the contender tries again.
func (c *contender) lose(env mailbox.Env, to state, cause string) {
	c.move(to)
	token := c.token
	c.token = ""
	env.Note(history.LeaderLost{Holder: c.name, Token: token, Cause: cause})
	c.owner.Revoked(env, token, cause)
}

// resign ends the contender; it says whether it led.
func (c *contender) resign(env mailbox.Env) (led bool) {
	if led = c.state == leading; led {
		c.noteLease(env, "release", "", env.Now().UnixNano())
		c.lose(env, resigned, "the process stops")
	} else {
		c.move(resigned)
	}
	return led
}

// noteLease adds a successful call on the lease to the history.
func (c *contender) noteLease(env mailbox.Env, call, input string, asked int64) {
	env.Note(history.Operation{Object: "lease", Key: c.object, Client: c.holder, Call: call, Input: input, OK: true,
		Invoke: asked, Return: env.Now().UnixNano()})
}

// record says who leads. RenewTime and LeaseDuration are of the Kubernetes kind only.
type record struct {
	Holder        string        `json:"holderIdentity"`
	Token         id.Token      `json:"token"` // of the grant
	AcquireTime   time.Time     `json:"acquireTime"`
	RenewTime     time.Time     `json:"renewTime"`
	LeaseDuration time.Duration `json:"leaseDurationNanos"`
	Transitions   int           `json:"leaderTransitions"`
}

func (r record) encode() []byte {
	data, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("election: encode a leader record: %v", err)) // plain fields: cannot happen
	}
	return data
}

// decode reads a record. One that does not decode names nobody, and has run out.
func decode(data []byte) record {
	var r record
	if json.Unmarshal(data, &r) != nil {
		return record{}
	}
	return r
}

// RecordKey is where the leader record of a cluster is.
func RecordKey(clusterID string) string { return clusterID + "/election/leader" }

// New returns the elector of a process, of the kind that the configuration asks for.
func New(cfg config.HighAvailability, name string, ha mailbox.Addr, owner Owner) Elector {
	c := contender{state: idle, name: name, key: RecordKey(cfg.ClusterID), owner: owner, svc: newService(ha),
		object: strings.TrimPrefix(cfg.ClusterID, "/")}
	switch cfg.Type {
	case config.KubernetesHA:
		return &lease{contender: c, lasts: cfg.Kubernetes.LeaseDuration, deadline: cfg.Kubernetes.RenewDeadline, retry: cfg.Kubernetes.RetryPeriod}
	case config.ZooKeeperHA:
		return &latch{contender: c, timeout: cfg.ZooKeeper.SessionTimeout, connection: cfg.ZooKeeper.ConnectionTimeout,
			retry: cfg.ZooKeeper.RetryWait, tolerant: cfg.ZooKeeper.TolerateSuspended}
	}
	return &always{c}
}

// always is the elector without high availability: this process leads, from the start and for ever.
type always struct{ contender }

func (a *always) Start(env mailbox.Env) {
	a.token = id.Fresh[id.Token](env.Rand("election.token"))
	a.grant(env)
}

func (a *always) Handle(mailbox.Env, mailbox.Msg) bool { return false }

func (a *always) Resign(env mailbox.Env) { a.lose(env, resigned, "the process stops") }

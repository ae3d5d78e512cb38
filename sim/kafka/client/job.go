package client

import (
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// job is one wish of the runtime, which may take several tries. It ends once: with an answer, when its time is
// over, or with its asker.
type job struct {
	asker    mailbox.Addr
	over     bool
	tries    int
	patience int // sweeps
	giveUp   func(mailbox.Env)
}

// timedOut is what the client says when it gave up before there was a final answer.
const timedOut = "TIMED_OUT"

// within starts a job; giveUp answers if it takes too long.
func (c *Client) within(env mailbox.Env, asker mailbox.Addr, limit time.Duration, giveUp func(mailbox.Env)) *job {
	// The first sweep comes too early to count.
	j := &job{asker: asker, patience: 1 + int((limit+protocol.SweepEvery-1)/protocol.SweepEvery), giveUp: giveUp}
	c.jobs = append(slices.DeleteFunc(c.jobs, (*job).ended), j)
	c.calls.Watch(env)
	return j
}

func (j *job) end()        { j.over = true }
func (j *job) ended() bool { return j.over }

// expireJobs gives up what has taken too long. It is called once per sweep.
func (c *Client) expireJobs(env mailbox.Env) {
	for _, j := range slices.Clone(c.jobs) {
		if j.patience--; j.patience == 0 && !j.over {
			j.end()
			j.giveUp(env)
		}
	}
	if c.jobs = slices.DeleteFunc(c.jobs, (*job).ended); len(c.jobs) > 0 {
		c.calls.Watch(env)
	}
}

// resume is what comes after a wait.
type resume struct{ do func(mailbox.Env) }

func (resume) Word() string { return "resume" }

func later(env mailbox.Env, wait time.Duration, do func(mailbox.Env)) { env.After(wait, resume{do}) }

// again does something after a back-off that doubles with every try, and that no two clients have alike.
func (c *Client) again(env mailbox.Env, tries *int, do func(mailbox.Env)) {
	wait := min(c.cfg.RetryBackoff<<min(*tries, 8), max(time.Second, c.cfg.RetryBackoff))
	*tries++
	wait = wait*4/5 + time.Duration(env.Rand("backoff").Int64N(int64(wait)*2/5+1))
	later(env, wait, do)
}

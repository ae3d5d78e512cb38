package kafka

import (
	"slices"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
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

// within starts a job; giveUp answers if it takes too long.
func (c *Client) within(env mailbox.Env, asker mailbox.Addr, limit time.Duration, giveUp func(mailbox.Env)) *job {
	// The first sweep comes too early to count.
	j := &job{asker: asker, patience: 1 + int((limit+sweepEvery-1)/sweepEvery), giveUp: giveUp}
	c.jobs = append(slices.DeleteFunc(c.jobs, (*job).ended), j)
	c.calls.watch(env)
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
		c.calls.watch(env)
	}
}

func later(env mailbox.Env, wait time.Duration, do func(mailbox.Env)) { env.After(wait, resume{do}) }

// again does something after a back-off that doubles with every try, and that no two clients have alike.
func (c *Client) again(env mailbox.Env, tries *int, do func(mailbox.Env)) {
	wait := min(c.cfg.RetryBackoff<<min(*tries, 8), max(time.Second, c.cfg.RetryBackoff))
	*tries++
	wait = wait*4/5 + time.Duration(env.Rand("backoff").Int64N(int64(wait)*2/5+1))
	later(env, wait, do)
}

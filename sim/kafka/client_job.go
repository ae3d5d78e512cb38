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

// close ends the jobs and the producers of an asker that has ended. Were its requests tried on, one that takes
// an id away from whoever has it could hit the asker's successor:
//
//	attempt 0 opens prefix-0-2, and the coordinator does not answer    attempt 0 is cancelled
//	    attempt 1 restores, opens prefix-0-2, and pre-commits it
//	the client of attempt 0 tries again: prefix-0-2 is fenced, and what was pre-committed is aborted
func (c *Client) close(asker mailbox.Addr) {
	for _, j := range c.jobs {
		if j.asker == asker {
			j.end()
		}
	}
	for _, p := range slices.Clone(c.producers) {
		if p.asker == asker {
			c.drop(p)
		}
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

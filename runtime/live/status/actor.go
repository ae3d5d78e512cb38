package status

import (
	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// leaderIs answers the question who leads, which nobody else is asked.
type leaderIs struct{ wire.Leader }

func (leaderIs) Word() string { return "leader-is" }

// Receive implements mailbox.Actor.
func (c *Client) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	switch m := m.(type) {
	case mailbox.Started:
		c.post = live.Post(env)
		close(c.started)
		if c.cfg.HA != "" {
			c.leaders.Start(env)
		}
	case asked:
		c.ask(env, m.q)
	case forgotten:
		delete(c.open, m.q.req)
	case wire.FencingRefused:
		c.giveUp(func(q *question) bool { return q.to == from && q.asked.Token == m.Token })
	case mailbox.Disconnected:
		c.giveUp(func(q *question) bool { return q.to.Process() == m.Process })
		if m.Process == c.cfg.HA.Process() {
			c.leaders.Lost(env)
		}
	case mailbox.Undeliverable:
		if c.leaders.Asks(m.M) {
			c.leaders.Lost(env)
		} else if req, ok := requestOf(m.M); ok {
			c.finish(req, reply{err: ErrUnanswered})
		}
	default:
		if c.leaders.Handle(env, m, func(string, wire.Leader) {}) { // who has asked a former leader will hear of it, or not
			return nil
		}
		// What answers nothing is of nobody: a client that ended over it would leave all questions open.
		if req, ok := requestOf(m); ok {
			c.finish(req, reply{m: m})
		}
	}
	return nil
}

// ask sends a question on its way.
func (c *Client) ask(env mailbox.Env, q *question) {
	c.req++
	q.req = c.req
	c.open[q.req] = q
	if q.component == "" {
		env.Send(q.to, q.message(q.req))
		return
	}
	leader, known := c.leaders.Leader(q.component)
	switch {
	case !known:
		c.finish(q.req, reply{err: ErrNoLeader})
	case q.message == nil:
		c.finish(q.req, reply{m: leaderIs{leader}})
	default:
		q.asked, q.to = leader, mailbox.Addr(leader.Addr)
		env.Send(q.to, wire.Fenced{Token: leader.Token, M: q.message(q.req)})
	}
}

// finish answers a question, unless whoever asked has gone.
func (c *Client) finish(req uint64, r reply) {
	if q := c.open[req]; q != nil {
		delete(c.open, req)
		q.answer <- r
	}
}

// giveUp ends the questions that will not be answered.
func (c *Client) giveUp(which func(*question) bool) {
	for req, q := range c.open {
		if which(q) {
			c.finish(req, reply{err: ErrUnanswered})
		}
	}
}

// requestOf is the number of a question, or of an answer.
func requestOf(m mailbox.Msg) (req uint64, ok bool) {
	switch m := m.(type) {
	case wire.Fenced:
		return requestOf(m.M)
	case wire.RequestTaskManagers:
		return m.Req, true
	case wire.RequestJobs:
		return m.Req, true
	case wire.RequestJob:
		return m.Req, true
	case wire.CancelJob:
		return m.Req, true
	case wire.RequestTasks:
		return m.Req, true
	case wire.RequestTaskIO:
		return m.Req, true
	case wire.TaskManagersAre:
		return m.Req, true
	case wire.JobsAre:
		return m.Req, true
	case wire.JobIs:
		return m.Req, true
	case wire.JobCancelling:
		return m.Req, true
	case wire.TasksAre:
		return m.Req, true
	case wire.TaskIOIs:
		return m.Req, true
	}
	return 0, false
}

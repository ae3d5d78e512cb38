package zookeeper

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/go-zookeeper/zk"

	"github.com/flinch-dev/flinch/runtime/live/coordination"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// session is what ZooKeeper knows one of its sessions by. It is the data of the name's node in known, for whichever
// gateway speaks for it next. The id 0 is nobody's: the name was closed before it was opened.
type session struct {
	ID       int64         `json:"id"`
	Password []byte        `json:"password"`
	Timeout  time.Duration `json:"timeout"` // as its asker wants it; ZooKeeper may grant another one
}

// owner is the name of the session's own node in alive.
func (s session) owner() string { return strconv.FormatUint(uint64(s.ID), 16) }

// KeepAlive opens a session, keeps it alive, or closes it. Whoever loses a race to use a name first looks again: then it
// is used.
func (e *ensemble) KeepAlive(ctx context.Context, m wire.CoordSession) error {
	for {
		s, used, err := e.session(ctx, m.Session)
		settled := true
		switch {
		case err != nil:
		case used && s.ID == 0:
			err = coordination.ErrSessionExpired
		case !used && m.Close:
			settled, err = e.use(ctx, m.Session, session{})
		case !used:
			settled, err = e.open(ctx, m)
		case m.Close:
			err = e.end(ctx, s)
		default:
			err = e.keep(ctx, s)
		}
		if err != nil || settled {
			return err
		}
	}
}

// session looks a session up. used: its name is alive or has ended for good.
func (e *ensemble) session(ctx context.Context, name string) (s session, used bool, err error) {
	if err := e.catchUp(ctx); err != nil {
		return session{}, false, err
	}
	n, err := e.zk.get(ctx, e.knownNode(name))
	switch {
	case errors.Is(err, zk.ErrNoNode):
		return session{}, false, nil
	case err != nil:
		return session{}, false, err
	}
	s, err = decode[session](e.knownNode(name), n.data)
	return s, true, err
}

// living looks up a session that is alive; coordination.ErrSessionExpired: there is none of this name.
func (e *ensemble) living(ctx context.Context, name string) (session, error) {
	s, used, err := e.session(ctx, name)
	if err != nil {
		return session{}, err
	}
	if !used || s.ID == 0 {
		return session{}, coordination.ErrSessionExpired
	}
	_, err = e.zk.version(ctx, e.aliveNode(s.owner()))
	if errors.Is(err, zk.ErrNoNode) {
		err = coordination.ErrSessionExpired
	}
	return s, err
}

// open gives a name a new session of ZooKeeper's. The session has its own node first, and its name then: so whoever
// finds the name finds it alive. One that nobody gets to know runs out.
func (e *ensemble) open(ctx context.Context, m wire.CoordSession) (first bool, err error) {
	c, err := e.contact(ctx, session{Timeout: m.Timeout})
	if err != nil {
		return false, err
	}
	defer c.hangUp()
	if c.granted < m.Timeout {
		e.cfg.Log.Warn("ZooKeeper grants a session less time than is asked for: when this process dies or is cut off, the session ends earlier; "+
			"raise its maxSessionTimeout, or lower high-availability.zookeeper.client.session-timeout", "session", m.Session, "asked", m.Timeout, "granted", c.granted)
	}
	if err := c.createEphemeral(e.aliveNode(c.owner())); err != nil {
		return false, err
	}
	if first, err = e.use(ctx, m.Session, c.session); first {
		e.bridge(c)
	}
	return first, err
}

// use takes a name that nobody has used.
func (e *ensemble) use(ctx context.Context, name string, s session) (first bool, err error) {
	switch err := e.zk.create(ctx, e.knownNode(name), encode(s)); {
	case errors.Is(err, zk.ErrNodeExists):
		return false, nil
	default:
		return err == nil, err
	}
}

// keep is a sign of life: ZooKeeper counts a session's timeout from when it is contacted.
func (e *ensemble) keep(ctx context.Context, s session) error {
	c, err := e.contact(ctx, s)
	if err != nil {
		return err
	}
	c.hangUp()
	e.bridge(c)
	return nil
}

// bridge keeps a session alive that has less time from ZooKeeper than its asker wants, until the rest is enough.
func (e *ensemble) bridge(c *contact) {
	s, granted := c.session, c.granted
	left := s.Timeout - granted
	if left <= 0 {
		return
	}
	e.background.Go(func() {
		for left > 0 && pause(e.ctx, min(left, granted/2)) == nil {
			left -= granted / 2
			ctx, cancel := context.WithTimeout(e.ctx, e.cfg.Patience)
			c, err := e.contact(ctx, s)
			cancel()
			switch {
			case errors.Is(err, coordination.ErrSessionExpired):
				return
			case err == nil:
				c.hangUp()
			}
		}
	})
}

// end ends a session. Its node is gone when ZooKeeper has answered.
func (e *ensemble) end(ctx context.Context, s session) error {
	c, err := e.contact(ctx, s)
	if err != nil {
		return err
	}
	defer c.hangUp()
	return c.closeSession()
}

// Expire ends a session at ZooKeeper, as if its timeout were over: by its id and password, whoever uses them. It is for
// harnesses.
func Expire(ctx context.Context, cfg Config, name string) error {
	e, err := join(cfg)
	if err != nil {
		return err
	}
	defer e.leave()
	s, err := e.living(ctx, name)
	if err == nil {
		err = e.end(ctx, s)
	}
	if err != nil {
		return fmt.Errorf("expire session %s at ZooKeeper: %w", name, err)
	}
	return nil
}

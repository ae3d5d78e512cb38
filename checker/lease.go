package checker

import (
	"fmt"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/flinch-dev/flinch/runtime/history"
)

// leaseCall is one call on a lease:
//
//	acquire  Client becomes the holder. Input is how long the lease lasts without renewal ("15s"), or ""
//	renew    Client still is the holder; Input as above
//	release  Client gives it back
//	expire   the service ends Client's lease; noted by the service
type leaseCall struct {
	call   string
	client string
	lasts  time.Duration
	invoke int64
	ret    int64
}

// leaseState is the holder and the earliest time at which its lease can have run out. That counts from the
// moment at which the last renewal was sent, the earliest at which it can have taken effect; so a takeover
// that was answered before is certainly wrong, and one that may be right is never called wrong.
type leaseState struct {
	holder string
	until  int64
}

// leases models the leader lease. Without a duration and without "expire" calls nothing says when a lease
// may be taken over, and takeovers are always possible.
func leases(run *Run) object {
	expires := map[string]bool{}
	for _, e := range run.Events {
		if op, ok := e.Event.(history.Operation); ok && op.Object == "lease" && op.Call == "expire" {
			expires[op.Key] = true
		}
	}
	o := operationsOn(run, "lease", func(op history.Operation) (any, error) {
		c := leaseCall{op.Call, op.Client, 0, op.Invoke, op.Return}
		switch op.Call {
		case "acquire", "renew":
			if op.Input == "" {
				if expires[op.Key] {
					c.lasts = 1 << 60 // until the service says so
				}
				return c, nil
			}
			var err error
			c.lasts, err = time.ParseDuration(op.Input)
			return c, err
		case "release", "expire":
			return c, nil
		}
		return nil, fmt.Errorf("a lease has no call %q; it has acquire, renew, release and expire", op.Call)
	}, func(op history.Operation) any { return op.Output })
	o.model = porcupine.Model{
		Init: func() any { return leaseState{} },
		Step: func(state, input, output any) (bool, any) {
			s, c := state.(leaseState), input.(leaseCall)
			_, open := output.(unanswered)
			held := s.holder != "" && s.holder != c.client
			switch c.call {
			case "acquire":
				if held && c.ret < s.until {
					return open, s // nobody saw an answer: it may have been refused
				}
				return true, leaseState{c.client, c.invoke + int64(c.lasts)}
			case "renew":
				if s.holder != c.client {
					return open, s
				}
				return true, leaseState{c.client, max(s.until, c.invoke+int64(c.lasts))}
			}
			if s.holder != c.client {
				return true, s // gives back, or ends, what somebody else has taken over
			}
			return true, leaseState{}
		},
		DescribeOperation: func(input, output any) string {
			c := input.(leaseCall)
			if _, open := output.(unanswered); open {
				return fmt.Sprintf("%s by %s (no answer)", c.call, c.client)
			}
			return fmt.Sprintf("%s by %s", c.call, c.client)
		},
		DescribeState: func(state any) string {
			s := state.(leaseState)
			if s.holder == "" {
				return "free"
			}
			return fmt.Sprintf("held by %s", s.holder)
		},
	}
	return o
}

package checkpoint

import (
	"strconv"

	"github.com/flinch-dev/flinch/runtime/election"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// counter draws checkpoint ids from the HA store, where the next one is kept: they grow over all JobManagers.
// An id whose fate is not known is spent. Gaps are normal.
type counter struct {
	store *election.Store
	key   string
}

const counterTries = 5

func (c counter) next(env mailbox.Env, then func(env mailbox.Env, n id.Checkpoint, ok bool)) {
	c.try(env, counterTries, then)
}

func (c counter) try(env mailbox.Env, tries int, then func(mailbox.Env, id.Checkpoint, bool)) {
	if tries == 0 {
		then(env, 0, false)
		return
	}
	c.store.List(env, c.key, func(env mailbox.Env, entries []wire.Entry, err error) {
		if err != nil {
			then(env, 0, false)
			return
		}
		n, version := uint64(1), uint64(0)
		if len(entries) > 0 {
			if n, err = strconv.ParseUint(string(entries[0].Value), 10, 64); err != nil {
				then(env, 0, false) // not ours to repair: a wrong guess would use an id twice
				return
			}
			version = entries[0].Version
		}
		value := []byte(strconv.FormatUint(n+1, 10))
		c.store.Advance(env, c.key, version, value, func(env mailbox.Env, o election.Outcome, _ uint64) {
			switch o {
			case election.Written:
				then(env, id.Checkpoint(n), true)
			case election.Refused, election.Unknown: // somebody has moved it on, maybe we
				c.try(env, tries-1, then)
			default:
				then(env, 0, false)
			}
		})
	})
}

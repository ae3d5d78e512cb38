package zookeeper

import (
	"fmt"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/live/coordination/gatewaytest"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// The ledger forgets old deletions.
func TestAWatchOfAPastThatIsForgotten(t *testing.T) {
	t.Parallel()
	o := open(t, serve(t))
	gatewaytest.ForgetsThePast(o.Office, func() {
		var many, none wire.CoordTxn
		for i := range goneMax {
			key := fmt.Sprintf("other/%d", i)
			many.Writes, none.Writes = append(many.Writes, wire.Write{Key: key}), append(none.Writes, wire.Write{Key: key, Delete: true})
		}
		o.Hears(many, "done")
		o.Hears(none, "done")
	})
}

// A transaction deletes so much that the ledger has forgotten a part of it at once. Whoever waits hears of it all the
// same: it has seen the key. That a watch waits already is nothing that a test can see; so it has several tries.
func TestAWatchHearsOfWhatIsForgottenAtOnce(t *testing.T) {
	t.Parallel()
	o := open(t, serve(t))
	const wait = 2 * time.Second
	for range 5 {
		many, none := write("leader", ""), remove("leader")
		for i := range goneMax {
			key := fmt.Sprintf("other/%d", i)
			many.Writes, none.Writes = append(many.Writes, wire.Write{Key: key}), append(none.Writes, wire.Write{Key: key, Delete: true})
		}
		version := o.Hears(many, "done")
		asked := time.Now()
		o.Ask("jm-1", wire.CoordWatch{Prefix: "leader", After: version, Wait: wait})
		o.Hears(none, "done")
		m, ok := o.Answer("jm-1").(wire.CoordEntries)
		if !ok || len(m.Entries) > 0 || m.Err != "" {
			t.Fatalf("the watch hears %+v", m)
		}
		if time.Since(asked) < wait {
			return
		}
	}
	t.Errorf("no watch has heard that a key went before its wait of %s was over", wait)
}

// The process is cut off while it waits, and the change comes meanwhile. When it is back it hears of it, and of the next
// one too.
func TestAWatchHearsOfWhatItHasMissed(t *testing.T) {
	t.Parallel()
	cfg := serve(t)
	there := open(t, cfg)
	var c cable
	cfg.Dial = c.dial
	here := open(t, cfg)
	version := here.Hears(write("leader", ""), "done")
	for range 3 {
		watch := wire.CoordWatch{Prefix: "leader", After: version, Wait: time.Hour}
		here.Ask("jm-1", watch)
		here.Hears(wire.CoordGet{Prefix: "leader"}, "leader=x")
		c.cut()
		version = there.Hears(write("leader", ""), "done")
		c.mend()
		m, ok := here.Answer("jm-1").(wire.CoordEntries)
		for ok && m.Err == "unavailable" { // it was about to look when the cable was cut
			here.Ask("jm-1", watch)
			m, ok = here.Answer("jm-1").(wire.CoordEntries)
		}
		if !ok || m.Err != "" || m.Version != version {
			t.Errorf("the watch hears %+v, want that of version %d", m, version)
		}
	}
}

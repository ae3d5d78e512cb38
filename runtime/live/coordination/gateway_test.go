package coordination_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flinch-dev/flinch/runtime/live/coordination"
	"github.com/flinch-dev/flinch/runtime/live/coordination/gatewaytest"
	"github.com/flinch-dev/flinch/runtime/wire"
)

var errNoInk = errors.New("there is no ink")

// One asker's requests go to the service one after the other, while another one's are served.
func TestALineForEachAsker(t *testing.T) {
	d, o, _ := start(t, gatewaytest.Patience)
	o.Ask("jm-0", gatewaytest.Write("a", ""))
	o.Ask("jm-0", wire.CoordGet{Prefix: "a"})
	o.Ask("jm-0", wire.CoordSession{Session: "a"})
	d.comes("write", "a")
	o.Ask("jm-1", wire.CoordGet{Prefix: "b"})
	d.serves("read", "b", nil)
	o.Next("jm-1", "")
	d.lets("a", nil)
	o.Next("jm-0", "done")
	d.serves("read", "a", nil)
	o.Next("jm-0", "")
	d.serves("keep", "a", nil)
	o.Next("jm-0", "alive")
}

// A watch waits for news, and its asker goes on asking.
func TestAWatchWaitsBesideTheLine(t *testing.T) {
	d, o, _ := start(t, gatewaytest.Patience)
	o.Ask("jm-0", wire.CoordWatch{Prefix: "a", Wait: time.Hour})
	d.comes("await", "a")
	o.Ask("jm-0", wire.CoordGet{Prefix: "b"})
	d.serves("read", "b", nil)
	o.Next("jm-0", "")
	d.lets("a", nil)
	d.serves("read", "a", nil)
	o.Next("jm-0", "")
}

// Nothing has changed for as long as the asker wanted to wait: it hears what is there.
func TestAWatchEndsWhenItsWaitIsOver(t *testing.T) {
	d, o, log := start(t, gatewaytest.Patience)
	o.Ask("jm-0", wire.CoordWatch{Prefix: "a", Wait: time.Millisecond})
	d.comes("await", "a")
	d.serves("read", "a", nil)
	o.Next("jm-0", "")
	o.Close()
	if log.Len() > 0 {
		t.Errorf("the log says %s", log)
	}
}

// What the asker hears are the words of wire. Only what leaves a write open is trouble, for which the log has a sentence.
func TestAWordForEachError(t *testing.T) {
	d, o, log := start(t, gatewaytest.Patience)
	o.Ask("jm-0", gatewaytest.Write("a", ""))
	d.serves("write", "a", coordination.ErrConflict)
	o.Next("jm-0", "done conflict")
	o.Ask("jm-0", wire.CoordSession{Session: "a"})
	d.serves("keep", "a", fmt.Errorf("keep it: %w", coordination.ErrSessionExpired))
	o.Next("jm-0", "alive session-expired")
	o.Ask("jm-0", wire.CoordWatch{Prefix: "a", Wait: time.Hour})
	d.serves("await", "a", errNoInk)
	o.Next("jm-0", "unavailable")
	o.Close()
	want := `msg="the desk did not do what it was asked to; the asker hears that it is unavailable" doing="watch a*" cause="there is no ink; bring some"`
	if !strings.Contains(log.String(), want) || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("the log says %s, want only %s", log, want)
	}
}

// The service does not answer. Its askers hear so in time, and those that wait behind others have no more time than these.
// The clock is not the wall's: nothing delays those that ask at once.
func TestASilentServiceIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const patience = 500 * time.Millisecond
		d, o, _ := start(t, patience)
		o.Ask("jm-0", gatewaytest.Write("a", ""))
		o.Ask("jm-0", wire.CoordGet{Prefix: "a"})
		o.Ask("jm-0", wire.CoordSession{Session: "a"})
		first := d.comes("write", "a")
		o.Next("jm-0", "done unavailable")
		o.Next("jm-0", "unavailable")
		o.Next("jm-0", "alive unavailable")
		for _, doing := range []string{"read", "keep"} {
			if later := d.comes(doing, "a"); later.due.Sub(first.due) >= patience {
				t.Errorf("%q has %s more than %q", later.what, later.due.Sub(first.due), first.what)
			}
		}
		o.Hears(wire.CoordWatch{Prefix: "a"}, "unavailable")
	})
}

// A gateway is closed while requests and a watch are under way. Close returns when the last one has come back; that they
// were given up is no trouble, and not in the log.
func TestCloseWaitsForWhatIsUnderWay(t *testing.T) {
	d, o, log := start(t, time.Hour)
	d.stay = make(chan bool)
	o.Ask("jm-0", gatewaytest.Write("a", ""))
	d.comes("write", "a")
	o.Ask("jm-0", wire.CoordGet{Prefix: "a"})
	o.Ask("jm-1", wire.CoordSession{Session: "b"})
	d.comes("keep", "b")
	o.Ask("jm-1", wire.CoordWatch{Prefix: "b", Wait: time.Hour})
	d.comes("await", "b")
	closed := make(chan bool)
	go func() {
		o.Close()
		close(closed)
	}()
	select {
	case <-closed:
		t.Error("Close does not wait")
	case <-time.After(100 * time.Millisecond): // it might have returned
	}
	close(d.stay)
	select {
	case <-closed:
	case <-time.After(gatewaytest.Patience):
		t.Fatal("Close waits, and nothing has been given up")
	}
	gatewaytest.Quiet(t)
	if log.Len() > 0 {
		t.Errorf("the log says %s", log)
	}
}

func TestWhatIsNoRequest(t *testing.T) {
	err := coordination.New(coordination.Config{Service: &desk{}}).Receive(nil, "jm-0", wire.BlobList{})
	if err == nil || !strings.Contains(err.Error(), "gateway to the desk: no handler for") {
		t.Errorf("a blob is asked for: %v", err)
	}
}

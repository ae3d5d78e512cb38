package fault

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/history"
)

// results are what the history says of how the firings of faults ended.
func (w *fake) results() (all []string) {
	for _, e := range w.history {
		if ended, ok := e.Event.(history.FaultEnded); ok {
			all = append(all, ended.Fault+": "+ended.Result)
		}
	}
	return all
}

func (w *fake) ended(want ...string) {
	w.t.Helper()
	if got := w.results(); !slices.Equal(got, want) {
		w.t.Errorf("the faults ended\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func (w *fake) vain(want ...string) {
	w.t.Helper()
	if got := w.in.Vain(); !slices.Equal(got, want) {
		w.t.Errorf("in vain were %v, want %v", got, want)
	}
}

// A link is cut over which nobody speaks meanwhile, and a service is out while nobody asks: neither is tested. One message or
// one request is enough.
func TestAFaultThatNobodyMeetsStrikesNothing(t *testing.T) {
	w := newFake(t, nil,
		"network.partition @10s for 5s target=taskmanager:name:tm-0->kafka:one name=unused",
		"network.delay @10s for 5s target=taskmanager:name:tm-0<->jobmanager:name:jm-0 delay=1s name=used",
		"objectstore.outage @10s for 5s name=unasked",
		"ha.unavailable @10s for 5s name=asked",
		"network.delay @11s for 5s target=taskmanager:name:tm-0<->jobmanager:name:jm-1 delay=0s name=first-of-a-row")
	w.run(12 * time.Second)
	w.links["jm-0->tm-0"]++
	w.service[HA]++
	w.run(time.Minute)
	w.ended("unused: undone; it struck nothing", "used: undone", "unasked: undone; it struck nothing", "asked: undone",
		"first-of-a-row: undone; it struck nothing")
	w.vain("unused", "unasked") // an idle one is not meant to strike
}

// What had met an earlier fault does not count for a later one, and a fault that strikes again and again needs to strike once.
func TestAFaultThatStrikesAgainMustStrikeOnce(t *testing.T) {
	w := newFake(t, nil, "kafka.lost-answer @10s every 10s for 2s name=again")
	w.service[Kafka] = 7
	w.run(15 * time.Second)
	w.vain("again")
	w.run(21 * time.Second)
	w.service[Kafka]++
	w.run(35 * time.Second)
	w.ended("again: undone; it struck nothing", "again: undone", "again: undone; it struck nothing")
	w.vain()
}

// Connections that are reset must be there. Whoever is killed or stands still is struck, whatever comes of it.
func TestWhoIsKilledIsStruck(t *testing.T) {
	w := newFake(t, nil,
		"network.reset @10s target=taskmanager:name:tm-0<->kafka:one name=nothing-to-break",
		"taskmanager.pause @11s for 10s target=taskmanager:name:tm-1 name=pause",
		"taskmanager.kill @12s target=taskmanager:name:tm-1 name=kill",
		"kafka.disk.full @13s for 1s name=disk")
	w.run(time.Minute)
	w.ended("nothing-to-break: done; it struck nothing", "kill: done", "disk: undone", "pause: its victim died first")
	w.vain("nothing-to-break")
}

package election

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Retrieval follows who leads, as Flink's LeaderRetrievalService does: by a long poll over everything that a cluster's
// leaders publish. It lives in the actor that wants to know, which hands it its mail.
type Retrieval struct {
	ha      mailbox.Addr
	prefix  string
	req     uint64
	version uint64
	known   map[string]wire.Leader // by component
}

// NewRetrieval returns one that does not ask yet.
func NewRetrieval(ha mailbox.Addr, clusterID string) *Retrieval {
	return &Retrieval{ha: ha, prefix: wire.LeaderKey(clusterID, ""), known: map[string]wire.Leader{}}
}

// A watch is answered at the latest after watchWait; without an answer it is asked again after watchGrace more, and
// after watchRetry when the service says that it cannot.
const (
	watchWait  = 30 * time.Second
	watchGrace = 5 * time.Second
	watchRetry = time.Second
)

// watchOverdue is the time to ask again, unless that has happened meanwhile.
type watchOverdue struct{ Req uint64 }

func (watchOverdue) Word() string { return "watch-overdue" }

// Start asks.
func (r *Retrieval) Start(env mailbox.Env) {
	r.req++
	env.Send(r.ha, wire.CoordWatch{Req: r.req, Prefix: r.prefix, After: r.version, Wait: watchWait})
	env.After(watchWait+watchGrace, watchOverdue{r.req})
}

// Handle takes a message. mine is false for one that is not for the retrieval; changed hears of each component that has
// another leader now. It does not hear of one that has none any more.
func (r *Retrieval) Handle(env mailbox.Env, m mailbox.Msg, changed func(component string, l wire.Leader)) (mine bool) {
	switch m := m.(type) {
	case watchOverdue:
		if m.Req == r.req {
			r.Start(env)
		}
	case wire.CoordEntries:
		switch {
		case m.Req != r.req: // of a watch that was given up
		case m.Err != "":
			r.Lost(env)
		default:
			r.take(m, changed)
			r.Start(env)
		}
	default:
		return false
	}
	return true
}

// Lost asks again soon. It is for whoever learns that the question will not be answered: else that takes watchGrace.
func (r *Retrieval) Lost(env mailbox.Env) {
	r.req++
	env.After(watchRetry, watchOverdue{r.req})
}

// Asks says whether a message is the question that is not answered yet.
func (r *Retrieval) Asks(m mailbox.Msg) bool {
	w, is := m.(wire.CoordWatch)
	return is && w.Req == r.req
}

func (r *Retrieval) take(m wire.CoordEntries, changed func(component string, l wire.Leader)) {
	before := r.known
	r.known, r.version = map[string]wire.Leader{}, m.Version
	for _, e := range m.Entries {
		var l wire.Leader
		if json.Unmarshal(e.Value, &l) != nil {
			continue // not a leader's record; whoever leads will write it again
		}
		component := strings.TrimPrefix(e.Key, r.prefix)
		if r.known[component] = l; before[component] != l {
			changed(component, l)
		}
	}
}

// Leader is who leads a component, as far as it is known.
func (r *Retrieval) Leader(component string) (wire.Leader, bool) {
	l, known := r.known[component]
	return l, known
}

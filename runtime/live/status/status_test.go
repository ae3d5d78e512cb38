package status

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// part is an actor of the node that plays the others' parts.
type part func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg)

func (p part) Receive(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	p(env, from, m)
	return nil
}

// stage has a client in a node, whose other actors are the services and the leader that it asks.
func stage(t *testing.T, parts map[string]part) (*Client, context.Context) {
	t.Helper()
	c := New(Config{HA: "node/ha", ClusterID: "/c"})
	residents := []live.Resident{{Name: "status", Actor: c}}
	for name, p := range parts {
		residents = append(residents, live.Resident{Name: name, Actor: p})
	}
	n := live.Start(live.Config{Name: "node", Residents: residents})
	t.Cleanup(func() { n.Stop() })
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return c, ctx
}

// ha publishes leaders, once each time it is asked and versions has one more.
func ha(t *testing.T, versions <-chan map[string]wire.Leader) part {
	version := uint64(0)
	return func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) {
		w, ok := m.(wire.CoordWatch)
		if !ok {
			return
		}
		select {
		case leaders := <-versions:
			version++
			answer := wire.CoordEntries{Req: w.Req, Version: version}
			for component, l := range leaders {
				value, err := json.Marshal(l)
				if err != nil {
					t.Error(err)
				}
				answer.Entries = append(answer.Entries, wire.Entry{Key: wire.LeaderKey("/c", component), Value: value})
			}
			env.Send(from, answer)
		case <-t.Context().Done(): // a long poll
		}
	}
}

// eventually asks until it is answered.
func eventually[A any](t *testing.T, ctx context.Context, ask func() (A, error)) A {
	t.Helper()
	for {
		answer, err := ask()
		if err == nil {
			return answer
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
	}
}

// While nobody leads a question has its answer at once; as soon as somebody does, the leader is asked, with its token.
func TestTheLeaderIsAsked(t *testing.T) {
	versions := make(chan map[string]wire.Leader, 2)
	c, ctx := stage(t, map[string]part{"ha": ha(t, versions), "dispatcher": func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) {
		if f, ok := m.(wire.Fenced); ok && f.Token == "token" {
			switch q := f.M.(type) {
			case wire.RequestJobs:
				env.Send(from, wire.JobsAre{Req: q.Req, Jobs: []wire.JobSummary{{Job: "sums", Status: "RUNNING"}}})
			case wire.RequestJob:
				env.Send(from, wire.JobIs{Req: q.Req})
			case wire.CancelJob:
				env.Send(from, wire.JobCancelling{Req: q.Req, Refused: "no"})
			}
		}
	}})
	if _, err := c.Jobs(ctx); !errors.Is(err, ErrNoLeader) {
		t.Errorf("nobody leads: %v", err)
	}
	versions <- map[string]wire.Leader{dispatcher: {Addr: "node/dispatcher", Token: "token"}}
	jobs := eventually(t, ctx, func() ([]wire.JobSummary, error) { return c.Jobs(ctx) })
	if len(jobs) != 1 || jobs[0].Job != "sums" {
		t.Errorf("the jobs are %v", jobs)
	}
	if leader, err := c.Leader(ctx); leader != "node" || err != nil {
		t.Errorf("%q leads, %v", leader, err)
	}
	if _, err := c.Job(ctx, "other"); !errors.Is(err, ErrUnknownJob) {
		t.Errorf("a job that nobody knows: %v", err)
	}
	if err := c.Cancel(ctx, "other"); !errors.Is(err, ErrUnknownJob) {
		t.Errorf("a job that nobody knows is cancelled: %v", err)
	}
	if _, err := c.TaskManagers(ctx); !errors.Is(err, ErrNoLeader) {
		t.Errorf("there is no ResourceManager yet: %v", err)
	}
}

// Whoever was asked has gone, or does not lead any more: the question ends as soon as that is known. One that is just
// not answered ends with its context, and its place is free again.
func TestAQuestionEndsWithoutAnAnswer(t *testing.T) {
	versions := make(chan map[string]wire.Leader, 1)
	versions <- map[string]wire.Leader{dispatcher: {Addr: "node/refusing", Token: "old"}, resourceManager: {Addr: "node/nobody"}}
	asked := make(chan struct{}, 1)
	c, ctx := stage(t, map[string]part{"ha": ha(t, versions),
		"refusing": func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) {
			if f, ok := m.(wire.Fenced); ok {
				env.Send(from, wire.FencingRefused{Called: f.M.Word(), Token: f.Token})
			}
		},
		"silent": func(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) {
			if _, ok := m.(wire.RequestTasks); ok {
				asked <- struct{}{}
			}
		}})
	eventually(t, ctx, func() (string, error) { return c.Leader(ctx) })
	if _, err := c.Jobs(ctx); !errors.Is(err, ErrUnanswered) {
		t.Errorf("it does not lead any more: %v", err)
	}
	if _, err := c.TaskManagers(ctx); !errors.Is(err, ErrUnanswered) {
		t.Errorf("it is gone: %v", err)
	}
	brief, cancel := context.WithCancel(ctx)
	go func() {
		<-asked
		cancel()
	}()
	if _, err := c.Tasks(brief, "node/silent"); !errors.Is(err, context.Canceled) {
		t.Errorf("it says nothing: %v", err)
	}
	if io := c.IO(ctx, []mailbox.Addr{"node/nobody"}); len(io) != 1 || io[0] != nil {
		t.Errorf("a task that is gone says %v", io)
	}
}

// Mail that answers no question is of nobody, and does not end the client.
func TestStrayMailIsOfNobody(t *testing.T) {
	versions := make(chan map[string]wire.Leader, 1)
	versions <- map[string]wire.Leader{dispatcher: {Addr: "node/stray", Token: "t"}}
	c, ctx := stage(t, map[string]part{"ha": ha(t, versions), "stray": func(env mailbox.Env, from mailbox.Addr, m mailbox.Msg) {
		if f, ok := m.(wire.Fenced); ok {
			q := f.M.(wire.RequestJobs)
			env.Send(from, wire.HeartbeatFromResourceManager{})
			env.Send(from, wire.JobsAre{Req: q.Req + 100})
			env.Send(from, wire.JobsAre{Req: q.Req})
			env.Send(from, wire.JobsAre{Req: q.Req}) // said twice
		}
	}})
	eventually(t, ctx, func() (string, error) { return c.Leader(ctx) })
	for range 2 {
		if _, err := c.Jobs(ctx); err != nil {
			t.Error(err)
		}
	}
}

package coordination_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/live/coordination"
	"github.com/flinch-dev/flinch/runtime/live/coordination/gatewaytest"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// desk is a service that does nothing until it is told what comes of it: for each key, by a channel.
type desk struct {
	t    *testing.T
	came chan call
	goes map[string]chan error
	stay chan bool // whoever is given up at the desk leaves when this is closed; nil: at once
}

// call is one of the gateway's, at the desk.
type call struct {
	what string
	due  time.Time
}

func (d *desk) serve(ctx context.Context, doing, key string) error {
	due, _ := ctx.Deadline()
	d.came <- call{doing + " " + key, due}
	select {
	case err := <-d.goes[key]:
		return err
	case <-ctx.Done():
		if d.stay != nil {
			<-d.stay
		}
		return ctx.Err()
	}
}

func (d *desk) Transact(ctx context.Context, t wire.CoordTxn) (uint64, error) {
	return 0, d.serve(ctx, "write", t.Writes[0].Key)
}

func (d *desk) Read(ctx context.Context, prefix string, _ bool) ([]wire.Entry, uint64, error) {
	return nil, 0, d.serve(ctx, "read", prefix)
}

func (d *desk) KeepAlive(ctx context.Context, m wire.CoordSession) error {
	return d.serve(ctx, "keep", m.Session)
}

func (d *desk) Await(ctx context.Context, prefix string, _ uint64) error {
	return d.serve(ctx, "await", prefix)
}

func (d *desk) Explain(err error) error { return fmt.Errorf("%w; bring some", err) }
func (d *desk) String() string          { return "the desk" }

// start starts a process with a gateway to a desk, where keys a and b are served. The log is to be read when the office is
// closed.
func start(t *testing.T, patience time.Duration) (*desk, *gatewaytest.Office, *bytes.Buffer) {
	d := &desk{t: t, came: make(chan call, 16), goes: map[string]chan error{"a": make(chan error), "b": make(chan error)}}
	var log bytes.Buffer
	g := coordination.New(coordination.Config{Service: d, Patience: patience, Log: slog.New(slog.NewTextHandler(&log, nil))})
	return d, gatewaytest.Open(t, g), &log
}

// comes waits for the next call, which must be this one.
func (d *desk) comes(doing, key string) call {
	d.t.Helper()
	select {
	case c := <-d.came:
		if c.what != doing+" "+key {
			d.t.Fatalf("%q comes, want %s %s", c.what, doing, key)
		}
		return c
	case <-time.After(gatewaytest.Patience):
		d.t.Fatalf("nobody comes, want %s %s", doing, key)
		return call{}
	}
}

// lets lets a call go.
func (d *desk) lets(key string, outcome error) {
	d.t.Helper()
	select {
	case d.goes[key] <- outcome:
	case <-time.After(gatewaytest.Patience):
		d.t.Fatalf("nobody waits for %s", key)
	}
}

// serves lets the next call go.
func (d *desk) serves(doing, key string, outcome error) {
	d.t.Helper()
	d.comes(doing, key)
	d.lets(key, outcome)
}

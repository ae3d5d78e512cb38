package services

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// asker asks once, and keeps the answer.
type asker chan mailbox.Msg

func (a asker) Receive(env mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	if _, started := m.(mailbox.Started); started {
		env.Send("p/ha", wire.CoordSession{Req: 1, Session: "s", Timeout: time.Minute})
		return nil
	}
	a <- m
	return nil
}

// A process comes up though no ZooKeeper is there. It dials all that its place names, through the dialer that it was
// given; and whoever asks hears that nobody answers.
func TestZooKeeperIsDialledAsTold(t *testing.T) {
	dialled := make(chan string, 64)
	s, err := Open("p", Places{HA: "zookeeper://one:2181,two:2182/root"}, func(_ context.Context, _, address string) (net.Conn, error) {
		select {
		case dialled <- address:
		default: // enough are counted
		}
		return nil, errors.New("cut")
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	a := make(asker, 1)
	node := live.Start(live.Config{Name: "p", Residents: append(s.Residents, live.Resident{Actor: a})})
	if m, ok := (<-a).(wire.CoordSessionAlive); !ok || m.Err != "unavailable" {
		t.Errorf("the asker hears %+v", m)
	}
	node.Stop()
	s.Close()
	tried := map[string]bool{<-dialled: true, <-dialled: true}
	if !tried["one:2181"] || !tried["two:2182"] {
		t.Errorf("dialled are %v", tried)
	}
}

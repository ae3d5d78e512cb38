package s3

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/live/blobs/gatewaytest"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// line is a connection that tells when it is closed.
type line struct {
	net.Conn
	closed chan<- bool
}

func (l line) Close() error {
	l.closed <- true
	return l.Conn.Close()
}

// heard waits for signals.
func heard(t *testing.T, c <-chan bool, times int) {
	t.Helper()
	late := time.After(gatewaytest.Patience)
	for n := range times {
		select {
		case <-c:
		case <-late:
			t.Fatalf("%d of %d have come", n, times)
		}
	}
}

// watched counts the connections that are made and closed.
func watched(cfg *Config) (made, closed chan bool) {
	made, closed = make(chan bool, 99), make(chan bool, 99)
	cfg.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		made <- true
		return line{c, closed}, nil
	}
	return made, closed
}

func TestAClosedGatewayHasNoConnection(t *testing.T) {
	var made, closed chan bool
	b := start(t, func(cfg *Config) { made, closed = watched(cfg) })
	b.Is(b.Put("a", "alpha"), "")
	heard(t, made, 1)
	b.store.Close()
	heard(t, closed, 1)
}

// A gateway is closed with requests at the store, and others behind them. None of them is waited for, though everybody's
// patience lasts longer than the test.
func TestAClosedGatewayHasNoRequest(t *testing.T) {
	const asked = 5
	var made, closed chan bool
	b := start(t, func(cfg *Config) {
		cfg.Patience = time.Hour
		made, closed = watched(cfg)
	})
	arrived, letGo, done := make(chan bool, asked), make(chan bool), make(chan bool, asked)
	b.network.has(holds(arrived, letGo, done))
	for i := range asked {
		b.Ask(wire.BlobPut{Path: fmt.Sprint(i)})
		b.Ask(wire.BlobGet{Path: fmt.Sprint(i)})
	}
	heard(t, arrived, asked)
	b.store.Close()
	for range 2 * asked {
		b.Hears("unavailable")
	}
	heard(t, closed, len(made))
	close(letGo)
}

// The store's machine does not even refuse connections.
func TestAConnectionIsGivenUp(t *testing.T) {
	for patience, end := range map[time.Duration]func(*bench){
		time.Millisecond: func(*bench) {},
		time.Hour:        func(b *bench) { b.store.Close() },
	} {
		dialling, over := make(chan bool, 99), make(chan bool, 99)
		b := start(t, func(cfg *Config) {
			cfg.Patience = patience
			cfg.Dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
				dialling <- true
				<-ctx.Done()
				over <- true
				return nil, ctx.Err()
			}
		})
		b.Ask(wire.BlobGet{Path: "a"})
		heard(t, dialling, 1)
		end(b)
		b.Hears("unavailable")
		heard(t, over, 1)
	}
}

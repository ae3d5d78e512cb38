package blobs_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/flinch-dev/flinch/runtime/live/blobs"
	"github.com/flinch-dev/flinch/runtime/live/blobs/gatewaytest"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// vault is a store that holds its requests up until it is opened; then it is full.
type vault struct{ opened chan struct{} }

var errFull = errors.New("there is no room")

func (v *vault) wait(ctx context.Context) error {
	select {
	case <-v.opened:
		return errFull
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (v *vault) Put(ctx context.Context, _ string, _ []byte) error    { return v.wait(ctx) }
func (v *vault) Get(ctx context.Context, _ string) ([]byte, error)    { return nil, v.wait(ctx) }
func (v *vault) Delete(ctx context.Context, _ []string) error         { return v.wait(ctx) }
func (v *vault) List(ctx context.Context, _ string) ([]string, error) { return nil, v.wait(ctx) }
func (v *vault) String() string                                       { return "the vault" }
func (v *vault) Explain(err error) (word, remedy string) {
	if errors.Is(err, errFull) {
		return "throttled", "make room"
	}
	return "unavailable", "wait"
}

func start(t *testing.T, v *vault, patience time.Duration) *gatewaytest.Bench {
	return gatewaytest.Start(t, func(log *slog.Logger) (mailbox.Actor, error) {
		return blobs.New(blobs.Config{Store: v, Patience: patience, Log: log}), nil
	})
}

// The store does not answer. Its askers hear so in time, those that wait behind others as well, and the log says it
// once. The clock of these two tests is not the wall's: their patience is over only when nothing else goes on.
func TestASilentStoreIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{make(chan struct{})}
		b := start(t, v, 50*time.Millisecond)
		const asked = 40
		for range asked / 4 {
			b.Ask(wire.BlobPut{Path: "a"})
			b.Ask(wire.BlobGet{Path: "a"})
			b.Ask(wire.BlobDelete{Paths: []string{"a"}})
			b.Ask(wire.BlobList{Prefix: "a"})
		}
		for range asked {
			b.Hears("unavailable")
		}
		b.Logs("write a in the vault: context deadline exceeded; wait")
	})
}

// What the asker hears is the store's word for it. Another kind of trouble is logged at once.
func TestAWordAndASentenceForEachTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &vault{make(chan struct{})}
		b := start(t, v, 50*time.Millisecond)
		b.Is(b.Get("a"), "unavailable")
		b.Logs("read a in the vault: context deadline exceeded; wait")
		close(v.opened)
		b.Is(b.List("chk-"), "throttled")
		b.Is(b.Remove("a", "b"), "throttled")
		b.Logs("list chk-* in the vault: there is no room; make room")
	})
}

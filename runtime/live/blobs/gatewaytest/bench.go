package gatewaytest

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Patience is how long a bench waits for an answer, on a machine with much else to do.
const Patience = 20 * time.Second

// Bench is a process with a gateway and an asker. It is a blobtest.Bench.
type Bench struct {
	t       *testing.T
	node    *live.Node
	log     *bytes.Buffer // to be read when all answers have come
	answers chan mailbox.Msg
}

// Start starts a process with the gateway that open opens, whose log the bench reads.
func Start(t *testing.T, open func(log *slog.Logger) (mailbox.Actor, error)) *Bench {
	t.Helper()
	b := &Bench{t: t, log: &bytes.Buffer{}, answers: make(chan mailbox.Msg, 4096)}
	gateway, err := open(slog.New(slog.NewTextHandler(b.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	b.node = live.Start(live.Config{Name: "objectstore", Residents: []live.Resident{{Actor: gateway}, {Name: "asker", Actor: b}}})
	t.Cleanup(b.Stop)
	return b
}

// Stop ends the process.
func (b *Bench) Stop() { _ = b.node.Stop() }

// Receive implements mailbox.Actor: the asker.
func (b *Bench) Receive(_ mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	if from == "objectstore" {
		b.answers <- m
	}
	return nil
}

// Ask mails a request to the gateway.
func (b *Bench) Ask(m mailbox.Msg) { b.node.Send("objectstore/asker", "objectstore", m) }

// Answer waits for the next answer.
func (b *Bench) Answer() mailbox.Msg {
	b.t.Helper()
	select {
	case m := <-b.answers:
		return m
	case <-time.After(2 * Patience):
		b.t.Fatalf("the gateway has been silent for %v", 2*Patience)
		return nil
	}
}

// Hears compares the error's word in the next answer.
func (b *Bench) Hears(want string) {
	b.t.Helper()
	word := "no answer's"
	switch m := b.Answer().(type) {
	case wire.BlobDone:
		word = m.Err
	case wire.BlobData:
		word = m.Err
	case wire.BlobPaths:
		word = m.Err
	}
	b.Is(word, want)
}

func (b *Bench) ask(m mailbox.Msg) mailbox.Msg {
	b.t.Helper()
	b.Ask(m)
	return b.Answer()
}

// Put writes an object and returns the error's word.
func (b *Bench) Put(path, data string) string {
	b.t.Helper()
	return b.ask(wire.BlobPut{Path: path, Data: []byte(data)}).(wire.BlobDone).Err
}

// Get reads an object and returns its bytes, or the error's word.
func (b *Bench) Get(path string) string {
	b.t.Helper()
	m := b.ask(wire.BlobGet{Path: path}).(wire.BlobData)
	return string(m.Data) + m.Err
}

// List lists objects and returns their paths with a space between them, or the error's word.
func (b *Bench) List(prefix string) string {
	b.t.Helper()
	m := b.ask(wire.BlobList{Prefix: prefix}).(wire.BlobPaths)
	return strings.Join(m.Paths, " ") + m.Err
}

// Remove deletes objects and returns the error's word.
func (b *Bench) Remove(paths ...string) string {
	b.t.Helper()
	return b.ask(wire.BlobDelete{Paths: paths}).(wire.BlobDone).Err
}

// Is compares an answer.
func (b *Bench) Is(got, want string) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("answer %q, want %q", got, want)
	}
}

// Logs says that exactly one thing has been logged since the last call, with these words. Without words it is nothing.
func (b *Bench) Logs(words ...string) {
	b.t.Helper()
	lines := strings.Count(b.log.String(), "\n")
	if want := min(len(words), 1); lines != want {
		b.t.Errorf("the log has %d lines, want %d:\n%s", lines, want, b.log)
	}
	for _, w := range words {
		if !strings.Contains(b.log.String(), w) {
			b.t.Errorf("the log does not say %q:\n%s", w, b.log)
		}
	}
	b.log.Reset()
}

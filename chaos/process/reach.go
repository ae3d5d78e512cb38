package process

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/flinch-dev/flinch/runtime/live/services"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// What a run leaves in services that are not its own is kept apart from what others have there, under the name of the
// run's folder, and is deleted in the end. A service has to answer before the run begins: that one is not there is no
// finding about the cluster.

// clusterID is the key that keeps clusters apart that share a coordination service.
const clusterID = "high-availability.cluster-id"

// ClusterID is that of the application that a process belongs to.
func (c *Conductor) ClusterID(process string) string {
	return cmp.Or(c.application(process).Flink[clusterID], "/default")
}

func (c *Conductor) cluster() string { return cmp.Or(c.cfg.Flink[clusterID], "/default") }

// reachHA opens the harness's gateway to a real coordination service.
func (c *Conductor) reachHA() error {
	at := c.parts.at.HA
	if at == "" {
		return nil
	}
	foreign := c.parts.foreign.HA != ""
	if foreign {
		was := c.cluster()
		c.cfg.Flink = maps.Clone(c.cfg.Flink)
		c.cfg.Flink[clusterID] = was + "-" + filepath.Base(c.ledger.folder)
		if d := c.cfg.Downstream; d != nil { // below the same name, by which all is deleted
			moved := *d
			moved.Flink = maps.Clone(d.Flink)
			moved.Flink[clusterID] = c.cluster() + strings.TrimPrefix(d.Flink[clusterID], was)
			c.cfg.Downstream = &moved
		}
	}
	s, err := c.open(string(ha), at, services.HA)
	if err != nil {
		return err
	}
	if err := s.mustAnswer(wire.CoordGet{Prefix: c.cluster()}); err != nil {
		return fmt.Errorf("reach the coordination service at %s: %w", at, err)
	}
	if foreign {
		return c.ledger.add(undo{Kind: deleteKeys, Place: at, Name: c.cluster()})
	}
	return nil
}

// reachStorage opens the harness's gateway to a real storage for checkpoints.
func (c *Conductor) reachStorage() error {
	if c.parts.at.Storage == "" {
		return nil
	}
	foreign := c.parts.foreign.Storage != ""
	if foreign {
		below, err := services.Below(c.parts.at.Storage, filepath.Base(c.ledger.folder))
		if err != nil {
			return err
		}
		c.parts.at.Storage = below
	}
	at := c.parts.at.Storage
	folder, isFolder := strings.CutPrefix(at, services.File+"://")
	if foreign && isFolder {
		if err := c.ledger.add(undo{Kind: removeFolder, Place: folder}); err != nil {
			return err
		}
		if err := os.Mkdir(folder, 0o755); err != nil {
			return fmt.Errorf("make a folder for checkpoints: %w; name one that is there, and can be written to", err)
		}
	}
	s, err := c.open(string(objectStore), at, services.Storage)
	if err != nil {
		return err
	}
	if err := s.mustAnswer(wire.BlobList{}); err != nil {
		return fmt.Errorf("reach the storage at %s: %w", at, err)
	}
	if foreign && !isFolder {
		if err := c.ledger.add(undo{Kind: deleteObjects, Place: at}); err != nil {
			return err
		}
	}
	const probe = "flinch-probe"
	for _, m := range []mailbox.Msg{wire.BlobPut{Path: probe}, wire.BlobDelete{Paths: []string{probe}}} {
		if err := s.mustAnswer(m); err != nil {
			return fmt.Errorf("write to the storage at %s: %w", at, err)
		}
	}
	c.cfg.Files = files{s}
	return nil
}

// open opens the gateway of the harness to a real service.
func (c *Conductor) open(name, place string, open func(string, services.Dial, *slog.Logger) (services.Gateway, error)) (*service, error) {
	said := &complaint{}
	g, err := open(place, nil, slog.New(said))
	if err != nil {
		return nil, err
	}
	s := c.adopt(name, g)
	s.said = said
	c.cfg.Real = append(c.cfg.Real, name)
	return s, nil
}

// complaint keeps why a gateway last failed, of all that it logs.
type complaint struct {
	mu    sync.Mutex
	cause string
}

func (c *complaint) Enabled(context.Context, slog.Level) bool { return true }
func (c *complaint) WithAttrs([]slog.Attr) slog.Handler       { return c }
func (c *complaint) WithGroup(string) slog.Handler            { return c }

func (c *complaint) Handle(_ context.Context, r slog.Record) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "cause" {
			c.cause = a.Value.String()
		}
		return true
	})
	return nil
}

func (c *complaint) last() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cause
}

// startPatience is how long a service may need until it answers for the first time.
var startPatience = 15 * time.Second

// mustAnswer asks until the service does what it is asked to, and says what its gateway complained of if it never does.
func (s *service) mustAnswer(m mailbox.Msg) error {
	for deadline := time.Now().Add(startPatience); ; time.Sleep(100 * time.Millisecond) {
		wrong := refusal(s.ask(m))
		if wrong == "" {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s; %s", wrong, cmp.Or(s.said.last(), "is it up?"))
		}
	}
}

// refusal is why an answer is none; "" if it is one.
func refusal(answer mailbox.Msg) string {
	switch m := answer.(type) {
	case wire.CoordEntries:
		return m.Err
	case wire.BlobPaths:
		return m.Err
	case wire.BlobDone:
		return m.Err
	}
	return "it does not answer"
}

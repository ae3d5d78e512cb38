package process

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/flinch-dev/flinch/runtime/live/etcd"
	"github.com/flinch-dev/flinch/runtime/live/services"
)

// Parts say what a run with real processes uses for its services: a word for what the harness starts itself, or the
// place of what is there, as package services reads it. An empty part is the default.
type Parts struct {
	HA      string // etcd (the default), zookeeper, model; etcd://... or zookeeper://...
	Storage string // file (the default), s3, model; file:///... or s3://...
	Kafka   string // model (the default), kfake, apache; host:port
}

// Model is the part that the simulation uses, in real time.
const Model = "model"

// The other parts that the harness can start itself.
const (
	partEtcd      = "etcd"
	partZooKeeper = "zookeeper"
	partFile      = "file"
	partS3        = "s3"
	partKfake     = "kfake"
	partApache    = "apache"
)

// withDefaults fills in what is left out.
func (p Parts) withDefaults() Parts {
	for part, otherwise := range map[*string]string{&p.HA: partEtcd, &p.Storage: partFile, &p.Kafka: Model} {
		if *part == "" {
			*part = otherwise
		}
	}
	return p
}

// Check looks at the words and places; nothing is started.
func (p Parts) Check() error {
	p = p.withDefaults()
	for _, part := range []struct {
		name, given string
		own         []string
		at          services.Places
	}{
		{"ha", p.HA, []string{Model, partEtcd, partZooKeeper}, services.Places{HA: p.HA}},
		{"storage", p.Storage, []string{Model, partFile, partS3}, services.Places{Storage: p.Storage}},
		{"kafka", p.Kafka, []string{Model, partKfake, partApache}, services.Places{Kafka: p.Kafka}},
	} {
		if slices.Contains(part.own, part.given) {
			continue
		}
		if err := part.at.Check(); err != nil {
			return fmt.Errorf("%w, or one of %s", err, strings.Join(part.own, ", "))
		}
	}
	return nil
}

// started is what the harness has started for a run.
type started struct {
	at      services.Places // "" where the model serves
	foreign services.Places // those that the user has named
	stops   []func()
}

func (s *started) stop() {
	for i := len(s.stops) - 1; i >= 0; i-- {
		s.stops[i]()
	}
}

// start starts what the parts name, in a folder.
func (p Parts) start(folder string, transactionMax time.Duration) (s *started, err error) {
	p = p.withDefaults()
	s = &started{at: services.Places{HA: p.HA, Storage: p.Storage, Kafka: p.Kafka}}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	s.foreign = s.at
	switch p.HA {
	case Model:
		s.at.HA, s.foreign.HA = "", ""
	case partEtcd:
		server, err := etcd.Embedded(filepath.Join(folder, partEtcd))
		if err != nil {
			return s, err
		}
		s.stops = append(s.stops, server.Stop)
		s.foreign.HA = ""
		s.at.HA = services.Etcd + "://" + strings.TrimPrefix(server.Endpoint(), "http://")
	}
	switch p.Storage {
	case Model:
		s.at.Storage, s.foreign.Storage = "", ""
	case partFile:
		dir := filepath.Join(folder, "objects")
		if err := os.Mkdir(dir, 0o755); err != nil {
			return s, fmt.Errorf("make a folder for checkpoints: %w", err)
		}
		s.foreign.Storage = ""
		s.at.Storage = services.File + "://" + dir
	}
	switch p.Kafka {
	case Model:
		s.at.Kafka, s.foreign.Kafka = "", ""
	case partKfake:
		fake, err := kfake.NewCluster(kfake.NumBrokers(3), kfake.BrokerConfigs(map[string]string{
			"transaction.max.timeout.ms": fmt.Sprint(transactionMax.Milliseconds())}))
		if err != nil {
			return s, fmt.Errorf("start kfake: %w", err)
		}
		s.stops = append(s.stops, fake.Close)
		s.foreign.Kafka = ""
		s.at.Kafka = strings.Join(fake.ListenAddrs(), ",")
	}
	return s, nil
}

// keepApart keeps what a run leaves in services that are not its own from what others have there, and sees to it that
// it is deleted in the end.
func (c *Conductor) keepApart() error {
	run := filepath.Base(c.ledger.folder)
	if at := c.parts.foreign.HA; at != "" {
		c.cfg.Flink = maps.Clone(c.cfg.Flink)
		c.cfg.Flink[clusterID] = cmp.Or(c.cfg.Flink[clusterID], "/default") + "-" + run
		if err := c.ledger.add(undo{Kind: deleteKeys, Place: at, Name: c.cfg.Flink[clusterID]}); err != nil {
			return err
		}
	}
	if at := c.parts.foreign.Storage; at != "" {
		where, err := url.Parse(at)
		if err != nil {
			return err
		}
		where = where.JoinPath(run)
		c.parts.at.Storage = where.String()
		u := undo{Kind: deleteObjects, Place: where.String()}
		if where.Scheme == services.File {
			u = undo{Kind: removeFolder, Place: where.Path, Name: run}
		}
		if err := c.ledger.add(u); err != nil {
			return err
		}
		if where.Scheme == services.File {
			if err := os.Mkdir(where.Path, 0o755); err != nil {
				return fmt.Errorf("make a folder for checkpoints: %w", err)
			}
		}
	}
	return nil
}

// clusterID is the key that keeps clusters apart that share a coordination service.
const clusterID = "high-availability.cluster-id"

// LeaseName is what the leader's lease is called in the history.
func (c *Conductor) LeaseName() string {
	return strings.TrimPrefix(cmp.Or(c.cfg.Flink[clusterID], "/default"), "/")
}

// adoptAll opens the gateways of the harness to the services that are real.
func (c *Conductor) adoptAll(at services.Places) error {
	for _, part := range []struct {
		name, place string
		open        func(string, services.Dial, *slog.Logger) (services.Gateway, error)
	}{{string(ha), at.HA, services.HA}, {string(objectStore), at.Storage, services.Storage}} {
		if part.place == "" {
			continue
		}
		g, err := part.open(part.place, nil, nil)
		if err != nil {
			return err
		}
		c.adopt(part.name, g)
		c.cfg.Real = append(c.cfg.Real, part.name)
	}
	if s := c.services[string(objectStore)]; s != nil {
		c.cfg.Files = files{s}
	}
	return nil
}

package services

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"github.com/twmb/franz-go/pkg/kgo"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/live/etcd"
	"github.com/flinch-dev/flinch/runtime/live/kafka"
	"github.com/flinch-dev/flinch/runtime/live/objectstore"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// Dial makes connections to services; nil: plain TCP.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Gateway is the actor that speaks to a service. Close is called when its node has ended.
type Gateway struct {
	Actor mailbox.Actor
	Close func()
}

// Services are the gateways of one process, and their addresses.
type Services struct {
	HA, ObjectStore, Kafka mailbox.Addr
	Residents              []live.Resident
	gateways               []Gateway
}

// Open opens the gateways of a process to the places that are named.
func Open(process string, at Places, dial Dial, log *slog.Logger) (*Services, error) {
	s := &Services{}
	for _, service := range []struct {
		name, place string
		open        func(string, Dial, *slog.Logger) (Gateway, error)
		addr        *mailbox.Addr
	}{{"ha", at.HA, HA, &s.HA}, {"objectstore", at.Storage, Storage, &s.ObjectStore}, {"kafka", at.Kafka, Kafka, &s.Kafka}} {
		if service.place == "" {
			continue
		}
		g, err := service.open(service.place, dial, log)
		if err != nil {
			s.Close()
			return nil, err
		}
		*service.addr = mailbox.Addr(process).In(service.name)
		s.Residents = append(s.Residents, live.Resident{Name: service.name, Actor: g.Actor})
		s.gateways = append(s.gateways, g)
	}
	return s, nil
}

// Close closes what the gateways have open.
func (s *Services) Close() {
	for _, g := range s.gateways {
		g.Close()
	}
}

// HA opens a gateway to a coordination service. It dials when it is first asked.
func HA(place string, dial Dial, log *slog.Logger) (Gateway, error) {
	at, hosts, err := coordination(place)
	if err != nil {
		return Gateway{}, err
	}
	if at.Scheme == ZooKeeper {
		return zooKeeper(at, hosts, dial, log)
	}
	cfg := clientv3.Config{Endpoints: hosts, Logger: zap.NewNop()}
	client, err := clientv3.New(cfg)
	if err != nil {
		return Gateway{}, fmt.Errorf("make a client of etcd at %s: %w", place, err)
	}
	g := etcd.New(etcd.Config{Client: client, Log: log})
	return Gateway{g, func() {
		g.Close()
		client.Close()
	}}, nil
}

// Storage opens a gateway to an object store, or to a folder that is there.
func Storage(place string, dial Dial, log *slog.Logger) (Gateway, error) {
	at, err := storage(place)
	if err != nil {
		return Gateway{}, err
	}
	if at.Scheme == S3 {
		return objects(at, dial, log)
	}
	store, err := objectstore.Open(at.Path, log)
	if err != nil {
		return Gateway{}, err
	}
	return Gateway{store, store.Close}, nil
}

// Kafka opens a gateway to a Kafka cluster. It dials when it is first asked.
func Kafka(place string, dial Dial, log *slog.Logger) (Gateway, error) {
	hosts, err := brokers(place)
	if err != nil {
		return Gateway{}, err
	}
	cfg := kafka.Config{Brokers: hosts, Log: log}
	if dial != nil {
		cfg.Options = append(cfg.Options, kgo.Dialer(dial))
	}
	g, err := kafka.New(cfg)
	if err != nil {
		return Gateway{}, err
	}
	return Gateway{g, g.Close}, nil
}

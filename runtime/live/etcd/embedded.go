package etcd

import (
	"fmt"
	"net/url"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
)

// Server is an etcd of one member in this process.
type Server struct{ etcd *embed.Etcd }

// Embedded starts an etcd that keeps its data in dir, on free ports of the loopback interface. Started again with
// the same dir it has everything that it had, under other ports. It is for tests and harnesses: it survives its
// process, but not its machine.
func Embedded(dir string) (*Server, error) {
	free := []url.URL{{Scheme: "http", Host: "127.0.0.1:0"}}
	cfg := embed.NewConfig()
	cfg.Dir = dir
	cfg.ListenPeerUrls, cfg.AdvertisePeerUrls = free, free
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = free, free
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	cfg.EnableGRPCGateway = false
	cfg.UnsafeNoFsync = true
	cfg.QuotaBackendBytes = 1 << 30      // etcd maps as much memory at once, and 10 GiB if it is not told
	cfg.TickMs, cfg.ElectionMs = 10, 100 // nobody else is elected; and the shortest lease is 1 s then, not 2 s
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	e, err := embed.StartEtcd(cfg)
	if err != nil {
		return nil, fmt.Errorf("start an embedded etcd in %s: %w", dir, err)
	}
	select {
	case <-e.Server.ReadyNotify():
		return &Server{e}, nil
	case err := <-e.Err():
		e.Close()
		return nil, fmt.Errorf("start an embedded etcd in %s: %w", dir, err)
	}
}

// Endpoint is where clients reach it.
func (s *Server) Endpoint() string { return "http://" + s.etcd.Clients[0].Addr().String() }

// Client returns a client of it, which its owner closes.
func (s *Server) Client() (*clientv3.Client, error) {
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{s.Endpoint()}, Logger: zap.NewNop()})
	if err != nil {
		return nil, fmt.Errorf("make a client of etcd at %s: %w", s.Endpoint(), err)
	}
	return c, nil
}

// Stop stops it. Clients that still ask are cut off.
func (s *Server) Stop() { s.etcd.Close() }

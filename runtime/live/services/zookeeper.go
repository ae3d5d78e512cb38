package services

import (
	"log/slog"
	"net/url"

	"github.com/flinch-dev/flinch/runtime/live/zookeeper"
)

// zooKeeper opens a gateway to ZooKeeper, below the path of its place. It dials when it is first asked, and again until
// somebody answers.
func zooKeeper(at *url.URL, hosts []string, dial Dial, log *slog.Logger) (Gateway, error) {
	cfg := zookeeper.Config{Servers: hosts, Dial: dial, Log: log}
	if at.Path != "/" { // no path: Flink's own root
		cfg.Root = at.Path
	}
	g, err := zookeeper.New(cfg)
	if err != nil {
		return Gateway{}, err
	}
	return Gateway{g, g.Close}, nil
}

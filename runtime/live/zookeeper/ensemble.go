package zookeeper

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"path"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/flinch-dev/flinch/runtime/live/coordination"
)

// ensemble is ZooKeeper, as one process knows it: a coordination.Service.
type ensemble struct {
	cfg        Config
	zk         *client
	planted    atomic.Bool // what every gateway needs below the root is there
	bell       *bell
	ctx        context.Context // of what goes on when nobody asks: the connections, and what is in the background
	stop       context.CancelFunc
	background sync.WaitGroup
}

// join begins to dial.
func join(cfg Config) (*ensemble, error) {
	cfg.Root = path.Clean("/" + cmp.Or(cfg.Root, "flink"))
	cfg.Patience = cmp.Or(cfg.Patience, coordination.Patience)
	if cfg.Dial == nil {
		cfg.Dial = new(net.Dialer).DialContext
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	e := &ensemble{cfg: cfg, bell: newBell()}
	e.ctx, e.stop = context.WithCancel(context.Background())
	var err error
	if e.zk, err = connect(e.ctx, cfg, nil); err != nil {
		e.stop()
		return nil, fmt.Errorf("open a gateway to ZooKeeper at %q: %w; give the host:port of one member at least", cfg.Servers, err)
	}
	return e, nil
}

// leave returns when nothing goes on any more. Nobody asks meanwhile.
func (e *ensemble) leave() {
	e.stop()
	e.background.Wait()
	e.zk.close()
}

func (e *ensemble) String() string { return "ZooKeeper" }

// Explain implements coordination.Service.
func (e *ensemble) Explain(err error) error {
	if why := e.zk.unreached(); why != nil {
		return fmt.Errorf("%w: no member of ZooKeeper is reached at %s (%w); start one there, or name others in high-availability.zookeeper.quorum",
			err, strings.Join(e.cfg.Servers, ","), why)
	}
	return err
}

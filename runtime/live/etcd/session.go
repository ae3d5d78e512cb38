package etcd

import (
	"context"
	"errors"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/flinch-dev/flinch/runtime/live/coordination"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// nobodys is the lease of a session that does not live: etcd gives no lease a negative id.
const nobodys clientv3.LeaseID = -1

// session looks a session up. used: its name is alive or has ended for good.
func (c *cluster) session(ctx context.Context, name string) (lease clientv3.LeaseID, used bool, err error) {
	done, err := c.client.Txn(ctx).Then(clientv3.OpGet(alive+name), clientv3.OpGet(known+name, clientv3.WithKeysOnly())).Commit()
	if err != nil {
		return nobodys, false, err
	}
	if living := found(done, 0); len(living) > 0 {
		return clientv3.LeaseID(living[0].Lease), true, nil
	}
	return nobodys, len(found(done, 1)) > 0, nil
}

// KeepAlive opens a session, keeps it alive, or closes it. Whoever loses a race to use a name first looks again: then it
// is used.
func (c *cluster) KeepAlive(ctx context.Context, m wire.CoordSession) error {
	for {
		lease, used, err := c.session(ctx, m.Session)
		settled := true
		switch {
		case err != nil:
		case lease == nobodys && used:
			return coordination.ErrSessionExpired
		case lease == nobodys && m.Close:
			settled, err = c.use(ctx, m.Session)
		case lease == nobodys:
			settled, err = c.open(ctx, m)
		case m.Close:
			_, err = c.client.Revoke(ctx, lease)
		default:
			_, err = c.client.KeepAliveOnce(ctx, lease)
		}
		switch {
		case errors.Is(err, rpctypes.ErrLeaseNotFound):
			return coordination.ErrSessionExpired
		case err != nil || settled:
			return err
		}
	}
}

// open gives a new session a lease. One that nobody gets to know runs out.
func (c *cluster) open(ctx context.Context, m wire.CoordSession) (first bool, err error) {
	lease, err := c.client.Grant(ctx, int64((m.Timeout+time.Second-1)/time.Second))
	if err != nil {
		return false, err
	}
	return c.use(ctx, m.Session, clientv3.OpPut(alive+m.Session, "", clientv3.WithLease(lease.ID)))
}

// use takes a name that nobody has used.
func (c *cluster) use(ctx context.Context, name string, and ...clientv3.Op) (first bool, err error) {
	done, err := c.client.Txn(ctx).If(clientv3.Compare(clientv3.ModRevision(known+name), "=", 0)).
		Then(append(and, clientv3.OpPut(known+name, ""))...).Commit()
	return err == nil && done.Succeeded, err
}

package etcd

import (
	"context"
	"errors"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// nobodys is the lease of a session that does not live: etcd gives no lease a negative id.
const nobodys clientv3.LeaseID = -1

// session looks a session up. used: its name is alive or has ended for good.
func (g *Gateway) session(ctx context.Context, name string) (lease clientv3.LeaseID, used bool, err error) {
	done, err := g.client.Txn(ctx).Then(clientv3.OpGet(alive+name), clientv3.OpGet(known+name, clientv3.WithKeysOnly())).Commit()
	if err != nil {
		return nobodys, false, err
	}
	if living := found(done, 0); len(living) > 0 {
		return clientv3.LeaseID(living[0].Lease), true, nil
	}
	return nobodys, len(found(done, 1)) > 0, nil
}

// keepAlive opens a session, keeps it alive, or closes it. It returns why it could not. Whoever loses a race to
// use a name first looks again: then it is used.
func (g *Gateway) keepAlive(ctx context.Context, m wire.CoordSession) (why string) {
	for {
		lease, used, err := g.session(ctx, m.Session)
		settled := true
		switch {
		case err != nil:
		case lease == nobodys && used:
			return sessionExpired
		case lease == nobodys && m.Close:
			settled, err = g.use(ctx, m.Session)
		case lease == nobodys:
			settled, err = g.open(ctx, m)
		case m.Close:
			_, err = g.client.Revoke(ctx, lease)
		default:
			_, err = g.client.KeepAliveOnce(ctx, lease)
		}
		switch {
		case errors.Is(err, rpctypes.ErrLeaseNotFound):
			return sessionExpired
		case err != nil:
			return g.failed("keep session "+m.Session, err)
		case settled:
			return ""
		}
	}
}

// open gives a new session a lease. One that nobody gets to know runs out.
func (g *Gateway) open(ctx context.Context, m wire.CoordSession) (first bool, err error) {
	lease, err := g.client.Grant(ctx, int64((m.Timeout+time.Second-1)/time.Second))
	if err != nil {
		return false, err
	}
	return g.use(ctx, m.Session, clientv3.OpPut(alive+m.Session, "", clientv3.WithLease(lease.ID)))
}

// use takes a name that nobody has used.
func (g *Gateway) use(ctx context.Context, name string, and ...clientv3.Op) (first bool, err error) {
	done, err := g.client.Txn(ctx).If(clientv3.Compare(clientv3.ModRevision(known+name), "=", 0)).
		Then(append(and, clientv3.OpPut(known+name, ""))...).Commit()
	return err == nil && done.Succeeded, err
}

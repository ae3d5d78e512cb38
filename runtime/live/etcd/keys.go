package etcd

import (
	"context"
	"errors"
	"strings"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/flinch-dev/flinch/runtime/live/coordination"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// Where things are in etcd; see the package's comment.
const (
	data  = "flinch/data/"
	alive = "flinch/alive/"
	known = "flinch/known/"
)

// Transact is one transaction of etcd's, if its writes are of sessions that live. etcd looks at the comparisons
// first, then at the leases, and then writes all or nothinc.
func (c *cluster) Transact(ctx context.Context, t wire.CoordTxn) (version uint64, err error) {
	var conditions []clientv3.Cmp
	for _, is := range t.If {
		conditions = append(conditions, clientv3.Compare(clientv3.ModRevision(data+is.Key), "=", int64(is.Version)))
	}
	var writes []clientv3.Op
	var leases []clientv3.LeaseID
	for _, w := range t.Writes {
		switch {
		case w.Delete:
			writes = append(writes, clientv3.OpDelete(data+w.Key))
		case w.Session == "":
			writes = append(writes, clientv3.OpPut(data+w.Key, string(w.Value)))
		default:
			lease, _, err := c.session(ctx, w.Session)
			if err != nil {
				return 0, err
			}
			writes = append(writes, clientv3.OpPut(data+w.Key, string(w.Value), clientv3.WithLease(lease)))
			leases = append(leases, lease)
		}
	}
	done, err := c.client.Txn(ctx).If(conditions...).Then(writes...).Commit()
	switch {
	case errors.Is(err, rpctypes.ErrLeaseNotFound):
		return 0, coordination.ErrSessionExpired
	case err != nil:
		return 0, err
	case !done.Succeeded:
		return 0, coordination.ErrConflict
	}
	// A session that writes is alive. The write stands, whatever comes of this.
	for _, lease := range leases {
		c.client.KeepAliveOnce(ctx, lease)
	}
	return uint64(done.Header.Revision), nil
}

// Read reads keys, and at the same revision the sessions that they may belong to.
func (c *cluster) Read(ctx context.Context, prefix string, exact bool) (entries []wire.Entry, version uint64, err error) {
	keys := clientv3.OpGet(data+prefix, clientv3.WithPrefix())
	if exact {
		keys = clientv3.OpGet(data + prefix)
	}
	sessions := clientv3.OpGet(alive, clientv3.WithPrefix()) // with their values, which are empty: etcd 3.7 tells no lease without
	done, err := c.client.Txn(ctx).Then(keys, sessions).Commit()
	if err != nil {
		return nil, 0, err
	}
	owner := map[int64]string{}
	for _, kv := range found(done, 1) {
		owner[kv.Lease] = strings.TrimPrefix(string(kv.Key), alive)
	}
	for _, kv := range found(done, 0) {
		entries = append(entries, wire.Entry{Key: strings.TrimPrefix(string(kv.Key), data), Value: kv.Value,
			Version: uint64(kv.ModRevision), Session: owner[kv.Lease]})
	}
	return entries, uint64(done.Header.Revision), nil
}

// found is what the i-th read of a transaction has found.
func found(done *clientv3.TxnResponse, i int) []*mvccpb.KeyValue {
	return done.Responses[i].GetResponseRange().Kvs
}

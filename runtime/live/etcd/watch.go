package etcd

import (
	"context"
	"errors"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Await returns when a key has changed or gone since the version that the asker knows.
func (c *cluster) Await(ctx context.Context, prefix string, after uint64) error {
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	defer context.AfterFunc(c.client.Ctx(), cancel)() // the watches of a closed client are over at once, again and again
	from := int64(after) + 1
	for ctx.Err() == nil {
		news := <-c.client.Watch(ctx, data+prefix, clientv3.WithPrefix(), clientv3.WithRev(from))
		changed, err := len(news.Events) > 0, news.Err()
		if errors.Is(err, rpctypes.ErrCompacted) {
			from = news.CompactRevision
			changed, err = c.compacted(ctx, prefix, after)
		}
		switch {
		case changed:
			return nil
		case err != nil:
			return err
		}
	}
	return ctx.Err()
}

// compacted finds the news in a past that etcd has compacted: the keys that are there and have changed. Of one
// that went then nothing is left, and its asker misses that until its wait is over. To answer at once would not
// do: whoever watches a key that is old and stays as it is would ask again and again without a pause.
func (c *cluster) compacted(ctx context.Context, prefix string, after uint64) (changed bool, err error) {
	keys, err := c.client.Get(ctx, data+prefix, clientv3.WithPrefix(), clientv3.WithMinModRev(int64(after)+1), clientv3.WithKeysOnly())
	return err == nil && len(keys.Kvs) > 0, err
}

package etcd

import (
	"context"
	"errors"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// watch waits for news, for as long as its asker wants, and then reads what is there.
func (g *Gateway) watch(m wire.CoordWatch) wire.CoordEntries {
	answer := wire.CoordEntries{Req: m.Req, Err: g.await(m)}
	if answer.Err == "" {
		ctx, cancel := context.WithTimeout(g.client.Ctx(), g.patience)
		defer cancel()
		answer.Entries, answer.Version, answer.Err = g.read(ctx, m.Prefix, false)
	}
	return answer
}

// await returns when a key has changed or gone since the version that the asker knows, or when the wait is over.
func (g *Gateway) await(m wire.CoordWatch) (why string) {
	ctx, cancel := context.WithTimeout(clientv3.WithRequireLeader(g.client.Ctx()), m.Wait)
	defer cancel()
	from := int64(m.After) + 1
	for ctx.Err() == nil {
		news := <-g.client.Watch(ctx, data+m.Prefix, clientv3.WithPrefix(), clientv3.WithRev(from))
		err := news.Err()
		if errors.Is(err, rpctypes.ErrCompacted) {
			from = news.CompactRevision
			news.Events, err = g.compacted(ctx, m)
		}
		switch {
		case len(news.Events) > 0:
			return ""
		case err != nil && ctx.Err() == nil:
			return g.failed("watch "+m.Prefix+"*", err)
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ""
	}
	return g.failed("watch "+m.Prefix+"*", ctx.Err())
}

// compacted finds the news in a past that etcd has compacted: the keys that are there and have changed. Of one
// that went then nothing is left, and its asker misses that until its wait is over. To answer at once would not
// do: whoever watches a key that is old and stays as it is would ask again and again without a pause.
func (g *Gateway) compacted(ctx context.Context, m wire.CoordWatch) (news []*clientv3.Event, err error) {
	changed, err := g.client.Get(ctx, data+m.Prefix, clientv3.WithPrefix(), clientv3.WithMinModRev(int64(m.After)+1), clientv3.WithKeysOnly())
	if err != nil {
		return nil, err
	}
	for _, kv := range changed.Kvs {
		news = append(news, &clientv3.Event{Type: clientv3.EventTypePut, Kv: kv})
	}
	return news, nil
}

package conformance

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/flinch-dev/flinch/runtime/recordbatch"
)

// The sink's protocol through a real client, franz-go's, which numbers, retries and looks up by itself.
var clients = []Case{
	{"J5", "what a client flushed is committed by another, who has its pair", Clients, func(l *Lab) {
		c := l.client("a")
		c.flush(3)
		w := c.leave()
		l.Is(w.Commit(), l.either("NONE p1/1", "NONE"))
		l.Is(w.Commit(), l.either("NONE p1/1", "NONE"))
		l.Settle("a")
		l.Is(l.Visible(0), "0 1 2")
		l.Is(l.Log(0), "0-2 p1/0, 3 commit p1")
	}},
	{"J6", "what a client flushed is never visible once another has its id", Clients, func(l *Lab) {
		l.client("a").flush(3)
		c := l.client("a")
		c.flush(1)
		c.end()
		l.Settle("a")
		l.Is(l.Visible(0), "4")
	}},
	{"J7", "a client goes on after somebody else has committed for it", Clients, func(l *Lab) {
		c := l.client("a")
		c.flush(1)
		l.Is(c.writer().Commit(), l.either("NONE p1/1", "NONE"))
		c.end()
		c.flush(1)
		c.end()
		l.Settle("a")
		l.Is(l.Visible(0), "0 2")
	}},
	{"J9", "who only asks for its pair takes the id over", Clients, func(l *Lab) {
		c := l.client("a")
		c.flush(1)
		w := c.writer()
		l.client("a").writer()
		l.Is(w.Commit(), "PRODUCER_FENCED")
		l.Is(l.Visible(0), "")
	}},
	{"J10", "five epochs of a pool of two ids, whose clients die after each flush, are there exactly once", Clients, func(l *Lab) {
		const epochs, records = 5, 2000
		for epoch := range epochs {
			id := fmt.Sprint("a-", epoch%2)
			c := l.client(id)
			c.flush(records)
			l.Is(c.leave().Commit()[:4], "NONE")
			l.Settle(id)
		}
		l.Is(fmt.Sprint(l.count(0)), fmt.Sprint(epochs*records))
	}},
}

// client is a transactional client of franz-go.
type client struct {
	*kgo.Client
	l  *Lab
	id string
}

func (l *Lab) client(id string) *client {
	kc, err := l.Target.(Reached).Client(kgo.TransactionalID(l.global(id)), kgo.DefaultProduceTopic(l.topic(out)),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionTimeout(lasting), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		l.Stop("open a client: %v", err)
	}
	l.clients = append(l.clients, kc)
	return &client{kc, l, id}
}

// flush writes records to the first partition, in a transaction that stays open.
func (c *client) flush(n int) {
	if err := c.BeginTransaction(); err != nil {
		c.l.Stop("begin a transaction of %s: %v", c.id, err)
	}
	var records []*kgo.Record
	for range n {
		records = append(records, kgo.StringRecord("v"))
	}
	if err := c.ProduceSync(context.Background(), records...).FirstErr(); err != nil {
		c.l.Stop("write as %s: %v", c.id, err)
	}
}

// end commits as the client does.
func (c *client) end() {
	if err := c.EndTransaction(context.Background(), kgo.TryCommit); err != nil {
		c.l.Stop("commit as %s: %v", c.id, err)
	}
}

// writer is somebody who has the client's pair.
func (c *client) writer() *Writer {
	pid, epoch, err := c.ProducerID(context.Background())
	if err != nil {
		c.l.Stop("get the pair of %s: %v", c.id, err)
	}
	c.l.Pair(pid, epoch)
	w := &Writer{l: c.l, ID: c.id, PID: pid, Epoch: epoch, Version: 12, next: map[int32]int32{}}
	if c.l.Traits().TransactionVersion < 2 {
		w.Version = 11
	}
	return w
}

// leave ends the client, and not its transaction.
func (c *client) leave() *Writer {
	w := c.writer()
	c.Close()
	return w
}

// count is how many records a read_committed reader finds, each of them once.
func (l *Lab) count(partition int32) (n int) {
	batches, _ := l.all(partition, true)
	for _, b := range batches {
		if b.Attributes&recordbatch.Control == 0 {
			n += int(b.NumRecords)
		}
	}
	return n
}

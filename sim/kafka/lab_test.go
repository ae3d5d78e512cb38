package kafka

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/sim"
)

// lab is a cluster in a world, with the topic "out" of two partitions, and a client that sends any request to
// any broker. Answers are written as a person would: the name of the error, or NONE and what was granted;
// "p2/1" is epoch 1 of the second producer id that the lab has seen.
type lab struct {
	t *testing.T
	*sim.World
	*Cluster
	heard   map[uint64]kmsg.Response
	asked   uint64
	conn    uint32 // to send on; 0 is a new one each time
	pids    []int64
	hasty   bool   // CONCURRENT_TRANSACTIONS is an answer, and not a reason to ask again
	excused string // an invariant that the story breaks on purpose
}

// story is one case: what is done to a new lab, and what it must answer.
type story struct {
	name string
	tell func(l *lab)
}

func tell(t *testing.T, stories []story) {
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) { s.tell(newLab(t, Config{})) })
	}
}

// Receive is the client's mailbox.
func (l *lab) Receive(_ mailbox.Env, _ mailbox.Addr, m mailbox.Msg) error {
	if m, ok := m.(Response); ok {
		if l.heard[m.Corr] != nil {
			l.t.Errorf("at %v: %s is answered twice", l.World.Now(), m.Word())
		}
		l.heard[m.Corr] = m.Resp
	}
	return nil
}

// newLab starts a cluster. When the story is over no broker may have failed, and no invariant been broken.
func newLab(t *testing.T, cfg Config) *lab {
	l := &lab{t: t, World: sim.New(sim.Config{Seed: 7}), heard: map[uint64]kmsg.Response{}}
	cfg.Now = l.World.Now
	cfg.Wake = func(to mailbox.Addr, m mailbox.Msg) { l.Send(to, to, m) }
	l.Cluster = NewCluster(cfg)
	l.CreateTopic("out", 2)
	for n, addr := range l.Addrs() {
		l.add(string(addr), func() mailbox.Actor { return l.Broker(n) })
	}
	l.add("client", func() mailbox.Actor { return l })
	l.pass(0)
	t.Cleanup(func() {
		for _, p := range l.Panics() {
			t.Error(p)
		}
		for _, e := range l.History() {
			if v, ok := e.Event.(history.Violation); ok && v.Invariant != l.excused {
				t.Errorf("%v: %s is broken: %s", e.At, v.Invariant, v.Detail)
			}
		}
	})
	return l
}

func (l *lab) add(name string, actor func() mailbox.Actor) {
	l.Add(sim.Process{Name: name, BootTime: -1, Boot: func(int) []sim.Resident { return []sim.Resident{{Actor: actor()}} }})
}

func (l *lab) pass(d time.Duration) { l.Run(l.World.Now() + d) }

func (l *lab) is(got, want string) {
	l.t.Helper()
	if got != want {
		l.t.Errorf("at %v: got %q, want %q", l.World.Now(), got, want)
	}
}

// send puts a request on its way, through the bytes of the protocol: what a version does not carry is lost.
func (l *lab) send(node int, version int16, req kmsg.Request) uint64 {
	req.SetVersion(version)
	carried := kmsg.RequestForKey(req.Key())
	carried.SetVersion(version)
	if err := carried.ReadFrom(req.AppendTo(nil)); err != nil {
		l.t.Fatalf("request %s v%d cannot be read: %v", kmsg.NameForKey(req.Key()), version, err)
	}
	l.asked++
	l.Send("client", Addr(node), Request{Corr: l.asked, Conn: l.conn, Req: carried})
	return l.asked
}

// answer waits for an answer, ten seconds at most: nil if there is none.
func (l *lab) answer(asked uint64) kmsg.Response {
	if !l.RunUntil(func() bool { return l.heard[asked] != nil }, l.World.Now()+10*time.Second) {
		return nil
	}
	resp := l.heard[asked]
	carried := kmsg.ResponseForKey(resp.Key())
	carried.SetVersion(resp.GetVersion())
	if err := carried.ReadFrom(resp.AppendTo(nil)); err != nil {
		l.t.Fatalf("answer %s v%d cannot be read: %v", kmsg.NameForKey(resp.Key()), resp.GetVersion(), err)
	}
	return carried
}

func (l *lab) ask(node int, version int16, req kmsg.Request) kmsg.Response {
	return l.answer(l.send(node, version, req))
}

// untilSettled tries again while the transaction before is being ended, as clients do.
func (l *lab) untilSettled(try func() string) string {
	deadline := l.World.Now() + 10*time.Second
	for {
		said := try()
		if said != "CONCURRENT_TRANSACTIONS" || l.hasty || l.World.Now() > deadline {
			return said
		}
		l.pass(20 * time.Millisecond)
	}
}

const silence = "no answer"

func name(code int16) string {
	if code == none {
		return "NONE"
	}
	return nameOf(code)
}

// pair writes a producer id and epoch.
func (l *lab) pair(pid int64, epoch int16) string {
	n := slices.Index(l.pids, pid)
	if n < 0 {
		n = len(l.pids)
		l.pids = append(l.pids, pid)
	}
	return fmt.Sprintf("p%d/%d", n+1, epoch)
}

// writer is a producer that numbers its batches by itself. Its version is that of its produce requests: from 12
// on it is TV2-style, before it adds partitions by itself and keeps its epoch.
type writer struct {
	l       *lab
	id      string // "": idempotent only
	pid     int64
	epoch   int16
	version int16
	next    map[int32]int32 // sequence, by partition
}

// init asks for a producer id, with the pair that the caller believes to have.
func (l *lab) init(id string, pid int64, epoch int16) string {
	said, _, _ := l.initFor(id, pid, epoch, time.Minute)
	return said
}

func (l *lab) initFor(id string, pid int64, epoch int16, timeout time.Duration) (said string, newPID int64, newEpoch int16) {
	said = l.untilSettled(func() string {
		req := kmsg.NewPtrInitProducerIDRequest()
		req.TransactionalID, req.TransactionTimeoutMillis = &id, int32(timeout.Milliseconds())
		req.ProducerID, req.ProducerEpoch = pid, epoch
		resp, ok := l.ask(l.Coordinator(id), 5, req).(*kmsg.InitProducerIDResponse)
		switch {
		case !ok:
			return silence
		case resp.ErrorCode != none:
			return name(resp.ErrorCode)
		}
		newPID, newEpoch = resp.ProducerID, resp.ProducerEpoch
		return "NONE " + l.pair(newPID, newEpoch)
	})
	return said, newPID, newEpoch
}

// writer takes a transactional id over; oldWriter does, in the style from before TV2.
func (l *lab) writer(id string) *writer {
	l.t.Helper()
	said, pid, epoch := l.initFor(id, noPID, noEpoch, time.Minute)
	if !strings.HasPrefix(said, "NONE") {
		l.t.Fatalf("take %s over: %s", id, said)
	}
	return &writer{l: l, id: id, pid: pid, epoch: epoch, version: 12, next: map[int32]int32{}}
}

func (l *lab) oldWriter(id string) *writer {
	l.t.Helper()
	w := l.writer(id)
	w.version = 11
	return w
}

// plainWriter has a producer id and no transactions.
func (l *lab) plainWriter() *writer {
	l.t.Helper()
	resp, ok := l.ask(0, 5, kmsg.NewPtrInitProducerIDRequest()).(*kmsg.InitProducerIDResponse)
	if !ok || resp.ErrorCode != none {
		l.t.Fatalf("got no producer id: %+v", resp)
	}
	l.pair(resp.ProducerID, resp.ProducerEpoch)
	return &writer{l: l, pid: resp.ProducerID, epoch: resp.ProducerEpoch, version: 12, next: map[int32]int32{}}
}

// as is the same writer with another epoch, or a writer that believes to have it.
func (w *writer) as(epoch int16) *writer {
	return &writer{l: w.l, id: w.id, pid: w.pid, epoch: epoch, version: w.version, next: map[int32]int32{}}
}

// write appends n records to a partition of "out".
func (w *writer) write(partition, n int32) string {
	said := w.batch(partition, w.next[partition], n)
	if strings.HasPrefix(said, "NONE") {
		w.next[partition] += n
	}
	return said
}

// batch sends n records from a sequence on.
func (w *writer) batch(partition, sequence, n int32) string {
	var id *string
	if w.id != "" {
		id = &w.id
	}
	return w.l.produce(w.version, id, w.to(partition, sequence, n))
}

// load is one batch for one partition.
type load struct {
	partition int32
	data      []byte
}

func (w *writer) to(partition, sequence, n int32) load {
	attributes := transactional
	if w.id == "" {
		attributes = 0
	}
	return load{partition, sealed(attributes, w.pid, w.epoch, sequence, n)}
}

func sealed(attributes int16, pid int64, epoch int16, sequence, n int32) []byte {
	var b builder
	for i := range n {
		b.add(&record.Record{Key: []byte("k"), Value: int64(sequence + i), Count: 1}, true)
	}
	return b.seal(attributes, pid, epoch, sequence)
}

// produce sends batches to the leader of the first one's partition.
func (l *lab) produce(version int16, id *string, loads ...load) string {
	return l.produced(l.sendProduce(l.Leader("out", int(loads[0].partition)), version, id, loads...))
}

func (l *lab) sendProduce(node int, version int16, id *string, loads ...load) uint64 {
	req := kmsg.NewPtrProduceRequest()
	req.TransactionID, req.Acks, req.TimeoutMillis = id, -1, 10000
	t := kmsg.NewProduceRequestTopic()
	t.Topic = "out"
	for _, each := range loads {
		p := kmsg.NewProduceRequestTopicPartition()
		p.Partition, p.Records = each.partition, each.data
		t.Partitions = append(t.Partitions, p)
	}
	req.Topics = append(req.Topics, t)
	return l.send(node, version, req)
}

func (l *lab) produced(asked uint64) string {
	resp, ok := l.answer(asked).(*kmsg.ProduceResponse)
	if !ok {
		return silence
	}
	var said []string
	for _, p := range resp.Topics[0].Partitions {
		if p.ErrorCode == none {
			said = append(said, fmt.Sprintf("NONE at %d", p.BaseOffset))
		} else {
			said = append(said, name(p.ErrorCode))
		}
	}
	return strings.Join(said, ", ")
}

// join adds partitions of "out" to the transaction, as clients did before TV2.
func (w *writer) join(partitions ...int32) string {
	return w.l.untilSettled(func() string {
		return w.l.added(w.l.ask(w.l.Coordinator(w.id), 3, w.joining(partitions...)))
	})
}

func (w *writer) joining(partitions ...int32) *kmsg.AddPartitionsToTxnRequest {
	req := kmsg.NewPtrAddPartitionsToTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch = w.id, w.pid, w.epoch
	t := kmsg.NewAddPartitionsToTxnRequestTopic()
	t.Topic, t.Partitions = "out", partitions
	req.Topics = append(req.Topics, t)
	return req
}

func (l *lab) added(answer kmsg.Response) string {
	resp, ok := answer.(*kmsg.AddPartitionsToTxnResponse)
	if !ok {
		return silence
	}
	var said []string
	for _, p := range resp.Topics[0].Partitions {
		said = append(said, name(p.ErrorCode))
	}
	return strings.Join(said, ", ")
}

// commit and abort end the transaction in the writer's style. They leave the writer's epoch as it is, so that
// the next call is a retry; follow takes over the epoch that a TV2-style end has granted.
func (w *writer) commit() string { return w.end(true) }
func (w *writer) abort() string  { return w.end(false) }

func (w *writer) end(commit bool) string {
	return w.l.untilSettled(func() string {
		return w.l.ended(w.l.ask(w.l.Coordinator(w.id), w.endVersion(), w.ending(commit)))
	})
}

func (w *writer) endVersion() int16 {
	if w.version < 12 {
		return 4
	}
	return 5
}

func (w *writer) ending(commit bool) *kmsg.EndTxnRequest {
	req := kmsg.NewPtrEndTxnRequest()
	req.TransactionalID, req.ProducerID, req.ProducerEpoch, req.Commit = w.id, w.pid, w.epoch, commit
	return req
}

func (l *lab) ended(answer kmsg.Response) string {
	resp, ok := answer.(*kmsg.EndTxnResponse)
	switch {
	case !ok:
		return silence
	case resp.ErrorCode == none && resp.Version >= 5:
		return "NONE " + l.pair(resp.ProducerID, resp.ProducerEpoch)
	}
	return name(resp.ErrorCode)
}

func (w *writer) follow() *writer { return w.as(w.epoch + 1) }

// describe is the coordinator's view of a transactional id.
func (l *lab) describe(id string) string {
	req := kmsg.NewPtrDescribeTransactionsRequest()
	req.TransactionalIDs = []string{id}
	resp, ok := l.ask(l.Coordinator(id), 0, req).(*kmsg.DescribeTransactionsResponse)
	if !ok {
		return silence
	}
	t := resp.TransactionStates[0]
	if t.ErrorCode != none {
		return name(t.ErrorCode)
	}
	said := t.State + " " + l.pair(t.ProducerID, t.ProducerEpoch)
	for _, topic := range t.Topics {
		for _, n := range topic.Partitions {
			said += fmt.Sprintf(" %s-%d", topic.Topic, n)
		}
	}
	return said
}

// fetch reads a partition of "out" from an offset on, without waiting.
func (l *lab) fetch(partition int32, offset int64, committed bool) *kmsg.FetchResponseTopicPartition {
	l.t.Helper()
	resp, ok := l.answer(l.sendFetch(partition, offset, committed, 0)).(*kmsg.FetchResponse)
	if !ok {
		l.t.Fatalf("the fetch of out-%d is not answered", partition)
	}
	return &resp.Topics[0].Partitions[0]
}

func (l *lab) sendFetch(partition int32, offset int64, committed bool, wait time.Duration) uint64 {
	req := kmsg.NewPtrFetchRequest()
	req.ReplicaID, req.MinBytes, req.MaxBytes, req.MaxWaitMillis = -1, 1, 1<<20, int32(wait.Milliseconds())
	if committed {
		req.IsolationLevel = 1
	}
	t := kmsg.NewFetchRequestTopic()
	t.Topic = "out"
	p := kmsg.NewFetchRequestTopicPartition()
	p.Partition, p.FetchOffset, p.PartitionMaxBytes = partition, offset, 1<<20
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	return l.send(l.Leader("out", int(partition)), 12, req)
}

// log is what a read_uncommitted reader is sent: "0-1 p1/0" for data, "2 commit p1/0" for a marker.
func (l *lab) log(partition int32) string {
	l.t.Helper()
	p := l.fetch(partition, 0, false)
	var said []string
	for data := p.RecordBatches; len(data) > 0; {
		h, err := parseHeader(data)
		if err != nil {
			l.t.Fatal(err)
		}
		what := "plain"
		if h.pid >= 0 {
			what = l.pair(h.pid, h.epoch)
		}
		at := fmt.Sprint(h.base)
		if h.lastDelta > 0 {
			at += fmt.Sprintf("-%d", h.base+int64(h.lastDelta))
		}
		if h.control() {
			if commit, _ := markerKind(data[:h.size]); commit {
				at += " commit"
			} else {
				at += " abort"
			}
		}
		said = append(said, at+" "+what)
		data = data[h.size:]
	}
	return strings.Join(said, ", ")
}

// visible are the offsets that a read_committed reader of the whole log sees.
func (l *lab) visible(partition int32) string {
	l.t.Helper()
	return l.offsets(partition, l.fetch(partition, 0, true), true)
}

func (l *lab) offsets(partition int32, p *kmsg.FetchResponseTopicPartition, committed bool) string {
	l.t.Helper()
	records, _, err := unpack(p, 0, committed)
	if err != nil {
		l.t.Errorf("what the fetch of out-%d returned cannot be read: %v", partition, err)
	}
	var said []string
	for r := range records.All() {
		said = append(said, fmt.Sprint(r.Origin.Offset))
	}
	return strings.Join(said, " ")
}

// ends are the last stable offset and the high watermark.
func (l *lab) ends(partition int32) string {
	l.t.Helper()
	p := l.fetch(partition, 0, true)
	return fmt.Sprintf("LSO %d HW %d", p.LastStableOffset, p.HighWatermark)
}

// failOver makes another broker the coordinator of an id, and waits until that has loaded what it needs.
func (l *lab) failOver(id string) {
	l.MoveCoordinator(TxnPartitionOf(id), (l.Coordinator(id)+1)%3)
	l.pass(time.Second)
}

// aged gives a writer an epoch that it would take days to reach.
func (l *lab) aged(w *writer, epoch int16) *writer {
	r := l.txns[TxnPartitionOf(w.id)].records[w.id]
	r.epoch = epoch
	l.failOver(w.id)
	return w.as(epoch)
}

// endHanging is an operator's cure for a transaction that no coordinator knows: a marker by hand.
func (l *lab) endHanging(w *writer, coordinatorEpoch int32) string {
	req := kmsg.NewPtrWriteTxnMarkersRequest()
	m := kmsg.NewWriteTxnMarkersRequestMarker()
	m.ProducerID, m.ProducerEpoch, m.CoordinatorEpoch = w.pid, w.epoch, coordinatorEpoch
	t := kmsg.NewWriteTxnMarkersRequestMarkerTopic()
	t.Topic, t.Partitions = "out", []int32{0}
	m.Topics = append(m.Topics, t)
	req.Markers = append(req.Markers, m)
	resp, ok := l.ask(l.Leader("out", 0), 1, req).(*kmsg.WriteTxnMarkersResponse)
	if !ok {
		return silence
	}
	return name(resp.Markers[0].Topics[0].Partitions[0].ErrorCode)
}

// aborted is the list that goes with what a read_committed reader is sent from an offset on: "p1@0" for the
// first producer's transaction that begins at 0.
func (l *lab) aborted(partition int32, offset int64) string {
	l.t.Helper()
	var said []string
	for _, a := range l.fetch(partition, offset, true).AbortedTransactions {
		pid, _, _ := strings.Cut(l.pair(a.ProducerID, 0), "/")
		said = append(said, fmt.Sprintf("%s@%d", pid, a.FirstOffset))
	}
	return strings.Join(said, " ")
}

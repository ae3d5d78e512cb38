package kafka

import (
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/sim/kafka/preview"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// previews are the switches of a cluster that has all of KIP-939.
var previews = Config{UnstableAPIVersions: true, TwoPhaseCommit: true, KeepPrepared: true}

// initV6 asks for a producer id in the version that KIP-939 adds. "NONE p1/2 of p1/1" is granted p1/2, while the
// transaction of p1/1 is open.
func (l *lab) initV6(id string, timeout time.Duration, twoPhase, keep bool) (said string, granted, ongoing *writer) {
	said = l.UntilSettled(func() string {
		req := preview.NewInitProducerIDRequest()
		req.TransactionalID, req.TransactionTimeoutMillis = &id, int32(timeout.Milliseconds())
		req.Enable2PC, req.KeepPreparedTxn = twoPhase, keep
		resp, ok := l.ask(l.Coordinator(id), 6, req).(*preview.InitProducerIDResponse)
		switch {
		case !ok:
			return silence
		case resp.ErrorCode != protocol.None:
			return name(resp.ErrorCode)
		}
		granted = l.Owner(id, resp.ProducerID, resp.ProducerEpoch)
		said := "NONE " + l.Pair(resp.ProducerID, resp.ProducerEpoch)
		if resp.OngoingTxnProducerID != protocol.NoProducerID {
			ongoing = l.Owner(id, resp.OngoingTxnProducerID, resp.OngoingTxnProducerEpoch)
			said += " of " + l.Pair(ongoing.PID, ongoing.Epoch)
		}
		return said
	})
	return said, granted, ongoing
}

// preparer is a writer whose transactions have no timeout.
func (l *lab) preparer(id string) *writer {
	l.t.Helper()
	said, w, _ := l.initV6(id, 0, true, false)
	if w == nil {
		l.t.Fatalf("take %s over: %s", id, said)
	}
	return w
}

// completes is what a restarted client does with what its own store says was prepared: it takes the id over, keeps what
// is open, and commits that if it is what was prepared, else aborts it.
func (l *lab) completes(id string, pid int64, epoch int16) string {
	said, w, ongoing := l.initV6(id, 0, true, true)
	if w == nil {
		return said
	}
	return said + ", " + w.End(ongoing != nil && pid == ongoing.PID && epoch == ongoing.Epoch)
}

// Prepared transactions wait for whoever decides.
func TestPrepared(t *testing.T) {
	for _, s := range []story{
		{"they have no timeout", func(l *lab) {
			w := l.preparer("a")
			w.Write(0, 1)
			l.pass(2 * time.Hour)
			l.is(l.Describe("a"), "Ongoing p1/0 out-0")
			l.is(w.Commit(), "NONE p1/1")
			l.pass(time.Second)
			l.is(l.Visible(0), "0")
		}},
		{"which their coordinator's successor knows", func(l *lab) {
			w := l.preparer("a")
			w.Write(0, 1)
			l.failOver("a")
			l.pass(2 * time.Hour)
			l.is(w.Commit(), "NONE p1/1")
			l.pass(time.Second)
			l.is(l.Visible(0), "0")
		}},
		{"who restarts commits what it had prepared", func(l *lab) {
			w := l.preparer("a")
			w.Write(0, 1)
			w.Write(1, 1)
			l.is(l.completes("a", w.PID, w.Epoch), "NONE p1/1 of p1/0, NONE p1/2")
			l.pass(time.Second)
			l.is(l.Visible(0)+" "+l.Visible(1), "0 0")
			l.is(l.Marked(0), "0 p1/0, 1 commit p1/2")
			l.is(w.As(2).Write(0, 1), "NONE at 2")
		}},
		{"and aborts what it had not", func(l *lab) {
			w := l.preparer("a")
			w.Write(0, 1)
			w.Commit() // the one that the store knows of
			w.Follow().Write(0, 1)
			l.is(l.completes("a", w.PID, w.Epoch), "NONE p1/2 of p1/1, NONE p1/3")
			l.pass(time.Second)
			l.is(l.Visible(0), "0")
			l.is(l.Marked(0), "0 p1/0, 1 commit p1/1, 2 p1/1, 3 abort p1/3")
		}},
		{"with nothing open there is nothing to keep", func(l *lab) {
			l.preparer("a")
			said, _, _ := l.initV6("a", 0, true, true)
			l.is(said, "NONE p1/1")
		}},
		{"who dies again while it completes finds the same transaction", func(l *lab) {
			w := l.preparer("a")
			w.Write(0, 1)
			l.initV6("a", 0, true, true)
			l.initV6("a", 0, true, true)
			l.failOver("a")
			l.is(l.completes("a", w.PID, w.Epoch), "NONE p1/3 of p1/0, NONE p1/4")
			l.pass(time.Second)
			l.is(l.Visible(0), "0")
		}},
		{"and may repeat its commit", func(l *lab) {
			w := l.preparer("a")
			w.Write(0, 1)
			_, next, _ := l.initV6("a", 0, true, true)
			l.LoseAnswers(kmsg.EndTxn, 1)
			l.is(next.Commit(), silence)
			l.is(next.Commit(), "NONE p1/2")
		}},
		{"who was taken over can neither end the transaction nor add to it", func(l *lab) {
			w := l.preparer("a")
			w.Write(0, 1)
			_, next, _ := l.initV6("a", 0, true, true)
			l.is(w.Commit(), "PRODUCER_FENCED")
			l.is(w.Abort(), "PRODUCER_FENCED")
			l.is(w.Write(1, 1), "INVALID_PRODUCER_EPOCH")
			l.is(next.Write(1, 1), "INVALID_TXN_STATE") // the owner may only end it
			l.is(next.Commit(), "NONE p1/2")
			l.pass(time.Second)
			l.is(w.Write(0, 1), "INVALID_PRODUCER_EPOCH")
			l.is(l.Visible(0), "0")
		}},
		{"who does not want to keep it aborts it", func(l *lab) {
			w := l.preparer("a")
			w.Write(0, 1)
			l.initV6("a", 0, true, true)
			said, _, _ := l.initV6("a", 0, true, false)
			l.is(said, "NONE p1/3")
			l.is(l.Marked(0), "0 p1/0, 1 abort p1/2")
		}},
		{"kept with a timeout it times out", func(l *lab) {
			w := l.preparer("a")
			w.Write(0, 1)
			l.initV6("a", time.Minute, false, true)
			l.pass(2 * time.Minute)
			l.is(l.Describe("a"), "CompleteAbort p1/2")
			l.is(l.Visible(0), "")
		}},
		{"a forgotten one blocks its readers until somebody ends it", func(l *lab) {
			w := l.preparer("a")
			w.Write(0, 1)
			l.PlainWriter().Write(0, 3)
			l.pass(time.Hour)
			l.is(l.Ends(0), "LSO 0 HW 4")
			l.is(l.Visible(0), "")
			l.is(l.Init("a", protocol.NoProducerID, protocol.NoEpoch), "NONE p1/2") // as kafka-transactions.sh forceTerminateTransaction does
			l.is(l.Visible(0), "1 2 3")
		}},
		{"before TV2 its markers have the epoch of who completes it", func(l *lab) {
			w := l.preparer("a")
			w.Version = 11
			w.Join(0)
			w.Write(0, 1)
			_, next, _ := l.initV6("a", 0, true, true)
			next.Version = 11
			l.is(w.Commit(), "PRODUCER_FENCED")
			l.is(next.Commit(), "NONE")
			l.pass(time.Second)
			l.is(l.Marked(0), "0 p1/0, 1 commit p1/1")
			l.is(next.Commit(), "NONE")
		}},
	} {
		t.Run(s.name, func(t *testing.T) { s.tell(newLab(t, previews)) })
	}
}

// Kafka knows them by a timeout of 2^31-1 ms, which is less than a month. It is none all the same.
func TestPreparedForMoreThanAMonth(t *testing.T) {
	cfg := previews
	cfg.AbortScanInterval = time.Hour
	l := newLab(t, cfg)
	w := l.preparer("a")
	w.Write(0, 1)
	l.pass(31 * 24 * time.Hour)
	l.is(l.Describe("a"), "Ongoing p1/0 out-0")
	l.is(w.Commit(), "NONE p1/1")
}

// At the last epoch a kept transaction ends under its own producer id, and its owner has another.
func TestPreparedAtTheLastEpoch(t *testing.T) {
	cfg := previews
	cfg.FirstProducerEpoch = exhausted
	l := newLab(t, cfg)
	w := l.preparer("a")
	w.Write(0, 1)
	l.is(l.completes("a", w.PID, w.Epoch), "NONE p2/0 of p1/32766, NONE p2/1")
	l.pass(time.Second)
	l.is(l.Visible(0), "0")
	l.is(l.Marked(0), "0 p1/32766, 1 commit p1/32767")
	l.is(l.Describe("a"), "CompleteCommit p2/1")

	cfg.FirstProducerEpoch = exhausted - 1
	l = newLab(t, cfg)
	w = l.preparer("a")
	w.Write(0, 1)
	l.is(l.completes("a", w.PID, w.Epoch), "NONE p1/32766 of p1/32765, NONE p2/0")
	l.pass(time.Second)
	l.is(l.Marked(0), "0 p1/32765, 1 commit p1/32767")
	l.is(l.Describe("a"), "CompleteCommit p2/0")
}

// A real broker has a part of it, and only for who has switched it on.
func TestPreparedIsRefused(t *testing.T) {
	for _, c := range []struct {
		cfg            Config
		twoPhase, keep bool
		says           string
	}{
		{Config{}, false, false, silence},
		{Config{UnstableAPIVersions: true}, false, false, "NONE p1/0"},
		{Config{UnstableAPIVersions: true}, true, false, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"},
		{Config{UnstableAPIVersions: true}, false, true, "UNSUPPORTED_VERSION"},
		{Config{UnstableAPIVersions: true, TwoPhaseCommit: true}, true, false, "NONE p1/0"},
		{Config{UnstableAPIVersions: true, TwoPhaseCommit: true}, true, true, "UNSUPPORTED_VERSION"},
		{Config{UnstableAPIVersions: true, KeepPrepared: true}, true, true, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"},
	} {
		l := newLab(t, c.cfg)
		said, _, _ := l.initV6("a", time.Minute, c.twoPhase, c.keep)
		l.is(said, c.says)
	}
	l := newLab(t, Config{UnstableAPIVersions: true})
	said, _, _ := l.initV6("a", 0, false, false)
	l.is(said, "INVALID_TRANSACTION_TIMEOUT")
}

// The version is announced to those who can have it.
func TestPreparedIsAnnounced(t *testing.T) {
	for cfg, most := range map[bool]int16{false: 5, true: 6} {
		l := newLab(t, Config{UnstableAPIVersions: cfg})
		req := kmsg.NewPtrApiVersionsRequest()
		req.ClientSoftwareName, req.ClientSoftwareVersion = "story", "1"
		for _, key := range l.ask(0, 3, req).(*kmsg.ApiVersionsResponse).ApiKeys {
			if kmsg.Key(key.ApiKey) == kmsg.InitProducerID && key.MaxVersion != most {
				t.Errorf("InitProducerId is announced up to version %d, want %d", key.MaxVersion, most)
			}
		}
	}
}

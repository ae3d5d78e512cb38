package s3

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// fails says that all that can be asked is answered with a word.
func (b *bench) fails(word string) {
	b.Is(b.Put("a", "new"), word)
	b.Is(b.Get("a"), word)
	b.Is(b.List("a"), word)
	b.Is(b.Remove("a", "b"), word)
}

func TestTheBucketIsMissing(t *testing.T) {
	for _, region := range []string{"eu-1", ""} { // with none, it is asked for first
		b := start(t, func(cfg *Config) { cfg.Bucket, cfg.Region = "link", region })
		b.fails("unavailable")
		b.Logs("write a in the bucket link at "+b.server.Endpoint(), "The specified bucket does not exist; make the bucket, or name the one that is there")
	}
}

// The store's own words for keys that are wrong, or are right and may not.
func TestTheStoreRefusesTheKeys(t *testing.T) {
	b := start(t, nil)
	b.Put("a", "old")
	for code, remedy := range map[string]string{
		"InvalidAccessKeyId":    "look at the access key and the secret key",
		"AccessDenied":          "let the access key read, write, delete and list in the bucket",
		"PermanentRedirect":     "name the region and the endpoint that the bucket is in",
		"XMinioServerNotInited": "look at the store: its log may tell more",
	} {
		b.network.has(refuses(http.StatusForbidden, code, "Not you."))
		b.fails("unavailable")
		b.fails("unavailable")
		b.Logs("write a", "Not you.; "+remedy)
	}
	b.network.has(nil)
	b.Is(b.Get("a"), "old")
}

func TestTheStoreIsDown(t *testing.T) {
	b := start(t, nil)
	b.Is(b.Put("a", "old"), "")
	b.server.Stop()
	for range 5 {
		b.fails("unavailable")
	}
	b.Logs("write a", "see that the store runs, and that it can be reached at this endpoint")
}

// A store with a certificate of its own making is at the endpoint.
func TestTheStoreIsNotTrusted(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	b := start(t, func(cfg *Config) { cfg.Endpoint = server.URL })
	b.fails("unavailable")
	b.Logs("write a", "certificate signed by unknown authority; let SSL_CERT_FILE name a file")
}

// Another server is at the endpoint, and says 404 to all. That is not to say that a checkpoint is missing.
func TestWhatAnswersIsNotAStore(t *testing.T) {
	b := start(t, nil)
	b.network.has(func(w http.ResponseWriter, r *http.Request, _ http.Handler) { http.NotFound(w, r) })
	b.fails("unavailable")
	b.Logs("write a", "see that the endpoint is that of an S3 store")
	b.network.has(func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		w.Header().Set("Last-Modified", "Thu, 01 Oct 2026 10:00:00 GMT")
		fmt.Fprint(w, "<html>Welcome! Have you paid for your hotel room?</html>")
	})
	b.fails("unavailable")
}

// The store wants to be asked less. It has done nothing, and each asker knows it, since nobody asked twice in its name.
func TestTheStoreThrottles(t *testing.T) {
	b := start(t, nil)
	b.Put("a", "old")
	before := b.network.has(slowDown)
	b.fails("throttled")
	if asked := b.network.has(nil) - before; asked != 4 {
		t.Errorf("for 4 requests the store was asked %d times", asked)
	}
	b.Logs("write a", "Please reduce your request rate.; ask for less")
	b.Is(b.Get("a"), "old")
	b.network.has(refuses(http.StatusTooManyRequests, "Odd", ""))
	b.fails("throttled")
	b.network.has(refuses(http.StatusServiceUnavailable, "SlowDownWrite", "Resource requested is unwritable, please reduce your request rate"))
	b.fails("unavailable") // so says MinIO when too few disks are there
}

// The store does what it is asked, and its answers get lost. Nobody may take that for a failure, and to ask again is
// right.
func TestAnswersGetLost(t *testing.T) {
	b := start(t, nil)
	b.Put("b", "beta")
	before := b.network.has(losesAnswers)
	b.Is(b.Put("a", "new"), "unavailable")
	b.Is(b.Remove("b"), "unavailable")
	if asked := b.network.has(nil) - before; asked != 2 {
		t.Errorf("for 2 requests the store was asked %d times", asked)
	}
	b.Is(b.Get("a"), "new")
	b.Is(b.Get("b"), "not-found")
	b.Is(b.Put("a", "new"), "")
	b.Is(b.Remove("b"), "")
	b.Logs("write a", "see that the store runs")
}

// The gateway gives a write up that is under way, and the store does it later. Those behind it have waited long enough. Its
// patience is what a write may take to get there.
func TestTheStoreIsSilent(t *testing.T) {
	b := start(t, func(cfg *Config) { cfg.Patience = 3 * time.Second })
	arrived, letGo, done := make(chan bool, 9), make(chan bool), make(chan bool, 9)
	b.network.has(holds(arrived, letGo, done))
	const asked = 5
	for range asked {
		b.Ask(wire.BlobPut{Path: "a", Data: []byte("late")})
	}
	b.Ask(wire.BlobList{Prefix: "a"}) // there might seem to be nothing
	<-arrived
	for range asked {
		b.Hears("unavailable")
	}
	b.Hears("unavailable")
	b.Logs("write a", "see that the store runs, and that it answers in time")
	b.network.has(nil)
	close(letGo)
	<-done
	b.Is(b.Get("a"), "late")
}

// What arrives is verified on both sides: a bit is turned, or half of it is missing.
func TestBytesAreDamagedOnTheWay(t *testing.T) {
	for _, damage := range []func([]byte) []byte{flip, half} {
		b := start(t, nil)
		b.Put("a", "the old object")
		b.network.has(downloads(damage))
		b.Is(b.Get("a"), "incomplete")
		b.Logs("read a", "these are not the bytes that were written; if it stays so, the object is damaged")
		b.network.has(uploads(damage))
		b.Is(b.Put("a", "the new object"), "incomplete")
		b.Logs("write a", "look for what damages data on its way")
		b.network.has(nil)
		b.Is(b.Get("a"), "the old object")
	}
}

// A listing of many pages takes longer than anybody waits. Half of it is not a listing.
func TestAListingIsWholeOrNone(t *testing.T) {
	b := start(t, func(cfg *Config) { cfg.Patience = 3 * time.Second })
	b.Put("a", "")
	b.Put("b", "")
	arrived, letGo, done := make(chan bool, 1), make(chan bool), make(chan bool, 1)
	first := true
	b.network.has(func(w http.ResponseWriter, r *http.Request, store http.Handler) {
		if first {
			first = false
			pages(1)(w, r, store)
			return
		}
		holds(arrived, letGo, done)(w, r, store)
	})
	b.Is(b.List(""), "unavailable")
	b.Logs("list *", "answers in time")
	<-arrived
	close(letGo)
	b.network.has(downloads(half))
	b.Is(b.List(""), "unavailable")
}

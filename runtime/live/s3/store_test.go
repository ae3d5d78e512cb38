package s3

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/flinch-dev/flinch/runtime/blob/blobtest"
	"github.com/flinch-dev/flinch/runtime/live/blobs/gatewaytest"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// bench is a process with a gateway and an asker, a store, and the network between them.
type bench struct {
	*gatewaytest.Bench
	network *network
	server  *Server
	store   *Store
}

// start starts a bench. tune changes how the gateway is configured; nil: not.
func start(t *testing.T, tune func(*Config)) *bench {
	t.Helper()
	b := &bench{network: &network{}}
	var err error
	if b.server, err = Embedded(b.network.wrap, "flink"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.server.Stop)
	b.Bench = gatewaytest.Start(t, func(log *slog.Logger) (_ mailbox.Actor, err error) {
		cfg := Config{Endpoint: b.server.Endpoint(), Bucket: "flink", AccessKey: "key", SecretKey: "secret", Region: "eu-1",
			Patience: gatewaytest.Patience, Log: log}
		if tune != nil {
			tune(&cfg)
		}
		b.store, err = New(cfg)
		return b.store, err
	})
	t.Cleanup(b.store.Close)
	return b
}

func TestTheGatewayKeepsTheContract(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blobtest.Bench { return start(t, nil) })
}

// Under a prefix, with a store that lists two keys at a time and is asked for its region, and without a signature.
func TestTheGatewayKeepsTheContractElsewhere(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blobtest.Bench {
		b := start(t, func(cfg *Config) { cfg.Prefix, cfg.Region, cfg.AccessKey, cfg.SecretKey = "run 7", "", "", "" })
		b.network.has(pages(2))
		return b
	})
}

// Others use the bucket as well. What they have written can be read, and is listed if its key is that of a path.
func TestOthersUseTheBucket(t *testing.T) {
	b := start(t, func(cfg *Config) { cfg.Prefix = "flinch" })
	other, err := minio.New(strings.TrimPrefix(b.server.Endpoint(), "http://"), &minio.Options{Region: "eu-1"})
	if err != nil {
		t.Fatal(err)
	}
	write := func(key string) {
		t.Helper()
		if _, err := other.PutObject(t.Context(), "flink", key, strings.NewReader("input"), 5, minio.PutObjectOptions{DisableContentSha256: true}); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"flinch/flink/in/1.csv", "flinch/flink/in/", "flinch/flink/in/a b", "flinch-2/flink/in/2.csv", "flink/in/3.csv"} {
		write(key)
	}
	b.Is(b.Put("s3://flink/in/4.csv", "ours"), "")
	b.Is(b.List(""), "s3://flink/in/1.csv s3://flink/in/4.csv")
	b.Is(b.Get("s3://flink/in/1.csv"), "input")
	if _, err := other.StatObject(t.Context(), "flink", "flinch/flink/in/4.csv", minio.StatObjectOptions{}); err != nil {
		t.Errorf("others do not find what the gateway has written: %v", err)
	}
}

// A checkpoint has more files than one request of S3 deletes.
func TestAThousandAndMoreAreDeleted(t *testing.T) {
	b := start(t, nil)
	var paths []string
	for i := range 1100 {
		paths = append(paths, fmt.Sprintf("chk-1/%04d", i))
	}
	for _, last := range []string{paths[0], paths[1099]} {
		b.Put(last, "alpha")
	}
	before := b.network.has(nil)
	b.Is(b.Remove(append(paths, paths[0])...), "")
	if asked := b.network.has(nil) - before; asked != 2 {
		t.Errorf("the store was asked %d times, want twice", asked)
	}
	b.Is(b.List(""), "")
	b.network.has(func(w http.ResponseWriter, r *http.Request, store http.Handler) {
		b.network.has(slowDown) // after the first thousand
		store.ServeHTTP(w, r)
	})
	b.Is(b.Remove(paths...), "unavailable")
	b.Logs("delete 1100 objects", "a part of it has been done: Please reduce your request rate.; ask for less")
}

// S3 says for each object whether it is deleted. An object that it does not speak of is asked for alone.
func TestSomeAreNotDeleted(t *testing.T) {
	b := start(t, nil)
	b.Put("a", "alpha")
	says := func(of string) {
		b.network.has(func(w http.ResponseWriter, r *http.Request, store http.Handler) {
			if r.Method == http.MethodDelete {
				store.ServeHTTP(w, r)
				return
			}
			fmt.Fprintf(w, "<DeleteResult><Deleted><Key>%%/b</Key></Deleted>%s</DeleteResult>", of)
		})
	}
	says("<Error><Key>%/a</Key><Code>AccessDenied</Code><Message>Not you.</Message></Error>")
	b.Is(b.Remove("a", "b"), "unavailable")
	b.Logs("delete 2 objects", "Not you.; let the access key")
	b.network.has(nil)
	b.Is(b.Get("a"), "alpha")
	says("")
	b.Is(b.Remove("a", "b"), "")
	b.network.has(nil)
	b.Is(b.Get("a"), "not-found")
	b.network.has(func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { fmt.Fprint(w, "<DeleteResult><Dele") })
	b.Is(b.Remove("a", "b"), "unavailable")
}

func TestALongPathIsRefused(t *testing.T) {
	b := start(t, func(cfg *Config) { cfg.Prefix = "flinch" })
	long := "s3://flink/" + strings.Repeat("x", keyBytesMax-len("flinch/flink/"))
	b.Is(b.Put(long, "alpha"), "")
	b.Is(b.Get(long), "alpha")
	b.Is(b.Put(long+"x", "alpha"), "unavailable")
	b.Is(b.Get(long+"x"), "unavailable")
	b.Is(b.Remove(long+"x", "a"), "unavailable")
	b.Is(b.List(long+"x"), "unavailable")
	b.Logs("its key has 1025 bytes: 1024 is the most; choose a shorter path")
}

// However many ask at once, the store hears sixteen. None of them is answered before so many are there.
func TestTheStoreIsNotOverrun(t *testing.T) {
	b := start(t, nil)
	const asked, most = 200, 16
	var there sync.WaitGroup
	there.Add(most)
	come := sync.OnceFunc(func() { b.network.has(nil) })
	b.network.has(func(w http.ResponseWriter, r *http.Request, store http.Handler) {
		there.Done()
		there.Wait()
		come()
		store.ServeHTTP(w, r)
	})
	for i := range asked {
		b.Ask(wire.BlobPut{Path: fmt.Sprint(i)})
	}
	for range asked {
		b.Hears("")
	}
	if b.network.nowMax != most {
		t.Errorf("%d requests were at the store at once, want %d", b.network.nowMax, most)
	}
}

func TestWhatCannotBeOpened(t *testing.T) {
	const at = "http://127.0.0.1:9000"
	for words, cfg := range map[string]Config{
		"name a bucket that is": {Endpoint: at, Bucket: "127.0.0.1:9000"},
		"the endpoint \"127.0.0.1:9000\" is not a store's: write http://host:port": {Endpoint: "127.0.0.1:9000", Bucket: "flink"},
		"the endpoint \"" + at + "/flink\"":                                        {Endpoint: at + "/flink", Bucket: "flink"},
		"the endpoint \"http://\"":                                                 {Endpoint: "http://", Bucket: "flink"},
		"give both, or none":                                                       {Endpoint: at, Bucket: "flink", AccessKey: "key"},
	} {
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("it opened with %v, which does not say %q", err, words)
		}
	}
}

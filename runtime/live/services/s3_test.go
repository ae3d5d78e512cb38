package services

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/live/s3"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// A place is all that it takes: the gateway behind it keeps objects in a bucket, through the connections that it is given.
func TestStorageInABucket(t *testing.T) {
	server, err := s3.Embedded(nil, "flink")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	dialled := make(chan string, 99)
	g, err := Storage(S3+"://flink/run-7?endpoint="+server.Endpoint(), func(ctx context.Context, network, address string) (net.Conn, error) {
		dialled <- address
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Close)
	answers := make(chan mailbox.Msg, 1)
	node := live.Start(live.Config{Name: "objectstore", Residents: []live.Resident{{Actor: g.Actor}},
		Carry: func(_, _ mailbox.Addr, m mailbox.Msg) { answers <- m }})
	t.Cleanup(func() { _ = node.Stop() })
	node.Send("asker", "objectstore", wire.BlobPut{Req: 1, Path: "s3://flink/ha/job-1", Data: []byte("alpha")})
	if m := <-answers; m != (wire.BlobDone{Req: 1}) {
		t.Errorf("written: %v", m)
	}
	if at := <-dialled; at != strings.TrimPrefix(server.Endpoint(), "http://") {
		t.Errorf("dialled %s, want %s", at, server.Endpoint())
	}
}

func TestPlacesOfBuckets(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret key")
	for place, words := range map[string]string{
		"s3://flink/a/b?endpoint=http://127.0.0.1:9000&region=eu-1": "",
		"s3:///flink":                                  "write file:///folder or s3://bucket",
		"s3://flink/a":                                 `"s3://flink/a": it has no endpoint: write s3://flink/a?endpoint=http://host:port`,
		"s3://flink?endpoint=127.0.0.1:9000":           "write http://host:port or https://host, and nothing else",
		"s3://flink?endpoint=http://a&path-style=true": "path-style is not known",
		"s3://127.0.0.1:9000/flink?endpoint=http://a":  "name a bucket that is",
		"s3://key:secret@flink?endpoint=http://a":      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
	} {
		err := Places{Storage: place}.Check()
		if (err == nil) != (words == "") || err != nil && !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", place, err, words)
		}
		if err != nil && strings.Contains(err.Error(), "secret@") {
			t.Errorf("%s: the secret is told: %v", place, err)
		}
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	err := Places{Storage: "s3://flink?endpoint=http://127.0.0.1:9000"}.Check()
	if err == nil || !strings.Contains(err.Error(), "give both, or none") {
		t.Errorf("with half of a key: %v", err)
	}
}

package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A user starts a broker, uses the address that it prints, and presses Ctrl-C. That is a good end.
func TestABrokerServesUntilCtrlC(t *testing.T) {
	ctx, ctrlC := context.WithTimeout(context.Background(), time.Minute)
	defer ctrlC()
	said, stdout := io.Pipe()
	var stderr bytes.Buffer
	code := make(chan int)
	go func() {
		code <- run(ctx, []string{"broker", "--listen", "127.0.0.1:0", "--topic", "orders:2"}, stdout, &stderr)
	}()
	lines := bufio.NewScanner(said)
	if !lines.Scan() {
		t.Fatal("it says nothing")
	}
	at, is := strings.CutPrefix(lines.Text(), "bootstrap servers: ")
	if !is {
		t.Fatalf("it says %q", lines.Text())
	}
	go io.Copy(io.Discard, said)
	client, err := kgo.NewClient(kgo.SeedBrokers(at), kgo.DefaultProduceTopic("orders"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.ProduceSync(ctx, kgo.StringRecord("one")).FirstErr(); err != nil {
		t.Error(err)
	}
	var again bytes.Buffer
	taken := run(ctx, []string{"broker", "--listen", at}, io.Discard, &again)
	if taken != exitUnavailable || !strings.Contains(again.String(), "another program has that port") {
		t.Errorf("a second one on its port exits with %d: %s", taken, again.String())
	}
	ctrlC()
	if code := <-code; code != 0 || stderr.Len() > 0 {
		t.Errorf("it exits with %d: %s", code, stderr.String())
	}
}

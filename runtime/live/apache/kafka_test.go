package apache_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/flinch-dev/flinch/runtime/live/apache"
	"github.com/flinch-dev/flinch/runtime/live/apache/apachetest"
)

func startKafka(t *testing.T, dir string, cfg apache.KafkaConfig) *apache.Server {
	t.Helper()
	apachetest.Need(t)
	s, err := apache.Kafka(dir, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// transactionVersion is the finalized feature, as any client sees it.
func transactionVersion(t *testing.T, s *apache.Server) (level int16) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(s.Addr, ",")...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	resp, err := kmsg.NewPtrApiVersionsRequest().RequestWith(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range resp.FinalizedFeatures {
		if f.Name == "transaction.version" {
			level = f.MaxVersionLevel
		}
	}
	return level
}

func TestKafkaHasTheTransactionVersionThatWasAskedFor(t *testing.T) {
	for _, c := range []struct {
		features map[string]int
		is       int16
	}{
		{nil, 2}, {map[string]int{"transaction.version": 0}, 0}, {map[string]int{"transaction.version": 1}, 1},
	} {
		s := startKafka(t, filepath.Join(t.TempDir(), "a, b"), apache.KafkaConfig{Features: c.features})
		if got := transactionVersion(t, s); got != c.is {
			t.Errorf("asked for %v, transaction.version is %d", c.features, got)
		}
		s.Stop()
	}
}

// Any broker of three is killed, and comes back with its records.
func TestKafkaOutlivesABroker(t *testing.T) {
	s := startKafka(t, t.TempDir(), apache.KafkaConfig{Nodes: 3})
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(s.Addr, ",")...), kgo.DefaultProduceTopic("out"),
		kgo.AllowAutoTopicCreation(), kgo.ConsumeTopics("out"),
		kgo.MetadataMinAge(50*time.Millisecond), kgo.RetryBackoffFn(func(int) time.Duration { return 50 * time.Millisecond }))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for node := range s.Nodes() {
		write := func(what string) {
			if err := client.ProduceSync(t.Context(), kgo.StringRecord(what)).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		write(fmt.Sprint("before ", node))
		if err := s.Kill(node); err != nil {
			t.Fatal(err)
		}
		write(fmt.Sprint("without ", node))
		if err := s.Start(node); err != nil {
			t.Fatal(err)
		}
	}
	var read []string
	for len(read) < 6 {
		fetched := client.PollFetches(t.Context())
		if err := fetched.Err(); err != nil {
			t.Fatal(err)
		}
		for r := range fetched.RecordsAll() {
			read = append(read, string(r.Value))
		}
	}
	if got, want := strings.Join(read, ", "), "before 0, without 0, before 1, without 1, before 2, without 2"; got != want {
		t.Errorf("read %s", got)
	}
}

func TestKafkaSaysWhatIsWrongWithItsProperties(t *testing.T) {
	apachetest.Need(t)
	for _, c := range []struct {
		cfg  apache.KafkaConfig
		says string
	}{
		{apache.KafkaConfig{Nodes: 2}, "there cannot be 2 nodes; ask for 1 or 3"},
		{apache.KafkaConfig{Features: map[string]int{"transaction.version": 9}}, "transaction.version"},
		{apache.KafkaConfig{Properties: map[string]string{"log.retention.ms": "long"}}, "log.retention.ms"},
	} {
		if s, err := apache.Kafka(t.TempDir(), c.cfg); err == nil {
			s.Stop()
			t.Errorf("%+v is taken", c.cfg)
		} else if !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v is refused without %q: %v", c.cfg, c.says, err)
		}
	}
}

//go:build unix

package process

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/flinch-dev/flinch/sim"
	"github.com/flinch-dev/flinch/sim/cluster"
)

// Services that are not there, or that take nothing, are named before anything begins; and nothing is left behind.
func TestServicesThatCannotBeUsed(t *testing.T) {
	defer func(usual time.Duration) { startPatience = usual }(startPatience)
	startPatience = 0 // nothing comes up later
	full := filepath.Join(t.TempDir(), "a-file")
	if err := os.WriteFile(full, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	old, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.MaxVersions(kversion.V0_10_2()))
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	for _, c := range []struct {
		parts Parts
		want  []string
	}{
		{Parts{Kafka: "127.0.0.1:1"}, []string{"ask Kafka at [127.0.0.1:1] for its brokers", "connection refused", "is it there"}},
		{Parts{Kafka: old.ListenAddrs()[0]}, []string{"it knows no transactions", "use Kafka 0.11 or newer"}},
		{Parts{HA: "zookeeper://127.0.0.1:1"}, []string{"reach the coordination service at zookeeper://127.0.0.1:1", "connection refused", "start one there"}},
		{Parts{HA: "etcd://127.0.0.1:1"}, []string{"reach the coordination service at etcd://127.0.0.1:1: unavailable"}},
		{Parts{Storage: "file://" + full}, []string{"make a folder for checkpoints", "not a directory", "name one that is there"}},
		{Parts{Storage: "s3://bucket?endpoint=http://127.0.0.1:1"}, []string{"reach the storage at s3://bucket/flinch-run-", "connection refused", "see that the store runs"}},
	} {
		t.Run(c.parts.HA+c.parts.Storage+c.parts.Kafka, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			cfg := cluster.Config{World: sim.Config{Seed: 1}, JobManagers: 1, TaskManagers: 1, Flink: map[string]string{}}
			started, err := New(cfg, c.parts)
			if err == nil {
				started.Close()
				t.Fatal("it has started")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in: %v", part, err)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPattern)); len(left) > 0 {
				t.Errorf("%v is left", left)
			}
		})
	}
}

// What could not be undone at the end of a run is said, and stays on the list.
func TestAnEndThatLeavesSomethingBehindSaysSo(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	c, err := New(cluster.Config{World: sim.Config{Seed: 1}, JobManagers: 1, TaskManagers: 1, Flink: map[string]string{}}, Parts{HA: Model, Storage: Model})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.ledger.add(undo{Kind: "turn back time", Place: "everywhere"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err == nil || !strings.Contains(err.Error(), "try chaos revert, or remove "+c.ledger.folder) {
		t.Errorf("the end says %v", err)
	}
}

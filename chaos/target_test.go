package chaos

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/flinch-dev/flinch/chaos/fault"
)

// The object store refuses what is written to it, and a little later is slow as well: it goes on refusing.
func TestWhatIsWrongWithTheObjectStoreAddsUp(t *testing.T) {
	base, err := filepath.Abs("../scenarios/base/orders.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "two.yaml")
	text := "apiVersion: chaos/v1alpha1\nkind: Scenario\nmetadata: {name: two}\nextends: [" + base + `]
duration: 1m
pipeline: {source: {records-per-second: 100}}
faults:
  - {name: full, inject: objectstore.full, at: 20s, for: 30s}
  - {name: slow, inject: objectstore.throttle, with: {requests-per-second: 1}, at: 21s, for: 25s}
mustHappen: [{event: checkpoint.aborted, after: slow}]
`
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	o, err := Execute(context.Background(), On{Backend: fault.Sim}, cells(t, file)[0], 7, nil)
	if err != nil || !o.Passed() {
		t.Errorf("%s: %s, %v", o.Word, o.Reason, err)
	}
}

package reports

import (
	"testing"

	"github.com/flinch-dev/flinch/runtime/history"
)

// A commit that is refused is a loss only where the broker shows it; else it may have been committed long ago.
func TestARefusedCommitSaysWhatIsProven(t *testing.T) {
	refused := history.SinkCommitLost{Checkpoint: 4, Transaction: "store-sol-0-0", Answer: "INVALID_TXN_STATE", Proven: true, Shows: "CompleteAbort, producer 7 in epoch 3"}
	for want, e := range map[string]history.SinkCommitLost{
		"checkpoint 4: the commit of store-sol-0-0 was answered INVALID_TXN_STATE: its records are lost (the broker shows CompleteAbort, producer 7 in epoch 3)": refused,
		"checkpoint 4: the commit of store-sol-0-0 was answered PRODUCER_FENCED: its records may be lost, or were committed before": {
			Checkpoint: 4, Transaction: "store-sol-0-0", Answer: "PRODUCER_FENCED"},
	} {
		if got := words(e); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

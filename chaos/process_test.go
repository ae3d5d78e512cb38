package chaos

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/process"
)

// TestMain lets the test binary be a member of a real cluster.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == process.MemberCommand {
		if err := process.Member(os.Stdin, os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// The leader is a real process and dies of SIGKILL, between the acknowledgements of a checkpoint and its end; then
// a TaskManager does. The checkers of the simulation judge what came of it.
func TestRealProcessesDieAndTheOutputIsExactlyOnce(t *testing.T) {
	cell := cells(t, "testdata/process.yaml")[0]
	o, err := Execute(context.Background(), On{Backend: fault.Process}, cell, 7, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !o.Passed() {
		t.Errorf("%s: %s", o.Word, o.Reason)
	}
	if o.Audit.Committed < 1000 || len(o.Measured.Recoveries) != 2 {
		t.Errorf("%d records were committed, %d recoveries measured", o.Audit.Committed, len(o.Measured.Recoveries))
	}
}

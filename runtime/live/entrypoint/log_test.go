package entrypoint

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/runtime/history"
)

// An operator reads what has come of a cluster without the steps of its protocols, and asks for fields by their names.
func TestEventsAreLoggedWithTheirFields(t *testing.T) {
	var b bytes.Buffer
	log := logged(slog.New(slog.NewTextHandler(&b, nil)))
	for _, e := range []history.Event{history.JobStatus{Job: "sums", Status: "RUNNING"}, history.CheckpointTriggered{Job: "sums", Checkpoint: 7},
		history.CheckpointAborted{Job: "sums", Checkpoint: 7, Reason: "CHECKPOINT_EXPIRED"}} {
		log(history.Entry{Actor: "jm/jobmaster", Event: e})
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 2 || !strings.HasSuffix(lines[0], "level=INFO msg=job.running actor=jm/jobmaster job=sums status=RUNNING") ||
		!strings.HasSuffix(lines[1], "level=WARN msg=checkpoint.aborted actor=jm/jobmaster job=sums checkpoint=7 reason=CHECKPOINT_EXPIRED") {
		t.Errorf("the log is\n%s", b.String())
	}
}

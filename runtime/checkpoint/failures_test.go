package checkpoint

import (
	"strings"
	"testing"

	"github.com/flinch-dev/flinch/runtime/config"
	"github.com/flinch-dev/flinch/runtime/id"
)

// A row is what happens to checkpoints one after the other: "3x" is a failure of 3 that counts, "3-" one that
// does not, "3+" a success. The job fails over at each "!" in want, and nowhere else.
func TestFailureAccounting(t *testing.T) {
	for _, c := range []struct {
		why       string
		tolerable int
		happens   string
		want      string
	}{
		{"nothing is tolerated by default", 0, "1x 2x", "! !"},
		{"one more than tolerated is too many", 2, "1x 2x 3x", ". . !"},
		{"counting starts anew after a failover", 1, "1x 2x 3x 4x", ". ! . !"},
		{"a success starts it anew as well", 1, "1x 2+ 3x 4+ 5x", ". . . . ."},
		{"what is not the checkpoint's fault does not count", 0, "1- 2- 3-", ". . ."},
		{"a checkpoint counts once", 1, "1x 1x 1x", ". . ."},
		{"an older one than the last success does not count", 0, "5+ 4x 6x", ". . !"},
	} {
		f := newFailures(c.tolerable)
		var got []string
		for _, step := range strings.Fields(c.happens) {
			n, tooMany := id.Checkpoint(step[0]-'0'), false
			switch step[1] {
			case 'x':
				_, tooMany = f.fail(n, Expired)
			case '-':
				_, tooMany = f.fail(n, TaskFailure)
			case '+':
				f.succeed(n)
			}
			if tooMany {
				got = append(got, "!")
			} else {
				got = append(got, ".")
			}
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s gives %s, want %s", c.why, c.happens, text, c.want)
		}
	}
}

func TestWhichEndsKeepTheCheckpoints(t *testing.T) {
	for _, c := range []struct {
		retention config.Retention
		kept      string
	}{
		{config.DeleteAlways, ""},
		{config.DeleteOnCancellation, "FAILED"},
		{config.RetainOnCancellation, "FAILED CANCELED"},
	} {
		var kept []string
		for _, status := range []string{"FAILED", "CANCELED", "FINISHED"} {
			if Kept(c.retention, status) {
				kept = append(kept, status)
			}
		}
		if got := strings.Join(kept, " "); got != c.kept {
			t.Errorf("%s keeps the checkpoints of %q, want %q", c.retention, got, c.kept)
		}
	}
}

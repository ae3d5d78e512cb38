//go:build unix

package process

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// dies lets go of a ledger as the end of its harness does: nothing is undone.
func (l *ledger) dies() { l.file.Close() }

// reverted is what Revert tells.
func reverted(t *testing.T) (told string, err error) {
	t.Helper()
	err = Revert(func(line string) { told += line + "\n" })
	return told, err
}

func begun(t *testing.T, undos ...undo) *ledger {
	t.Helper()
	l, err := openLedger()
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range undos {
		if err := l.add(u); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

func gone(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("%s is still there (%v)", path, err)
	}
}

// The harness has died: what it had begun is undone by another process, once its own lock is gone and not before.
func TestRevertMendsWhatADeadHarnessHasLeft(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	left := filepath.Join(t.TempDir(), "checkpoints")
	if err := os.MkdirAll(filepath.Join(left, "chk-1"), 0o755); err != nil {
		t.Fatal(err)
	}
	l := begun(t, undo{Kind: removeFolder, Place: left})
	if told, err := reverted(t); err != nil || !strings.Contains(told, "its run goes on") {
		t.Fatalf("of a run that goes on: %q, %v", told, err)
	}
	if _, err := os.Stat(left); err != nil {
		t.Fatal(err)
	}
	l.dies()
	told, err := reverted(t)
	if err != nil || !strings.Contains(told, "remove the folder "+left) || !strings.Contains(told, l.folder+": removed") {
		t.Errorf("told %q, %v", told, err)
	}
	gone(t, left)
	gone(t, l.folder)
	if told, err := reverted(t); told != "" || err != nil {
		t.Errorf("a second time: %q, %v", told, err)
	}
}

// A line that is half written was for something that had not begun: the lines before it count.
func TestTheHarnessDiedWhileItWroteALine(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	left := t.TempDir()
	l := begun(t, undo{Kind: removeFolder, Place: left})
	if _, err := l.file.WriteString(`{"Kind":"remove the fol`); err != nil {
		t.Fatal(err)
	}
	l.dies()
	if told, err := reverted(t); err != nil {
		t.Errorf("told %q, %v", told, err)
	}
	gone(t, left)
	gone(t, l.folder)
}

// The number of a process that has ended may be another's by now.
func TestOnlyTheProcessThatWasMeantIsEnded(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	begin := func(name string) *exec.Cmd {
		cmd := exec.Command("sh", "-c", "read line", name)
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { in.Close(); cmd.Process.Kill() })
		return cmd
	}
	meant, other := begin("flinch-run-x"), begin("another")
	begun(t, undo{Kind: endProcess, Name: "flinch-run-x", PID: meant.Process.Pid},
		undo{Kind: endProcess, Name: "flinch-run-x", PID: other.Process.Pid}).dies()
	if _, err := reverted(t); err != nil {
		t.Fatal(err)
	}
	if err := meant.Wait(); err == nil || meant.ProcessState.ExitCode() != -1 {
		t.Errorf("the process that was meant ended with %v, %v; want killed", meant.ProcessState, err)
	}
	if err := other.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the process that was not meant has ended: %v", err)
	}
}

// What cannot be undone stays on the list, with the reason.
func TestWhatCannotBeUndoneStaysOnTheList(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	l := begun(t, undo{Kind: "turn back time", Place: "everywhere"})
	l.dies()
	for range 2 {
		if _, err := reverted(t); err == nil || !strings.Contains(err.Error(), "use the one that made the run") {
			t.Errorf("got %v", err)
		}
	}
	if _, err := os.Stat(filepath.Join(l.folder, ledgerName)); err != nil {
		t.Error(err)
	}
}

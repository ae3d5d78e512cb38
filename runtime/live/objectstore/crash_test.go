package objectstore

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestARestartFindsEverything(t *testing.T) {
	folder := t.TempDir()
	b := start(t, folder)
	b.Put("s3://flink/ha/job-1", "alpha")
	b.Put("s3://flink/chk/1/a", "beta")
	b.Put("s3://flink/chk/2/a", "gamma")
	b.Remove("s3://flink/chk/1/a")
	b.Stop()

	b = start(t, folder)
	b.Is(b.List(""), "s3://flink/chk/2/a s3://flink/ha/job-1")
	b.Is(b.Get("s3://flink/ha/job-1"), "alpha")
	b.Is(b.Get("s3://flink/chk/1/a"), "not-found")
}

func TestAClosedStoreHasLetItsFolderGo(t *testing.T) {
	b := start(t, t.TempDir())
	b.Put("a", "alpha")
	b.store.Close()
	b.Is(b.Get("a"), "unavailable")
	b.Logs("read a", "file already closed")
}

// The new object has been written and synced, all but its name, when the process is killed.
func TestACrashBetweenWriteAndRenameLeavesTheOldObject(t *testing.T) {
	if folder := os.Getenv(elsewhere); folder != "" {
		b := start(t, folder)
		b.Put("a", "old")
		b.store.disk.rename = func(string, string) error { return syscall.Kill(os.Getpid(), syscall.SIGKILL) }
		b.Put("a", "new")
		t.Fatal("the process has outlived its end")
	}
	folder := t.TempDir()
	if out, err := inAProcess(t, folder).CombinedOutput(); err == nil || err.Error() != "signal: killed" {
		t.Fatalf("the process ended with %v:\n%s", err, out)
	}
	if left := draftsIn(t, folder); left != 1 {
		t.Fatalf("the crash left %d drafts, want 1", left)
	}
	b := start(t, folder)
	b.Is(b.Get("a"), "old")
	b.Is(b.List(""), "a")
	if left := draftsIn(t, folder); left != 0 {
		t.Errorf("after the start there are %d drafts", left)
	}
	b.Is(b.Put("a", "new"), "")
	b.Is(b.Get("a"), "new")
}

// draftsIn counts the drafts that have the bytes of the new object.
func draftsIn(t *testing.T, folder string) (n int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, drafts, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if data, err := os.ReadFile(file); err != nil || string(data) != "new" {
			t.Errorf("draft %s has %q (error %v)", file, data, err)
		}
	}
	return len(files)
}

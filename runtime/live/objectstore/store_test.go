package objectstore

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/blob/blobtest"
	"github.com/flinch-dev/flinch/runtime/live"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// bench is a process with a store and an asker.
type bench struct {
	t       *testing.T
	store   *Store
	node    *live.Node
	log     *bytes.Buffer // to be read when an answer has come
	answers chan mailbox.Msg
}

func start(t *testing.T, folder string) *bench {
	t.Helper()
	b := &bench{t: t, log: &bytes.Buffer{}, answers: make(chan mailbox.Msg, 1024)}
	store, err := Open(folder, slog.New(slog.NewTextHandler(b.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	b.store = store
	b.node = live.Start(live.Config{Name: "objectstore", Residents: []live.Resident{{Actor: store}, {Name: "asker", Actor: b}}})
	t.Cleanup(func() { b.node.Stop() })
	return b
}

func (b *bench) Receive(_ mailbox.Env, from mailbox.Addr, m mailbox.Msg) error {
	if from == "objectstore" {
		b.answers <- m
	}
	return nil
}

func (b *bench) Ask(m mailbox.Msg) { b.node.Send("objectstore/asker", "objectstore", m) }

func (b *bench) Answer() mailbox.Msg {
	select {
	case m := <-b.answers:
		return m
	case <-time.After(20 * time.Second):
		b.t.Fatal("the store has been silent for 20 s")
		return nil
	}
}

func (b *bench) ask(m mailbox.Msg) mailbox.Msg { b.Ask(m); return b.Answer() }

func (b *bench) put(path, data string) string {
	return b.ask(wire.BlobPut{Path: path, Data: []byte(data)}).(wire.BlobDone).Err
}

func (b *bench) get(path string) string {
	m := b.ask(wire.BlobGet{Path: path}).(wire.BlobData)
	return string(m.Data) + m.Err
}

func (b *bench) list(prefix string) string {
	m := b.ask(wire.BlobList{Prefix: prefix}).(wire.BlobPaths)
	return strings.Join(m.Paths, " ") + m.Err
}

func (b *bench) remove(paths ...string) string {
	return b.ask(wire.BlobDelete{Paths: paths}).(wire.BlobDone).Err
}

func (b *bench) is(got, want string) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("answer %q, want %q", got, want)
	}
}

// logs says that these words have been logged since the last call.
func (b *bench) logs(words ...string) {
	b.t.Helper()
	for _, w := range words {
		if !strings.Contains(b.log.String(), w) {
			b.t.Errorf("the log does not say %q:\n%s", w, b.log)
		}
	}
	b.log.Reset()
}

func TestTheGatewayKeepsTheContract(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blobtest.Bench { return start(t, t.TempDir()) })
}

func makeFolder(t *testing.T, folder string) string {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

// elsewhere is set in a process that does a part of a test, to the folder to do it in.
const elsewhere = "OBJECTSTORE_TEST_FOLDER"

func inAProcess(t *testing.T, folder string) *exec.Cmd {
	c := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	c.Env = append(os.Environ(), elsewhere+"="+folder)
	return c
}

func TestARestartFindsEverything(t *testing.T) {
	folder := t.TempDir()
	b := start(t, folder)
	b.put("s3://flink/ha/job-1", "alpha")
	b.put("s3://flink/chk/1/a", "beta")
	b.put("s3://flink/chk/2/a", "gamma")
	b.remove("s3://flink/chk/1/a")
	b.node.Stop()

	b = start(t, folder)
	b.is(b.list(""), "s3://flink/chk/2/a s3://flink/ha/job-1")
	b.is(b.get("s3://flink/ha/job-1"), "alpha")
	b.is(b.get("s3://flink/chk/1/a"), "not-found")
}

// The new object has been written and synced, all but its name, when the process is killed.
func TestACrashBetweenWriteAndRenameLeavesTheOldObject(t *testing.T) {
	if folder := os.Getenv(elsewhere); folder != "" {
		b := start(t, folder)
		b.put("a", "old")
		b.store.disk.rename = func(string, string) error { return syscall.Kill(os.Getpid(), syscall.SIGKILL) }
		b.put("a", "new")
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
	b.is(b.get("a"), "old")
	b.is(b.list(""), "a")
	if left := draftsIn(t, folder); left != 0 {
		t.Errorf("after the start there are %d drafts", left)
	}
	b.is(b.put("a", "new"), "")
	b.is(b.get("a"), "new")
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

// The root lies deep, so that a path that climbs out has somewhere to go; and a link in it points out.
func TestHostilePathsStayBelowTheRoot(t *testing.T) {
	outside := t.TempDir()
	folder := makeFolder(t, filepath.Join(outside, "deep", "root"))
	if err := os.WriteFile(filepath.Join(outside, "a.blob"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := start(t, folder)
	for _, path := range []string{"../../a", "/../../a", "x/../../../a", "..%2f..%2fa", "s3://../../../a", outside + "/a", "a\x00b", "\xff\xfe"} {
		b.is(b.get(path), "not-found")
		b.is(b.put(path, "mine"), "")
		b.is(b.get(path), "mine")
		b.is(b.list(path), path)
		b.is(b.remove(path), "")
	}
	if err := os.Symlink("../..", filepath.Join(folder, "out.d")); err != nil {
		t.Fatal(err)
	}
	b.is(b.get("out/a"), "unavailable")
	b.is(b.put("out/a", "mine"), "unavailable")
	b.is(b.remove("out/a"), "unavailable")
	b.is(b.list(""), "")
	b.logs("write out/a", "path escapes from parent")
	if data, err := os.ReadFile(filepath.Join(outside, "a.blob")); string(data) != "secret" {
		t.Errorf("the file outside has %q (error %v)", data, err)
	}
	if entries, err := os.ReadDir(outside); len(entries) != 2 {
		t.Errorf("outside there is %v (error %v)", entries, err)
	}
}

// A name in a path may be too long for the file system: that is said, and meant for the one who chose it.
func TestAPathWithALongPartIsRefused(t *testing.T) {
	b := start(t, t.TempDir())
	long := "a/" + strings.Repeat("x", 251)
	b.is(b.put(long, "alpha"), "unavailable")
	b.logs("file name too long", "choose a path with shorter parts")
	b.is(b.put(long[:len(long)-1], "alpha"), "")
}

// The superuser may write everywhere, so the test gives that right up, in a process of its own.
func TestAReadOnlyRootCanBeRead(t *testing.T) {
	folder := os.Getenv(elsewhere)
	if folder == "" {
		folder = t.TempDir()
		start(t, folder).put("a", "alpha")
		foreign := makeFolder(t, filepath.Join(folder, "lost+found"))
		if err := errors.Join(os.Chmod(foreign, 0), os.Chmod(folder, 0o555)); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(folder, 0o755) }) // or it could not be removed
		c := inAProcess(t, folder)
		if err := startUnprivileged(c); err != nil {
			t.Skip(err)
		}
		if err := c.Wait(); err != nil {
			t.Errorf("%v:\n%s", err, c.Stdout)
		}
		return
	}
	b := start(t, folder)
	b.is(b.put("a", "new"), "unavailable")
	b.is(b.put("b/c", "new"), "unavailable")
	b.is(b.remove("a"), "unavailable")
	b.logs("write b/c", folder, "permission denied; let this process read and write there", "delete 1 objects")
	b.is(b.get("a"), "alpha")
	b.is(b.list(""), "a")
}

// What fails half-way leaves the old object, and no draft to fill up the disk for good.
func TestAFullDiskKeepsTheOldObject(t *testing.T) {
	folder := t.TempDir()
	b := start(t, folder)
	b.put("a", "old")
	rename := b.store.disk.rename
	b.store.disk.rename = func(from, to string) error {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: syscall.ENOSPC}
	}
	b.is(b.put("a", "new"), "unavailable")
	b.logs("write a", folder, "no space left on device; make room on its disk")
	b.is(b.get("a"), "old")
	if left := draftsIn(t, folder); left != 0 {
		t.Errorf("there are %d drafts", left)
	}
	b.store.disk.rename = rename
	b.is(b.put("a", "new"), "")
	b.is(b.get("a"), "new")
}

// Somebody has put things of his own into the folder. They are not objects, and what they are in the way of is
// not said to be missing: it cannot be known.
func TestAFileWhereAFolderMustBe(t *testing.T) {
	folder := t.TempDir()
	for _, file := range []string{"s3:.d", "readme.txt", "%41.blob", "a%2Fb.blob"} {
		if err := os.WriteFile(filepath.Join(folder, file), []byte("foreign"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	makeFolder(t, filepath.Join(folder, "c.blob"))
	b := start(t, folder)
	b.is(b.list(""), "")
	b.is(b.put("s3://flink/a", "alpha"), "unavailable")
	b.logs("write s3://flink/a", "not a directory", "move it away")
	b.is(b.get("s3://flink/a"), "unavailable")
	b.is(b.list("s3://flink/"), "unavailable")
	b.is(b.remove("s3://flink/a"), "unavailable")
	b.is(b.put("c", "alpha"), "unavailable")
	b.is(b.get("c"), "unavailable")
	b.logs("read c", "move it away")
	b.is(b.put("A", "alpha"), "")
	b.is(b.list(""), "A")
}

func TestWhereThereIsNoRoot(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "root")
	file := filepath.Join(t.TempDir(), "root")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for folder, words := range map[string]string{nowhere: "make the folder, or mount what is to be there", file: "not a directory; look at the folder"} {
		_, err := Open(folder, nil)
		if err == nil || !strings.Contains(err.Error(), "open the object store in "+folder) || !strings.Contains(err.Error(), words) {
			t.Errorf("it opened with %v", err)
		}
	}
}

// Folders are not objects: when the last object in them goes, so do they. Those of others stay.
func TestEmptyFoldersGo(t *testing.T) {
	folder := t.TempDir()
	b := start(t, folder)
	b.put("chk/1/a", "alpha")
	b.put("chk/2/a", "beta")
	b.put("ha/job", "gamma")
	if err := os.WriteFile(filepath.Join(folder, "ha.d", "readme.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b.is(b.remove("chk/1/a", "ha/job"), "")
	for dir, stays := range map[string]bool{"chk.d/1.d": false, "chk.d/2.d": true, "ha.d": true} {
		if _, err := os.Stat(filepath.Join(folder, dir)); (err == nil) != stays {
			t.Errorf("folder %s: %v", dir, err)
		}
	}
}

// A listing does not wait for objects that it does not list. The folder that it looks into comes and goes with them.
func TestAListingBearsThatItsFolderGoes(t *testing.T) {
	b := start(t, t.TempDir())
	const rounds = 200
	for range rounds {
		b.Ask(wire.BlobPut{Path: "chk/1"})
		b.Ask(wire.BlobList{Prefix: "chk/2"})
		b.Ask(wire.BlobDelete{Paths: []string{"chk/1"}})
		b.Ask(wire.BlobList{Prefix: "chk/2"})
	}
	for range 4 * rounds {
		if m, ok := b.Answer().(wire.BlobPaths); ok && (m.Err != "" || len(m.Paths) > 0) {
			t.Fatalf("listed %v, error %q: %s", m.Paths, m.Err, b.log)
		}
	}
}

// The folder is cleared away under the running store. It goes on with what there is: nothing.
func TestAClearedFolderIsAnEmptyStore(t *testing.T) {
	folder := t.TempDir()
	b := start(t, folder)
	b.put("chk/1/a", "alpha")
	for _, dir := range []string{"chk.d", drafts} {
		if err := os.RemoveAll(filepath.Join(folder, dir)); err != nil {
			t.Fatal(err)
		}
	}
	b.is(b.get("chk/1/a"), "not-found")
	b.is(b.put("chk/1/a", "beta"), "")
	b.is(b.get("chk/1/a"), "beta")
}

// Without its folder the store does not know what it had. To call that empty would lose a job.
func TestALostFolderIsNotAnEmptyStore(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "root")
	b := start(t, makeFolder(t, folder))
	b.put("chk/1/a", "alpha")
	lost := func() {
		t.Helper()
		b.is(b.get("never/was"), "unavailable")
		b.logs("read never/was", "has been moved", "put it back")
		b.is(b.list("never/"), "unavailable")
		b.is(b.remove("chk/1/a"), "unavailable")
		b.is(b.put("chk/1/a", "beta"), "unavailable")
	}
	if err := os.Rename(folder, folder+"-moved"); err != nil {
		t.Fatal(err)
	}
	lost()
	makeFolder(t, folder) // an empty one, as under a disk that is not mounted
	lost()
	b = start(t, folder+"-moved")
	b.is(b.get("chk/1/a"), "alpha")
}

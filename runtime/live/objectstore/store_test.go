package objectstore

import (
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/flinch-dev/flinch/runtime/blob/blobtest"
	"github.com/flinch-dev/flinch/runtime/live/blobs/gatewaytest"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// bench is a process with a store and an asker.
type bench struct {
	*gatewaytest.Bench
	store *Store
}

func start(t *testing.T, folder string) *bench {
	t.Helper()
	b := &bench{}
	b.Bench = gatewaytest.Start(t, func(log *slog.Logger) (_ mailbox.Actor, err error) {
		b.store, err = Open(folder, log)
		return b.store, err
	})
	t.Cleanup(func() {
		b.Stop()
		b.store.Close()
	})
	return b
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

// The root lies deep, so that a path that climbs out has somewhere to go; and a link in it points out.
func TestHostilePathsStayBelowTheRoot(t *testing.T) {
	outside := t.TempDir()
	folder := makeFolder(t, filepath.Join(outside, "deep", "root"))
	if err := os.WriteFile(filepath.Join(outside, "a.blob"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := start(t, folder)
	for _, path := range []string{"../../a", "/../../a", "x/../../../a", "..%2f..%2fa", "s3://../../../a", outside + "/a", "a\x00b", "\xff\xfe"} {
		b.Is(b.Get(path), "not-found")
		b.Is(b.Put(path, "mine"), "")
		b.Is(b.Get(path), "mine")
		b.Is(b.List(path), path)
		b.Is(b.Remove(path), "")
	}
	if err := os.Symlink("../..", filepath.Join(folder, "out.d")); err != nil {
		t.Fatal(err)
	}
	b.Is(b.Get("out/a"), "unavailable")
	b.Is(b.Put("out/a", "mine"), "unavailable")
	b.Is(b.Remove("out/a"), "unavailable")
	b.Is(b.List(""), "")
	b.Logs("read out/a", "path escapes from parent")
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
	b.Is(b.Put(long, "alpha"), "unavailable")
	b.Logs("file name too long", "choose a path with shorter parts")
	b.Is(b.Put(long[:len(long)-1], "alpha"), "")
}

// asNobody gives up the right to read and write everywhere, if the test has it, until it ends.
func asNobody(t *testing.T) {
	const nobody = 65534
	if syscall.Geteuid() != 0 {
		return
	}
	if err := syscall.Seteuid(nobody); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		if err := syscall.Seteuid(0); err != nil {
			t.Error(err)
		}
	})
}

func TestAReadOnlyRootCanBeRead(t *testing.T) {
	folder := t.TempDir()
	start(t, folder).Put("a", "alpha")
	foreign := makeFolder(t, filepath.Join(folder, "lost+found"))
	if err := errors.Join(os.Chmod(foreign, 0), os.Chmod(folder, 0o555), os.Chmod(filepath.Dir(folder), 0o755)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(folder, 0o755) }) // or it could not be removed
	asNobody(t)
	b := start(t, folder)
	b.Is(b.Put("a", "new"), "unavailable")
	b.Is(b.Put("b/c", "new"), "unavailable")
	b.Is(b.Remove("a"), "unavailable")
	b.Logs("write a", folder, "permission denied; let this process read and write there")
	b.Is(b.Get("a"), "alpha")
	b.Is(b.List(""), "a")
}

// What fails half-way leaves the old object, and no draft to fill up the disk for good.
func TestAFullDiskKeepsTheOldObject(t *testing.T) {
	folder := t.TempDir()
	b := start(t, folder)
	b.Put("a", "old")
	rename := b.store.disk.rename
	b.store.disk.rename = func(from, to string) error {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: syscall.ENOSPC}
	}
	b.Is(b.Put("a", "new"), "unavailable")
	b.Logs("write a", folder, "no space left on device; make room on its disk")
	b.Is(b.Get("a"), "old")
	if left := draftsIn(t, folder); left != 0 {
		t.Errorf("there are %d drafts", left)
	}
	b.store.disk.rename = rename
	b.Is(b.Put("a", "new"), "")
	b.Is(b.Get("a"), "new")
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
	b.Is(b.List(""), "")
	b.Is(b.Put("s3://flink/a", "alpha"), "unavailable")
	b.Logs("write s3://flink/a", "not a directory", "move it away")
	b.Is(b.Get("s3://flink/a"), "unavailable")
	b.Is(b.List("s3://flink/"), "unavailable")
	b.Is(b.Remove("s3://flink/a"), "unavailable")
	b.Is(b.Put("c", "alpha"), "unavailable")
	b.Is(b.Get("c"), "unavailable")
	b.Is(b.Put("A", "alpha"), "")
	b.Is(b.List(""), "A")
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
	b.Put("chk/1/a", "alpha")
	b.Put("chk/2/a", "beta")
	b.Put("ha/job", "gamma")
	if err := os.WriteFile(filepath.Join(folder, "ha.d", "readme.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b.Is(b.Remove("chk/1/a", "ha/job"), "")
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
			t.Fatalf("listed %v, error %q", m.Paths, m.Err)
		}
	}
}

// The folder is cleared away under the running store. It goes on with what there is: nothing.
func TestAClearedFolderIsAnEmptyStore(t *testing.T) {
	folder := t.TempDir()
	b := start(t, folder)
	b.Put("chk/1/a", "alpha")
	for _, dir := range []string{"chk.d", drafts} {
		if err := os.RemoveAll(filepath.Join(folder, dir)); err != nil {
			t.Fatal(err)
		}
	}
	b.Is(b.Get("chk/1/a"), "not-found")
	b.Is(b.Put("chk/1/a", "beta"), "")
	b.Is(b.Get("chk/1/a"), "beta")
}

// Without its folder the store does not know what it had. To call that empty would lose a job.
func TestALostFolderIsNotAnEmptyStore(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "root")
	b := start(t, makeFolder(t, folder))
	b.Put("chk/1/a", "alpha")
	lost := func() {
		t.Helper()
		b.Is(b.Get("never/was"), "unavailable")
		b.Is(b.List("never/"), "unavailable")
		b.Is(b.Remove("chk/1/a"), "unavailable")
		b.Is(b.Put("chk/1/a", "beta"), "unavailable")
	}
	if err := os.Rename(folder, folder+"-moved"); err != nil {
		t.Fatal(err)
	}
	lost()
	b.Logs("read never/was", "has been moved", "put it back")
	makeFolder(t, folder) // an empty one, as under a disk that is not mounted
	lost()
	b = start(t, folder+"-moved")
	b.Is(b.Get("chk/1/a"), "alpha")
}

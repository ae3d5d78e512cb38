package objectstore

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// onASmallDisk does a test in a process of its own, with a disk of 256 KiB mounted at a folder, which nobody else sees.
func onASmallDisk(t *testing.T, test func(folder string)) {
	if folder := os.Getenv(elsewhere); folder != "" {
		if err := syscall.Mount("small", folder, "tmpfs", 0, "size=256k"); err != nil {
			t.Skip(err)
		}
		test(folder)
		return
	}
	c, out := inAProcess(t, t.TempDir()), &bytes.Buffer{}
	c.Args = append(c.Args, "-test.v")
	c.Stdout, c.Stderr = out, out
	mayMount(c)
	if err := c.Start(); err != nil {
		t.Skip(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("%v:\n%s", err, out)
	} else if strings.Contains(out.String(), "--- SKIP") {
		t.Skip(out)
	}
}

// mayMount lets a process mount file systems, without further rights.
func mayMount(c *exec.Cmd) {
	me := func(id int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
	}
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: me(syscall.Geteuid()), GidMappings: me(syscall.Getegid())}
}

// A disk fills up. What does not fit is refused and what was there stays, up to the last byte; what is deleted makes
// room.
func TestAFullDiskTakesNoMore(t *testing.T) {
	onASmallDisk(t, func(folder string) {
		b := start(t, folder)
		b.Is(b.Put("a", "old"), "")
		large := strings.Repeat("x", 50<<10)
		n := 0
		for b.Put(fmt.Sprint("chk/", n), large) == "" {
			n++
		}
		if n < 2 || n > 5 {
			t.Errorf("%d objects of 50 KiB fit into 256 KiB", n)
		}
		b.Logs(fmt.Sprint("write chk/", n), folder, "no space left on device; make room on its disk")
		b.Is(b.Put("a", large), "unavailable")
		b.Is(b.Get("a"), "old")
		b.Is(b.Get(fmt.Sprint("chk/", n)), "not-found")
		if left := draftsIn(t, folder); left != 0 {
			t.Errorf("there are %d drafts", left)
		}
		b.Is(b.Remove("chk/0"), "")
		b.Is(b.Put("a", large), "")
		b.Is(b.Get("a"), large)
	})
}

// A disk goes read-only under the store, as one does that has errors. What is there can be read, also after a restart.
func TestAReadOnlyDiskCanBeRead(t *testing.T) {
	onASmallDisk(t, func(folder string) {
		b := start(t, folder)
		b.Is(b.Put("a", "alpha"), "")
		if err := syscall.Mount("", folder, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			t.Skip(err)
		}
		for range 2 {
			b.Is(b.Put("a", "new"), "unavailable")
			b.Is(b.Remove("a"), "unavailable")
			b.Logs("write a", folder, "read-only file system; let this process read and write there")
			b.Is(b.Get("a"), "alpha")
			b.Is(b.List(""), "a")
			b = start(t, folder)
		}
	})
}

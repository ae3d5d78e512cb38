package objectstore

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/flinch-dev/flinch/runtime/live/blobs/gatewaytest"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// A TaskManager is in the middle of a write when another one starts: what is under way is not what a crash has left.
func TestAStartLeavesTheDraftsOfTheLiving(t *testing.T) {
	folder := t.TempDir()
	a := start(t, folder)
	rename, written, goOn := a.store.disk.rename, make(chan bool), make(chan bool)
	a.store.disk.rename = func(from, to string) error {
		written <- true
		<-goOn
		return rename(from, to)
	}
	a.Ask(wire.BlobPut{Path: "a", Data: []byte("new")})
	<-written
	dead := filepath.Join(folder, drafts, "of-the-dead")
	if err := os.WriteFile(dead, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	b := start(t, folder)
	if left := draftsIn(t, folder); left != 1 {
		t.Errorf("after a start there are %d drafts, want that of the living", left)
	}
	close(goOn)
	a.Hears("")
	b.Is(b.Get("a"), "new")
}

// One process is about to write into a folder, and another one deletes the last object there, with the folder.
func TestAFolderThatGoesUnderAWriteIsMadeAgain(t *testing.T) {
	folder := t.TempDir()
	a, b := start(t, folder), start(t, folder)
	a.Is(a.Put("chk/1/a", "alpha"), "")
	rename, inTheWay := a.store.disk.rename, 3
	a.store.disk.rename = func(from, to string) error {
		if inTheWay > 0 {
			inTheWay--
			b.Is(b.Remove("chk/1/a"), "")
			b.Is(b.Put("elsewhere", "beta"), "")
		}
		return rename(from, to)
	}
	a.Is(a.Put("chk/1/b", "beta"), "")
	a.Is(a.List("chk"), "chk/1/b")
	a.Logs()
}

// Somebody keeps taking the folder away. That ends with an answer as well.
func TestAWriteThatNeverGetsThroughIsGivenUp(t *testing.T) {
	folder := t.TempDir()
	a := start(t, folder)
	rename := a.store.disk.rename
	a.store.disk.rename = func(from, to string) error {
		if err := os.RemoveAll(filepath.Join(folder, "chk.d")); err != nil {
			t.Error(err)
		}
		return rename(from, to)
	}
	a.Is(a.Put("chk/1/a", "alpha"), "unavailable")
	a.Logs("write chk/1/a", "other processes get in the way each time")
	if left := draftsIn(t, folder); left != 0 {
		t.Errorf("there are %d drafts", left)
	}
}

// Processes write and delete objects of their own in the same folders, which come and go with the last object in them,
// while others list and start. Nobody fails, and nobody misses what is there.
func TestProcessesShareAFolder(t *testing.T) {
	const rounds, writers = 300, 3
	folder := t.TempDir()
	start(t, folder).Put("chk/0/kept", "kept")
	var working sync.WaitGroup
	for me := range writers {
		b := start(t, folder)
		working.Go(func() { b.comesAndGoes(t, fmt.Sprint("chk/1/deep/er/", me), rounds) })
	}
	done := make(chan bool)
	go func() {
		working.Wait()
		close(done)
	}()
	for {
		select {
		case <-done:
			if left := draftsIn(t, folder); left != 0 {
				t.Errorf("there are %d drafts", left)
			}
			return
		default:
		}
		b := start(t, folder) // which sweeps, and syncs what is there
		m, _ := ask(b.Bench, wire.BlobList{Prefix: "chk/"}).(wire.BlobPaths)
		if m.Err != "" || len(m.Paths) == 0 || m.Paths[0] != "chk/0/kept" {
			t.Errorf("listed %v, error %q", m.Paths, m.Err)
		}
		b.Is(b.Get("chk/0/kept"), "kept")
		b.Stop()
	}
}

func ask(b *gatewaytest.Bench, m mailbox.Msg) mailbox.Msg {
	b.Ask(m)
	return b.Answer()
}

// comesAndGoes writes an object, reads it and deletes it, again and again.
func (b *bench) comesAndGoes(t *testing.T, path string, rounds int) {
	for range rounds {
		put := ask(b.Bench, wire.BlobPut{Path: path, Data: []byte("new")}).(wire.BlobDone)
		got := ask(b.Bench, wire.BlobGet{Path: path}).(wire.BlobData)
		gone := ask(b.Bench, wire.BlobDelete{Paths: []string{path}}).(wire.BlobDone)
		if put.Err != "" || got.Err != "" || string(got.Data) != "new" || gone.Err != "" {
			t.Errorf("%s: written %q, read %s %q, deleted %q", path, put.Err, got.Data, got.Err, gone.Err)
			return
		}
	}
}

package process

import (
	"fmt"

	"github.com/flinch-dev/flinch/runtime/wire"
)

// files is what a real object store holds, for whoever may touch the world. A store that does not answer breaks the
// harness.
type files struct{ s *service }

func (f files) Write(path string, data []byte) {
	if done, ok := f.s.ask(wire.BlobPut{Path: path, Data: data}).(wire.BlobDone); !ok || done.Err != "" {
		f.fail("write "+path, done.Err)
	}
}

func (f files) Paths() []string {
	list, ok := f.s.ask(wire.BlobList{}).(wire.BlobPaths)
	if !ok || list.Err != "" {
		f.fail("list what it holds", list.Err)
	}
	return list.Paths
}

func (f files) Object(path string) (data []byte, found bool) {
	got, ok := f.s.ask(wire.BlobGet{Path: path}).(wire.BlobData)
	if !ok || got.Err != "" && got.Err != "not-found" {
		f.fail("read "+path, got.Err)
	}
	return got.Data, got.Err == ""
}

func (f files) fail(doing, cause string) {
	if cause == "" {
		cause = "it does not answer"
	}
	f.s.c.broken = fmt.Errorf("ask the object store to %s: %s", doing, cause)
}

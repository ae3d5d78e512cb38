package process

import (
	"fmt"
	"time"

	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// files is what a real object store holds, for whoever may touch the world. A store that does not answer breaks the
// harness.
type files struct{ s *service }

// harness is who asks for the harness itself; its mail takes no part in the world.
const harness mailbox.Addr = "harness"

// patience is how long the harness waits for a service.
const patience = 30 * time.Second

func (f files) Write(path string, data []byte) {
	if done, ok := f.ask(wire.BlobPut{Path: path, Data: data}).(wire.BlobDone); !ok || done.Err != "" {
		f.fail("write "+path, done.Err)
	}
}

func (f files) Paths() []string {
	list, ok := f.ask(wire.BlobList{}).(wire.BlobPaths)
	if !ok || list.Err != "" {
		f.fail("list what it holds", list.Err)
	}
	return list.Paths
}

func (f files) Object(path string) (data []byte, found bool) {
	got, ok := f.ask(wire.BlobGet{Path: path}).(wire.BlobData)
	if !ok || got.Err != "" && got.Err != "not-found" {
		f.fail("read "+path, got.Err)
	}
	return got.Data, got.Err == ""
}

// ask asks the gateway and waits; nil: it has not answered.
func (f files) ask(m mailbox.Msg) mailbox.Msg {
	f.s.node.Send(harness, mailbox.Addr(f.s.name), m)
	select {
	case answer := <-f.s.answers:
		return answer
	case <-time.After(patience):
		return nil
	}
}

func (f files) fail(doing, cause string) {
	if cause == "" {
		cause = "it does not answer"
	}
	f.s.c.broken = fmt.Errorf("ask the object store to %s: %s", doing, cause)
}

package connector

import (
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/record"
	"github.com/flinch-dev/flinch/runtime/snapshot"
)

// blackhole drops its records, as Flink's connector of that name does: it never waits, and owes nobody anything.
type blackhole struct{}

func (blackhole) Open(mailbox.Env, id.Checkpoint, snapshot.Operator) error   { return nil }
func (blackhole) Busy() bool                                                 { return false }
func (blackhole) Writable() bool                                             { return true }
func (blackhole) Write(mailbox.Env, []record.Record)                         {}
func (blackhole) Flush(mailbox.Env)                                          {}
func (blackhole) PreCommit(mailbox.Env, id.Checkpoint)                       {}
func (blackhole) Snapshot(mailbox.Env, id.Checkpoint) (owed []snapshot.List) { return nil }
func (blackhole) Complete(mailbox.Env, id.Checkpoint)                        {}
func (blackhole) Settled(id.Checkpoint) bool                                 { return true }
func (blackhole) Handle(mailbox.Env, mailbox.Msg) (mine bool, err error)     { return false, nil }

package jobmanager

import (
	"github.com/flinch-dev/flinch/runtime/history"
	"github.com/flinch-dev/flinch/runtime/id"
	"github.com/flinch-dev/flinch/runtime/mailbox"
	"github.com/flinch-dev/flinch/runtime/wire"
)

// unfence opens a fenced call. A call with another token is refused, without effect; then ok is false.
func unfence(env mailbox.Env, from mailbox.Addr, m wire.Fenced, token id.Token) (inner mailbox.Msg, ok bool) {
	if m.Token == token {
		return m.M, true
	}
	env.Note(history.AttemptFenced{By: string(env.Self()), Word: m.M.Word(), Attempt: attemptOf(m.M), Token: m.Token})
	env.Send(from, wire.FencingRefused{Called: m.M.Word(), Token: m.Token})
	return nil, false
}

// attemptOf is the attempt that a call is about, for the history.
func attemptOf(m mailbox.Msg) id.Attempt {
	switch m := m.(type) {
	case wire.TaskSubmitted:
		return m.Attempt
	case wire.TaskStateChanged:
		return m.Attempt
	case wire.EndOfData:
		return m.Attempt
	case wire.TriggerRefused:
		return m.Attempt
	case wire.SnapshotStarted:
		return m.Attempt
	case wire.AcknowledgeCheckpoint:
		return m.Attempt
	case wire.DeclineCheckpoint:
		return m.Attempt
	case wire.RegisterReader:
		return m.Attempt
	case wire.SplitsAssigned:
		return m.Attempt
	}
	return id.Attempt{}
}

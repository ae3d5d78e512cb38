package entrypoint

import (
	"context"
	"log/slog"
	"reflect"
	"strings"

	"github.com/flinch-dev/flinch/runtime/history"
)

// logged writes what happens to a log: the event's kind is the message, and its fields are attributes.
func logged(log *slog.Logger) func(history.Entry) {
	return func(e history.Entry) {
		if level := levelOf(e.Event); log.Enabled(context.Background(), level) {
			log.LogAttrs(context.Background(), level, e.Event.Kind(), append([]slog.Attr{slog.String("actor", e.Actor)}, attributes(e.Event)...)...)
		}
	}
}

// levelOf is how loud an event is: what an operator of a cluster waits for, or should look at, is louder than the
// steps of the protocols.
func levelOf(e history.Event) slog.Level {
	switch e := e.(type) {
	case history.HeartbeatTimeout, history.CheckpointAborted, history.SinkCommitLost:
		return slog.LevelWarn
	case history.ExecutionState:
		if e.State == "FAILED" {
			return slog.LevelWarn
		}
	case history.LeaderElected, history.LeaderLost, history.Registered, history.JobStatus, history.JobResultStored, history.RestartScheduled,
		history.RestoreStarted, history.RestoreCompleted, history.CheckpointCompleted:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

// attributes are the fields of an event; an empty one is left out.
func attributes(e history.Event) []slog.Attr {
	var all []slog.Attr
	v := reflect.ValueOf(e)
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && !v.Field(i).IsZero() {
			all = append(all, slog.Any(strings.ToLower(f.Name[:1])+f.Name[1:], v.Field(i).Interface()))
		}
	}
	return all
}

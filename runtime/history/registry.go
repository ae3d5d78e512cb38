package history

import "reflect"

// events has one value of every event type, so that a history can be read back from events.jsonl. A type is
// written by its Go name: renaming one makes old files unreadable.
var events = []Event{
	LeaderElected{}, LeaderLost{}, HeartbeatTimeout{}, Registered{}, Operation{},
	JobStatus{}, JobResultStored{}, ExecutionState{}, RestartScheduled{}, RestoreStarted{}, RestoreCompleted{}, TaskRestored{},
	AttemptFenced{}, SlotAllocated{}, SlotFreed{}, KeyGroupsOwned{},
	CheckpointTriggered{}, CheckpointAcked{}, CheckpointStored{}, CheckpointCompleted{}, CheckpointAborted{},
	CheckpointSubsumed{}, CheckpointNotified{}, CheckpointAbortNotified{},
	AlignmentStarted{}, BarrierAligned{}, SnapshotTaken{}, SnapshotStored{}, SourcePosition{},
	SinkPrecommitted{}, SinkCommitted{}, SinkAborted{}, SinkCommitLost{}, SinkWrite{},
	ProducerReady{}, ProducerBegan{}, ProducerTold{},
	ProcessStarted{}, ProcessConnected{}, ProcessStopped{}, ProcessPaused{}, ProcessResumed{},
	FaultStarted{}, FaultEnded{}, Violation{}, Transaction{}, MarkerAppended{}, SourceStalled{},
	WriteRefused{}, ClientThrottled{}, RequestLate{}, ISRChanged{}, PartitionElected{}, CoordinatorLoading{}, CoordinatorLoaded{}, TransactionAppending{},
}

var byName = func() map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for _, e := range events {
		t := reflect.TypeOf(e)
		types[t.Name()] = t
	}
	return types
}()

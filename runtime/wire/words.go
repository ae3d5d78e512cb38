package wire

import "github.com/flinch-dev/flinch/runtime/mailbox"

// messages has one value of every type that may be mailed, for the codec and its fuzzer. The order is the
// type's number on the wire: append, never insert.
var messages = []mailbox.Msg{
	mailbox.Started{}, mailbox.Exited{}, mailbox.Undeliverable{}, mailbox.Disconnected{},
	Fenced{}, FencingRefused{},
	RegisterTaskManager{}, TaskManagerRegistered{}, RegisterJobMaster{}, JobMasterRegistered{}, RegisterAtJobMaster{}, RegisteredAtJobMaster{}, DisconnectTaskManager{},
	HeartbeatFromResourceManager{}, HeartbeatFromJobMaster{}, HeartbeatToResourceManager{}, HeartbeatToJobMaster{},
	DeclareRequirements{}, NotEnoughResources{}, RequestSlot{}, SlotRequested{}, OfferSlots{}, SlotsAccepted{}, FreeSlot{}, SlotAvailable{},
	SubmitTask{}, TaskSubmitted{}, CancelTask{}, TaskStateChanged{}, EndOfData{},
	TriggerCheckpoint{}, TriggerRefused{}, SnapshotStarted{}, AcknowledgeCheckpoint{}, DeclineCheckpoint{}, NotifyCheckpointComplete{}, NotifyCheckpointAborted{},
	RegisterReader{}, AssignSplits{}, SplitsAssigned{},
	RequestPartition{}, Buffer{}, Credit{},
	KafkaPartitions{}, KafkaPartitionsAre{}, KafkaFetch{}, KafkaFetched{}, KafkaInitProducer{}, KafkaProducerReady{}, KafkaProduce{}, KafkaProduced{}, KafkaFlush{}, KafkaFlushed{}, KafkaEndTxn{}, KafkaTxnEnded{}, KafkaListTxns{}, KafkaTxnsAre{}, KafkaCloseProducer{}, KafkaCommitOffsets{},
	BlobPut{}, BlobGet{}, BlobDelete{}, BlobList{}, BlobDone{}, BlobData{}, BlobPaths{},
	CoordTxn{}, CoordTxnDone{}, CoordGet{}, CoordEntries{}, CoordWatch{}, CoordSession{}, CoordSessionAlive{},
	SubmitJob{}, JobSubmitted{}, CancelJob{}, JobCancelling{}, RequestJobStatus{}, JobStatusIs{},
	KafkaClose{}, mailbox.Stop{},
	RequestTaskManagers{}, TaskManagersAre{}, RequestJobs{}, JobsAre{}, RequestJob{}, JobIs{}, RequestTasks{}, TasksAre{}, RequestTaskIO{}, TaskIOIs{},
	KafkaDescribeTxn{}, KafkaTxnIs{}, KafkaFindHolder{}, KafkaHolderIs{},
}

// Words are the names of messages in traces and errors.

func (Fenced) Word() string         { return "fenced" }
func (FencingRefused) Word() string { return "fencing-refused" }

func (RegisterTaskManager) Word() string   { return "register-task-manager" }
func (TaskManagerRegistered) Word() string { return "task-manager-registered" }
func (RegisterJobMaster) Word() string     { return "register-job-master" }
func (JobMasterRegistered) Word() string   { return "job-master-registered" }
func (RegisterAtJobMaster) Word() string   { return "register-at-job-master" }
func (RegisteredAtJobMaster) Word() string { return "registered-at-job-master" }
func (DisconnectTaskManager) Word() string { return "disconnect-task-manager" }

func (HeartbeatFromResourceManager) Word() string { return "heartbeat-from-resource-manager" }
func (HeartbeatFromJobMaster) Word() string       { return "heartbeat-from-job-master" }
func (HeartbeatToResourceManager) Word() string   { return "heartbeat-to-resource-manager" }
func (HeartbeatToJobMaster) Word() string         { return "heartbeat-to-job-master" }

func (DeclareRequirements) Word() string { return "declare-requirements" }
func (NotEnoughResources) Word() string  { return "not-enough-resources" }
func (RequestSlot) Word() string         { return "request-slot" }
func (SlotRequested) Word() string       { return "slot-requested" }
func (OfferSlots) Word() string          { return "offer-slots" }
func (SlotsAccepted) Word() string       { return "slots-accepted" }
func (FreeSlot) Word() string            { return "free-slot" }
func (SlotAvailable) Word() string       { return "slot-available" }

func (SubmitTask) Word() string       { return "submit-task" }
func (TaskSubmitted) Word() string    { return "task-submitted" }
func (CancelTask) Word() string       { return "cancel-task" }
func (TaskStateChanged) Word() string { return "task-state-changed" }
func (EndOfData) Word() string        { return "end-of-data" }

func (TriggerCheckpoint) Word() string        { return "trigger-checkpoint" }
func (TriggerRefused) Word() string           { return "trigger-refused" }
func (SnapshotStarted) Word() string          { return "snapshot-started" }
func (AcknowledgeCheckpoint) Word() string    { return "acknowledge-checkpoint" }
func (DeclineCheckpoint) Word() string        { return "decline-checkpoint" }
func (NotifyCheckpointComplete) Word() string { return "notify-checkpoint-complete" }
func (NotifyCheckpointAborted) Word() string  { return "notify-checkpoint-aborted" }

func (RegisterReader) Word() string { return "register-reader" }
func (AssignSplits) Word() string   { return "assign-splits" }
func (SplitsAssigned) Word() string { return "splits-assigned" }

func (RequestPartition) Word() string { return "request-partition" }
func (Buffer) Word() string           { return "buffer" }
func (Credit) Word() string           { return "credit" }

func (KafkaPartitions) Word() string    { return "kafka-partitions" }
func (KafkaPartitionsAre) Word() string { return "kafka-partitions-are" }
func (KafkaFetch) Word() string         { return "kafka-fetch" }
func (KafkaFetched) Word() string       { return "kafka-fetched" }
func (KafkaInitProducer) Word() string  { return "kafka-init-producer" }
func (KafkaProducerReady) Word() string { return "kafka-producer-ready" }
func (KafkaProduce) Word() string       { return "kafka-produce" }
func (KafkaProduced) Word() string      { return "kafka-produced" }
func (KafkaFlush) Word() string         { return "kafka-flush" }
func (KafkaFlushed) Word() string       { return "kafka-flushed" }
func (KafkaEndTxn) Word() string        { return "kafka-end-txn" }
func (KafkaTxnEnded) Word() string      { return "kafka-txn-ended" }
func (KafkaListTxns) Word() string      { return "kafka-list-txns" }
func (KafkaTxnsAre) Word() string       { return "kafka-txns-are" }
func (KafkaCloseProducer) Word() string { return "kafka-close-producer" }
func (KafkaClose) Word() string         { return "kafka-close" }
func (KafkaDescribeTxn) Word() string   { return "kafka-describe-txn" }
func (KafkaTxnIs) Word() string         { return "kafka-txn-is" }
func (KafkaFindHolder) Word() string    { return "kafka-find-holder" }
func (KafkaHolderIs) Word() string      { return "kafka-holder-is" }
func (KafkaCommitOffsets) Word() string { return "kafka-commit-offsets" }

func (BlobPut) Word() string    { return "blob-put" }
func (BlobGet) Word() string    { return "blob-get" }
func (BlobDelete) Word() string { return "blob-delete" }
func (BlobList) Word() string   { return "blob-list" }
func (BlobDone) Word() string   { return "blob-done" }
func (BlobData) Word() string   { return "blob-data" }
func (BlobPaths) Word() string  { return "blob-paths" }

func (CoordTxn) Word() string          { return "coord-txn" }
func (CoordTxnDone) Word() string      { return "coord-txn-done" }
func (CoordGet) Word() string          { return "coord-get" }
func (CoordEntries) Word() string      { return "coord-entries" }
func (CoordWatch) Word() string        { return "coord-watch" }
func (CoordSession) Word() string      { return "coord-session" }
func (CoordSessionAlive) Word() string { return "coord-session-alive" }

func (SubmitJob) Word() string        { return "submit-job" }
func (JobSubmitted) Word() string     { return "job-submitted" }
func (CancelJob) Word() string        { return "cancel-job" }
func (JobCancelling) Word() string    { return "job-cancelling" }
func (RequestJobStatus) Word() string { return "request-job-status" }
func (JobStatusIs) Word() string      { return "job-status-is" }

func (RequestTaskManagers) Word() string { return "request-task-managers" }
func (TaskManagersAre) Word() string     { return "task-managers-are" }
func (RequestJobs) Word() string         { return "request-jobs" }
func (JobsAre) Word() string             { return "jobs-are" }
func (RequestJob) Word() string          { return "request-job" }
func (JobIs) Word() string               { return "job-is" }
func (RequestTasks) Word() string        { return "request-tasks" }
func (TasksAre) Word() string            { return "tasks-are" }
func (RequestTaskIO) Word() string       { return "request-task-io" }
func (TaskIOIs) Word() string            { return "task-io-is" }

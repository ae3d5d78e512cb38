package config

import (
	"math"
	"time"
)

// Key is one known key, for documentation.
type Key struct {
	Name     string
	Type     string   // "duration", "memory size", "boolean", "integer", "double", "enum", "string", "milliseconds", "port range"
	Values   []string // of an enum
	Default  string   // empty: none
	Synonyms []string // its former names
	Acted    bool     // false: Flink has it, this runtime does nothing with it
	Doc      string
}

// entry is one line of the table.
type entry struct {
	key  string
	kind kind
	def  string
	doc  string
	was  []string
	idle bool // known, and nothing here acts on it
}

// A key that nothing here acts on has a type, so that its value is checked, but no field.
var (
	noBool     func(*Config) *bool
	noText     func(*Config) *string
	noInt      func(*Config) *int
	noDuration func(*Config) *time.Duration
	noMemory   func(*Config) *int64
	noDouble   func(*Config) *float64
)

// table has every known key, section by section as in Flink's documentation.
var table = []entry{
	{key: "execution.checkpointing.interval", kind: duration(func(c *Config) *time.Duration { return &c.Checkpointing.Interval }),
		doc: "Time from one periodic checkpoint's trigger to the next; without it there are no periodic checkpoints."},
	{key: "execution.checkpointing.mode", kind: enum(func(c *Config) *Mode { return &c.Checkpointing.Mode }, "EXACTLY_ONCE=exactly-once", "AT_LEAST_ONCE=at-least-once"), def: "EXACTLY_ONCE",
		doc: "Whether channels wait for the barrier of the others (exactly once) or barriers are only counted."},
	{key: "execution.checkpointing.timeout", kind: duration(func(c *Config) *time.Duration { return &c.Checkpointing.Timeout }), def: "10 min",
		doc: "A checkpoint that is not complete by then is aborted, and counted as failed."},
	{key: "execution.checkpointing.min-pause", kind: duration(func(c *Config) *time.Duration { return &c.Checkpointing.MinPause }), def: "0 ms",
		doc: "Shortest time between the end of one checkpoint and the trigger of the next."},
	{key: "execution.checkpointing.max-concurrent-checkpoints", kind: integer(1, math.MaxInt32, func(c *Config) *int { return &c.Checkpointing.MaxConcurrent }), def: "1",
		doc: "Checkpoints that may be under way at once."},
	{key: "execution.checkpointing.tolerable-failed-checkpoints", kind: integer(0, math.MaxInt32, func(c *Config) *int { return &c.Checkpointing.TolerableFailed }), def: "0",
		doc: "Failed checkpoints in a row that the job survives; one more fails it over."},
	{key: "execution.checkpointing.num-retained", kind: integer(1, math.MaxInt32, func(c *Config) *int { return &c.Checkpointing.NumRetained }), def: "1", was: []string{"state.checkpoints.num-retained"},
		doc: "Completed checkpoints that are kept."},
	{key: "execution.checkpointing.data-inline-threshold", kind: memory(func(c *Config) *int64 { return &c.Checkpointing.InlineThreshold }), def: "20 kb", was: []string{"state.storage.fs.memory-threshold", "state.backend.fs.memory-threshold"},
		doc: "State smaller than this is written into the metadata instead of a file of its own; at most 1 mb."},
	{key: "execution.checkpointing.checkpoints-after-tasks-finish", kind: boolean(func(c *Config) *bool { return &c.Checkpointing.AfterTasksFinish }), def: "true", was: []string{"execution.checkpointing.checkpoints-after-tasks-finish.enabled"},
		doc: "Whether checkpoints go on once some tasks have finished."},
	{key: "execution.checkpointing.externalized-checkpoint-retention", kind: enum(func(c *Config) *Retention { return &c.Checkpointing.Retention }, "NO_EXTERNALIZED_CHECKPOINTS", "DELETE_ON_CANCELLATION", "RETAIN_ON_CANCELLATION"), def: "NO_EXTERNALIZED_CHECKPOINTS", was: []string{"execution.checkpointing.externalized-checkpoint-retention.mode"},
		doc: "Which ends of a job leave its last checkpoints in place."},
	{key: "execution.checkpointing.dir", kind: text(func(c *Config) *string { return &c.Checkpointing.Dir }), was: []string{"state.checkpoints.dir"},
		doc: "Where checkpoints are written."},
	{key: "execution.checkpointing.savepoint-dir", kind: text(noText), was: []string{"state.savepoints.dir"}, idle: true,
		doc: "Where savepoints are written unless the call says otherwise."},
	{key: "execution.checkpointing.storage", kind: enum[string](nil, "filesystem", "jobmanager"), was: []string{"state.checkpoint-storage"}, idle: true,
		doc: "How checkpoints are stored; here they always go to the object store."},
	{key: "execution.checkpointing.interval-during-backlog", kind: duration(noDuration), idle: true,
		doc: "The interval while a source reports backlog."},
	{key: "execution.checkpointing.unaligned.enabled", kind: boolean(noBool), def: "false", was: []string{"execution.checkpointing.unaligned"}, idle: true,
		doc: "Whether barriers may overtake records."},
	{key: "execution.checkpointing.unaligned.forced", kind: boolean(noBool), def: "false", was: []string{"execution.checkpointing.force-unaligned"}, idle: true,
		doc: "Whether unaligned checkpoints are made even where Flink advises against it."},
	{key: "execution.checkpointing.unaligned.max-subtasks-per-channel-state-file", kind: integer(1, math.MaxInt32, noInt), def: "5", idle: true,
		doc: "Subtasks that share one file of channel state."},
	{key: "execution.checkpointing.aligned-checkpoint-timeout", kind: duration(noDuration), def: "0 ms", was: []string{"execution.checkpointing.alignment-timeout"}, idle: true,
		doc: "Alignment that takes longer turns the checkpoint into an unaligned one."},
	{key: "execution.checkpointing.incremental", kind: boolean(noBool), def: "false", was: []string{"state.backend.incremental"}, idle: true,
		doc: "Whether a checkpoint holds only what has changed."},
	{key: "execution.checkpointing.local-backup.enabled", kind: boolean(noBool), def: "false", idle: true,
		doc: "Whether TaskManagers keep a second copy of their state."},
	{key: "execution.checkpointing.file-merging.enabled", kind: boolean(noBool), def: "false", was: []string{"state.checkpoints.file-merging.enabled"}, idle: true,
		doc: "Whether small state files are merged into larger ones."},
	{key: "execution.checkpointing.write-buffer-size", kind: memory(noMemory), def: "4096", was: []string{"state.storage.fs.write-buffer-size"}, idle: true,
		doc: "Buffer of a checkpoint file's writer."},
	{key: "execution.checkpointing.create-subdir", kind: boolean(noBool), def: "true", was: []string{"state.checkpoints.create-subdir"}, idle: true,
		doc: "Whether the job id is part of the checkpoint directory."},
	{key: "execution.checkpointing.cleaner.parallel-mode", kind: boolean(noBool), def: "true", was: []string{"state.checkpoint.cleaner.parallel-mode"}, idle: true,
		doc: "Whether the files of a dropped checkpoint are deleted in parallel."},

	{key: "execution.state-recovery.path", kind: text(func(c *Config) *string { return &c.StateRecovery.Path }), was: []string{"execution.savepoint.path"},
		doc: "The savepoint or checkpoint that a new job starts from."},
	{key: "execution.state-recovery.ignore-unclaimed-state", kind: boolean(func(c *Config) *bool { return &c.StateRecovery.IgnoreUnclaimedState }), def: "false", was: []string{"execution.savepoint.ignore-unclaimed-state"},
		doc: "Whether state that matches no operator is dropped instead of failing the start."},
	{key: "execution.state-recovery.claim-mode", kind: enum[string](nil, "NO_CLAIM", "CLAIM", "LEGACY"), def: "NO_CLAIM", was: []string{"execution.savepoint-restore-mode"}, idle: true,
		doc: "Who owns the files of the snapshot that a job was started from."},
	{key: "execution.state-recovery.from-local", kind: boolean(noBool), def: "false", was: []string{"state.backend.local-recovery"}, idle: true,
		doc: "Whether a restore prefers the TaskManager's own copy."},
	{key: "execution.state-recovery.without-channel-state.checkpoint-id", kind: integer(-1, math.MaxInt32, noInt), def: "-1", idle: true,
		doc: "A checkpoint whose in-flight records are dropped at restore; loses data by design."},

	{key: "state.backend.type", kind: enum[string](nil, "hashmap=filesystem=jobmanager", "rocksdb"), def: "hashmap", was: []string{"state.backend"}, idle: true,
		doc: "Where keyed state lives: on the heap, or in a store on local disk; here it is on the heap."},
	{key: "state.backend.rocksdb.localdir", kind: text(noText), idle: true, doc: "Directory of the local store."},
	{key: "state.backend.rocksdb.checkpoint.transfer.thread.num", kind: integer(1, math.MaxInt32, noInt), def: "4", idle: true, doc: "Threads that up- and download state files."},
	{key: "state.backend.rocksdb.use-ingest-db-restore-mode", kind: boolean(noBool), def: "false", idle: true, doc: "Whether rescaling ingests whole files."},
	{key: "state.backend.rocksdb.restore-overlap-fraction-threshold", kind: double(0, 1, noDouble), def: "0.0", idle: true, doc: "Share of own keys from which a file is a restore's base."},
	{key: "state.backend.rocksdb.timer-service.factory", kind: enum[string](nil, "ROCKSDB", "HEAP"), def: "ROCKSDB", idle: true, doc: "Where timers live."},
	{key: "state.changelog.enabled", kind: boolean(noBool), def: "false", was: []string{"state.backend.changelog.enabled"}, idle: true, doc: "Whether state changes are logged continuously."},
	{key: "state.changelog.storage", kind: enum[string](nil, "memory", "filesystem"), def: "memory", was: []string{"state.backend.changelog.storage"}, idle: true, doc: "Where the changelog is."},
	{key: "state.changelog.periodic-materialize.interval", kind: duration(noDuration), def: "10 min", was: []string{"state.backend.changelog.periodic-materialize.interval"}, idle: true, doc: "Time between full snapshots beside the changelog."},
	{key: "state.changelog.max-failures-allowed", kind: integer(0, math.MaxInt32, noInt), def: "3", was: []string{"state.backend.changelog.max-failures-allowed"}, idle: true, doc: "Failed materialisations in a row that are tolerated."},

	{key: "restart-strategy.type", kind: enum(func(c *Config) *Strategy { return &c.RestartStrategy.Type }, "none=off=disable=disabled", "fixed-delay=fixeddelay", "failure-rate=failurerate", "exponential-delay=exponentialdelay"), was: []string{"restart-strategy"},
		doc: "What follows a failure. Unset: exponential-delay with checkpointing, none without."},
	{key: "restart-strategy.fixed-delay.attempts", kind: count(func(c *Config) *int { return &c.RestartStrategy.FixedDelay.Attempts }), def: "1",
		doc: "Restarts before the job fails for good."},
	{key: "restart-strategy.fixed-delay.delay", kind: duration(func(c *Config) *time.Duration { return &c.RestartStrategy.FixedDelay.Delay }), def: "1 s",
		doc: "Wait before each restart."},
	{key: "restart-strategy.failure-rate.max-failures-per-interval", kind: integer(1, math.MaxInt32, func(c *Config) *int { return &c.RestartStrategy.FailureRate.MaxFailuresPerInterval }), def: "1",
		doc: "Restarts within the interval before the job fails for good."},
	{key: "restart-strategy.failure-rate.failure-rate-interval", kind: duration(func(c *Config) *time.Duration { return &c.RestartStrategy.FailureRate.Interval }), def: "1 min",
		doc: "The interval in which failures are counted."},
	{key: "restart-strategy.failure-rate.delay", kind: duration(func(c *Config) *time.Duration { return &c.RestartStrategy.FailureRate.Delay }), def: "1 s",
		doc: "Wait before each restart."},
	{key: "restart-strategy.exponential-delay.initial-backoff", kind: duration(func(c *Config) *time.Duration { return &c.RestartStrategy.ExponentialDelay.InitialBackoff }), def: "1 s",
		doc: "Wait before the first restart."},
	{key: "restart-strategy.exponential-delay.backoff-multiplier", kind: double(1, math.Inf(1), func(c *Config) *float64 { return &c.RestartStrategy.ExponentialDelay.BackoffMultiplier }), def: "1.5",
		doc: "Growth of the wait with each failure."},
	{key: "restart-strategy.exponential-delay.max-backoff", kind: duration(func(c *Config) *time.Duration { return &c.RestartStrategy.ExponentialDelay.MaxBackoff }), def: "1 min",
		doc: "Longest wait before a restart."},
	{key: "restart-strategy.exponential-delay.jitter-factor", kind: double(0, 1, func(c *Config) *float64 { return &c.RestartStrategy.ExponentialDelay.JitterFactor }), def: "0.1",
		doc: "Random share of the wait, added or taken away."},
	{key: "restart-strategy.exponential-delay.reset-backoff-threshold", kind: duration(func(c *Config) *time.Duration { return &c.RestartStrategy.ExponentialDelay.ResetBackoffThreshold }), def: "1 h",
		doc: "Time without a failure after which the wait starts anew."},
	{key: "restart-strategy.exponential-delay.attempts-before-reset-backoff", kind: count(func(c *Config) *int { return &c.RestartStrategy.ExponentialDelay.AttemptsBeforeReset }), def: "infinite",
		doc: "Restarts, counted since the wait last started anew, before the job fails for good."},
	{key: "jobmanager.execution.failover-strategy", kind: enum(func(c *Config) *Failover { return &c.JobManager.FailoverStrategy }, "region", "full"), def: "region",
		doc: "How much restarts after a task failure: the task's pipelined region, or everything."},
	{key: "jobmanager.scheduler", kind: enum[string](nil, "Default", "Adaptive", "AdaptiveBatch"), def: "Default", idle: true, doc: "The scheduler of a job."},
	{key: "scheduler-mode", kind: enum[string](nil, "REACTIVE"), idle: true, doc: "Whether a job uses all slots that there are."},
	{key: "task.cancellation.interval", kind: duration(func(c *Config) *time.Duration { return &c.Task.CancellationInterval }), def: "30 s",
		doc: "Time between two attempts to interrupt a task that is being cancelled."},
	{key: "task.cancellation.timeout", kind: duration(func(c *Config) *time.Duration { return &c.Task.CancellationTimeout }), def: "3 min",
		doc: "A task that is still there by then takes its TaskManager along; 0 waits for ever."},

	{key: "heartbeat.interval", kind: duration(func(c *Config) *time.Duration { return &c.Heartbeat.Interval }), def: "10 s",
		doc: "Time between two heartbeat requests."},
	{key: "heartbeat.timeout", kind: duration(func(c *Config) *time.Duration { return &c.Heartbeat.Timeout }), def: "50 s",
		doc: "Silence after which the other side is declared lost."},
	{key: "heartbeat.rpc-failure-threshold", kind: integer(-1, math.MaxInt32, func(c *Config) *int { return &c.Heartbeat.RPCFailureThreshold }), def: "2",
		doc: "Undeliverable heartbeats in a row after which it is declared unreachable; -1 never does."},
	{key: "pekko.ask.timeout", kind: duration(func(c *Config) *time.Duration { return &c.RPC.AskTimeout }), def: "10 s", was: []string{"akka.ask.timeout"},
		doc: "How long an answer to a call is waited for."},
	{key: "cluster.registration.initial-timeout", kind: duration(func(c *Config) *time.Duration { return &c.Registration.InitialTimeout }), def: "100 ms",
		doc: "How long the first registration attempt waits for its answer; each further one waits twice as long."},
	{key: "cluster.registration.max-timeout", kind: duration(func(c *Config) *time.Duration { return &c.Registration.MaxTimeout }), def: "30 s",
		doc: "Longest wait for the answer to a registration."},
	{key: "cluster.registration.error-delay", kind: duration(func(c *Config) *time.Duration { return &c.Registration.ErrorDelay }), def: "10 s",
		doc: "Pause after a registration that failed."},
	{key: "cluster.registration.refused-registration-delay", kind: duration(func(c *Config) *time.Duration { return &c.Registration.RefusedDelay }), def: "30 s",
		doc: "Pause after a registration that was refused."},

	{key: "slot.request.timeout", kind: duration(func(c *Config) *time.Duration { return &c.Slot.RequestTimeout }), def: "5 min",
		doc: "A slot that has not come by then fails the attempt to schedule."},
	{key: "slot.idle.timeout", kind: duration(func(c *Config) *time.Duration { return &c.Slot.IdleTimeout }), def: "50 s",
		doc: "A JobMaster gives a slot back that it has not used for so long."},
	{key: "resourcemanager.job.timeout", kind: duration(func(c *Config) *time.Duration { return &c.ResourceManager.JobTimeout }), def: "5 min",
		doc: "The ResourceManager forgets a job that has had no JobMaster for so long."},
	{key: "resourcemanager.taskmanager-timeout", kind: duration(func(c *Config) *time.Duration { return &c.ResourceManager.TaskManagerTimeout }), def: "30 s",
		doc: "A TaskManager without work is released after it, where the ResourceManager starts TaskManagers."},
	{key: "resourcemanager.start-worker.max-failure-rate", kind: double(0, math.Inf(1), noDouble), def: "10.0", idle: true, doc: "Failed starts of TaskManagers a minute that are tolerated."},
	{key: "resourcemanager.start-worker.retry-interval", kind: duration(noDuration), def: "3 s", idle: true, doc: "Pause after too many failed starts."},
	{key: "resourcemanager.taskmanager-registration.timeout", kind: duration(noDuration), def: "5 min", idle: true, doc: "A started TaskManager that has not registered by then is given up."},
	{key: "slotmanager.redundant-taskmanager-num", kind: integer(0, math.MaxInt32, noInt), def: "0", idle: true, doc: "Spare TaskManagers."},
	{key: "taskmanager.numberOfTaskSlots", kind: integer(1, math.MaxInt32, func(c *Config) *int { return &c.TaskManager.NumberOfTaskSlots }), def: "1",
		doc: "Slots of each TaskManager."},
	{key: "taskmanager.registration.timeout", kind: duration(func(c *Config) *time.Duration { return &c.TaskManager.RegistrationTimeout }), def: "5 min", was: []string{"taskmanager.maxRegistrationDuration"},
		doc: "A TaskManager that has had no ResourceManager for so long ends itself."},
	{key: "taskmanager.slot.timeout", kind: duration(func(c *Config) *time.Duration { return &c.TaskManager.SlotTimeout }), def: "10 s",
		doc: "A slot that is allocated, but not active, for so long is freed."},
	{key: "taskmanager.resource-id", kind: text(noText), idle: true, doc: "A fixed id for the TaskManager."},
	{key: "process.taskmanager.working-dir", kind: text(noText), idle: true, doc: "Directory that outlives the TaskManager's process."},
	{key: "taskmanager.memory.segment-size", kind: memory(func(c *Config) *int64 { return &c.TaskManager.Network.SegmentSize }), def: "32 kb",
		doc: "Size of a network buffer."},
	{key: "taskmanager.network.memory.buffers-per-channel", kind: integer(0, math.MaxInt32, func(c *Config) *int { return &c.TaskManager.Network.BuffersPerChannel }), def: "2",
		doc: "Buffers that belong to each channel: its initial credit."},
	{key: "taskmanager.network.memory.floating-buffers-per-gate", kind: integer(1, math.MaxInt32, func(c *Config) *int { return &c.TaskManager.Network.FloatingBuffersPerGate }), def: "8",
		doc: "Buffers that the channels of a gate share, by backlog."},
	{key: "taskmanager.network.request-backoff.initial", kind: duration(func(c *Config) *time.Duration { return &c.TaskManager.Network.RequestBackoffInitial }), def: "100 ms",
		doc: "Wait before a channel that its producer did not have yet is asked for again; doubled each time."},
	{key: "taskmanager.network.request-backoff.max", kind: duration(func(c *Config) *time.Duration { return &c.TaskManager.Network.RequestBackoffMax }), def: "10 s",
		doc: "Longest such wait; then the consumer fails."},
	{key: "taskmanager.network.partition-request-timeout", kind: duration(noDuration), def: "10 s", idle: true, doc: "How long a producer holds a request for a channel that it does not have yet."},
	{key: "taskmanager.network.retries", kind: integer(0, math.MaxInt32, noInt), def: "0", idle: true, doc: "Attempts to connect anew."},
	{key: "taskmanager.network.memory.buffer-debloat.enabled", kind: boolean(noBool), def: "false", idle: true, doc: "Whether buffers shrink with the throughput."},

	{key: "jobmanager.rpc.address", kind: text(func(c *Config) *string { return &c.JobManager.Endpoint.Host }), def: "localhost",
		doc: "The host by which others reach the JobManager."},
	{key: "jobmanager.rpc.port", kind: integer(0, 65535, func(c *Config) *int { return &c.JobManager.Endpoint.Port }), def: "6123",
		doc: "The port on which the JobManager listens; 0 takes a free one."},
	{key: "jobmanager.bind-host", kind: text(func(c *Config) *string { return &c.JobManager.Endpoint.BindHost }), def: "localhost",
		doc: "The interface on which the JobManager listens."},
	{key: "taskmanager.host", kind: text(func(c *Config) *string { return &c.TaskManager.Endpoint.Host }), def: "localhost", was: []string{"taskmanager.hostname"},
		doc: "The host by which others reach the TaskManager."},
	{key: "taskmanager.rpc.port", kind: integer(0, 65535, func(c *Config) *int { return &c.TaskManager.Endpoint.Port }), def: "0",
		doc: "The port on which the TaskManager listens; 0 takes a free one."},
	{key: "taskmanager.bind-host", kind: text(func(c *Config) *string { return &c.TaskManager.Endpoint.BindHost }), def: "localhost",
		doc: "The interface on which the TaskManager listens."},
	{key: "rest.port", kind: integer(0, 65535, func(c *Config) *int { return &c.Rest.Port }), def: "8081",
		doc: "The port of the JobManager's REST API, unless rest.bind-port is set; 0 takes a free one."},
	{key: "rest.bind-port", kind: ports(func(c *Config) *[]int { return &c.Rest.BindPorts }),
		doc: "The ports of which the JobManager's REST API takes the first that is free."},
	{key: "rest.bind-address", kind: text(func(c *Config) *string { return &c.Rest.BindHost }), def: "localhost",
		doc: "The interface of the JobManager's REST API."},
	{key: "metrics.reporter.prom.port", kind: ports(func(c *Config) *[]int { return &c.Metrics.PrometheusPorts }), def: "9249-9299",
		doc: "The ports of which a process's metrics take the first that is free, on the interface of the process; in Flink it is 9249 alone."},

	{key: "high-availability.type", kind: enum(func(c *Config) *HAType { return &c.HighAvailability.Type }, "NONE", "zookeeper", "kubernetes=org.apache.flink.kubernetes.highavailability.KubernetesHaServicesFactory"), def: "NONE", was: []string{"high-availability"},
		doc: "The service that elects leaders and keeps the pointers to checkpoints."},
	{key: "high-availability.storageDir", kind: text(func(c *Config) *string { return &c.HighAvailability.StorageDir }), was: []string{"high-availability.zookeeper.storageDir"},
		doc: "Where the data is that the HA service points to."},
	{key: "high-availability.cluster-id", kind: text(func(c *Config) *string { return &c.HighAvailability.ClusterID }), def: "/default", was: []string{"kubernetes.cluster-id", "high-availability.zookeeper.path.namespace"},
		doc: "Keeps clusters that share an HA service apart."},
	{key: "high-availability.jobmanager.port", kind: text(noText), def: "0", idle: true, doc: "RPC port of JobManagers."},
	{key: "high-availability.kubernetes.leader-election.lease-duration", kind: duration(func(c *Config) *time.Duration { return &c.HighAvailability.Kubernetes.LeaseDuration }), def: "15 s",
		doc: "Others may take the lead once the lease was not renewed for so long."},
	{key: "high-availability.kubernetes.leader-election.renew-deadline", kind: duration(func(c *Config) *time.Duration { return &c.HighAvailability.Kubernetes.RenewDeadline }), def: "15 s",
		doc: "A leader that could not renew for so long steps down."},
	{key: "high-availability.kubernetes.leader-election.retry-period", kind: duration(func(c *Config) *time.Duration { return &c.HighAvailability.Kubernetes.RetryPeriod }), def: "5 s",
		doc: "Time between two attempts to get or renew the lease."},
	{key: "high-availability.zookeeper.quorum", kind: text(func(c *Config) *string { return &c.HighAvailability.ZooKeeper.Quorum }), doc: "Hosts of the ZooKeeper quorum."},
	{key: "high-availability.zookeeper.path.root", kind: text(func(c *Config) *string { return &c.HighAvailability.ZooKeeper.Root }), def: "/flink", was: []string{"recovery.zookeeper.path.root"}, doc: "Root of everything in ZooKeeper."},
	{key: "high-availability.zookeeper.path.execution-plans", kind: text(noText), def: "/execution-plans", was: []string{"high-availability.zookeeper.path.jobgraphs"}, idle: true, doc: "Where submitted jobs are."},
	{key: "high-availability.zookeeper.client.session-timeout", kind: duration(func(c *Config) *time.Duration { return &c.HighAvailability.ZooKeeper.SessionTimeout }), def: "1 min",
		doc: "A session without a sign of life for so long ends, with its leadership."},
	{key: "high-availability.zookeeper.client.connection-timeout", kind: duration(func(c *Config) *time.Duration { return &c.HighAvailability.ZooKeeper.ConnectionTimeout }), def: "15 s",
		doc: "How long a connection may take."},
	{key: "high-availability.zookeeper.client.retry-wait", kind: duration(func(c *Config) *time.Duration { return &c.HighAvailability.ZooKeeper.RetryWait }), def: "5 s",
		doc: "Wait between two tries of a call."},
	{key: "high-availability.zookeeper.client.max-retry-attempts", kind: integer(0, math.MaxInt32, func(c *Config) *int { return &c.HighAvailability.ZooKeeper.MaxRetryAttempts }), def: "3",
		doc: "Tries of a call after the first."},
	{key: "high-availability.zookeeper.client.tolerate-suspended-connections", kind: boolean(func(c *Config) *bool { return &c.HighAvailability.ZooKeeper.TolerateSuspended }), def: "false",
		doc: "Whether leadership outlives a lost connection as long as the session does."},
	{key: "job-result-store.delete-on-commit", kind: boolean(func(c *Config) *bool { return &c.ResultStore.DeleteOnCommit }), def: "true",
		doc: "Whether a job's result is deleted once everything of the job is cleaned up."},
	{key: "job-result-store.storage-path", kind: text(func(c *Config) *string { return &c.ResultStore.StoragePath }),
		doc: "Where job results are; unset, they are under the HA storage directory."},
	{key: "cluster.processes.halt-on-fatal-error", kind: boolean(noBool), def: "false", idle: true, doc: "Whether a fatal error skips shutdown hooks."},
	{key: "kubernetes.jobmanager.replicas", kind: integer(1, math.MaxInt32, func(c *Config) *int { return &c.Kubernetes.JobManagerReplicas }), def: "1",
		doc: "JobManagers; those beyond the first stand by."},

	{key: "parallelism.default", kind: integer(1, 1<<15, func(c *Config) *int { return &c.Pipeline.Parallelism }), def: "1",
		doc: "Parallelism of operators that do not say theirs."},
	{key: "pipeline.max-parallelism", kind: integer(-1, 1<<15, func(c *Config) *int { return &c.Pipeline.MaxParallelism }), def: "-1",
		doc: "Number of key groups, fixed once there is state; -1 chooses it from the parallelism."},
	{key: "pipeline.operator-chaining.enabled", kind: boolean(func(c *Config) *bool { return &c.Pipeline.Chaining }), def: "true", was: []string{"pipeline.operator-chaining"},
		doc: "Whether operators are chained into one task where they can be."},
	{key: "pipeline.auto-watermark-interval", kind: duration(func(c *Config) *time.Duration { return &c.Pipeline.WatermarkInterval }), def: "200 ms",
		doc: "Time between two watermarks of a source."},
	{key: "execution.buffer-timeout.interval", kind: duration(func(c *Config) *time.Duration { return &c.Pipeline.BufferTimeout }), def: "100 ms", was: []string{"execution.buffer-timeout"},
		doc: "A network buffer that is not full leaves after it."},

	{key: "partition.discovery.interval.ms", kind: millis(func(c *Config) *time.Duration { return &c.KafkaSource.DiscoveryInterval }), def: "300000",
		doc: "Time between two looks for new partitions; 0 or less looks only once."},
	{key: "commit.offsets.on.checkpoint", kind: boolean(func(c *Config) *bool { return &c.KafkaSource.CommitOffsetsOnCheckpoint }), def: "true",
		doc: "Whether the consumer group's offsets follow completed checkpoints, for monitoring."},
	{key: "client.id.prefix", kind: text(noText), idle: true, doc: "Prefix of Kafka client ids."},
	{key: "register.consumer.metrics", kind: boolean(noBool), def: "true", idle: true, doc: "Whether Kafka's client metrics are shown."},
	{key: "sink.committer.retries", kind: integer(0, math.MaxInt32, func(c *Config) *int { return &c.KafkaSink.CommitterRetries }), def: "10",
		doc: "Tries of a commit after the first, before the task fails."},
}

// Keys lists every known key, in the order of the table.
func Keys() []Key {
	keys := make([]Key, len(table))
	for i, e := range table {
		keys[i] = Key{Name: e.key, Type: e.kind.name, Values: e.kind.values, Default: e.def, Synonyms: e.was, Acted: !e.idle, Doc: e.doc}
	}
	return keys
}

package fault

var (
	everywhere = []Backend{Sim, Process, Containers, Kubernetes}
	workers    = []Role{JobManager, TaskManager}
	kafkaOps   = []string{"Produce", "InitProducerId", "AddPartitionsToTxn", "EndTxn", "WriteTxnMarkers"}
	storeOps   = []string{"PUT", "GET", "DELETE", "LIST"}
	haOps      = []string{"acquire", "renew", "read", "write", "delete"}
)

func processes(role Role, pick Pick) Aim { return Aim{Side: Side{Role: []Role{role}, Pick: pick}} }

// kinds is the vocabulary. A kind that is listed can be done by Injector; a backend that is listed can do it.
var kinds = []Kind{
	{
		Name: "jobmanager.kill", Summary: "a JobManager process dies without a word",
		Long: "The process is gone at once (SIGKILL): nothing is flushed, no farewell is sent, its timers are lost. " +
			"Whether it comes back, and when, is up to deployment.supervisor. Aim at the leader to force a failover.",
		Roles: []Role{JobManager}, Default: processes(JobManager, Leader),
		Backends: everywhere, Lasts: AtOnce, Undo: "the supervisor restarts it, if there is one",
	},
	{
		Name: "taskmanager.kill", Summary: "a TaskManager process dies without a word",
		Long: "The process is gone at once (SIGKILL) with all its tasks and slots. Kafka transactions that it had open " +
			"stay open until somebody commits or aborts them, or they time out. pick: hosting finds the victim by its work.",
		Roles: []Role{TaskManager}, Default: processes(TaskManager, One),
		Backends: everywhere, Lasts: AtOnce, Undo: "the supervisor restarts it, if there is one",
	},
	{
		Name: "jobmanager.pause", Summary: "a JobManager stands still, as in a long garbage collection",
		Long: "The process does nothing while its mail waits and its clock goes on. When it wakes up it still believes " +
			"whatever it believed: a leader that lost its lease meanwhile is a zombie and must be fenced.",
		Roles: []Role{JobManager}, Default: processes(JobManager, Leader),
		Backends: []Backend{Sim, Process, Containers}, Lasts: Necessary, Undo: "the process goes on",
	},
	{
		Name: "taskmanager.pause", Summary: "a TaskManager stands still, as in a long garbage collection",
		Long: "Longer than heartbeat.timeout, and the job restarts elsewhere while this one still has tasks, buffers " +
			"and an open transaction: what it writes after waking up must not be seen twice.",
		Roles: []Role{TaskManager}, Default: processes(TaskManager, One),
		Backends: []Backend{Sim, Process, Containers}, Lasts: Necessary, Undo: "the process goes on",
	},
	{
		Name: "cluster.pause", Summary: "the whole Flink cluster stands still while Kafka's clock runs on",
		Long: "All JobManagers and TaskManagers pause together, as in an outage of the platform. Transactions that were " +
			"pre-committed may time out at the broker meanwhile: this is how a completed checkpoint loses output.",
		Roles: workers, Default: Aim{Side: Side{Role: workers, Pick: All}},
		Backends: []Backend{Sim, Process, Containers}, Lasts: Necessary, Undo: "every process goes on",
	},
	{
		Name: "machine.lose", Summary: "the machine under a process is gone with its disk",
		Long: "Every process on the machine dies and its local disk is lost, so local recovery cannot help. " +
			"A supervisor brings the processes back on an empty machine.",
		Roles: workers, Default: processes(TaskManager, One),
		Backends: []Backend{Sim, Process, Kubernetes}, Lasts: AtOnce, Undo: "the supervisor restarts what ran there, with empty disks",
	},
	{
		Name: "network.partition", Summary: "messages between two groups of processes do not get through",
		Long: "Both ways, or one way only (direction: to or from). Nobody is told: connections stay open and silent, so " +
			"only heartbeats and time-outs notice. When it heals, what was held back arrives, in order. With mode: reject, " +
			"as a firewall that refuses, connections break and every message comes back at once, so that senders know.",
		Params: []Param{{Name: "mode", Type: Choice, Default: "drop", Of: []string{"drop", "reject"}, Doc: "silence, or refusal"}},
		Roles:  Roles, Default: Aim{Side: Side{Role: []Role{TaskManager}, Pick: One}, Direction: Both}, Network: true,
		Backends: everywhere, Lasts: Optional, Undo: "the links carry again, and deliver what was held back",
	},
	{
		Name: "network.delay", Summary: "messages between two groups take longer",
		Long: "Every message on the links is late by delay, and by up to jitter more.",
		Params: []Param{
			{Name: "delay", Type: Span, Default: "100ms", Doc: "added to every message"},
			{Name: "jitter", Type: Span, Default: "0s", Doc: "up to so much more, at random"},
		},
		Roles: Roles, Default: Aim{Side: Side{Role: []Role{TaskManager}, Pick: One}, Direction: Both}, Network: true,
		Backends: everywhere, Lasts: Optional, Undo: "the links are as fast as before",
	},
	{
		Name: "network.loss", Summary: "packets between two groups are lost and sent again",
		Long:   "TCP repairs each loss by waiting and sending again, so loss shows as delay that doubles.",
		Params: []Param{{Name: "percent", Type: Percent, Default: "10", Doc: "of the packets"}},
		Roles:  Roles, Default: Aim{Side: Side{Role: []Role{TaskManager}, Pick: One}, Direction: Both}, Network: true,
		Backends: everywhere, Lasts: Optional, Undo: "the links lose nothing",
	},
	{
		Name: "network.throttle", Summary: "little passes between two groups",
		Long: "So many bytes a second pass on each link, and senders wait: heartbeats stand in line behind data. What waits when it ends " +
			"passes at once.",
		Params: []Param{{Name: "bytes-per-second", Type: Number, Default: "10000", Doc: "on each link; at least 1"}},
		Roles:  Roles, Default: Aim{Side: Side{Role: []Role{TaskManager}, Pick: One}, Direction: Both}, Network: true,
		Backends: everywhere, Lasts: Optional, Undo: "the links carry what they can",
	},
	{
		Name: "network.reset", Summary: "connections between two groups break",
		Long: "Both ends are told at once. What was under way may or may not have arrived: a request can have taken " +
			"effect though its answer is lost.",
		Roles: Roles, Default: Aim{Side: Side{Role: []Role{TaskManager}, Pick: One}, Direction: Both}, Network: true,
		Backends: []Backend{Sim, Process, Containers}, Lasts: AtOnce, Undo: "both ends connect again",
	},
	{
		Name: "objectstore.outage", Summary: "the object store does not do what it is asked",
		Long: "Requests fail at once (http-503) or are never answered (timeout) and have no effect. Checkpoints cannot be " +
			"written, and a restore cannot read.",
		Params: []Param{
			{Name: "mode", Type: Choice, Default: "http-503", Of: []string{"http-503", "timeout"}, Doc: "how it fails"},
			{Name: "operations", Type: Choices, Of: storeOps, Doc: "only these; all if left out"},
			{Name: "prefix", Type: Text, Doc: "only objects whose name begins so"},
		},
		Roles: []Role{ObjectStore}, Default: processes(ObjectStore, All),
		Backends: []Backend{Sim, Process, Containers}, Lasts: Optional, Undo: "the store works again",
	},
	{
		Name: "objectstore.full", Summary: "the object store has no room left",
		Long: "Nothing can be written; what is there can be read and deleted. Checkpoints fail until somebody makes room, and those that were " +
			"completed must survive it.",
		Params: []Param{{Name: "prefix", Type: Text, Doc: "only objects whose name begins so"}},
		Roles:  []Role{ObjectStore}, Default: processes(ObjectStore, All),
		Backends: []Backend{Sim, Process}, Lasts: Optional, Undo: "there is room again",
	},
	{
		Name: "objectstore.throttle", Summary: "the object store serves few requests a second",
		Long: "Requests wait for their turn. Checkpoints take longer, up to execution.checkpointing.timeout.",
		Params: []Param{
			{Name: "requests-per-second", Type: Number, Default: "2", Doc: "so many are served"},
			{Name: "operations", Type: Choices, Of: storeOps, Doc: "only these; all if left out"},
			{Name: "prefix", Type: Text, Doc: "only objects whose name begins so"},
		},
		Roles: []Role{ObjectStore}, Default: processes(ObjectStore, All),
		Backends: []Backend{Sim, Process, Containers}, Lasts: Optional, Undo: "requests are served at once",
	},
	{
		Name: "objectstore.lost-answer", Summary: "the object store does it, but the answer is lost",
		Long: "The request takes effect and its caller never hears so. A caller that takes silence for failure will " +
			"delete or overwrite what is there.",
		Params: []Param{
			{Name: "percent", Type: Percent, Default: "100", Doc: "of the answers"},
			{Name: "operations", Type: Choices, Of: storeOps, Doc: "only these; all if left out"},
			{Name: "prefix", Type: Text, Doc: "only objects whose name begins so"},
		},
		Roles: []Role{ObjectStore}, Default: processes(ObjectStore, All),
		Backends: []Backend{Sim, Process}, Lasts: Optional, Undo: "answers arrive again",
	},
	{
		Name: "ha.lease.lose", Summary: "the leader's lease is taken away",
		Long: "The coordination service drops the lease while its holder lives and works. Somebody else may be elected " +
			"before the former leader has noticed.",
		Roles: []Role{JobManager}, Default: processes(JobManager, Leader),
		Backends: []Backend{Sim, Process, Containers, Kubernetes}, Lasts: AtOnce, Undo: "the next election",
	},
	{
		Name: "ha.unavailable", Summary: "the coordination service answers nobody",
		Long: "No lease can be renewed and no checkpoint pointer written. A leader must step down when its renew-deadline " +
			"has passed, not later.",
		Params: []Param{{Name: "operations", Type: Choices, Of: haOps, Doc: "only these; all if left out"}},
		Roles:  []Role{HA}, Default: processes(HA, All),
		Backends: []Backend{Sim, Process, Containers, Kubernetes}, Lasts: Optional, Undo: "the service answers again",
	},
	{
		Name: "ha.lost-answer", Summary: "the coordination service does it, but the answer is lost",
		Long: "A write of the checkpoint pointer takes effect and the JobManager never hears so: it must treat the " +
			"checkpoint as perhaps completed, and delete nothing.",
		Params: []Param{
			{Name: "percent", Type: Percent, Default: "100", Doc: "of the answers"},
			{Name: "operations", Type: Choices, Of: haOps, Doc: "only these; all if left out"},
		},
		Roles: []Role{HA}, Default: processes(HA, All),
		Backends: []Backend{Sim, Process}, Lasts: Optional, Undo: "answers arrive again",
	},
	{
		Name: "kafka.coordinator.unavailable", Summary: "Kafka's transaction coordinator is not available",
		Long: "Requests about transactions are answered COORDINATOR_NOT_AVAILABLE; records can still be appended and read. " +
			"Commits wait, and open transactions go on ageing.",
		Roles: []Role{Kafka}, Default: processes(Kafka, All),
		Backends: []Backend{Sim, Process}, Lasts: Optional, Undo: "the coordinator answers again",
	},
	{
		Name: "kafka.broker.kill", Summary: "a Kafka broker dies",
		Long: "Its partitions and transactions have no leader until its session has run out (9 s, broker.session.timeout.ms) and others " +
			"take over what was replicated, or until it is back. Requests under way are lost, with or without their effect.",
		Roles: []Role{Kafka}, Default: processes(Kafka, One),
		Backends: []Backend{Sim, Process}, Lasts: AtOnce, Undo: "the supervisor restarts it, if there is one",
	},
	{
		Name: "kafka.coordinator.move", Summary: "transactions get another coordinator",
		Long: "All transactional ids that a broker coordinates go to other brokers, which first have to load them: an election between " +
			"two steps of a transition, such as between a decision and its markers.",
		Roles: []Role{Kafka}, Default: processes(Kafka, One),
		Backends: []Backend{Sim, Process}, Lasts: AtOnce, Undo: "nothing: somebody has to coordinate",
	},
	{
		Name: "kafka.leader.move", Summary: "partitions get another leader",
		Long: "All partitions that a broker leads go to other brokers. Clients hear NOT_LEADER_OR_FOLLOWER and look again; what they had " +
			"under way is sent twice, and must be stored once.",
		Roles: []Role{Kafka}, Default: processes(Kafka, One),
		Backends: []Backend{Sim, Process}, Lasts: AtOnce, Undo: "nothing: somebody has to lead",
	},
	{
		Name: "kafka.replica.lag", Summary: "replicas do not follow their leaders",
		Long: "Followers on the broker fetch nothing. What is written with acks=all waits for them, until they have been behind for " +
			"replica.lag.time.max.ms and leave the ISR; then for nobody, or it is refused: NOT_ENOUGH_REPLICAS, if fewer than " +
			"min.insync.replicas are left. Who leads does so as before.",
		Params: []Param{{Name: "topic", Type: Text, Doc: "only of this topic; of all if left out"}},
		Roles:  []Role{Kafka}, Default: processes(Kafka, One),
		Backends: []Backend{Sim, Process}, Lasts: Optional, Undo: "they catch up, and are in sync again",
	},
	{
		Name: "kafka.unclean-election", Summary: "replicas that are not in sync become leaders",
		Long: "What an operator does when the last replica in sync will not come back soon (kafka-leader-election.sh): partitions without a " +
			"leader get one that lacks records. Those are gone, though they were acknowledged, and read.",
		Roles: []Role{Kafka}, Default: processes(Kafka, All),
		Backends: []Backend{Sim, Process}, Lasts: AtOnce, Undo: "nothing: what is lost is lost",
	},
	{
		Name: "kafka.lost-answer", Summary: "brokers do what they are asked to, but their answers are lost",
		Long: "The request has its effect, and the client hears nothing until it gives it up and asks again: it must not be taken for " +
			"somebody else, nor its request for a second one.",
		Params: []Param{
			{Name: "percent", Type: Percent, Default: "100", Doc: "of the answers"},
			{Name: "operations", Type: Choices, Of: kafkaOps, Default: "EndTxn", Doc: "only these"},
		},
		Roles: []Role{Kafka}, Default: processes(Kafka, All),
		Backends: []Backend{Sim, Process}, Lasts: Optional, Undo: "answers arrive again",
	},
	{
		Name: "kafka.late-request", Summary: "a request arrives after those that were sent later",
		Long: "It waits somewhere in the network while its client has given it up and asked again on another connection: what it does in the " +
			"end, it may do to a later transaction.",
		Params: []Param{
			{Name: "delay", Type: Span, Default: "35s", Doc: "how late it comes; clients give a request up after 30 s"},
			{Name: "percent", Type: Percent, Default: "100", Doc: "of the requests"},
			{Name: "operations", Type: Choices, Of: kafkaOps, Default: "EndTxn", Doc: "only these"},
			{Name: "transactional-id", Type: Text, Doc: "only those of transactional ids that begin so"},
		},
		Roles: []Role{Kafka}, Default: processes(Kafka, All),
		Backends: []Backend{Sim, Process}, Lasts: Optional, Undo: "requests arrive at once",
	},
	{
		Name: "kafka.disk.full", Summary: "a Kafka broker has no room left for its log",
		Long: "The next append, of a leader or of a follower, takes its only log directory offline: KAFKA_STORAGE_ERROR to who asked for it, " +
			"and the broker halts. Others take over when its session has run out (9 s). It cannot start before there is room again; with all " +
			"brokers full nothing can be written.",
		Roles: []Role{Kafka}, Default: processes(Kafka, One),
		Backends: []Backend{Sim, Process}, Lasts: Optional, Undo: "there is room; the supervisor starts it, if there is one",
	},
	{
		Name: "kafka.throttle", Summary: "clients of Kafka have a quota",
		Long: "Each client may send, or have, so many bytes a second at each broker, measured over ten seconds. Over that it is told to be silent " +
			"for some time, and not listened to (throttle_time_ms). Commits wait behind the records before them.",
		Params: []Param{
			{Name: "bytes-per-second", Type: Number, Default: "10000", Doc: "of each client at each broker; at least 1"},
			{Name: "operations", Type: Choices, Of: []string{"Produce", "Fetch"}, Doc: "only these; both if left out"},
		},
		Roles: []Role{Kafka}, Default: processes(Kafka, All),
		Backends: []Backend{Sim, Process}, Lasts: Optional, Undo: "clients have what they can get",
	},
	{
		Name: "kafka.markers.slow", Summary: "transactions are decided, and their markers come late",
		Long: "A transaction stays in PrepareCommit or PrepareAbort: its client has its answer, and no read_committed reader has its records. " +
			"Whoever begins the next one hears CONCURRENT_TRANSACTIONS.",
		Params: []Param{{Name: "delay", Type: Span, Default: "2s", Doc: "how much later each marker leaves"}},
		Roles:  []Role{Kafka}, Default: processes(Kafka, All),
		Backends: []Backend{Sim, Process}, Lasts: Optional, Undo: "markers leave at once",
	},
	{
		Name: "producer.kill", Summary: "an instance of the application before the job dies without a word",
		Long: "It is gone at once (SIGKILL), with a transaction open, or in the middle of its end. The next one takes the transactional id, and so " +
			"aborts what this one had open, or waits for its time-out if it has another id.",
		Roles: []Role{Producer}, Default: processes(Producer, One),
		Backends: []Backend{Sim, Process}, Lasts: AtOnce, Undo: "the supervisor restarts it, if there is one",
	},
	{
		Name: "producer.pause", Summary: "an instance of the application before the job stands still",
		Long: "Longer than its transaction.timeout.ms, and the coordinator aborts what it has open: what it does after waking up must not " +
			"count for a later transaction.",
		Roles: []Role{Producer}, Default: processes(Producer, One),
		Backends: []Backend{Sim, Process}, Lasts: Necessary, Undo: "the process goes on",
	},
	{
		Name: "producer.replace", Summary: "another instance of the application before the job starts while the former one goes on",
		Long: "As when a node cannot be reached, and its pods are started elsewhere: the former instance is a zombie, which still reaches Kafka. " +
			"If both have one transactional id the zombie is fenced; if each has its own, both write the same.",
		Roles: []Role{Producer}, Default: processes(Producer, One),
		Backends: []Backend{Sim, Process}, Lasts: AtOnce, Undo: "nothing: both go on, and nobody restarts the former one when it ends",
	},
	{
		Name: "clock.skew", Summary: "a process's clock is wrong",
		Long: "The clock jumps by jump and then runs at rate. A lease that is judged by the wrong clock is held too long; a Kafka " +
			"coordinator whose clock is ahead aborts transactions early.",
		Params: []Param{
			{Name: "jump", Type: Span, Default: "0s", Doc: "forward, or backward with a minus sign"},
			{Name: "rate", Type: Number, Default: "1", Doc: "how fast it runs; 1 is right"},
		},
		Roles: Roles, Default: processes(JobManager, Leader),
		Backends: []Backend{Sim, Kubernetes}, Lasts: Optional, Undo: "the jump is taken back and the rate is 1 again",
	},
}

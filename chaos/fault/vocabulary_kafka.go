package fault

// What brokers are asked for about transactions.
var kafkaOps = []string{"Produce", "InitProducerId", "AddPartitionsToTxn", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn", "WriteTxnMarkers"}

var kafkaKinds = []Kind{
	{
		Name: "kafka.coordinator.unavailable", Summary: "Kafka's transaction coordinator is not available",
		Long: "Requests about transactions are answered COORDINATOR_NOT_AVAILABLE; records can still be appended and read. " +
			"Commits wait, and open transactions go on ageing. With mode: loading the answer is COORDINATOR_LOAD_IN_PROGRESS, as of one that " +
			"has much to read.",
		Params: []Param{{Name: "mode", Type: Choice, Default: "unavailable", Of: []string{"unavailable", "loading"}, Doc: "which answer it gives"}},
		Roles:  []Role{Kafka}, Default: processes(Kafka, All),
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
			{Name: "bytes-per-second", Type: Number, Default: "10000", Least: 1, Doc: "of each client at each broker; at least 1"},
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
}

var producerKinds = []Kind{
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
}

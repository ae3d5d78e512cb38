package fault

import "slices"

// kinds is the vocabulary. A kind that is listed can be done by Injector; a backend that is listed can do it.
var kinds = slices.Concat(processKinds, networkKinds, serviceKinds, kafkaKinds, producerKinds, clockKinds)

var (
	everywhere = []Backend{Sim, Process, Containers, Kubernetes}
	workers    = []Role{JobManager, TaskManager}
)

func processes(role Role, pick Pick) Aim { return Aim{Side: Side{Role: []Role{role}, Pick: pick}} }

var processKinds = []Kind{
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
}

var clockKinds = []Kind{
	{
		Name: "clock.skew", Summary: "a process's clock is wrong",
		Long: "The clock jumps by jump and then runs at rate. A lease that is judged by the wrong clock is held too long; a Kafka " +
			"coordinator whose clock is ahead aborts transactions early.",
		Params: []Param{
			{Name: "jump", Type: Span, Default: "0s", Example: "30s", Signed: true, Doc: "forward, or backward with a minus sign"},
			{Name: "rate", Type: Number, Default: "1", Doc: "how fast it runs; 1 is right"},
		},
		Roles: Roles, Default: processes(JobManager, Leader),
		Backends: []Backend{Sim, Process, Kubernetes}, Only: map[Backend][]Role{Process: {Kafka}}, Lasts: Optional,
		Undo: "the jump is taken back and the rate is 1 again",
	},
}

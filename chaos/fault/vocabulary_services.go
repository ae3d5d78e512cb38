package fault

// What the object store and the coordination service are asked for.
var (
	storeOps = []string{"PUT", "GET", "DELETE", "LIST"}
	haOps    = []string{"acquire", "renew", "read", "write", "delete"}
)

var serviceKinds = []Kind{
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
}

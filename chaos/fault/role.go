package fault

// Role is what a process is in the world.
type Role string

// The roles.
const (
	JobManager  Role = "jobmanager"
	TaskManager Role = "taskmanager"
	ObjectStore Role = "objectstore"
	Kafka       Role = "kafka"
	HA          Role = "ha"       // the coordination service: leases and pointers
	Producer    Role = "producer" // the application that writes the source's topic, if there is one
)

// Roles lists every role.
var Roles = []Role{JobManager, TaskManager, ObjectStore, Kafka, HA, Producer}

// Backend is a kind of world in which a scenario can run.
type Backend string

// The backends.
const (
	Sim        Backend = "sim"
	Process    Backend = "process"
	Containers Backend = "containers"
	Kubernetes Backend = "kubernetes"
)

// Backends lists every backend, the most capable first.
var Backends = []Backend{Sim, Process, Containers, Kubernetes}

package scenario

import "github.com/flinch-dev/flinch/chaos/fault"

// Duration is a time span in Flink's or Go's syntax.
type Duration = fault.Duration

// Names of the format.
const (
	APIVersion   = "chaos/v1alpha1"
	KindScenario = "Scenario"
	KindBase     = "Base" // a file that others extend; it is not run by itself
)

// Scenario is one scenario file, or one cell of its matrix once it is resolved.
type Scenario struct {
	APIVersion  string           `json:"apiVersion,omitempty" jsonschema:"enum=chaos/v1alpha1" jsonschema_description:"the version of this format"`
	Kind        string           `json:"kind,omitempty" jsonschema:"enum=Scenario,enum=Base" jsonschema_description:"Scenario, or Base for a file that others extend and that is not run by itself"`
	Metadata    Metadata         `json:"metadata"`
	Description string           `json:"description,omitempty" jsonschema_description:"what the run shows, in one sentence for people who did not write it"`
	Extends     []string         `json:"extends,omitempty" jsonschema_description:"files to build on, relative to this one: maps merge, lists replace"`
	Backends    []fault.Backend  `json:"backends,omitempty" jsonschema_description:"where it may run; the first is the default"`
	Seed        *uint64          `json:"seed,omitempty" jsonschema_description:"fixes every step of a simulated run"`
	Seeds       *Seeds           `json:"seeds,omitempty" jsonschema_description:"a range of seeds, as in 1..20: one run each"`
	Duration    Duration         `json:"duration,omitzero" jsonschema_description:"how long the load runs"`
	Deployment  Deployment       `json:"deployment,omitzero" jsonschema_description:"the cluster, in FlinkDeploymentSpec words"`
	Pipeline    Pipeline         `json:"pipeline" jsonschema_description:"the job that is run and verified"`
	Downstream  *Downstream      `json:"downstream,omitempty" jsonschema_description:"a second application that reads what the first one writes"`
	SteadyState *SteadyState     `json:"steadyState,omitempty" jsonschema_description:"no fault is injected before this holds; if it never does, the run says nothing (exit 2)"`
	Faults      []fault.Fault    `json:"faults,omitempty" jsonschema_description:"what is broken, at whom, when"`
	Invariants  []string         `json:"invariants,omitempty" jsonschema_description:"what must hold of the data and the protocol; any breach is exit 1"`
	SLO         map[string]Limit `json:"slo,omitempty" jsonschema_description:"limits on metrics; a breach is exit 3"`
	MustHappen  []Expectation    `json:"mustHappen,omitempty" jsonschema_description:"events without which the run has not tested what it should (exit 2)"`
	StopWhen    map[string]Limit `json:"stopWhen,omitempty" jsonschema_description:"undo all faults and stop when a metric leaves its limit (exit 4)"`
	Safety      Safety           `json:"safety,omitzero" jsonschema_description:"what the faults may not do"`
	Drain       *Drain           `json:"drain,omitempty" jsonschema_description:"the calm end: no faults, the source ends, everything may commit, then the checks look"`
	Matrix      map[string][]any `json:"matrix,omitempty" jsonschema_description:"dotted paths and the values to try: one cell for every combination"`
	Verdicts    []Verdict        `json:"verdicts,omitempty" jsonschema_description:"what each cell must come to; a cell that is known to be bad must be caught"`
	Expect      string           `json:"expect,omitempty" jsonschema:"enum=pass,enum=violates" jsonschema_description:"what every run must come to, if it is not pass; verdicts says it by cell"`
	Compare     *Compare         `json:"compare,omitempty" jsonschema_description:"the plots of a sweep"`
}

// Metadata names a scenario.
type Metadata struct {
	Name   string            `json:"name" jsonschema:"pattern=^[A-Za-z0-9][A-Za-z0-9._-]*$" jsonschema_description:"letters, digits, dots, dashes; folders are named by it"`
	Labels map[string]string `json:"labels,omitempty" jsonschema_description:"chaos run -l key=value selects by them"`
	Cell   string            `json:"cell,omitempty" jsonschema_description:"the cell of the matrix that this was resolved from; written by the tool"`
}

// Deployment is the cluster.
type Deployment struct {
	FlinkVersion       string            `json:"flinkVersion,omitempty" jsonschema_description:"for example v2_2"`
	Profile            string            `json:"profile,omitempty" jsonschema:"enum=go-process,enum=flink-jvm" jsonschema_description:"what things cost in simulated time"`
	JobManager         Replicas          `json:"jobManager,omitzero"`
	TaskManager        Replicas          `json:"taskManager,omitzero"`
	Standbys           *int              `json:"standbys,omitempty" jsonschema:"minimum=0,maximum=20" jsonschema_description:"JobManagers that wait beside the leader: jobManager.replicas less one"`
	Supervisor         Supervisor        `json:"supervisor,omitzero" jsonschema_description:"who restarts processes that died"`
	Job                Job               `json:"job,omitzero"`
	FlinkConfiguration map[string]string `json:"flinkConfiguration,omitempty" jsonschema_description:"Flink's own keys, dotted or nested"`
}

// Replicas is how many processes of a kind there are.
type Replicas struct {
	Replicas int `json:"replicas,omitempty" jsonschema:"minimum=1,maximum=100" jsonschema_description:"how many processes"`
}

// Supervisor restarts processes, as a Kubernetes Deployment does, or nobody does, as in a standalone cluster.
type Supervisor struct {
	Restart *bool    `json:"restart,omitempty" jsonschema_description:"true as in Kubernetes; false as in a standalone cluster"`
	Delay   Duration `json:"delay,omitzero" jsonschema_description:"from death to the start of a new process"`
}

// Job is how the job is run.
type Job struct {
	Parallelism int    `json:"parallelism,omitempty" jsonschema:"minimum=1,maximum=1000" jsonschema_description:"subtasks of each operator"`
	UpgradeMode string `json:"upgradeMode,omitempty" jsonschema:"enum=stateless,enum=last-state,enum=savepoint" jsonschema_description:"how the job is restored by an operator"`
}

// Limit bounds a metric.
type Limit struct {
	Max    *Amount `json:"max,omitempty" jsonschema_description:"at most this"`
	Min    *Amount `json:"min,omitempty" jsonschema_description:"at least this"`
	During string  `json:"during,omitempty" jsonschema:"enum=run,enum=before,enum=fault,enum=after" jsonschema_description:"which part of the run counts: all of it, before the first fault, while faults are in force, or after"`
}

// SteadyState is the gate before the first fault.
type SteadyState struct {
	Within  Duration         `json:"within" jsonschema_description:"how long to wait for it"`
	Require map[string]Limit `json:"require" jsonschema_description:"metrics and their limits"`
}

// Expectation is an event that must happen.
type Expectation struct {
	Event      string `json:"event" jsonschema_description:"an event of the history"`
	After      string `json:"after,omitempty" jsonschema_description:"after this fault has started"`
	By         string `json:"by,omitempty" jsonschema_description:"by whom: a process, or fenced-attempt"`
	Operator   string `json:"operator,omitempty"`
	Subtask    *int   `json:"subtask,omitempty" jsonschema:"minimum=0"`
	Checkpoint uint64 `json:"checkpoint,omitempty" jsonschema:"minimum=1"`
	Fault      string `json:"fault,omitempty"`
	// Application is "" for the first one, and for what the services tell.
	Application string `json:"application,omitempty" jsonschema_description:"of the downstream application, by its name; of the first one if left out"`
}

// Safety bounds what faults may do.
type Safety struct {
	MaxAffected map[fault.Role]int `json:"maxAffected,omitempty" jsonschema_description:"how many processes of a role may suffer at once"`
	Namespaces  []string           `json:"namespaces,omitempty" jsonschema_description:"for Kubernetes: the only namespaces that may be touched"`
	Revert      string             `json:"revert,omitempty" jsonschema:"enum=always,enum=never" jsonschema_description:"whether faults are undone when a run is stopped"`
}

// Drain is the calm end of a run.
type Drain struct {
	QuietFor Duration `json:"quietFor,omitzero" jsonschema_description:"nothing new came out for so long: the end"`
	Max      Duration `json:"max,omitzero" jsonschema_description:"at most so long"`
}

// Verdict is what a cell must come to.
type Verdict struct {
	If        map[string]string `json:"if,omitempty" jsonschema_description:"dotted paths and values: for cells that have them; all cells if left out"`
	Expect    string            `json:"expect" jsonschema:"enum=pass,enum=violates"`
	Invariant string            `json:"invariant,omitempty" jsonschema_description:"for violates: which invariant must be found broken"`
	Anomaly   string            `json:"anomaly,omitempty" jsonschema:"enum=lost,enum=duplicated,enum=unexpected,enum=out-of-order,enum=wrong-value,enum=hang,enum=torn,enum=aborted-read,enum=lost-write,enum=duplicate" jsonschema_description:"for violates: how"`
}

// Compare asks for plots over the cells.
type Compare struct {
	X string   `json:"x" jsonschema_description:"a path of the matrix, or the end of one"`
	Y []string `json:"y" jsonschema_description:"metrics"`
}

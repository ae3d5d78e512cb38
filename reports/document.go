package reports

import (
	"time"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/checker/measure"
)

// Document is everything that a report needs to know about one run.
type Document struct {
	Scenario    Scenario
	Run         checker.Run
	Results     []checker.Result
	Recoveries  []measure.Recovery
	Checkpoints measure.Checkpoints
	Series      []measure.Series
	Holdings    []measure.Holding
	Uncommitted measure.Uncommitted
	ExactlyOnce Counts
	SLO         []SLO
	MustHappen  []MustHappen
	Metrics     measure.Metrics
	Config      []Setting
	Warnings    []string
	Environment Environment

	// Downstream is the same run as the application downstream of this one went through it, called so; nil if there is
	// none.
	Downstream  *Document
	Application string

	TraceHash      string
	VirtualSeconds float64
	WallSeconds    float64

	Verdict  string // one word: PASS, FAIL, INCONCLUSIVE, SLO MISSED, STOPPED
	Passed   bool
	ExitCode int
	Reason   string // why the run was stopped or could not be judged, in one sentence; often empty
	Folder   string // where the run's files are, as the terminal should name it; may be empty
}

// Scenario is what was asked for.
type Scenario struct {
	Name         string
	Description  string
	Seed         int64
	Backend      string
	Services     map[string]string // of real processes: what served as ha, storage and kafka
	ResolvedYAML string
	Labels       map[string]string
	ReproCommand string
	Faults       []AskedFault
}

// AskedFault is one fault as the scenario file has it.
type AskedFault struct {
	Name        string
	Inject      string
	Trigger     string // "checkpoint.triggered, 3rd, plus 200ms"
	Target      string // "role jobmanager, pick leader"
	Application string // the downstream application that it is aimed at; "" of others
}

// Counts is the outcome of the exactly-once check, in source records.
type Counts struct {
	Expected     int
	Committed    int
	Lost         int
	Pending      int // expected and not there, in a run that was not drained: nobody knows whether they are lost
	Duplicated   int
	Unexpected   int
	OutOfOrder   int
	AbortedReads int
}

// SLO is one service level with what was measured. A Value of NaN means that it could not be measured.
type SLO struct {
	Name    string
	Value   float64
	Limit   float64
	AtLeast bool // the limit is a minimum
	Unit    string
	Passed  bool
	During  string // "before", "fault", "after" or empty
}

// MustHappen is one event without which the run proves nothing.
type MustHappen struct {
	Event    string // as the scenario says it: "leader.elected after kill-leader"
	Happened bool
	At       time.Duration
	Evidence string
}

// Setting is one effective configuration key.
type Setting struct {
	Key     string
	Value   string
	Origin  string // file:line, "default", "command line"
	Default bool
}

// Environment is what the run ran on.
type Environment struct {
	Version   string
	Commit    string
	GoVersion string
	OS        string
	Arch      string
	Host      string
}

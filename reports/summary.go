package reports

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/flinch-dev/flinch/runtime/id"
)

// RunSchema is the version of run.json. A reader may rely on the fields of Summary as long as it is the same.
const RunSchema = "flinch/run/v1"

// Summary is what run.json holds of one run. Times are seconds; what was not reached or not measured is null.
type Summary struct {
	Schema         string               `json:"schema"`
	Scenario       string               `json:"scenario"`
	Seed           int64                `json:"seed"`
	Backend        string               `json:"backend"`
	Services       map[string]string    `json:"services,omitempty"` // of real processes: what served as ha, storage and kafka
	Passed         bool                 `json:"passed"`
	Verdict        string               `json:"verdict"`
	ExitCode       int                  `json:"exitCode"`
	Reason         string               `json:"reason,omitempty"`
	Sentence       string               `json:"sentence"`
	TraceHash      string               `json:"traceHash"`
	VirtualSeconds float64              `json:"virtualSeconds"`
	WallSeconds    float64              `json:"wallSeconds"`
	ExactlyOnce    CountsSummary        `json:"exactlyOnce"`
	Checks         []CheckSummary       `json:"checks"`
	Recoveries     []RecoverySummary    `json:"recoveries"`
	Checkpoints    CheckpointsSummary   `json:"checkpoints"`
	Transactions   *TransactionsSummary `json:"transactions,omitempty"` // nothing without any
	SLO            []SLOSummary         `json:"slo"`
	Faults         []FaultSummary       `json:"faults"`
	Metrics        map[string]Number    `json:"metrics"`
	Repro          string               `json:"repro"`
}

// CountsSummary is Counts in JSON.
type CountsSummary struct {
	Expected     int `json:"expected"`
	Committed    int `json:"committed"`
	Lost         int `json:"lost"`
	Pending      int `json:"pending,omitempty"`
	Duplicated   int `json:"duplicated"`
	Unexpected   int `json:"unexpected"`
	OutOfOrder   int `json:"outOfOrder"`
	AbortedReads int `json:"abortedReads"`
}

// CheckSummary is one check's verdict.
type CheckSummary struct {
	Name    string   `json:"name"`
	Verdict string   `json:"verdict"`
	Detail  string   `json:"detail"`
	Records []string `json:"records,omitempty"`
}

// RecoverySummary is one recovery.
type RecoverySummary struct {
	Fault       string  `json:"fault"`
	At          float64 `json:"at"`
	Detect      Number  `json:"detect"`
	Restart     Number  `json:"restart"`
	Restore     Number  `json:"restore"`
	CatchUp     Number  `json:"catchUp"`
	Total       Number  `json:"total"`
	Reprocessed int     `json:"reprocessed"`
}

// CheckpointsSummary sums up the checkpoints.
type CheckpointsSummary struct {
	Completed   int     `json:"completed"`
	Failed      int     `json:"failed"`
	DurationP50 float64 `json:"durationP50"`
	DurationP99 float64 `json:"durationP99"`
	BytesMax    int64   `json:"bytesMax"`
}

// TransactionsSummary sums up the transactions, the sink's and those of an application before the job, and what they meant
// to readers: which of them held a last stable offset longest, and what those saw who read uncommitted records.
type TransactionsSummary struct {
	Committed   int                `json:"committed"`
	Aborted     int                `json:"aborted"`
	Open        int                `json:"open"`
	Holders     []HolderSummary    `json:"holders"` // the longest three
	Uncommitted UncommittedSummary `json:"readUncommitted"`
}

// HolderSummary is one transaction that held the last stable offset of a partition.
type HolderSummary struct {
	Transaction string  `json:"transaction"`
	Writer      string  `json:"writer,omitempty"`
	Topic       string  `json:"topic,omitempty"`
	Partition   int32   `json:"partition"`
	Offset      int64   `json:"offset"`
	From        float64 `json:"from"`
	Held        float64 `json:"held"`
	Why         string  `json:"why"` // open, prepared or hanging
}

// UncommittedSummary is what a read_uncommitted reader saw, in records and seconds.
type UncommittedSummary struct {
	Records   int     `json:"records"`
	Dirty     int     `json:"dirty"`
	Undecided int     `json:"undecided"`
	Twice     int     `json:"twice"`
	AheadP50  float64 `json:"aheadP50"`
	AheadP99  float64 `json:"aheadP99"`
	AheadMax  float64 `json:"aheadMax"`
}

// SLOSummary is one service level.
type SLOSummary struct {
	Name    string `json:"name"`
	During  string `json:"during,omitempty"`
	Value   Number `json:"value"`
	Limit   Number `json:"limit"`
	Unit    string `json:"unit"`
	AtLeast bool   `json:"atLeast,omitempty"`
	Passed  bool   `json:"passed"`
}

// FaultSummary is one injected fault: what was asked, and when it came true.
type FaultSummary struct {
	Name     string   `json:"name"`
	Inject   string   `json:"inject"`
	Targets  []string `json:"targets"`
	Asked    string   `json:"asked"`
	Achieved Number   `json:"achieved"` // seconds; null if it never fired
}

// Number is a float that JSON can hold: NaN and the infinities are null.
type Number float64

// Unknown is the Number that is not one.
func Unknown() Number { return Number(math.NaN()) }

// Known says whether n is a number.
func (n Number) Known() bool { return !math.IsNaN(float64(n)) && !math.IsInf(float64(n), 0) }

// MarshalJSON writes at most six decimals.
func (n Number) MarshalJSON() ([]byte, error) {
	if !n.Known() {
		return []byte("null"), nil
	}
	return []byte(trim(float64(n), 6)), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (n *Number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = Unknown()
		return nil
	}
	return json.Unmarshal(b, (*float64)(n))
}

// SummaryOf returns what run.json says of a run.
func SummaryOf(d *Document) Summary { return summarize(d, read(d.Run)) }

func summarize(d *Document, s *story) Summary {
	sum := Summary{
		Schema: RunSchema, Scenario: d.Scenario.Name, Seed: d.Scenario.Seed, Backend: d.Scenario.Backend, Services: d.Scenario.Services,
		Passed: d.Passed, Verdict: d.Verdict, ExitCode: d.ExitCode, Reason: d.Reason, Sentence: spaced(sentence(d, s)),
		TraceHash: d.TraceHash, VirtualSeconds: micro(d.VirtualSeconds), WallSeconds: micro(d.WallSeconds),
		ExactlyOnce: CountsSummary(d.ExactlyOnce),
		Checks:      []CheckSummary{}, Recoveries: []RecoverySummary{}, SLO: []SLOSummary{}, Faults: []FaultSummary{},
		Checkpoints: CheckpointsSummary{d.Checkpoints.Completed, d.Checkpoints.Failed,
			d.Checkpoints.DurationP50.Seconds(), d.Checkpoints.DurationP99.Seconds(), d.Checkpoints.BytesMax},
		Transactions: transactionsSummary(d, s), Metrics: metrics(d), Repro: d.Scenario.ReproCommand,
	}
	for _, r := range d.Results {
		sum.Checks = append(sum.Checks, CheckSummary{r.Name(), string(r.Verdict), r.Detail, r.Records})
	}
	for _, r := range d.Recoveries {
		sum.Recoveries = append(sum.Recoveries, RecoverySummary{r.Fault, micro(r.At.Seconds()), reached(r.Detect),
			reached(r.Restart), reached(r.Restore), reached(r.CatchUp), reached(r.Total), r.Reprocessed})
	}
	for _, o := range d.SLO {
		sum.SLO = append(sum.SLO, SLOSummary{o.Name, o.During, Number(o.Value), Number(o.Limit), o.Unit, o.AtLeast, o.Passed})
	}
	for _, f := range everyFault(d, s) {
		targets := append([]string{}, f.Started.Targets...)
		sum.Faults = append(sum.Faults, FaultSummary{f.Started.Fault, f.Started.Inject, targets,
			f.Started.Asked, Number(f.At.Seconds())})
	}
	for _, f := range notFired(d, s) {
		sum.Faults = append(sum.Faults, FaultSummary{f.Name, f.Inject, []string{}, f.Trigger, Unknown()})
	}
	return sum
}

func transactionsSummary(d *Document, s *story) *TransactionsSummary {
	if len(s.transactions) == 0 {
		return nil
	}
	u := d.Uncommitted
	t := &TransactionsSummary{Holders: []HolderSummary{}, Uncommitted: UncommittedSummary{u.Records, u.Dirty, u.Undecided, u.Twice,
		micro(u.AheadP50.Seconds()), micro(u.AheadP99.Seconds()), micro(u.AheadMax.Seconds())}}
	for _, x := range s.transactions {
		switch x.Fate {
		case "committed":
			t.Committed++
		case "aborted":
			t.Aborted++
		default:
			t.Open++
		}
	}
	longest := longestHolders(d, s)
	for _, h := range longest[:min(len(longest), 3)] {
		one := HolderSummary{Transaction: h.Transaction, Topic: h.Topic, Partition: h.Partition, Offset: h.Offset, From: micro(h.From.Seconds()), Held: micro(h.Took().Seconds()), Why: h.Why()}
		if h.Writer != (id.Subtask{}) {
			one.Writer = h.Writer.String()
		}
		t.Holders = append(t.Holders, one)
	}
	return t
}

// notFired returns the faults that were asked for and never happened. The report of a downstream application has only
// those that were aimed at it.
func notFired(d *Document, s *story) []AskedFault {
	var left []AskedFault
	for _, f := range d.Scenario.Faults {
		fired := slices.ContainsFunc(everyFault(d, s), func(g fault) bool { return g.Started.Fault == f.Name })
		if !fired && (d.Application == "" || f.Application == d.Application) {
			left = append(left, f)
		}
	}
	return left
}

func metrics(d *Document) map[string]Number {
	all := map[string]Number{}
	for name, v := range d.Metrics {
		all[name] = Number(v)
	}
	return all
}

// quantile sorts its argument and interpolates between neighbours.
func quantile(v []float64, q float64) float64 {
	slices.Sort(v)
	at := q * float64(len(v)-1)
	low := int(at)
	if low+1 >= len(v) {
		return v[len(v)-1]
	}
	return v[low] + (at-float64(low))*(v[low+1]-v[low])
}

func reached(d time.Duration) Number {
	if d < 0 {
		return Unknown()
	}
	return Number(d.Seconds())
}

// micro drops what is below a microsecond, which is noise in a file that people read.
func micro(v float64) float64 { return math.Round(v*1e6) / 1e6 }

// title is how a run is called in headings: "jm-failover, seed 7, sim".
func title(sc Scenario) string {
	return strings.Join([]string{sc.Name, fmt.Sprintf("seed %d", sc.Seed), sc.Backend}, ", ")
}

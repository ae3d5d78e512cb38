package reports

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"html"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/checker/measure"
	"github.com/flinch-dev/flinch/runtime/history"
)

var (
	rewrite = flag.Bool("rewrite", false, "write the golden files anew")
	look    = flag.String("look", "", "a folder to write example pages to, to look at them")
)

// TestGoldenPage holds the page of a short run still. Style and script are left out: they are reviewed where
// they are.
func TestGoldenPage(t *testing.T) {
	page := render(t, short())
	page = regexp.MustCompile(`(?s)<style>.*?</style>`).ReplaceAllString(page, "<style></style>")
	page = regexp.MustCompile(`(?s)<script>.*?</script>`).ReplaceAllString(page, "<script></script>")
	page = regexp.MustCompile(`sha256-[^&']*`).ReplaceAllString(page, "sha256-")
	page = regexp.MustCompile(`base64,[^"]*`).ReplaceAllString(page, "base64,")
	golden(t, "testdata/short.html", page)
}

func TestGoldenTerminal(t *testing.T) {
	var b bytes.Buffer
	for _, d := range []*Document{failover(), lossy()} {
		if err := Terminal(&b, d, false); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "testdata/terminal.txt", b.String())
}

// TestAFaultThatStrikesOftenHasFewLines: the first of its recoveries, and one line for the others with the slowest of them.
func TestAFaultThatStrikesOftenHasFewLines(t *testing.T) {
	d := failover()
	once := d.Recoveries[0]
	strike := func(fault string, total ...int) {
		for _, s := range total {
			d.Recoveries = append(d.Recoveries, measure.Recovery{Fault: fault, Total: ms(1000 * s)})
		}
	}
	strike("late", 1, 2, 3, 4)
	strike("often", 1, 2, 3)
	strike("other", 5)
	strike("often", 4, 9, 7)
	strike("never", 1, 1, 1)
	for range 2 {
		d.Recoveries = append(d.Recoveries, measure.Recovery{Fault: "never", Total: -1})
	}
	var totals []string
	for _, line := range (paint{}).recoveries(d.Recoveries) {
		fault, rest, _ := strings.Cut(line, ":")
		if at := strings.LastIndex(rest, "total"); at >= 0 {
			rest = " " + rest[at:]
		}
		totals = append(totals, fault+rest)
	}
	want := []string{once.Fault + " total 31.2 s", "late total 1 s", "late total 2 s", "late total 3 s", "late total 4 s",
		"often total 1 s", "often total 2 s", "often total 3 s", "other total 5 s", "often 3 more times, slowest recovery 9 s",
		"never total 1 s", "never total 1 s", "never total 1 s", "never 2 more times, no recovery was complete"}
	if got := strings.Join(totals, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		at := 0
		for at < min(len(got), len(want)) && got[at] == want[at] {
			at++
		}
		from := max(at-80, 0)
		t.Errorf("%s has changed; go test -rewrite accepts it.\nwas %q\nis  %q", path,
			want[from:min(at+80, len(want))], got[from:min(at+80, len(got))])
	}
}

// short is a run of three seconds that was killed before its first checkpoint: little of everything.
func short() *Document {
	s := &stage{}
	s.note("", history.ProcessStarted{Name: "jobmanager-0", Boot: 1}, history.ProcessStarted{Name: "taskmanager-0", Boot: 1})
	s.note("jobmanager-0", history.LeaderElected{Holder: "jobmanager-0", Token: "3fa0c1"}, history.JobStatus{Job: "orders", Status: "RUNNING"})
	s.to(1)
	s.note("jobmanager-0", history.CheckpointTriggered{Job: "orders", Checkpoint: 1})
	s.note("", history.FaultStarted{Fault: "kill", Inject: "jobmanager.kill", Targets: []string{"jobmanager-0"}, Asked: "at 1s"},
		history.ProcessStopped{Name: "jobmanager-0", Cause: "killed"})
	return &Document{
		Scenario: Scenario{Name: "short", Seed: 1, Backend: "sim", ReproCommand: "chaos run short.yaml --seed 1",
			Faults: []AskedFault{{Name: "kill", Inject: "jobmanager.kill", Trigger: "at 1s", Target: "pick leader"},
				{Name: "later", Inject: "taskmanager.kill", Trigger: "at 60s", Target: "pick one"}}},
		Run:        checker.Run{Events: s.h, End: 3 * time.Second},
		Results:    []checker.Result{{Check: "exactlyOnce", Verdict: checker.NotDecided, Detail: "the input had not ended"}},
		Recoveries: []measure.Recovery{{Fault: "kill", At: time.Second, Detect: -1, Restart: -1, Restore: -1, CatchUp: -1, Total: -1}},
		Series:     []measure.Series{{Name: "offered", Unit: "records/s", Step: time.Second, Value: []float64{100, math.NaN(), 100}}},
		SLO:        []SLO{{Name: "recovery.total", Value: math.Inf(1), Limit: 60, Unit: "s"}},
		Verdict:    "INCONCLUSIVE", ExitCode: 2, Reason: "the run ended before the job was back", VirtualSeconds: 3,
	}
}

// TestShortRunsHaveNoEmptyCharts: every chart has something in it or says in words that nothing was measured.
func TestShortRunsHaveNoEmptyCharts(t *testing.T) {
	for name, d := range map[string]*Document{"short": short(), "nothing at all": {}} {
		page := render(t, d)
		figures := regexp.MustCompile(`(?s)<figure class="plot">.*?</figure>`).FindAllString(page, -1)
		if len(figures) < 7 {
			t.Fatalf("%s: %d plots, want at least 7", name, len(figures))
		}
		for _, f := range figures {
			drawn := strings.Contains(f, `class="mark`) || regexp.MustCompile(`class="series[^>]*>(<path|<g)`).MatchString(f)
			if !drawn && !strings.Contains(f, "Nothing was measured here") {
				t.Errorf("%s: a plot has no content and no excuse: %.300s", name, f)
			}
		}
	}
}

// TestSizeBudget: a week of a hundred processes, two hundred faults and a thousand named records is still one
// page of two MiB, and says what it leaves out.
func TestSizeBudget(t *testing.T) {
	s := &stage{}
	for n := 1; n <= 3000; n++ {
		s.checkpoint("jobmanager-0", "3fa0c1", n, float64(n*60), true)
		if n%15 == 0 {
			s.note("", history.FaultStarted{Fault: "kill-" + itoa(n), Inject: "taskmanager.kill", Targets: []string{"taskmanager-" + itoa(n%100)}},
				history.ProcessStopped{Name: "taskmanager-" + itoa(n%100), Cause: "killed"})
		}
	}
	d := &Document{Scenario: Scenario{Name: "week"}, Run: checker.Run{Events: s.h, End: s.at}, Verdict: "PASS", Passed: true}
	for _, name := range []string{"offered", "consumed", "committed", "latency.p50", "latency.p99", "lag", "more", "evenMore"} {
		values := make([]float64, 180_000)
		for i := range values {
			values[i] = 1000 + 900*math.Sin(float64(i)*float64(len(name)))
		}
		d.Series = append(d.Series, measure.Series{Name: name, Step: time.Second, Value: values})
	}
	page := render(t, d)
	if len(page) > pageMax {
		t.Errorf("the page is %s", size(int64(len(page))))
	}
	for _, said := range []string{"are not shown", "rows; events.jsonl has all", "points are thinned", "have ribbons"} {
		if !strings.Contains(page, said) {
			t.Errorf("the page does not say %q", said)
		}
	}
}

// TestHostileNames: what comes from a scenario is shown, and never run.
func TestHostileNames(t *testing.T) {
	evil := `</script><script>alert(1)</script><img src=x onerror=alert(2)>"'` + "`\x1b[31m\x00]]>"
	d := lossy()
	d.Scenario.Name, d.Scenario.Description, d.Scenario.ResolvedYAML, d.Scenario.ReproCommand = evil, evil, evil, evil
	d.Scenario.Faults = []AskedFault{{Name: evil, Inject: evil, Trigger: evil, Target: evil}}
	d.Results[0].Detail, d.Results[0].Records, d.Results[1].Check = evil, []string{evil, "0@500"}, evil
	d.Recoveries[0].Fault, d.Recoveries[0].Steps[0].Name, d.Recoveries[0].Steps[0].Bound = evil, evil, evil
	d.SLO[0].Name, d.SLO[0].During, d.SLO[0].Unit = evil, evil, evil
	d.SLO[2].During = evil
	d.MustHappen[0].Event, d.MustHappen[0].Evidence = evil, evil
	d.Config[0] = Setting{evil, evil, evil, false}
	d.Warnings = []string{evil}
	d.Series = append(d.Series, measure.Series{Name: evil, Unit: evil, Step: time.Second, Value: []float64{1, 2}})
	d.Verdict, d.Reason, d.TraceHash = evil, evil, evil
	s := &stage{h: d.Run.Events}
	s.to(140)
	s.note(evil, history.ProcessStarted{Name: evil, Boot: 1}, history.JobStatus{Status: evil, Cause: evil},
		history.FaultStarted{Fault: evil, Inject: evil, Targets: []string{evil}, Asked: evil, Why: evil},
		history.CheckpointTriggered{Checkpoint: 99}, history.CheckpointAborted{Checkpoint: 99, Reason: evil},
		history.Transaction{ID: evil, State: "Ongoing"}, history.SinkCommitLost{Transaction: evil, Answer: evil},
		history.RestartScheduled{Cause: evil, Regions: []string{evil}})
	d.Run.Events = s.h

	dir := t.TempDir()
	if err := WriteRun(dir, d); err != nil {
		t.Fatal(err)
	}
	page := fileIn(t, dir, "report.html")
	for _, bad := range []string{"<script>alert", "<img", "\x00", "ZgotmplZ"} {
		if strings.Contains(page, bad) {
			at := strings.Index(page, bad)
			t.Errorf("the page contains %q: %q", bad, page[max(at-100, 0):at+100])
		}
	}
	if n := strings.Count(page, "<script"); n != 2 {
		t.Errorf("the page has %d script elements, want its data and its own script", n)
	}
	if err := xml.Unmarshal([]byte(fileIn(t, dir, "junit.xml")), new(any)); err != nil {
		t.Errorf("junit.xml cannot be read: %v", err)
	}
	code := regexp.MustCompile("`[^`]*`") // there nothing is live
	if strings.Contains(code.ReplaceAllString(fileIn(t, dir, "summary.md"), ""), "<img") {
		t.Error("summary.md has live HTML")
	}
	var b bytes.Buffer
	if err := Terminal(&b, d, false); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\x00") {
		t.Error("the terminal text has control characters")
	}
	sw := intervals()
	sw.Scenario = d.Scenario
	sw.Axes[0].Key, sw.Cells[0].Expect, sw.Cells[0].Runs[0].Recoveries[0].Fault = evil, evil, evil
	swept, err := RenderSweep(sw)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(swept), "<script>alert") || strings.Contains(string(swept), "<img") {
		t.Error("the sweep's page has live HTML from a scenario")
	}
}

// TestPageIsSelfContained: nothing is fetched, and a page without its script says the same.
func TestPageIsSelfContained(t *testing.T) {
	page := html.UnescapeString(render(t, failover()))
	if m := regexp.MustCompile(`(src|href)="[^#d][^"]*"|@import|url\([^#]`).FindString(page); m != "" {
		t.Errorf("the page refers to something outside: %s", m)
	}
	for _, said := range []string{
		"Leader jobmanager-0 killed at +32.4\u00a0s while checkpoint 3 was in flight; noticed after 4.1\u00a0s, RUNNING after 19.8\u00a0s, " +
			"caught up after 31.2\u00a0s; 0 lost, 0 duplicated, 41\u202f213 reprocessed.",
		"chaos run scenarios/jm-failover.yaml --seed 7",
		"leader-election.lease-duration</code> = 15 s", // the bar of the election names its key and value
		"jobmanager-0 held the leader lease",
		"its coordinator jobmanager-0 stopped: killed",
		"committed exactly once",
		"base/orders.yaml:12",
		"heartbeat.interval is below 5 s",
		"The model predicts",
	} {
		if !strings.Contains(page, said) {
			t.Errorf("the page does not say %q", said)
		}
	}
}

// TestLostRecordsHaveALineage: the ids in a broken check lead to what became of them.
func TestLostRecordsHaveALineage(t *testing.T) {
	page := html.UnescapeString(render(t, lossy()))
	for _, said := range []string{`<a href="#record-0-500">0@500</a>`, `id="record-0-500"`, "never committed: lost",
		"goes back to offset 440 of checkpoint 2: the record is read again", "committed 2 times: duplicated"} {
		if !strings.Contains(page, said) {
			t.Errorf("the page does not say %q", said)
		}
	}
}

// TestPageDoesNotChange: the same run gives the same bytes, or pages could not be compared.
func TestPageDoesNotChange(t *testing.T) {
	first := render(t, lossy())
	for range 3 {
		if render(t, lossy()) != first {
			t.Fatal("two pages of one run differ")
		}
	}
}

func TestSummaryHasItsSchema(t *testing.T) {
	b, err := json.Marshal(SummaryOf(short()))
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{`"schema":"flinch/run/v1"`, `"passed":false`, `"verdict":"INCONCLUSIVE"`, `"exactlyOnce":{"expected":0`,
		`"recoveries":[{"fault":"kill","at":1,"detect":null,"restart":null,"restore":null,"catchUp":null,"total":null`,
		`"checkpoints":{"completed":0,"failed":0,"durationP50":0,"durationP99":0`, `"value":null,"limit":60`,
		`{"name":"later","inject":"taskmanager.kill","targets":[],"asked":"at 60s","achieved":null}`} {
		if !strings.Contains(string(b), field) {
			t.Errorf("run.json does not have %s in\n%s", field, b)
		}
	}
	var back Summary
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	if back.Recoveries[0].Total.Known() || back.SLO[0].Limit != 60 {
		t.Errorf("read back as %+v", back)
	}
}

func TestWriteRunWritesEveryFile(t *testing.T) {
	dir := t.TempDir()
	if err := WriteRun(dir, lossy()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"run.json", "events.jsonl", "output.jsonl", "scenario.resolved.yaml", "report.html", "junit.xml", "summary.md", "repro.sh"} {
		if fileIn(t, dir, name) == "" {
			t.Errorf("%s is empty", name)
		}
	}
	info, err := os.Stat(filepath.Join(dir, "repro.sh"))
	if err != nil || info.Mode()&0o111 == 0 {
		t.Errorf("repro.sh cannot be run: %v %v", info.Mode(), err)
	}
	if got := fileIn(t, dir, "junit.xml"); !strings.Contains(got, `failures="3"`) || !strings.Contains(got, `errors="2"`) {
		t.Errorf("junit.xml should have 3 failures (check, SLO, verdict) and 2 errors (not decided, not happened):\n%s", got)
	}
}

// TestOutputLines: what readers saw, in the order in which they saw it, and small enough for 200 000 records.
func TestOutputLines(t *testing.T) {
	d := failover()
	d.Run.Output[0].Fate = checker.Aborted
	d.Run.Output[1].Visible = 140 * time.Second
	var b bytes.Buffer
	if err := writeOutput(&b, d.Run.Output); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != len(d.Run.Output)-1 {
		t.Fatalf("%d lines of %d records, one of them aborted", len(lines), len(d.Run.Output))
	}
	last := 0.0
	for _, line := range lines {
		var r struct {
			At     float64
			Origin [2]int64
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if r.At < last {
			t.Fatalf("visible at %v after %v", r.At, last)
		}
		last = r.At
	}
	if each := b.Len() / len(lines); each > 150 {
		t.Errorf("a line has %d bytes: 200 000 of them would be %s", each, size(int64(200_000*each)))
	}
}

func TestStepSummaryStaysBelowTheLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "summary")
	t.Setenv("GITHUB_STEP_SUMMARY", path)
	for range 3 {
		if err := AppendStepSummary(strings.Repeat("é", 300<<10)); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > stepSummaryMax || len(b) < stepSummaryMax/2 || !strings.Contains(string(b), "left out") {
		t.Errorf("%d bytes, and says that something is left out: %v", len(b), strings.Contains(string(b), "left out"))
	}
}

// TestLook writes pages to look at: go test -run Look -look /tmp/pages
func TestLook(t *testing.T) {
	if *look == "" {
		t.Skip("-look names no folder")
	}
	for name, d := range map[string]*Document{"pass": failover(), "fail": lossy(), "short": short()} {
		if err := WriteRun(filepath.Join(*look, name), d); err != nil {
			t.Fatal(err)
		}
	}
	for name, s := range map[string]*Sweep{"intervals": intervals(), "grid": grid()} {
		if err := WriteSweep(filepath.Join(*look, name), s); err != nil {
			t.Fatal(err)
		}
	}
}

func render(t *testing.T, d *Document) string {
	t.Helper()
	page, err := RenderRun(d)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

func fileIn(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestABigRunIsWrittenQuickly: 200 000 records are nothing to wait for.
func TestABigRunIsWrittenQuickly(t *testing.T) {
	d := lossy()
	one := d.Run.Output
	for i := 0; len(d.Run.Output) < 200_000; i++ {
		d.Run.Output = append(d.Run.Output, one...)
	}
	began := time.Now()
	if err := WriteRun(t.TempDir(), d); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("written in %v", took)
	} else {
		t.Logf("written in %v", took)
	}
}

package checker

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
)

// Every check must have been told stories; tell sees to it that they have all three verdicts.
func TestEveryCheckHasStories(t *testing.T) {
	var told strings.Builder
	for _, file := range []string{"output_test.go", "protocol_test.go", "linearizable_test.go", "upstream_test.go"} {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		told.Write(source)
	}
	for _, c := range All() {
		if !strings.Contains(told.String(), fmt.Sprintf("tell(t, %q,", c.Name)) {
			t.Errorf("no test tells stories of %s", c.Name)
		}
	}
}

func TestNamesAreThoseOfScenarioFiles(t *testing.T) {
	want := "exactlyOnce deliveryGuarantee stateMatchesReplay movingCut checkpointIdsIncrease oneLeader noPartialCheckpointRestored newestCheckpointRestored " +
		"keyGroupsOwnedOnce slotOwnedOnce noCommitFromFencedAttempt commitAfterCheckpoint noHangingTransaction noTornTransaction upstreamExactlyOnce " +
		"notificationsMonotone leaseLinearizable pointersLinearizable counterLinearizable noCrash jobAlive checkpointRetention"
	known := map[string]bool{}
	for _, c := range All() {
		if known[c.Name] || !strings.HasSuffix(c.Summary, ".") {
			t.Errorf("check %q is there twice, or its summary is no sentence: %q", c.Name, c.Summary)
		}
		known[c.Name] = true
	}
	for _, name := range strings.Fields(want) {
		if !known[name] {
			t.Errorf("there is no check %q", name)
		}
	}
	if len(known) != len(strings.Fields(want)) {
		t.Errorf("%d checks, %d names", len(known), len(strings.Fields(want)))
	}
}

func TestAnUnknownNameIsNotDecided(t *testing.T) {
	got := Judge(&orders().Run, []string{"exactlyTwice", "noCrash"})
	if len(got) != 2 || got[0].Verdict != NotDecided || !strings.Contains(got[0].Detail, "exactlyOnce") || got[1].Check != "noCrash" {
		t.Errorf("%+v", got)
	}
}

// Whatever a file holds, a check ends in a verdict and never in a panic.
func TestBadInputIsNotDecided(t *testing.T) {
	damaged := map[string]func(*build){
		"a partition twice":       func(b *build) { b.Input = append(b.Input, b.Input[0]) },
		"a negative partition":    func(b *build) { b.Input[0].Partition = -1 },
		"a huge partition":        func(b *build) { b.Input[0].Partition = 1 << 30 },
		"offsets that go back":    func(b *build) { b.Input[0].Records[1].Offset = 0 },
		"an unknown input":        func(b *build) { b.Pipeline.Operators[1].Inputs[0] = "nobody" },
		"a loop":                  func(b *build) { b.Pipeline.Operators[1].Inputs[0] = "keyed-sum-1" },
		"no operators":            func(b *build) { b.Pipeline = plan.Pipeline{} },
		"two operators, one name": func(b *build) { b.Pipeline.Operators[1].Name = "source" },
	}
	for name, damage := range damaged {
		t.Run(name, func(t *testing.T) {
			b := orders().commit(5, "t1", "0@0=1")
			damage(b)
			for _, r := range Judge(&b.Run, []string{"exactlyOnce", "stateMatchesReplay", "movingCut", "counterLinearizable"}) {
				if r.Verdict != NotDecided || r.Detail == "" {
					t.Errorf("%s is %s: %s", r.Check, r.Verdict, r.Detail)
				}
			}
		})
	}
	for _, c := range All() {
		c.Func(&Run{}) // nothing at all
	}
	empty := job(plan.Tumble)
	empty.op(plan.Tumble).Window = 0
	if r := exactlyOnce(&empty.Run); r.Verdict != NotDecided {
		t.Errorf("windows without a length: %s", r.Detail)
	}
}

// Offsets of a source topic with transactions have gaps where the markers are.
func TestIndexFindsRecordsAcrossGaps(t *testing.T) {
	for _, step := range []int64{1, 3, 1 << 20} {
		var log InputLog
		log.Partition = 2
		for i := range int64(100) {
			log.Records = append(log.Records, Input{Offset: 50 + i*step})
		}
		x, err := NewIndex([]InputLog{{Partition: 0, Records: []Input{{Offset: 9}}}, log})
		if err != nil {
			t.Fatal(err)
		}
		for i := range int64(100) {
			o := record.Origin{Partition: 2, Offset: 50 + i*step}
			n, in := x.Find(o)
			if n != int(i)+1 || in.Offset != o.Offset || x.Origin(n) != o {
				t.Fatalf("step %d: record %d is number %d", step, i, n)
			}
			if n, _ := x.Find(record.Origin{Partition: 2, Offset: o.Offset + 1}); step > 1 && n >= 0 {
				t.Fatalf("step %d: a record in a gap", step)
			}
		}
		for _, o := range []record.Origin{{Partition: 1}, {Partition: 3}, {Partition: -1}, {Partition: 2, Offset: 49}, {Partition: 2, Offset: 50 + 100*step}} {
			if n, _ := x.Find(o); n >= 0 {
				t.Errorf("step %d: found a record at %s", step, o)
			}
		}
	}
}

// large is a run of a keyed sum over 8 partitions and 10 000 keys, without faults.
func large(records int) *Run {
	b := job(plan.KeyedSum)
	const partitions, keys = 8, 10_000
	names := make([]string, keys)
	for k := range names {
		names[k] = fmt.Sprintf("customer-%05d", k)
	}
	sums := make([]int64, keys)
	b.Input = make([]InputLog, partitions)
	b.Output = make([]Output, 0, records)
	for i := range records {
		p, key := i%partitions, i*7919%keys
		log := &b.Input[p]
		log.Partition = int32(p)
		offset := int64(len(log.Records))
		at := time.Duration(i) * time.Microsecond
		log.Records = append(log.Records, Input{Offset: offset, Key: names[key], Value: int64(i % 10), Appended: at})
		sums[key] += int64(i % 10)
		b.Output = append(b.Output, Output{Partition: 0, Offset: int64(i), Key: names[key], Value: sums[key], Count: 1,
			Origin: record.Origin{Partition: int32(p), Offset: offset}, Transaction: "t", Appended: at, Visible: at, Decided: at})
	}
	return &b.Run
}

// The audit is meant to go through at least 5 million records a second.
func BenchmarkAudit(b *testing.B) {
	const records = 1_000_000
	run := large(records)
	for b.Loop() {
		if e := Audit(run); e.Broken() != "" || e.Committed != records {
			b.Fatal(e.String())
		}
	}
	b.ReportMetric(float64(records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkMovingCut(b *testing.B) {
	const records = 1_000_000
	run := large(records)
	for b.Loop() {
		if r := movingCut(run); r.Verdict != Holds {
			b.Fatal(r.Detail)
		}
	}
	b.ReportMetric(float64(records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkStateMatchesReplay(b *testing.B) {
	const records = 1_000_000
	run := large(records)
	for b.Loop() {
		if r := stateMatchesReplay(run); r.Verdict != Holds {
			b.Fatal(r.Detail)
		}
	}
	b.ReportMetric(float64(records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

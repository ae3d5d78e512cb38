package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/flinch-dev/flinch/chaos"
	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/reports"
)

// voice says on standard output what the scenarios came to, in the format that was asked for: text, one JSON
// object a scenario, or one JUnit document of all.
type voice struct {
	w      io.Writer
	format string
	suites junit.Testsuites
}

func (v *voice) result(o *outcome) error {
	switch {
	case v.format == formatJSON && o.run != nil:
		return encode(v.w, reports.SummaryOf(o.run))
	case v.format == formatJSON:
		return encode(v.w, reports.SweepSummaryOf(o.sweep))
	case v.format == formatJUnit && o.run != nil:
		return v.collect(func(w io.Writer) error { return reports.JUnit(w, o.run) })
	case v.format == formatJUnit:
		return v.collect(func(w io.Writer) error { return reports.SweepJUnit(w, o.sweep) })
	case o.run != nil:
		return firstOf(reports.AppendStepSummary(reports.Markdown(o.run)), reports.Terminal(v.w, o.run, colour(v.w)))
	}
	return firstOf(reports.AppendStepSummary(reports.SweepMarkdown(o.sweep)), printSweep(v.w, o, paint{colour(v.w)}))
}

// end says what there is to say of all of them.
func (v *voice) end(ran int, wall time.Duration) error {
	switch {
	case v.format == formatJUnit:
		return v.suites.WriteXML(v.w)
	case v.format == formatJSON || ran < 2:
		return nil
	}
	_, err := fmt.Fprintf(v.w, "%d runs in %s: %.0f seeds per minute\n", ran, seconds(wall.Seconds()), float64(ran)/wall.Minutes())
	return err
}

func encode(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// collect keeps the suites of a JUnit document: CI wants one document.
func (v *voice) collect(write func(io.Writer) error) error {
	var b bytes.Buffer
	var one junit.Testsuites
	if err := firstOf(write(&b), xml.Unmarshal(b.Bytes(), &one)); err != nil {
		return fmt.Errorf("put the JUnit documents together: %w", err)
	}
	for _, suite := range one.Suites {
		suite.ID = len(v.suites.Suites)
		v.suites.AddSuite(suite)
	}
	return nil
}

// failuresShown is how many failures of a sweep are told one by one.
const failuresShown = 5

// printSweep prints a sweep in a few lines: how many runs came to what, what recovery cost, and the failures,
// each with the command that shows it again.
func printSweep(w io.Writer, o *outcome, p paint) error {
	var b strings.Builder
	s := o.sweep
	fmt.Fprintf(&b, "%s  %s  %s  %s\n", p.in(bold, s.Scenario.Name), s.Scenario.Backend, count(len(o.rows), "run"), seconds(s.WallSeconds))
	fmt.Fprintf(&b, "  %s%s\n", tally(o.rows, p), recovery(o.rows))
	if slices.ContainsFunc(o.rows, func(done row) bool { return !done.caught }) {
		fmt.Fprintf(&b, "  %s\n", records(o.rows))
	}
	if s.ExitCode == chaos.ExitInterrupted {
		fmt.Fprintf(&b, "  %s  %s\n", p.verdict(s.Verdict), s.Reason)
	}
	failures := 0
	for _, done := range o.rows {
		run := done.summary
		if run.Passed || run.ExitCode == chaos.ExitInterrupted {
			continue
		}
		if failures++; failures > failuresShown {
			continue
		}
		fmt.Fprintf(&b, "  %s  %s  seed %d  %s\n    again:  %s\n", p.verdict(run.Verdict), run.Scenario, run.Seed, visible(run.Reason), visible(run.Repro))
		if done.folder != "" && run.Backend == string(fault.Sim) {
			fmt.Fprintf(&b, "    replay: chaos replay %s\n", quoted(done.folder))
		}
	}
	if failures > failuresShown {
		fmt.Fprintf(&b, "  and %d more; see the report\n", failures-failuresShown)
	}
	fmt.Fprintf(&b, "  report: %s\n", filepath.Join(o.dir, "report.html"))
	_, err := io.WriteString(w, b.String())
	return err
}

// tally counts the verdicts, the good ones first: "PASS 48   FAIL 2".
func tally(rows []row, p paint) string {
	words, times, caught := []string{"PASS", "FAIL"}, map[string]int{}, 0
	for _, done := range rows {
		word := done.summary.Verdict
		if times[word]++; !slices.Contains(words, word) {
			words = append(words, word)
		}
		if done.caught {
			caught++
		}
	}
	for i, word := range words {
		text := fmt.Sprintf("%s %d", word, times[word])
		if times[word] > 0 {
			text = p.in(colourOf(word), text)
		}
		words[i] = text
	}
	text := strings.Join(words, "   ")
	if caught > 0 {
		text += fmt.Sprintf("   (%d known to be bad, and caught)", caught)
	}
	return text
}

// records sums up what came of all records, and how often something was broken. Runs that are known to be bad say
// nothing about that.
func records(rows []row) string {
	var all reports.CountsSummary
	faults := 0
	for _, done := range rows {
		if done.caught {
			continue
		}
		c := done.summary.ExactlyOnce
		all.Committed, all.Lost, all.Duplicated, all.Unexpected = all.Committed+c.Committed, all.Lost+c.Lost, all.Duplicated+c.Duplicated, all.Unexpected+c.Unexpected
		for _, f := range done.summary.Faults {
			if f.Achieved.Known() {
				faults++
			}
		}
	}
	return fmt.Sprintf("%s committed, %d lost, %d duplicated, %d unexpected; %s", count(all.Committed, "record"), all.Lost, all.Duplicated, all.Unexpected, count(faults, "fault"))
}

// recovery sums up how long the slowest recovery of each run took. Runs that are known to be bad, or were cut short,
// say nothing about that.
func recovery(rows []row) string {
	var runs []reports.Summary
	limit := ""
	for _, done := range rows {
		if done.caught || done.summary.ExitCode == chaos.ExitInterrupted {
			continue
		}
		runs = append(runs, *done.summary)
		for _, slo := range done.summary.SLO {
			if slo.Name == "recovery.total" && !slo.AtLeast {
				limit = fmt.Sprintf(" (limit %s)", seconds(float64(slo.Limit)))
			}
		}
	}
	q := reports.QuantilesOf(runs, "recovery.total")
	if !q.P50.Known() {
		return ""
	}
	return fmt.Sprintf("   recovery.total p50 %s  p95 %s  max %s%s", seconds(float64(q.P50)), seconds(float64(q.P95)), seconds(float64(q.Max)), limit)
}

func seconds(s float64) string {
	decimals := 1
	if s >= 100 {
		decimals = 0
	}
	return strings.TrimSuffix(strconv.FormatFloat(s, 'f', decimals, 64), ".0") + " s"
}

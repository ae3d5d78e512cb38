package reports

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/checker/measure"
)

// Terminal writes a run in a few lines, with what is wrong first and a command to paste last.
func Terminal(w io.Writer, d *Document, colour bool) error {
	s := read(d.Run)
	p := paint{colour}
	var b strings.Builder
	took := quantity(d.VirtualSeconds, "s") + " of real time"
	if d.Scenario.Backend == "sim" {
		took = fmt.Sprintf("%s simulated in %s", quantity(d.VirtualSeconds, "s"), quantity(d.WallSeconds, "s"))
	}
	fmt.Fprintf(&b, "%s  %s  seed %d  %s\n", p.bold(visible(d.Scenario.Name)), visible(d.Scenario.Backend), d.Scenario.Seed, took)
	fmt.Fprintf(&b, "  %s  %s\n", p.verdict(d), visible(sentence(d, s)))
	for _, r := range d.Results {
		switch r.Verdict {
		case checker.Broken:
			fmt.Fprintf(&b, "  %s  %s: %s%s\n", p.red("broken"), visible(r.Name()), visible(r.Detail), firstRecords(r.Records))
		case checker.NotDecided:
			fmt.Fprintf(&b, "  %s  %s: %s\n", p.yellow("not decided"), visible(r.Name()), visible(r.Detail))
		}
	}
	if n := holding(d.Results); n > 0 {
		fmt.Fprintf(&b, "  %s  %s\n", p.green("holds"), visible(strings.Join(names(d.Results, checker.Holds), ", ")))
	}
	for _, m := range d.MustHappen {
		if !m.Happened {
			fmt.Fprintf(&b, "  %s  %s did not happen, so the run proves nothing\n", p.yellow("missing"), visible(m.Event))
		}
	}
	for _, h := range longestHolders(d, s) {
		if h.Why() == "hanging" {
			fmt.Fprintf(&b, "  %s  %s\n", p.yellow("held"), visible(h.inWords()))
			break
		}
	}
	for _, line := range p.recoveries(everyRecovery(d)) {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	for _, o := range d.SLO {
		line := visible(fmt.Sprintf("%s %s (limit %s)", strings.TrimSpace(o.Name+" "+o.During), quantity(o.Value, o.Unit), quantity(o.Limit, o.Unit)))
		if !o.Passed {
			line = p.red("missed") + "  " + line
		} else {
			line = p.green("met") + "  " + line
		}
		fmt.Fprintf(&b, "  %s\n", line)
	}
	for _, warning := range d.Warnings {
		fmt.Fprintf(&b, "  %s  %s\n", p.yellow("warning"), visible(warning))
	}
	if d.Folder != "" {
		fmt.Fprintf(&b, "  report: %s\n", filepath.Join(d.Folder, "report.html"))
	}
	if !d.Passed {
		fmt.Fprintf(&b, "  again:  %s\n", visible(d.Scenario.ReproCommand))
	}
	_, err := io.WriteString(w, spaced(b.String()))
	return err
}

// recoveriesMax is how many recoveries of one fault have a line each. Those after them share one.
const recoveriesMax = 3

// recoveries are lines in the order in which the faults hit. A fault that strikes again and again has few.
func (p paint) recoveries(all []measure.Recovery) (lines []string) {
	by, said := map[string][]measure.Recovery{}, map[string]int{}
	for _, r := range all {
		by[r.Fault] = append(by[r.Fault], r)
	}
	for _, r := range all {
		said[r.Fault]++
		switch n, of := said[r.Fault], by[r.Fault]; {
		case n <= recoveriesMax || len(of) == recoveriesMax+1: // the shared line would save none
			lines = append(lines, fmt.Sprintf("%s: %s, total %s", visible(r.Fault), phasesInWords(r), p.bold(seconds(r.Total))))
		case n == recoveriesMax+1:
			lines = append(lines, fmt.Sprintf("%s: %d more times, %s", visible(r.Fault), len(of)-recoveriesMax, howItTookThem(of[recoveriesMax:])))
		}
	}
	return lines
}

func holding(results []checker.Result) int { return len(names(results, checker.Holds)) }

func names(results []checker.Result, v checker.Verdict) []string {
	var all []string
	for _, r := range results {
		if r.Verdict == v {
			all = append(all, r.Name())
		}
	}
	return all
}

func firstRecords(ids []string) string {
	switch {
	case len(ids) == 0:
		return ""
	case len(ids) > 3:
		return fmt.Sprintf(" (%s, and more)", visible(strings.Join(ids[:3], ", ")))
	}
	return fmt.Sprintf(" (%s)", visible(strings.Join(ids, ", ")))
}

// visible drops control characters, so that text from a scenario cannot steer the terminal.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}

// paint writes ANSI colours, or leaves them out.
type paint struct{ on bool }

func (p paint) in(code, s string) string {
	if !p.on {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (p paint) bold(s string) string   { return p.in("1", s) }
func (p paint) red(s string) string    { return p.in("31", s) }
func (p paint) green(s string) string  { return p.in("32", s) }
func (p paint) yellow(s string) string { return p.in("33", s) }

func (p paint) verdict(d *Document) string {
	word := visible(d.Verdict)
	switch {
	case d.Passed:
		return p.in("1;32", word)
	case d.ExitCode == 1 || d.ExitCode == 70:
		return p.in("1;31", word)
	}
	return p.in("1;33", word)
}

package reports

import (
	"fmt"
	"html/template"
	"strings"
)

// ribbon draws the job's status and the faults over the time of the run; it heads the plots.
func ribbon(a timeAxis, d *Document, s *story) template.HTML {
	const height = 52
	outside := func(out *svg) {
		out.text("lane-name", plotLeft-8, 19, "job")
		out.text("lane-name", plotLeft-8, 43, "faults")
	}
	inside := func(in *svg) {
		a.faults(in, d, s, height)
		for _, j := range s.job {
			width := a.x(j.To) - a.x(j.From)
			tip := fmt.Sprintf("%s from %s to %s", j.State, moment(j.From), moment(j.To))
			in.rect("job "+statusClass(j.State), a.x(j.From), 4, width, 22, tip)
			if fits(j.State, width) {
				in.text("inlay", a.x(j.From)+5, 19, j.State)
			}
		}
		edge := -1.0 // where the last label ended, or the last dot
		for i, f := range s.faults {
			x, next := a.x(f.At), float64(plotWidth)
			if i+1 < len(s.faults) {
				next = a.x(s.faults[i+1].At) - 6
			}
			in.dot("fault-dot", x, 39, fmt.Sprintf("%s: %s on %s at %s", f.Started.Fault, f.Started.Inject,
				strings.Join(f.Started.Targets, ", "), moment(f.At)))
			width := float64(len([]rune(f.Started.Fault)))*6.6 + 14
			switch {
			case x+width <= next:
				in.text("inlay fault-name", x+9, 43, f.Started.Fault)
				edge = x + width
			case x-width >= edge:
				in.text("inlay fault-name end", x-9, 43, f.Started.Fault)
				edge = x + 8
			default:
				edge = x + 8
			}
		}
	}
	return a.frame(height, ribbonAlt(s), outside, inside)
}

func ribbonAlt(s *story) string {
	text := "Status of the job:"
	for i, j := range s.job {
		if i == 12 {
			return text + fmt.Sprintf(" and %d more changes", len(s.job)-i)
		}
		text += fmt.Sprintf(" %s from %s,", j.State, moment(j.From))
	}
	return strings.TrimSuffix(text, ",")
}

// statusClass groups Flink's statuses into four looks.
func statusClass(status string) string {
	switch status {
	case "RUNNING":
		return "j-running"
	case "FINISHED":
		return "j-finished"
	case "FAILING", "FAILED", nobody:
		return "j-failing"
	}
	return "j-between"
}

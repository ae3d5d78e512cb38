package reports

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/flinch-dev/flinch/checker"
	"github.com/flinch-dev/flinch/checker/measure"
)

// sentence says in one breath what was done to the job, how it took it, and what became of its output.
func sentence(d *Document, s *story) string {
	parts := []string{strings.TrimSuffix(d.Reason, "."), course(d, s)}
	if next := d.Downstream; next != nil {
		parts = append(parts, next.Application+": "+course(next, outline(next)))
	}
	if broken := firstBroken(d.Results); broken != nil && !strings.Contains(d.Reason, broken.Name()+": ") {
		parts = append(parts, broken.Name()+" is broken")
	}
	return capital(joined(parts)) + "."
}

// course is how one application went through the run.
func course(d *Document, s *story) string {
	parts := []string{whatHit(s)}
	switch {
	case len(d.Recoveries) == 1:
		parts = append(parts, howItTookIt(d.Recoveries[0]))
	case len(d.Recoveries) > 1:
		parts = append(parts, howItTookThem(d.Recoveries))
	}
	return joined(append(parts, whatCameOut(d)))
}

// joined leaves out what is empty.
func joined(parts []string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "; ")
}

// capital begins a sentence, unless it begins with a name, as of a process or a check: that stays as it is.
func capital(s string) string {
	word, _, _ := strings.Cut(s, " ")
	if strings.ContainsFunc(strings.TrimRight(word, ":;,"), func(r rune) bool { return !unicode.IsLower(r) }) {
		return s
	}
	first, rest := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[rest:]
}

func whatHit(s *story) string {
	switch len(s.faults) {
	case 0:
		return "no fault was injected"
	case 1:
		f := s.faults[0]
		text := fmt.Sprintf("%s %s at %s", victims(s, f), deed(f.Started.Inject), moment(f.At))
		if ids := s.inFlight(f.At); len(ids) > 0 {
			text += fmt.Sprintf(" while checkpoint %d was in flight", ids[0])
		}
		return text
	}
	kinds := map[string]int{}
	var order []string
	for _, f := range s.faults {
		if kinds[f.Started.Inject]++; kinds[f.Started.Inject] == 1 {
			order = append(order, f.Started.Inject)
		}
	}
	for i, kind := range order {
		order[i] = fmt.Sprintf("%d × %s", kinds[kind], kind)
	}
	return fmt.Sprintf("%d faults (%s) between %s and %s", len(s.faults), strings.Join(order, ", "),
		moment(s.faults[0].At), moment(s.faults[len(s.faults)-1].At))
}

// victims names the targets of a fault by name, and as leader if they led.
func victims(s *story, f fault) string {
	names := f.Started.Targets
	if len(names) == 0 {
		return "the job"
	}
	if len(names) > 3 {
		return fmt.Sprintf("%s and %d more", names[0], len(names)-1)
	}
	last := len(names) - 1
	text := names[last]
	if last > 0 {
		text = strings.Join(names[:last], ", ") + " and " + text
	}
	if len(names) == 1 && s.led(names[0], f.At) {
		return "leader " + text
	}
	return text
}

// led says whether a process was leader when a fault hit.
func (s *story) led(name string, at time.Duration) bool {
	for _, p := range s.processes {
		for _, l := range p.Leads {
			if p.Name == name && l.From <= at && at <= l.To {
				return true
			}
		}
	}
	return false
}

var deeds = map[string]string{
	"kill": "killed", "pause": "paused", "partition": "cut off", "delay": "slowed down", "loss": "lost packets",
	"outage": "out of service", "throttle": "throttled", "skew": "given a wrong clock",
	"lose": "robbed of its lease", "abort": "aborted", "rescale": "rescaled",
}

// deed is the past participle of a fault kind.
func deed(inject string) string {
	verb := inject[strings.LastIndexByte(inject, '.')+1:]
	if word, ok := deeds[verb]; ok {
		return word
	}
	return "hit by " + inject
}

func howItTookIt(r measure.Recovery) string {
	if r.Detect == 0 && r.Restart == 0 && r.Restore == 0 {
		switch {
		case r.Total == 0:
			return "nothing had to recover"
		case r.Total < 0:
			return "nothing restarted, not caught up by the end"
		}
		return "nothing restarted, caught up after " + seconds(r.Total)
	}
	var parts []string
	if r.Detect >= 0 {
		parts = append(parts, "noticed after "+seconds(r.Detect))
	} else {
		parts = append(parts, "never noticed")
	}
	if r.Detect >= 0 && r.Restart >= 0 && r.Restore >= 0 {
		parts = append(parts, "RUNNING after "+seconds(r.Detect+r.Restart+r.Restore))
	} else {
		parts = append(parts, "not RUNNING again")
	}
	if r.Total >= 0 {
		parts = append(parts, "caught up after "+seconds(r.Total))
	} else {
		parts = append(parts, "not caught up by the end")
	}
	return strings.Join(parts, ", ")
}

func howItTookThem(all []measure.Recovery) string {
	var worst time.Duration
	open := 0
	for _, r := range all {
		if r.Total < 0 {
			open++
		}
		worst = max(worst, r.Total)
	}
	text := "slowest recovery " + seconds(worst)
	if open == len(all) {
		text = "no recovery was complete"
	} else if open > 0 {
		text += fmt.Sprintf(", %d of %d not complete by the end", open, len(all))
	}
	return text
}

func whatCameOut(d *Document) string {
	c := d.ExactlyOnce
	if c == (Counts{}) {
		return ""
	}
	parts := []string{count(c.Lost) + " lost"}
	if c.Pending > 0 {
		parts = append(parts, count(c.Pending)+" not there yet")
	}
	parts = append(parts, count(c.Duplicated)+" duplicated")
	if c.Unexpected > 0 {
		parts = append(parts, count(c.Unexpected)+" unexpected")
	}
	if c.OutOfOrder > 0 {
		parts = append(parts, count(c.OutOfOrder)+" out of order")
	}
	reprocessed := 0
	for _, r := range d.Recoveries {
		reprocessed += r.Reprocessed
	}
	if len(d.Recoveries) > 0 {
		parts = append(parts, count(reprocessed)+" reprocessed")
	}
	return strings.Join(parts, ", ")
}

func firstBroken(results []checker.Result) *checker.Result {
	for i := range results {
		if results[i].Verdict == checker.Broken {
			return &results[i]
		}
	}
	return nil
}

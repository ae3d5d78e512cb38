package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// Table writes cases by targets, and below it what is to be said of cells: why they were skipped, how they differ.
func Table(cases []Case, columns []*Column) string {
	var b strings.Builder
	b.WriteString("| case |")
	for _, c := range columns {
		fmt.Fprintf(&b, " %s |", c.Name)
	}
	b.WriteString(" |\n|---|" + strings.Repeat("---|", len(columns)) + "---|\n")
	for _, each := range cases {
		fmt.Fprintf(&b, "| %s |", each.ID)
		for _, c := range columns {
			fmt.Fprintf(&b, " %s |", c.outcome(each.ID))
		}
		fmt.Fprintf(&b, " %s |\n", each.Title)
	}
	for _, c := range columns {
		fmt.Fprintf(&b, "\n%s: %s\n", c.Name, c.summary(cases))
		for _, each := range cases {
			if note := c.note(each.ID); note != "" {
				fmt.Fprintf(&b, "- %s %s\n", each.ID, note)
			}
		}
	}
	return b.String()
}

// summary counts a column's outcomes.
func (c *Column) summary(cases []Case) string {
	count := map[Outcome]int{}
	for _, each := range cases {
		count[c.outcome(each.ID)]++
	}
	var said []string
	for _, o := range []struct {
		outcome Outcome
		says    string
	}{
		{Conforms, "conform"}, {Known, "differ as is known"}, {Gone, "do not differ any more"}, {Skipped, "skipped"}, {Differs, "DIFFER"},
	} {
		if n := count[o.outcome]; n > 0 {
			said = append(said, fmt.Sprint(n, " ", o.says))
		}
	}
	return strings.Join(said, ", ") + c.skips(cases)
}

// skips are the reasons why cases were skipped, each with its cases.
func (c *Column) skips(cases []Case) string {
	var reasons []string
	ids := map[string][]string{}
	for _, each := range cases {
		if why := c.verdicts[each.ID].Skipped; why != "" && c.outcome(each.ID) == Skipped {
			if !slices.Contains(reasons, why) {
				reasons = append(reasons, why)
			}
			ids[why] = append(ids[why], each.ID)
		}
	}
	said := ""
	for _, why := range reasons {
		said += fmt.Sprintf("\n- skipped, as %s: %s", why, strings.Join(ids[why], " "))
	}
	return said
}

// note is what is to be said of a cell, if anything.
func (c *Column) note(id string) string {
	differences := strings.Join(c.verdicts[id].Differences, "; ")
	switch c.outcome(id) {
	case Known:
		if differences == "" {
			return "known, not told: " + c.mark(id).Reason
		}
		return fmt.Sprintf("known: %s (%s)", c.mark(id).Reason, differences)
	case Gone:
		return "does not differ any more, take its mark away: " + c.mark(id).Reason
	case Differs:
		return "DIFFERS: " + differences
	}
	return ""
}

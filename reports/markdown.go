package reports

import (
	"fmt"
	"os"
	"strings"
)

// stepSummaryMax is GitHub's limit: it drops a bigger step summary as a whole.
const stepSummaryMax = 1024 << 10

// AppendStepSummary adds a run to the summary page of a GitHub Actions step, if there is one, and stays below
// the size at which GitHub drops the page.
func AppendStepSummary(markdown string) error {
	path := os.Getenv("GITHUB_STEP_SUMMARY")
	if path == "" {
		return nil
	}
	used := int64(0)
	if info, err := os.Stat(path); err == nil {
		used = info.Size()
	}
	const note = "\n\nThe rest is left out: GitHub drops a summary above 1024 KiB.\n"
	room := stepSummaryMax - int(used) - len(note)
	if len(markdown) > room {
		if room <= 0 {
			return nil
		}
		markdown = strings.ToValidUTF8(markdown[:room], "") + note
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("append to the GitHub step summary: %w", err)
	}
	defer f.Close()
	if _, err := f.WriteString(markdown); err != nil {
		return fmt.Errorf("append to the GitHub step summary: %w", err)
	}
	return nil
}

// Markdown returns summary.md of a run.
func Markdown(d *Document) string { return markdown(d, read(d.Run)) }

func markdown(d *Document, s *story) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s: %s\n\n%s\n\n", plain(d.Verdict), plain(title(d.Scenario)), plain(sentence(d, s)))
	c := d.ExactlyOnce
	b.WriteString("| expected | committed | lost | duplicated | unexpected | out of order | aborted reads |\n|--:|--:|--:|--:|--:|--:|--:|\n")
	fmt.Fprintf(&b, "| %d | %d | %d | %d | %d | %d | %d |\n\n", c.Expected, c.Committed, c.Lost, c.Duplicated,
		c.Unexpected, c.OutOfOrder, c.AbortedReads)
	if len(d.Results) > 0 {
		b.WriteString("| check | verdict | detail |\n|---|---|---|\n")
		for _, r := range d.Results {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", plain(r.Name()), r.Verdict, plain(r.Detail))
		}
		b.WriteString("\n")
	}
	if len(d.SLO) > 0 {
		b.WriteString("| service level | value | limit | |\n|---|--:|--:|---|\n")
		for _, o := range d.SLO {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", plain(strings.TrimSpace(o.Name+" "+o.During)),
				plain(quantity(o.Value, o.Unit)), plain(quantity(o.Limit, o.Unit)), met(o.Passed))
		}
		b.WriteString("\n")
	}
	if longest := longestHolders(d, s); len(longest) > 0 {
		fmt.Fprintf(&b, "Readers: %s %s\n\n", plain(longest[0].inWords()), plain(uncommitted(d)))
	}
	fmt.Fprintf(&b, "Again: `%s`\n", strings.ReplaceAll(oneLine(d.Scenario.ReproCommand), "`", "'"))
	return spaced(b.String())
}

func met(ok bool) string {
	if ok {
		return "met"
	}
	return "missed"
}

// plain takes the meaning out of characters that Markdown or HTML would act on.
func plain(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "&", "&amp;", "`", "'", "*", `\*`, "[", `\[`).Replace(oneLine(s))
}

// oneLine keeps text from a scenario from breaking out of its line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

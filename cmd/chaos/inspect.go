package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/scenario"
)

// The commands that look at scenarios and words without running anything.

const scenarioFiles = "scenario files, or folders of them"

func validateCommand() *cobra.Command {
	var s selection
	c := &cobra.Command{Use: "validate PATH...", Short: "Report every mistake in scenario files, at its place", Args: several(scenarioFiles),
		RunE: func(c *cobra.Command, paths []string) error {
			entries, warnings, err := s.load(c.ErrOrStderr(), paths)
			if err != nil {
				return err
			}
			cells := 0
			for _, e := range entries {
				cells += len(e.Cells)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s, %s: no mistakes, %s\n", count(len(entries), "scenario"), count(cells, "cell"), count(warnings, "warning"))
			return err
		}}
	s.flags(c, formatText, formatGitHub)
	return c
}

func planCommand() *cobra.Command {
	var s selection
	c := &cobra.Command{Use: "plan PATH...", Short: "Show what would run, and where each value comes from", Args: several(scenarioFiles),
		RunE: func(c *cobra.Command, paths []string) error {
			entries, _, err := s.load(c.ErrOrStderr(), paths)
			if err != nil {
				return err
			}
			for _, e := range entries {
				if err := plan(c.OutOrStdout(), e); err != nil {
					return err
				}
			}
			return nil
		}}
	s.flags(c, formatText, formatGitHub)
	return c
}

func plan(w io.Writer, e *scenario.Entry) error {
	fmt.Fprintf(w, "%s  %s, %s\n", e.Name, count(len(e.Cells), "cell"), count(len(e.Seeds()), "seed"))
	for _, cell := range e.Cells {
		if cell.Name != "" {
			fmt.Fprintf(w, "  cell %s  (expected: %s)\n", cell.Name, cell.Expected().Expect)
		}
		for _, f := range cell.Scenario.Faults {
			fmt.Fprintf(w, "  fault %s\n", f)
		}
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, o := range cell.Origins() {
			fmt.Fprintf(table, "    %s\t%s: %s\n", o.At, o.Path, o.Value)
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func faultsCommand() *cobra.Command {
	return &cobra.Command{Use: "faults", Short: "List the faults, and the events that they can be aimed at", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			table := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, k := range fault.Kinds() {
				fmt.Fprintf(table, "%s\t%s\t%s\n", k.Name, k.Summary, commas(k.Backends))
			}
			if err := table.Flush(); err != nil {
				return err
			}
			fmt.Fprint(c.OutOrStdout(), "\nevents for when: and mustHappen:")
			about := ""
			for _, event := range fault.Events {
				if prefix, _, _ := strings.Cut(event, "."); prefix != about {
					about = prefix
					fmt.Fprint(c.OutOrStdout(), "\n ")
				}
				fmt.Fprint(c.OutOrStdout(), " ", event)
			}
			_, err := fmt.Fprint(c.OutOrStdout(), "\n\nchaos describe FAULT explains one.\n")
			return err
		}}
}

func describeCommand() *cobra.Command {
	return &cobra.Command{Use: "describe FAULT", Short: "Explain one fault, with an example to paste", Args: one("a fault (chaos faults lists them)"), ValidArgs: fault.Names(),
		RunE: func(c *cobra.Command, args []string) error {
			k, ok := fault.Lookup(args[0])
			if !ok {
				return usage("there is no fault %q%s", args[0], hint(args[0], fault.Names(), "; chaos faults lists them"))
			}
			return describe(c.OutOrStdout(), k)
		}}
}

func describe(w io.Writer, k fault.Kind) error {
	example, err := scenario.Example(k)
	if err != nil {
		return err
	}
	line := func(name, text string) { fmt.Fprintf(w, "  %-27s %s\n", name, text) }
	fmt.Fprintf(w, "%s: %s\n\n%s\n\n", k.Name, k.Summary, k.Long)
	for _, p := range k.Params {
		line("with."+p.Name, parameter(p))
	}
	line("target.role", commas(k.Roles))
	line("for", lasting(k.Lasts))
	line("backends", commas(backendsOf(k)))
	line("undone", k.Undo)
	_, err = fmt.Fprintf(w, "\n%s", example)
	return err
}

// backendsOf are those of a kind, each with the roles that it is limited to.
func backendsOf(k fault.Kind) (all []string) {
	for _, b := range k.Backends {
		text := string(b)
		if only, fewer := k.Only[b]; fewer {
			text += " (" + commas(only) + " only)"
		}
		all = append(all, text)
	}
	return all
}

// parameter is what a parameter means and may be: "how it fails (http-503 or timeout; http-503 if left out)".
func parameter(p fault.Param) string {
	may := string(p.Type)
	switch p.Type {
	case fault.Choice:
		may = strings.Join(p.Of, " or ")
	case fault.Choices:
		may = "any of " + strings.Join(p.Of, ", ")
	}
	if p.Default != "" {
		may += "; " + p.Default + " if left out"
	}
	return fmt.Sprintf("%s (%s)", p.Doc, may)
}

func lasting(l fault.Lasting) string {
	switch l {
	case fault.AtOnce:
		return "not allowed: it is over at once"
	case fault.Necessary:
		return "must be given: how long it lasts"
	default:
		return "how long it lasts; until the drain if left out"
	}
}

func commas[T ~string](words []T) string {
	texts := make([]string, len(words))
	for i, word := range words {
		texts[i] = string(word)
	}
	return strings.Join(texts, ", ")
}

func schemaCommand() *cobra.Command {
	return &cobra.Command{Use: "schema", Short: "Print the JSON schema of scenario files (draft-07, for editors)", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			schema, err := scenario.Schema()
			if err != nil {
				return err
			}
			_, err = c.OutOrStdout().Write(append(schema, '\n'))
			return err
		}}
}

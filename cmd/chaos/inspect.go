package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/scenario"
)

// The commands that look at scenarios and words without running anything.

func validateCommand() *cobra.Command {
	var s selection
	c := &cobra.Command{Use: "validate PATH...", Short: "Report every mistake in scenario files, at its place", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, paths []string) error {
			entries, err := s.load(c, paths)
			if err != nil {
				return err
			}
			cells := 0
			for _, e := range entries {
				cells += len(e.Cells)
			}
			fmt.Fprintf(c.OutOrStdout(), "%s, %s: no mistakes\n", count(len(entries), "scenario"), count(cells, "cell"))
			return nil
		}}
	s.flags(c)
	return c
}

func planCommand() *cobra.Command {
	var s selection
	c := &cobra.Command{Use: "plan PATH...", Short: "Show what would run, and where each value comes from", Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, paths []string) error {
			entries, err := s.load(c, paths)
			if err != nil {
				return err
			}
			for _, e := range entries {
				fmt.Fprintf(c.OutOrStdout(), "%s  %s, %s\n", e.Name, count(len(e.Cells), "cell"), count(len(e.Seeds()), "seed"))
				for _, cell := range e.Cells {
					if cell.Name != "" {
						fmt.Fprintf(c.OutOrStdout(), "  cell %s  (expected: %s)\n", cell.Name, cell.Expected().Expect)
					}
					for _, f := range cell.Scenario.Faults {
						fmt.Fprintf(c.OutOrStdout(), "  fault %s\n", f)
					}
					for _, o := range cell.Origins() {
						fmt.Fprintf(c.OutOrStdout(), "    %-70s %s\n", o.Path+": "+o.Value, o.At)
					}
				}
			}
			return nil
		}}
	s.flags(c)
	return c
}

func faultsCommand() *cobra.Command {
	return &cobra.Command{Use: "faults", Short: "List the faults, and the events that they can be aimed at", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			for _, k := range fault.Kinds() {
				backends := make([]string, len(k.Backends))
				for i, b := range k.Backends {
					backends[i] = string(b)
				}
				fmt.Fprintf(c.OutOrStdout(), "%-30s %-62s %s\n", k.Name, k.Summary, strings.Join(backends, ", "))
			}
			fmt.Fprintf(c.OutOrStdout(), "\nevents for when: and mustHappen:\n  %s\n\nchaos describe FAULT explains one.\n", strings.Join(fault.Events, " "))
			return nil
		}}
}

func describeCommand() *cobra.Command {
	return &cobra.Command{Use: "describe FAULT", Short: "Explain one fault", Args: cobra.ExactArgs(1), ValidArgs: fault.Names(),
		RunE: func(c *cobra.Command, args []string) error {
			k, ok := fault.Lookup(args[0])
			if !ok {
				return usage("there is no fault %q%s; chaos faults lists them", args[0], scenario.DidYouMean(args[0], fault.Names()))
			}
			w := c.OutOrStdout()
			fmt.Fprintf(w, "%s: %s\n\n%s\n\n", k.Name, k.Summary, k.Long)
			for _, p := range k.Params {
				fmt.Fprintf(w, "  with.%-22s %s (%s, default %q)\n", p.Name, p.Doc, p.Type, p.Default)
			}
			fmt.Fprintf(w, "  %-27s %v\n  %-27s %s\n  %-27s %v\n", "target.role:", k.Roles, "for:", lasting(k.Lasts), "backends:", k.Backends)
			fmt.Fprintf(w, "  %-27s %s\n", "undone:", k.Undo)
			return nil
		}}
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

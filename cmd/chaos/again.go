package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/flinch-dev/flinch/chaos"
	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/reports"
)

// The commands that start from the folder of a run. A simulated run is a function of its scenario and seed, so
// all of them run it again, and say so if it is not the same any more.

func replayCommand() *cobra.Command {
	return &cobra.Command{Use: "replay RUN", Short: "Run a recorded run again, and compare it event by event", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			doc, same, err := again(c, args[0])
			if err != nil {
				return err
			}
			if err := reports.Terminal(c.OutOrStdout(), doc, colour(c.OutOrStdout())); err != nil {
				return err
			}
			if !same {
				return exit{chaos.ExitFail, "the run is not the same as the recorded one: the program, the scenario's base files or the records have changed since"}
			}
			fmt.Fprintf(c.OutOrStdout(), "  the same run: trace %s\n", doc.TraceHash)
			return result(doc)
		}}
}

func checkCommand() *cobra.Command {
	return &cobra.Command{Use: "check RUN", Short: "Judge a recorded run again, with the checks of this version", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			doc, same, err := again(c, args[0])
			if err != nil {
				return err
			}
			if !same {
				return exit{chaos.ExitInconclusive, "this version does not reproduce the recorded run, so it cannot judge it; use the version that made it"}
			}
			for _, r := range doc.Results {
				fmt.Fprintf(c.OutOrStdout(), "%-12s %-28s %s\n", r.Verdict, r.Check, r.Detail)
			}
			return result(doc)
		}}
}

func reportCommand() *cobra.Command {
	return &cobra.Command{Use: "report RUN", Short: "Write the report of a recorded run again", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			doc, same, err := again(c, args[0])
			if err != nil {
				return err
			}
			if !same {
				return exit{chaos.ExitInconclusive, "this version does not reproduce the recorded run; its report was left as it is"}
			}
			if err := reports.WriteRun(args[0], doc); err != nil {
				return err
			}
			fmt.Fprintln(c.OutOrStdout(), filepath.Join(args[0], "report.html"))
			return nil
		}}
}

func result(doc *reports.Document) error {
	if doc.ExitCode != 0 {
		return exit{code: doc.ExitCode}
	}
	return nil
}

// again runs what is in a folder once more, and says whether it is the same run.
func again(c *cobra.Command, dir string) (doc *reports.Document, same bool, err error) {
	data, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, false, usage("%s is not the folder of a run: it has no run.json; chaos run prints the folder it writes", dir)
		}
		return nil, false, usage("read %s: %v", dir, err)
	}
	var recorded reports.Summary
	if err := json.Unmarshal(data, &recorded); err != nil || recorded.Schema != reports.RunSchema {
		return nil, false, usage("%s holds no single run (its schema is %q); a sweep has the folders of its runs inside", filepath.Join(dir, "run.json"), recorded.Schema)
	}
	var s selection
	s.format = "text"
	entries, err := s.load(c, []string{filepath.Join(dir, "scenario.resolved.yaml")})
	if err != nil {
		return nil, false, err
	}
	entry := entries[0]
	o, err := chaos.Execute(c.Context(), recordedCell(entry), uint64(recorded.Seed), nil)
	if err != nil {
		return nil, false, exit{chaos.ExitInterrupted, err.Error()}
	}
	doc, err = document(o, entry, recorded.Repro)
	if err != nil {
		return nil, false, err
	}
	doc.Folder = dir
	return doc, doc.TraceHash == recorded.TraceHash, nil
}

// recordedCell is the only cell of a resolved scenario: its matrix has been applied.
func recordedCell(e *scenario.Entry) scenario.Cell { return e.Cells[0] }

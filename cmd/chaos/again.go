package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/flinch-dev/flinch/chaos"
	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/reports"
)

// The commands that start from the folder of a run. A simulated run is a function of its scenario and seed, so
// all of them run it again, and go no further if it is not the same any more.

const folderOfARun = "the folder of a run (chaos run prints it)"

func replayCommand() *cobra.Command {
	return &cobra.Command{Use: "replay RUN", Short: "Run a recorded run again, and compare it event by event", Args: one(folderOfARun),
		RunE: func(c *cobra.Command, args []string) error {
			doc, different := again(c, args[0])
			if doc == nil {
				return different
			}
			w := c.OutOrStdout()
			if err := firstOf(reports.Terminal(w, doc, colour(w)), different); err != nil {
				return err
			}
			fmt.Fprintf(w, "  the same run: trace %s\n", doc.TraceHash)
			return result(doc)
		}}
}

func checkCommand() *cobra.Command {
	return &cobra.Command{Use: "check RUN", Short: "Judge a recorded run again, with the checks of this version", Args: one(folderOfARun),
		RunE: func(c *cobra.Command, args []string) error {
			doc, err := again(c, args[0])
			if err != nil {
				return err
			}
			for _, r := range doc.Results {
				fmt.Fprintf(c.OutOrStdout(), "%-12s %-28s %s\n", r.Verdict, r.Name(), r.Detail)
			}
			fmt.Fprintln(c.OutOrStdout(), doc.Verdict)
			return result(doc)
		}}
}

func reportCommand() *cobra.Command {
	return &cobra.Command{Use: "report RUN", Short: "Write the report of a recorded run again", Args: one(folderOfARun),
		RunE: func(c *cobra.Command, args []string) error {
			doc, err := again(c, args[0])
			if err != nil {
				return err
			}
			if err := reports.WriteRun(args[0], doc); err != nil {
				return usage("%v", err)
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

// again runs what is in a folder once more. If it is not the same run any more, the document is that of the new
// one, and the error says so.
func again(c *cobra.Command, dir string) (*reports.Document, error) {
	recorded, err := recordedIn(dir)
	if err != nil {
		return nil, err
	}
	s := selection{format: formatText, formats: []string{formatText}}
	entries, _, err := s.load(io.Discard, []string{filepath.Join(dir, "scenario.resolved.yaml")})
	if err != nil {
		return nil, usage("the scenario of %s cannot be read any more: chaos validate %s says why", dir, quoted(filepath.Join(dir, "scenario.resolved.yaml")))
	}
	entry := entries[0]
	cell := entry.Cells[0] // the only one: the matrix has been applied
	o, err := chaos.Execute(c.Context(), chaos.On{Backend: fault.Sim}, cell, uint64(recorded.Seed), nil)
	switch {
	case c.Context().Err() != nil:
		return nil, exit{chaos.ExitInterrupted, "interrupted; " + dir + " is as it was"}
	case err != nil:
		return nil, usage("run %s again: %v", dir, err)
	}
	doc, err := document(o, entry, recorded.Repro)
	if err != nil {
		return nil, err
	}
	doc.Folder = dir
	if doc.TraceHash != recorded.TraceHash {
		return doc, exit{chaos.ExitInconclusive, fmt.Sprintf("this is not the recorded run: its trace is %s, and was %s. The program has changed since, or a file of records; %s was left as it is",
			doc.TraceHash, recorded.TraceHash, dir)}
	}
	return doc, nil
}

// recordedIn reads run.json of a single run that is whole.
func recordedIn(dir string) (recorded reports.Summary, err error) {
	path := filepath.Join(dir, "run.json")
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return recorded, usage("%s is not the folder of a run: it has no run.json; chaos run prints the folder it writes", dir)
	}
	if err != nil {
		return recorded, usage("read %s: %v", path, err)
	}
	if err := json.Unmarshal(data, &recorded); err != nil {
		return recorded, usage("%s is damaged: %v", path, err)
	}
	switch {
	case recorded.Schema == reports.SweepSchema:
		return recorded, usage("%s is a sweep; name the folder of one of its runs, which are inside", dir)
	case recorded.Schema != reports.RunSchema:
		return recorded, usage("%s has the schema %q, and this version reads %q", path, recorded.Schema, reports.RunSchema)
	case recorded.Backend != string(fault.Sim):
		return recorded, usage("%s was run on %s: only a simulated run can be repeated event by event; run it anew: %s", dir, recorded.Backend, recorded.Repro)
	case recorded.ExitCode == chaos.ExitInterrupted:
		return recorded, usage("%s was interrupted, so there is no whole run to repeat; begin it anew: %s", dir, recorded.Repro)
	}
	return recorded, nil
}

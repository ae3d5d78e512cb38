package reports

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/flinch-dev/flinch/runtime/history"
)

// WriteRun writes a run's folder: run.json, events.jsonl, output.jsonl, scenario.resolved.yaml, report.html,
// junit.xml, summary.md and repro.sh. The folder is made if it is not there. Of a downstream application the history, the
// output and a report are in a folder below, called by its name.
func WriteRun(dir string, d *Document) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder of a run: %w", err)
	}
	s := read(d.Run)
	page, err := renderRun(d, s)
	if err != nil {
		return err
	}
	if err := writeDownstream(dir, d.Downstream); err != nil {
		return err
	}
	suites := junitOf(d)
	f := folder{dir: dir}
	f.write("events.jsonl", func(w io.Writer) error { return history.Encode(w, d.Run.Events) })
	f.write("output.jsonl", func(w io.Writer) error { return writeOutput(w, d.Run.Output) })
	f.write("scenario.resolved.yaml", text(d.Scenario.ResolvedYAML))
	f.write("report.html", text(string(page)))
	f.write("junit.xml", suites.WriteXML)
	f.write("summary.md", text(markdown(d, s)))
	f.write("repro.sh", text(script(d.Scenario)))
	if f.err == nil {
		f.err = os.Chmod(filepath.Join(dir, "repro.sh"), 0o755)
	}
	f.write("run.json", func(w io.Writer) error { return writeJSON(w, summarize(d, s)) })
	return f.err
}

// folder is where files are written, until one cannot be. The last is what makes it whole.
type folder struct {
	dir string
	err error
}

func (f *folder) write(name string, write func(io.Writer) error) {
	if f.err == nil {
		f.err = writeFile(f.dir, name, write)
	}
}

// writeDownstream leaves out what would be taken for a run of its own.
func writeDownstream(dir string, d *Document) error {
	if d == nil {
		return nil
	}
	dir = filepath.Join(dir, d.Application)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder of application %s: %w", d.Application, err)
	}
	page, err := renderRun(d, read(d.Run))
	f := folder{dir, err}
	f.write("events.jsonl", func(w io.Writer) error { return history.Encode(w, d.Run.Events) })
	f.write("output.jsonl", func(w io.Writer) error { return writeOutput(w, d.Run.Output) })
	f.write("report.html", text(string(page)))
	return f.err
}

// script runs the scenario again, from wherever its folder has been taken.
func script(sc Scenario) string {
	return fmt.Sprintf(`#!/bin/sh
# Runs %s again, from the scenario beside this file. It came from:
#   %s
set -eu
exec "${CHAOS:-chaos}" run "$(dirname "$0")/scenario.resolved.yaml" "$@"
`, oneLine(title(sc)), oneLine(sc.ReproCommand))
}

func writeFile(dir, name string, write func(io.Writer) error) error {
	path := filepath.Join(dir, name)
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<16)
	if err := write(w); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

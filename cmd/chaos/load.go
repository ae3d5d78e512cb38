package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/scenario"
)

// selection is the flags that say which scenarios, and what to change in them.
type selection struct {
	backend string
	labels  []string
	vars    []string
	format  string
}

func (s *selection) flags(c *cobra.Command) {
	c.Flags().StringVar(&s.backend, "backend", "", "where to run: sim (real processes and clusters will follow)")
	c.Flags().StringArrayVarP(&s.labels, "label", "l", nil, "only scenarios with this label: key=value")
	c.Flags().StringArrayVar(&s.vars, "var", nil, "set a value of the scenario: path=value, such as duration=10m")
	c.Flags().StringVar(&s.format, "format", "text", "text, json, junit or github")
}

// load reads scenarios and reports everything that is wrong with them; errors end the command.
func (s *selection) load(c *cobra.Command, paths []string) ([]*scenario.Entry, error) {
	if !slices.Contains([]string{"text", "json", "junit", "github"}, s.format) {
		return nil, usage("--format %s is not known; use text, json, junit or github", s.format)
	}
	if s.backend != "" && !slices.Contains(fault.Backends, fault.Backend(s.backend)) {
		return nil, usage("--backend %s is not known; use one of %v", s.backend, fault.Backends)
	}
	suite := scenario.Load(paths, scenario.Options{Vars: s.vars, Backend: fault.Backend(s.backend)})
	s.complain(c.ErrOrStderr(), suite.Problems)
	if suite.Problems.Errors() > 0 {
		return nil, exit{code: exitUsage}
	}
	entries := slices.DeleteFunc(suite.Entries, func(e *scenario.Entry) bool { return !s.labelled(e) })
	if len(entries) == 0 {
		return nil, usage("there is no scenario to run in %s; a file of kind Base is only for others to extend, and -l selects by label", strings.Join(paths, " "))
	}
	return entries, nil
}

func (s *selection) labelled(e *scenario.Entry) bool {
	return !slices.ContainsFunc(s.labels, func(l string) bool {
		key, value, _ := strings.Cut(l, "=")
		return e.Scenario.Metadata.Labels[key] != value
	})
}

// complain prints problems: for people with source line and caret, on GitHub as annotations.
func (s *selection) complain(w io.Writer, problems scenario.Problems) {
	if len(problems) == 0 {
		return
	}
	if s.format == "github" || os.Getenv("GITHUB_ACTIONS") != "" {
		for _, p := range problems {
			level := "error"
			if p.Warning {
				level = "warning"
			}
			file := ""
			if p.Pos.File != nil {
				file = p.Pos.File.Name
			}
			fmt.Fprintf(w, "::%s file=%s,line=%d,col=%d::%s\n", level, file, p.Pos.Line, p.Pos.Col, p.Message)
		}
		return
	}
	fmt.Fprint(w, problems)
	if problems.Errors() > 0 {
		fmt.Fprintf(w, "%s, %s (exit %d)\n", count(problems.Errors(), "error"), count(problems.Warnings(), "warning"), exitUsage)
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

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

// The formats that results, and complaints, can have.
const (
	formatText   = "text"
	formatJSON   = "json"
	formatJUnit  = "junit"
	formatGitHub = "github"
)

// selection is the flags that say which scenarios, and what to change in them.
type selection struct {
	backend string
	labels  []string
	vars    []string
	format  string
	formats []string // those that the command has
}

func (s *selection) flags(c *cobra.Command, formats ...string) {
	s.formats = formats
	c.Flags().StringVar(&s.backend, "backend", "", "where to run: sim, or process for real processes; the scenario says if left out")
	c.Flags().StringArrayVarP(&s.labels, "label", "l", nil, "only scenarios with this label: key=value")
	c.Flags().StringArrayVar(&s.vars, "var", nil, "set a value of the scenario: path=value, such as duration=10m")
	c.Flags().StringVar(&s.format, "format", formatText, "how to say it: "+strings.Join(formats, ", "))
}

// load reads scenarios and reports everything that is wrong with them; errors end the command.
func (s *selection) load(w io.Writer, paths []string) (entries []*scenario.Entry, warnings int, err error) {
	if err := s.check(); err != nil {
		return nil, 0, err
	}
	suite := scenario.Load(paths, scenario.Options{Vars: s.vars, Backend: fault.Backend(s.backend)})
	problems := s.concerning(suite)
	s.complain(w, problems)
	if problems.Errors() > 0 {
		return nil, 0, exit{code: exitUsage}
	}
	if len(suite.Entries) == 0 {
		return nil, 0, usage("there is no scenario in %s: a file of kind Base is only for others to extend", strings.Join(paths, " "))
	}
	entries = slices.DeleteFunc(slices.Clone(suite.Entries), func(e *scenario.Entry) bool { return !s.labelled(e) })
	if len(entries) == 0 {
		return nil, 0, usage("none of %s in %s is labelled %s", count(len(suite.Entries), "scenario"), strings.Join(paths, " "), strings.Join(s.labels, " and "))
	}
	return entries, problems.Warnings(), nil
}

// concerning leaves out the warnings about files of which no scenario is asked for.
func (s *selection) concerning(suite *scenario.Suite) scenario.Problems {
	asked := map[string]bool{} // by file
	for _, e := range suite.Entries {
		asked[e.File] = asked[e.File] || s.labelled(e)
	}
	return slices.DeleteFunc(slices.Clone(suite.Problems), func(p scenario.Problem) bool {
		if p.Pos.File == nil {
			return false
		}
		wanted, has := asked[p.Pos.File.Name]
		return p.Warning && has && !wanted
	})
}

// check looks at the flags alone.
func (s *selection) check() error {
	for _, l := range s.labels {
		if key, _, found := strings.Cut(l, "="); !found || key == "" {
			return usage("--label %s is not key=value, for example tier=critical", l)
		}
	}
	if err := choice("format", s.format, s.formats); err != nil || s.backend == "" {
		return err
	}
	var backends []string
	for _, b := range fault.Backends {
		backends = append(backends, string(b))
	}
	return choice("backend", s.backend, backends)
}

func (s *selection) labelled(e *scenario.Entry) bool {
	return !slices.ContainsFunc(s.labels, func(l string) bool {
		key, value, _ := strings.Cut(l, "=")
		return e.Scenario.Metadata.Labels[key] != value
	})
}

// complain prints problems: for people with source line and caret, on GitHub as annotations.
func (s *selection) complain(w io.Writer, problems scenario.Problems) {
	if s.format == formatGitHub || os.Getenv("GITHUB_ACTIONS") != "" {
		for _, p := range problems {
			annotate(w, p)
		}
		return
	}
	fmt.Fprint(w, problems)
	if problems.Errors() > 0 {
		fmt.Fprintf(w, "%s, %s (exit %d)\n", count(problems.Errors(), "error"), count(problems.Warnings(), "warning"), exitUsage)
	}
}

// A GitHub workflow command ends at a line break, and its properties at a comma: those are escaped.
var (
	messageText  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyText = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// annotate writes a problem as a GitHub workflow command, which shows it at its line.
func annotate(w io.Writer, p scenario.Problem) {
	level := "error"
	if p.Warning {
		level = "warning"
	}
	if p.Pos.File == nil {
		fmt.Fprintf(w, "::%s::%s\n", level, messageText.Replace(p.Message))
		return
	}
	at := "file=" + propertyText.Replace(p.Pos.File.Name)
	if p.Pos.Line > 0 {
		at += fmt.Sprintf(",line=%d,col=%d", p.Pos.Line, p.Pos.Col)
	}
	fmt.Fprintf(w, "::%s %s::%s\n", level, at, messageText.Replace(p.Message))
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

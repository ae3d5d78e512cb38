package reports

import (
	"fmt"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/flinch-dev/flinch/checker"
)

// junitOf lists every check, service level and awaited event as a test case. What is not decided is an error
// and not a skip, since most readers take a skip for a pass.
func junitOf(runs ...*Document) junit.Testsuites {
	var all junit.Testsuites
	for i, d := range runs {
		suite := suiteOf(d)
		suite.ID = i
		all.AddSuite(suite)
	}
	return all
}

// JUnit writes the test suites of several runs as one file.
func JUnit(w io.Writer, runs ...*Document) error {
	suites := junitOf(runs...)
	return suites.WriteXML(w)
}

func suiteOf(d *Document) junit.Testsuite {
	suite := junit.Testsuite{Name: xmlText(d.Scenario.Name), Time: trim(d.WallSeconds, 3)}
	suite.AddProperty("seed", fmt.Sprint(d.Scenario.Seed))
	suite.AddProperty("backend", xmlText(d.Scenario.Backend))
	suite.AddProperty("traceHash", xmlText(d.TraceHash))
	suite.AddProperty("repro", xmlText(d.Scenario.ReproCommand))
	add := func(name, class string) *junit.Testcase {
		suite.Testcases = append(suite.Testcases, junit.Testcase{Name: xmlText(name),
			Classname: xmlText(d.Scenario.Name) + "." + class, Time: "0"})
		return &suite.Testcases[len(suite.Testcases)-1]
	}
	for _, r := range d.Results {
		c := add(r.Name(), "invariants")
		switch r.Verdict {
		case checker.Broken:
			c.Failure = complaint(r.Detail, r.Anomaly, strings.Join(r.Records, "\n"))
		case checker.NotDecided:
			c.Error = complaint(r.Detail, "not decided", "")
		}
	}
	for _, o := range d.SLO {
		if c := add(strings.TrimSpace(o.Name+" "+o.During), "slo"); !o.Passed {
			c.Failure = complaint(fmt.Sprintf("%s is %s, the limit is %s", o.Name, quantity(o.Value, o.Unit),
				quantity(o.Limit, o.Unit)), "slo", "")
		}
	}
	for _, m := range d.MustHappen {
		if c := add(m.Event, "mustHappen"); !m.Happened {
			c.Error = complaint("it did not happen, so the run proves nothing", "inconclusive", "")
		}
	}
	if c := add("verdict", "run"); !d.Passed {
		c.Failure = complaint(strings.TrimSpace(d.Verdict+" "+d.Reason), "verdict", d.Scenario.ReproCommand)
	}
	for _, c := range suite.Testcases {
		suite.Tests++
		if c.Failure != nil {
			suite.Failures++
		}
		if c.Error != nil {
			suite.Errors++
		}
	}
	return suite
}

func complaint(message, kind, data string) *junit.Result {
	return &junit.Result{Message: xmlText(message), Type: xmlText(kind), Data: xmlText(data)}
}

// xmlText drops the characters that XML cannot hold even escaped.
func xmlText(s string) string {
	s = spaced(s)
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' || r >= 0x20 && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000 {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

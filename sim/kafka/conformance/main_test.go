package conformance_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/flinch-dev/flinch/sim/kafka/conformance"
)

var table = flag.String("table", "", "the file to write the table of cases and targets to")

// columns are the targets that were run, in that order.
var columns struct {
	sync.Mutex
	all []*conformance.Column
}

func report(c *conformance.Column) *conformance.Column {
	columns.Lock()
	defer columns.Unlock()
	columns.all = append(columns.all, c)
	return c
}

// judge writes a verdict down, and fails the test if it was not to be expected.
func judge(t *testing.T, column *conformance.Column, c conformance.Case, v conformance.Verdict) {
	t.Helper()
	columns.Lock()
	outcome := column.Note(c.ID, v)
	columns.Unlock()
	switch outcome {
	case conformance.Differs:
		t.Errorf("%s: %s", c, strings.Join(v.Differences, "; "))
	case conformance.Gone:
		t.Logf("%s: %s does not differ any more: take its mark away", c, column.Name)
	case conformance.Skipped:
		t.Skip(v.Skipped)
	}
}

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if *table != "" {
		if err := os.WriteFile(*table, []byte(conformance.Table(conformance.Cases(), columns.all)), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "write the table:", err)
			code = 1
		}
	}
	os.Exit(code)
}

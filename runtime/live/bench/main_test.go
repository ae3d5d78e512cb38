//go:build unix

package bench

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
)

var (
	runs     = flag.Int("runs", 0, "how often everything is measured; 0: not at all")
	profiles = flag.String("profiles", "", "a folder for processor profiles of the members")
)

// TestMain lets the test binary be a member.
func TestMain(m *testing.M) {
	text := os.Getenv(orderVariable)
	if text == "" {
		os.Exit(m.Run())
	}
	var o order
	err := json.Unmarshal([]byte(text), &o)
	if err == nil {
		err = o.obey()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestMeasure prints the table. A part of it has a name: -run TestMeasure/count.
func TestMeasure(t *testing.T) {
	if *runs == 0 {
		t.Skip("measuring takes many minutes and all cores: say how often with -runs")
	}
	var all table
	t.Run("count", func(t *testing.T) { measureCount(t, &all) })
	t.Run("copy", func(t *testing.T) { measureCopy(t, &all) })
	t.Run("failover", func(t *testing.T) { measureFailover(t, &all) })
	fmt.Println(all.String())
}

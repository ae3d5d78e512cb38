package property

import (
	"flag"
	"os"
	"testing"
)

// TestMain draws the same plans every time, so that a change is not blamed for what it did not do. Who asks rapid for
// something (-rapid.checks=5000) gets plans that nobody has seen.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || len(f.Name) > 6 && f.Name[:6] == "rapid." })
	if !asked {
		flag.Set("rapid.seed", "7")
	}
	os.Exit(m.Run())
}

// Whatever is deployed, whatever it computes, whatever breaks: the output keeps its guarantee, the protocol its
// invariants, and once nothing is broken any more, everything comes out.
func TestAnyPlanKeepsItsGuarantee(t *testing.T) { Check(t) }

// What has failed once is tried ever after.
func TestRegressions(t *testing.T) { Replay(t) }

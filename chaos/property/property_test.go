package property

import "testing"

// Whatever is deployed, whatever it computes, whatever breaks: the output keeps its guarantee, the protocol its
// invariants, and once nothing is broken any more, everything comes out.
func TestAnyPlanKeepsItsGuarantee(t *testing.T) { Check(t) }

// What has failed once is tried ever after.
func TestRegressions(t *testing.T) { Replay(t) }

package scenario

import (
	"testing"
)

func TestShipped(t *testing.T) {
	s := Load([]string{"../../scenarios"}, Options{})
	t.Log("\n" + s.Problems.String())
	for _, e := range s.Entries {
		t.Logf("%s %d cells", e.Name, len(e.Cells))
		for _, c := range e.Cells {
			y, err := c.Scenario.YAML()
			t.Logf("%s %v\n%s", c.Name, err, y)
			for _, o := range c.Origins() {
				t.Logf("%-60s %-20s %s", o.Path, o.Value, o.At)
			}
			t.Logf("%+v", c.Scenario.Plan())
		}
	}
}

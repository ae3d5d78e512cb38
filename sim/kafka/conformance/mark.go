package conformance

// Mark is a case in which a target is known to differ from Kafka.
type Mark struct {
	Case   string
	Reason string
	Fatal  bool // the case is not told to it: the target would not survive
}

// Outcome is a verdict in the light of what was known.
type Outcome string

// The outcomes. Only Differs is unexpected; Gone is a mark that can be taken away.
const (
	Conforms Outcome = "ok"
	Skipped  Outcome = "-"
	Known    Outcome = "known"
	Gone     Outcome = "gone"
	Differs  Outcome = "DIFFERS"
)

// Column is a target with what is known of it, and what came of each case.
type Column struct {
	Name     string
	Marks    []Mark
	verdicts map[string]Verdict
}

func (c *Column) mark(id string) *Mark {
	for i := range c.Marks {
		if c.Marks[i].Case == id {
			return &c.Marks[i]
		}
	}
	return nil
}

// Fatal says why a case must not be told to the target, "" if it may.
func (c *Column) Fatal(id string) string {
	if m := c.mark(id); m != nil && m.Fatal {
		return m.Reason
	}
	return ""
}

// Note writes a verdict down, and returns what it means.
func (c *Column) Note(id string, v Verdict) Outcome {
	if c.verdicts == nil {
		c.verdicts = map[string]Verdict{}
	}
	c.verdicts[id] = v
	return c.outcome(id)
}

func (c *Column) outcome(id string) Outcome {
	v, told := c.verdicts[id]
	marked := c.mark(id) != nil
	switch {
	case c.Fatal(id) != "":
		return Known
	case !told || v.Skipped != "":
		return Skipped
	case len(v.Differences) > 0 && marked:
		return Known
	case len(v.Differences) > 0:
		return Differs
	case marked:
		return Gone
	}
	return Conforms
}

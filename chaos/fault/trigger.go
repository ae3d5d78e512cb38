package fault

import (
	"encoding/json"
	"fmt"
)

// Moment is a time since the start of the load, or a random one between two.
type Moment struct {
	At    Duration
	Until Duration // 0: exactly At
}

// When fires a fault at a protocol step.
type When struct {
	Event      string   `json:"event" jsonschema_description:"an event of the history, for example checkpoint.triggered (chaos faults lists them)"`
	Nth        int      `json:"nth,omitempty" jsonschema:"minimum=1" jsonschema_description:"which of the matching events; the first if left out"`
	Every      int      `json:"every,omitempty" jsonschema:"minimum=1" jsonschema_description:"fire again at each further so-manieth match; without it, the fault fires once"`
	Plus       Duration `json:"plus,omitzero" jsonschema_description:"how long after the event; without it, before anything that follows the event can happen"`
	After      string   `json:"after,omitempty" jsonschema_description:"count only events after this fault has started"`
	Operator   string   `json:"operator,omitempty" jsonschema_description:"only events of this operator's subtasks"`
	Subtask    *int     `json:"subtask,omitempty" jsonschema:"minimum=0" jsonschema_description:"only events of this subtask"`
	Checkpoint uint64   `json:"checkpoint,omitempty" jsonschema:"minimum=1" jsonschema_description:"only events of the checkpoint with this id"`
	Fault      string   `json:"fault,omitempty" jsonschema_description:"for fault.started and fault.ended: of this fault"`
	// Application is "" for the first one, and for what the services tell.
	Application string `json:"application,omitempty" jsonschema_description:"only events of the downstream application, by its name; of the first one if left out"`
}

// Fault is one fault of a scenario: what, at whom, when, for how long.
type Fault struct {
	Name   string            `json:"name,omitempty" jsonschema_description:"how reports, after: and mustHappen: call it"`
	Inject string            `json:"inject" jsonschema_description:"the kind of fault (chaos faults lists them, chaos describe KIND explains one)"`
	Target Aim               `json:"target,omitzero" jsonschema_description:"at whom; each kind of fault has a sensible default"`
	At     *Moment           `json:"at,omitempty" jsonschema_description:"when, since the load started: 30s, or {between: [60s, 120s]}"`
	When   *When             `json:"when,omitempty" jsonschema_description:"at which protocol step, instead of a time"`
	Every  Duration          `json:"every,omitzero" jsonschema_description:"again and again with this period"`
	For    Duration          `json:"for,omitzero" jsonschema_description:"how long it lasts before it is undone"`
	With   map[string]string `json:"with,omitempty" jsonschema_description:"parameters of the kind of fault"`
}

// MarshalJSON writes "30s" or {"between":["60s","120s"]}.
func (m Moment) MarshalJSON() ([]byte, error) {
	if m.Until == 0 {
		return json.Marshal(m.At)
	}
	return json.Marshal(map[string][]Duration{"between": {m.At, m.Until}})
}

// UnmarshalJSON reads either form.
func (m *Moment) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] != '{' {
		m.Until = 0
		return json.Unmarshal(data, &m.At)
	}
	var long struct{ Between []Duration }
	if err := json.Unmarshal(data, &long); err != nil {
		return err
	}
	if len(long.Between) != 2 || long.Between[1] <= long.Between[0] || long.Between[0] < 0 {
		return fmt.Errorf("between needs two times, the earlier first, for example {between: [60s, 120s]}")
	}
	m.At, m.Until = long.Between[0], long.Between[1]
	return nil
}

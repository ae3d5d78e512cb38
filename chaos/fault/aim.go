package fault

// Pick says which of the processes of a role are hit.
type Pick string

// The picks. Fixed and fixed-percent need a value, hosting needs an operator.
const (
	Leader       Pick = "leader"
	One          Pick = "one"
	All          Pick = "all"
	Fixed        Pick = "fixed"
	FixedPercent Pick = "fixed-percent"
	Hosting      Pick = "hosting"
)

// Picks lists every pick.
var Picks = []Pick{Leader, One, All, Fixed, FixedPercent, Hosting}

// Side selects processes. The zero Side is "everybody else", on the far side of a link.
type Side struct {
	Role     []Role `json:"role,omitempty" jsonschema_description:"what the victims are"`
	Pick     Pick   `json:"pick,omitempty" jsonschema_description:"which of them: leader, one, all, fixed (value of them), fixed-percent, or hosting (an operator)"`
	Value    int    `json:"value,omitempty" jsonschema:"minimum=0" jsonschema_description:"how many, for fixed; what share, for fixed-percent"`
	Operator string `json:"operator,omitempty" jsonschema_description:"for hosting: an operator of the pipeline, by name"`
	Subtask  *int   `json:"subtask,omitempty" jsonschema:"minimum=0" jsonschema_description:"for hosting: one subtask of it; without it, every host of the operator"`
	Name     string `json:"name,omitempty" jsonschema_description:"a process by name, for example taskmanager-1"`
	// Application is "" for the first one.
	Application string `json:"application,omitempty" jsonschema_description:"whose JobManagers and TaskManagers: the downstream application, by name; the first one's if left out"`
}

// Direction of a link fault, seen from the first side.
type Direction string

// The directions.
const (
	Both Direction = "both"
	To   Direction = "to"   // what the first side sends to the second
	From Direction = "from" // what the first side hears from the second
)

// Aim says at whom a fault is directed: processes (a Side), or the links between two groups of them.
type Aim struct {
	Side
	Between   [][]Side  `json:"between,omitempty" jsonschema:"minItems=2,maxItems=2" jsonschema_description:"for network faults: the two ends of the links; without it, the links between the picked processes and everybody else"`
	Direction Direction `json:"direction,omitempty" jsonschema:"enum=both,enum=to,enum=from" jsonschema_description:"for network faults: both, to (what the first side sends) or from (what it hears)"`
}

// IsZero says that nothing is selected.
func (s Side) IsZero() bool {
	return len(s.Role) == 0 && s.Pick == "" && s.Value == 0 && s.Operator == "" && s.Subtask == nil && s.Name == "" && s.Application == ""
}

// IsZero says that the scenario left the aim to the kind of fault.
func (a Aim) IsZero() bool { return a.Side.IsZero() && len(a.Between) == 0 && a.Direction == "" }

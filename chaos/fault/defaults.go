package fault

// WithDefaults returns f with what its kind implies filled in: the aim, and for network faults the two sides.
// It leaves a fault of an unknown kind as it is.
func (f Fault) WithDefaults() Fault {
	kind, known := Lookup(f.Inject)
	if !known {
		return f
	}
	a := f.Target
	if len(a.Between) == 0 {
		if a.Side.IsZero() {
			a.Side = kind.Default.Side
		}
		a.Side = a.Side.complete(kind)
	}
	if kind.Network {
		if a.Direction == "" {
			a.Direction = Both
		}
		if len(a.Between) == 0 {
			a.Between = [][]Side{{a.Side}, {{}}}
			a.Side = Side{}
		}
	}
	f.Target = a
	if f.When != nil && f.When.Nth == 0 {
		w := *f.When
		w.Nth = 1
		f.When = &w
	}
	if f.At == nil && f.When == nil && f.Every != 0 {
		f.At = &Moment{At: f.Every}
	}
	return f
}

// complete fills in the half of a side that was left out.
func (s Side) complete(kind Kind) Side {
	if len(s.Role) == 0 {
		s.Role = kind.Default.Role
	}
	if s.Pick != "" || s.Name != "" {
		return s
	}
	switch {
	case s.Operator != "":
		s.Pick = Hosting
	case len(s.Role) == 1 && len(kind.Default.Role) == 1 && s.Role[0] == kind.Default.Role[0]:
		s.Pick = kind.Default.Pick
	case len(s.Role) == 1 && s.Role[0] != JobManager && s.Role[0] != TaskManager:
		s.Pick = All
	default:
		s.Pick = One
	}
	return s
}

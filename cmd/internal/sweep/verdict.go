package sweep

import "slices"

// severity is the order of exit codes by meaning, worst first: our own bug, interrupted (so that what is there
// is not all), wrong data, a missed service level, stopped for safety, not decided. A proven failure outranks a
// run that says nothing.
var severity = []int{70, 130, 1, 3, 4, 2, 0}

// Worst returns the worst of some exit codes by meaning; 0 for none. A code that is not known is our bug.
func Worst(codes ...int) int {
	worst := 0
	for _, code := range codes {
		if !slices.Contains(severity, code) {
			return 70
		}
		if slices.Index(severity, code) < slices.Index(severity, worst) {
			worst = code
		}
	}
	return worst
}

package plan

import "strings"

// ChainName names a vertex by the operators of its chain, as Flink does: "Source: orders -> sum -> Sink: sums".
func ChainName(chain []Operator) string {
	names := make([]string, len(chain))
	for i, op := range chain {
		names[i] = string(op.Name)
		switch {
		case op.Kind.Source():
			names[i] = "Source: " + names[i]
		case op.Kind.Sink():
			names[i] = "Sink: " + names[i]
		}
	}
	return strings.Join(names, " -> ")
}

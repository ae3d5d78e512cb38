// Package scenario reads scenario files and finds everything that is wrong with them in one pass.
//
//	file ─ goccy AST ─▶ Node tree, every value with its file:line:col
//	                      │ extends: deep merge, lists replace        (extends.go)
//	                      │ --var, then one tree for each matrix cell (path.go, matrix.go)
//	                      ▼
//	               shape: JSON schema reflected from the types        (schema.go, shape.go, explain.go)
//	               rules: what a schema cannot say; lint: warnings    (rules_*.go, lint.go)
//	                      ▼
//	               Cell: one typed Scenario ─ Plan ─▶ plan.Pipeline, ready to run
//
// Flink's configuration keys and the SQL connector's option names stand as they are. Where a map holds texts
// by dotted keys, nested maps mean the same, so that either way of writing can be pasted.
package scenario

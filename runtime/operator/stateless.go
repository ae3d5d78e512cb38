package operator

import (
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
)

// mapper computes value*Multiply + Add.
func mapper(op plan.Operator, next func(record.Record)) func(record.Record) {
	return func(r record.Record) {
		r.Value = r.Value*op.Multiply + op.Add
		next(r)
	}
}

// filter keeps records whose value leaves Remainder when divided by Modulo; all of them when that is 0.
func filter(op plan.Operator, next func(record.Record)) func(record.Record) {
	return func(r record.Record) {
		if op.Modulo == 0 || mod(r.Value, op.Modulo) == op.Remainder {
			next(r)
		}
	}
}

// mod is the remainder that is never negative.
func mod(v, m int64) int64 {
	if r := v % m; r < 0 {
		return r + m
	}
	return v % m
}

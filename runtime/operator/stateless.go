package operator

import (
	"github.com/flinch-dev/flinch/runtime/plan"
	"github.com/flinch-dev/flinch/runtime/record"
)

// mapper computes value*Multiply + Add.
func mapper(op plan.Operator, next process) process {
	return func(row []record.Record) {
		for i := range row {
			row[i].Value = row[i].Value*op.Multiply + op.Add
		}
		next(row)
	}
}

// filter keeps records whose value leaves Remainder when divided by Modulo; all of them when that is 0.
func filter(op plan.Operator, next process) process {
	return func(row []record.Record) {
		kept := row[:0]
		for i := range row {
			if op.Modulo == 0 || mod(row[i].Value, op.Modulo) == op.Remainder {
				kept = append(kept, row[i])
			}
		}
		if len(kept) > 0 {
			next(kept)
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

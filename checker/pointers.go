package checker

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/anishathalye/porcupine"

	"github.com/flinch-dev/flinch/runtime/history"
)

// pointerCall is one call on the store of checkpoint pointers; Key is the job:
//
//	put     Input is a checkpoint id, which is in the list from then on
//	remove  Input is a checkpoint id, which is not
//	list    Output is the list: ids in growing order, joined by commas
//	latest  Output is the highest id, or ""
type pointerCall struct {
	call string
	id   uint64
}

// pointers models the store as one list. The state is the list as "list" answers it.
func pointers(run *Run) object {
	o := operationsOn(run, "pointers", func(op history.Operation) (any, error) {
		switch op.Call {
		case "put", "remove":
			n, err := strconv.ParseUint(op.Input, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%s of the pointer store: %q is not a checkpoint id", op.Call, op.Input)
			}
			return pointerCall{op.Call, n}, nil
		case "list", "latest":
			return pointerCall{op.Call, 0}, nil
		}
		return nil, fmt.Errorf("the pointer store has no call %q; it has put, remove, list and latest", op.Call)
	}, func(op history.Operation) any { return op.Output })
	o.model = porcupine.Model{
		Init: func() any { return "" },
		Step: func(state, input, output any) (bool, any) {
			list, c := state.(string), input.(pointerCall)
			switch c.call {
			case "put":
				return true, joinIDs(append(splitIDs(list), c.id))
			case "remove":
				return true, joinIDs(slices.DeleteFunc(splitIDs(list), func(n uint64) bool { return n == c.id }))
			}
			answer, answered := output.(string)
			if !answered {
				return true, list
			}
			if c.call == "latest" {
				return answer == list[strings.LastIndexByte(list, ',')+1:], list
			}
			return answer == list, list
		},
		DescribeOperation: func(input, output any) string {
			c := input.(pointerCall)
			answer, answered := output.(string)
			switch {
			case !answered:
				answer = "no answer"
			case c.call == "put" || c.call == "remove":
				answer = "ok"
			}
			if c.id == 0 {
				return fmt.Sprintf("%s → %s", c.call, answer)
			}
			return fmt.Sprintf("%s %d → %s", c.call, c.id, answer)
		},
		DescribeState: func(state any) string { return "[" + state.(string) + "]" },
	}
	return o
}

func splitIDs(list string) []uint64 {
	var ids []uint64
	for text := range strings.SplitSeq(list, ",") {
		if n, err := strconv.ParseUint(text, 10, 64); err == nil {
			ids = append(ids, n)
		}
	}
	return ids
}

func joinIDs(ids []uint64) string {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	text := make([]string, len(ids))
	for i, n := range ids {
		text[i] = strconv.FormatUint(n, 10)
	}
	return strings.Join(text, ",")
}

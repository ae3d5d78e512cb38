package main

import "sync"

// keeper decides which runs of a sweep keep their whole folder: failing ones, up to a bound, and the first
// good one of each cell.
type keeper struct {
	mu     sync.Mutex
	good   []bool
	failed int
}

// failuresKept bounds the space that a sweep gone wrong can take.
const failuresKept = 20

func newKeeper(cells int) *keeper { return &keeper{good: make([]bool, cells)} }

func (k *keeper) wants(cell int, passed bool) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !passed {
		k.failed++
		return k.failed <= failuresKept
	}
	first := !k.good[cell]
	k.good[cell] = true
	return first
}

package sim

import "math/rand/v2"

// Randomness is edit-stable: each draw is keyed by what it is for, not taken from one stream, so that a draw
// added in one place moves no other.

// Mix is the finalizer of SplitMix64.
func Mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func hashString(h uint64, s string) uint64 {
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return Mix(h)
}

// Rand returns the source for the n-th draw of a site by an entity.
func (w *World) Rand(site, entity string, n uint64) *rand.Rand {
	key := hashString(hashString(Mix(w.cfg.Seed), site), entity)
	d := &draw{}
	d.source.Seed(key, Mix(key^n))
	d.Rand = *rand.New(&d.source)
	return &d.Rand
}

// draw has a generator and its source in one piece of memory: there are many.
type draw struct {
	rand.Rand
	source rand.PCG
}

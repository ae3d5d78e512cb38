package config

import "strings"

// nearest returns the candidate that was probably meant by a mistyped word, or "".
func nearest(word string, candidates []string) string {
	best, bound := "", max(2, len(word)/8)+1
	for _, c := range candidates {
		if d := distance(plain(word), plain(c)); d < bound {
			best, bound = c, d
		}
	}
	return best
}

// plain drops what is most often mistaken: case, and which separator stands between words.
func plain(s string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "", ".", "", " ", "").Replace(s))
}

// distance is how many letters must be added, removed, changed or swapped with their neighbour.
func distance(a, b string) int {
	before, row, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}

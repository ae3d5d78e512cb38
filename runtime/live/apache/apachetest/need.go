// Package apachetest is for tests that start the programs of package apache. It is all that says whether they may:
//
//	go test ./...   ── Need ──▶ skipped, in no time
//	FLINCH_REAL=1   ── Need ──▶ run, or fail where Java or Maven are missing
package apachetest

import (
	"os"
	"testing"

	"github.com/flinch-dev/flinch/runtime/live/apache"
)

// Wanted says whether whoever runs the tests has asked for real programs: they take long to start, and the first time
// they have to be downloaded.
func Wanted() bool { return os.Getenv("FLINCH_REAL") == "1" }

// Need skips a test unless real programs are wanted. Where they are and cannot be had the test fails.
func Need(t testing.TB) {
	t.Helper()
	if !Wanted() {
		t.Skip("this starts real Apache programs, which takes a while: set FLINCH_REAL=1 to have them (Java 17 and Maven are needed)")
	}
	if why := apache.Missing(); why != "" {
		t.Fatal(why)
	}
}

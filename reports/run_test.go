package reports

import (
	"os"
	"testing"
)

// TestLook writes pages to look at when REPORTS_LOOK names a folder.
func TestLook(t *testing.T) {
	dir := os.Getenv("REPORTS_LOOK")
	if dir == "" {
		t.Skip("REPORTS_LOOK names no folder")
	}
	for name, d := range map[string]*Document{"pass": failover(), "fail": lossy()} {
		if err := WriteRun(dir+"/"+name, d); err != nil {
			t.Fatal(err)
		}
	}
}

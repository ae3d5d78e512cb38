package reports

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Whoever finds a run.json has a folder that is whole: it is written last, and not at all if something else could not be.
func TestAFolderThatIsNotWholeHasNoVerdict(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "summary.md"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := WriteRun(dir, lossy()); err == nil {
		t.Error("a summary has been written in the place of a folder")
	}
	if _, err := os.Stat(filepath.Join(dir, "run.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("run.json is there: %v", err)
	}
}

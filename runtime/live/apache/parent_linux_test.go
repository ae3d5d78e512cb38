package apache

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// The stand-in for Java holds a pipe open as long as it lives. Its starter, this test in another process, is killed and
// can end nothing.
func TestAProgramDiesWithItsStarter(t *testing.T) {
	const dirKey = "APACHE_TEST_DIR"
	if dir := os.Getenv(dirKey); dir != "" {
		n := &node{dir: dir}
		if err := n.launch(); err != nil {
			t.Fatal(err)
		}
		<-n.ended
		return
	}
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	standIn(t, "java", "exec sleep 60 > "+pipe)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	starter := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$")
	starter.Env = append(os.Environ(), dirKey+"="+dir)
	if err := starter.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		held, err := os.Open(pipe) // waits until the program is there
		if err == nil {
			starter.Process.Kill()
			_, err = io.ReadAll(held) // waits until it is not
		}
		ended <- err
	}()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-ctx.Done():
		t.Error("the program has outlived its starter")
	}
	starter.Wait()
}

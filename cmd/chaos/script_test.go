package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"chaos": main})
}

// The stories of testdata/script use the program as a user does. Each starts in an empty folder with small.yaml.
func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			small, err := os.ReadFile("testdata/small.yaml")
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(env.WorkDir, "small.yaml"), small, 0o644)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "interrupted": interrupted},
	})
}

// exits runs a command that must end with an exit code: "exits 64 chaos run".
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := exitCode(ts, ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

// interrupted presses Ctrl-C as soon as the first run has begun, and puts what was printed into a file: it must
// exit with 130.
func interrupted(ts *testscript.TestScript, _ bool, args []string) {
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Dir = ts.Getenv("WORK")
	var stdout bytes.Buffer
	cmd.Stdout = &stdout
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	r := bufio.NewReader(stderr)
	_, err = r.ReadString('\n')
	ts.Check(err)
	ts.Check(cmd.Process.Signal(os.Interrupt))
	rest, err := io.ReadAll(r)
	ts.Check(err)
	if code := exitCode(ts, cmd.Wait()); code != 130 {
		ts.Fatalf("exit code %d, not 130:\n%s%s", code, stdout.String(), rest)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), stdout.Bytes(), 0o644))
}

func exitCode(ts *testscript.TestScript, err error) int {
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return ended.ExitCode()
	}
	ts.Check(err)
	return 0
}

// Command chaos runs scenarios: it breaks a Flink cluster at a chosen step, proves or refutes that the
// committed output is exactly once, and writes a report.
//
// Exit codes: 0 pass, 1 the data is wrong, 2 inconclusive, 3 a service level was missed, 4 stopped by
// stopWhen, 64 bad usage or scenario, 69 the target is not available, 70 a bug of ours, 130 interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes beside those of a run.
const (
	exitUsage       = 64
	exitUnavailable = 69
	exitBug         = 70
)

// exit is an error that carries the exit code; its text may be empty if everything has been said.
type exit struct {
	code int
	text string
}

func (e exit) Error() string { return e.text }

func usage(format string, args ...any) error { return exit{exitUsage, fmt.Sprintf(format, args...)} }

// bug is what became of a panic: our fault, whatever the scenario says.
func bug(doing string, panicked any) error {
	return exit{exitBug, fmt.Sprintf("a bug of ours, %s: %v\n%s", doing, panicked, debug.Stack())}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first Ctrl-C winds up, the second ends the program at once
	collectSeldom()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// collectSeldom trades memory for speed, unless the user has a wish of their own: a run makes garbage by the
// hundred megabytes and keeps little, so collecting it less often makes it a quarter faster.
func collectSeldom() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(768 << 20)
	}
}

// run is the whole program: arguments in, exit code out.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := execute(ctx, args, stdout, stderr)
	if err == nil {
		return 0
	}
	var e exit
	if !errors.As(err, &e) {
		e = exit{exitUsage, err.Error()}
	}
	if e.text != "" {
		fmt.Fprintln(stderr, "chaos: "+e.text)
	}
	return e.code
}

func execute(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = bug("in a command", p)
		}
	}()
	root := command()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return misspelt(root, root.ExecuteContext(ctx))
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:   "chaos",
		Short: "What happens to my output when things die, and how long does it take?",
		Long: `chaos runs a stream job under failures that you choose, and judges its output.

  chaos run scenarios/jm-failover.yaml               one run, one verdict, one report
  chaos run scenarios --seeds 1..100                 every scenario, a hundred ways
  chaos validate my.yaml                             every mistake in the file, at its place
  chaos faults                                       what can be broken
  chaos replay store/jm-failover/latest              the same run again, event by event`,
		SilenceUsage: true, SilenceErrors: true, DisableSuggestions: true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(badFlag)
	root.AddCommand(runCommand(), validateCommand(), planCommand(), faultsCommand(), describeCommand(), schemaCommand(),
		replayCommand(), checkCommand(), reportCommand(), revertCommand(), brokerCommand(), memberCommand())
	return root
}

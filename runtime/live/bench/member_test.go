//go:build unix

package bench

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"syscall"

	"github.com/flinch-dev/flinch/runtime/live/entrypoint"
	"github.com/flinch-dev/flinch/runtime/live/services"
	"github.com/flinch-dev/flinch/runtime/plan"
)

const orderVariable = "FLINCH_BENCH_ORDER"

// order makes the test binary a process of a cluster.
type order struct {
	Role    role
	Job     *plan.Job
	Flink   map[string]string
	Places  services.Places
	Profile string // a file
}

type role string

const (
	jobManager  role = "jobmanager"
	taskManager role = "taskmanager"
	bareLoop    role = "loop"
)

// obey is the life of a member. It does not outlive the process that has started it.
func (o order) obey() error {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if o.Profile != "" {
		f, err := os.Create(o.Profile)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	p := entrypoint.Process{Flink: o.Flink, Places: o.Places, Log: slog.New(quiet{slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})})}
	switch o.Role {
	case jobManager:
		return p.JobManager(ctx, o.Job)
	case taskManager:
		return p.TaskManager(ctx)
	case bareLoop:
		return copyLoop(ctx, o.Places.Kafka)
	}
	return fmt.Errorf("there is no role %q", o.Role)
}

// quiet leaves out the one note that there are many of.
type quiet struct{ slog.Handler }

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "sink.write" {
		return nil
	}
	return q.Handler.Handle(ctx, r)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

func profileOf(name string) string {
	if *profiles == "" {
		return ""
	}
	return filepath.Join(*profiles, name+".prof")
}

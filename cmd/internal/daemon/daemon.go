// Package daemon is what the programs of the cluster have in common: their flags.
package daemon

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/flinch-dev/flinch/runtime/live/entrypoint"
)

// Flags are those of every program of the cluster.
type Flags struct {
	config  string
	defines []string
	verbose bool
	process entrypoint.Process
}

// Command returns a program that runs a process with its flags until it ends, or until SIGTERM or Ctrl-C.
func Command(name, short, long string, run func(ctx context.Context, p entrypoint.Process) error) *cobra.Command {
	f := &Flags{}
	c := &cobra.Command{Use: name, Short: short, Long: long, Args: cobra.NoArgs, SilenceUsage: true, SilenceErrors: true,
		RunE: func(c *cobra.Command, _ []string) error {
			p, err := f.settle(c.ErrOrStderr())
			if err != nil {
				return err
			}
			return run(c.Context(), p)
		}}
	flags := c.Flags()
	flags.StringVar(&f.config, "config", "", "Flink's configuration: a config.yaml or flink-conf.yaml")
	flags.StringArrayVarP(&f.defines, "define", "D", nil, "a key of Flink's configuration: -D key=value")
	flags.StringVar(&f.process.Places.HA, "ha", os.Getenv("FLINCH_HA"), "the coordination service: etcd://host:port or zookeeper://host:port (or FLINCH_HA, or high-availability.zookeeper.quorum)")
	flags.StringVar(&f.process.Places.Storage, "storage", os.Getenv("FLINCH_STORAGE"), "where checkpoints are kept: file:///folder or s3://bucket?endpoint=URL (or FLINCH_STORAGE)")
	flags.StringVar(&f.process.Places.Kafka, "kafka", os.Getenv("FLINCH_KAFKA"), "Kafka, as host:port[,host:port] (or FLINCH_KAFKA)")
	flags.StringVar(&f.process.TLS.Cert, "tls-cert", "", "this process's certificate, PEM; with --tls-key and --tls-ca it makes all connections between processes mutual TLS")
	flags.StringVar(&f.process.TLS.Key, "tls-key", "", "the certificate's key, PEM")
	flags.StringVar(&f.process.TLS.CA, "tls-ca", "", "the certificate of the authority that signs all processes' certificates, PEM")
	flags.BoolVar(&f.process.Remote, "allow-remote", false, "listen on other than the loopback interface, where the configuration says so")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "log every protocol step")
	c.CompletionOptions.DisableDefaultCmd = true
	return c
}

func (f *Flags) settle(stderr io.Writer) (entrypoint.Process, error) {
	p := f.process
	level := slog.LevelInfo
	if f.verbose {
		level = slog.LevelDebug
	}
	p.Log = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	var err error
	p.Flink, err = entrypoint.Settings(f.config, os.Getenv("FLINK_PROPERTIES"), f.defines)
	return p, err
}

// Main runs a program and ends it: 0 after a good end, 1 otherwise.
func Main(c *cobra.Command) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal stops in good order, the second at once
	if err := c.ExecuteContext(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", c.Name(), err)
		os.Exit(1)
	}
}

package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/flinch-dev/flinch/chaos/process"
	"github.com/flinch-dev/flinch/runtime/live"
)

// memberCommand makes this program a JobManager or TaskManager of a run with real processes. It is started by the
// program itself, which names the folder of the run: so it is known by its command line.
func memberCommand() *cobra.Command {
	return &cobra.Command{Use: process.MemberCommand, Hidden: true, Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, _ []string) error {
		err := process.Member(c.InOrStdin(), c.ErrOrStderr())
		switch {
		case errors.Is(err, live.ErrAssertion):
			return exit{process.ExitAsserted, err.Error()}
		case err != nil:
			return exit{exitUnavailable, err.Error()}
		}
		return nil
	}}
}

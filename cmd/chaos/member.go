package main

import (
	"github.com/spf13/cobra"

	"github.com/flinch-dev/flinch/chaos/process"
)

// memberCommand makes this program a JobManager or TaskManager of a run with real processes. It is started by the
// program itself.
func memberCommand() *cobra.Command {
	return &cobra.Command{Use: process.MemberCommand, Hidden: true, Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		if err := process.Member(c.InOrStdin(), c.ErrOrStderr()); err != nil {
			return exit{exitUnavailable, err.Error()}
		}
		return nil
	}}
}

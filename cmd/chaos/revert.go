package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/flinch-dev/flinch/chaos/process"
)

// revertCommand mends what runs have left behind that could not end in good order.
func revertCommand() *cobra.Command {
	return &cobra.Command{Use: "revert", Short: "Undo what a run with real processes has left behind, if chaos itself was killed",
		Long: `revert ends the processes, removes the folders, and deletes the topics, keys and objects of runs whose chaos is gone.
Runs that go on are left alone.`,
		Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
			mended := false
			err := process.Revert(func(line string) {
				mended = true
				fmt.Fprintln(c.OutOrStdout(), line)
			})
			if err != nil {
				return exit{exitUnavailable, err.Error()}
			}
			if !mended {
				fmt.Fprintln(c.OutOrStdout(), "nothing is left behind")
			}
			return nil
		}}
}

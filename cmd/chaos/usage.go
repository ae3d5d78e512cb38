package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/flinch-dev/flinch/chaos/scenario"
)

// What a user typed wrong, in sentences that say what to type instead.

// several demands at least one argument, and says of what kind.
func several(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usage("%s needs %s: %s", c.CommandPath(), what, form(c))
		}
		return nil
	}
}

// one demands exactly one argument, and says of what kind.
func one(what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage("%s takes one argument, %s, and got %d: %s", c.CommandPath(), what, len(args), form(c))
		}
		return nil
	}
}

// form is how a command is written: "chaos replay RUN".
func form(c *cobra.Command) string { return strings.TrimSuffix(c.UseLine(), " [flags]") }

// misspelt gives an unknown command the name that was probably meant.
func misspelt(root *cobra.Command, err error) error {
	var word string
	if err == nil {
		return nil
	}
	if _, other := fmt.Sscanf(err.Error(), "unknown command %q", &word); other != nil {
		return err
	}
	var known []string
	for _, c := range root.Commands() {
		known = append(known, c.Name())
	}
	return usage("there is no command %q%s", word, hint(word, known, "; chaos --help lists them"))
}

// badFlag puts what is wrong with a flag into words.
func badFlag(c *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		value   *pflag.InvalidValueError
		missing *pflag.ValueRequiredError
	)
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			return usage("there is no flag -%s; %s --help lists them", name, c.CommandPath())
		}
		var known []string
		c.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		return usage("there is no flag --%s%s", name, hint(name, known, "; "+c.CommandPath()+" --help lists them"))
	case errors.As(err, &value):
		return usage("--%s cannot be %q; it is: %s", value.GetFlag().Name, value.GetValue(), value.GetFlag().Usage)
	case errors.As(err, &missing):
		return usage("--%s needs a value: %s", missing.GetFlag().Name, missing.GetFlag().Usage)
	}
	return usage("%v; %s --help lists the flags", err, c.CommandPath())
}

// choice complains about a flag's value that is not one of those that there are.
func choice(flag, value string, known []string) error {
	if slices.Contains(known, value) {
		return nil
	}
	return usage("--%s %s is not known%s", flag, value, hint(value, known, ": choose from "+strings.Join(known, ", ")))
}

// hint is the known word that was probably meant, or what else to say.
func hint(word string, known []string, otherwise string) string {
	if meant := scenario.DidYouMean(word, known); meant != "" {
		return meant
	}
	return otherwise
}

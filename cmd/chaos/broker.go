package main

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"os"
	"reflect"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/chaos/process/broker"
	"github.com/flinch-dev/flinch/chaos/scenario"
	"github.com/flinch-dev/flinch/sim/kafka"
	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

// served is the broker command with its flags.
type served struct {
	broker.Config
	version  int
	topics   []string
	settings []string
	faults   string
}

func brokerCommand() *cobra.Command {
	var s served
	c := &cobra.Command{Use: "broker", Short: "Serve a Kafka that misbehaves on command, over TCP",
		Long: `broker serves the model of a Kafka cluster, with transactions, to real clients until Ctrl-C. It is in memory, and
gone with the program.

  chaos broker                                          one broker on 127.0.0.1:9092
  chaos broker --brokers 3 --topic orders:8             three, on 9092 to 9094, with a topic
  chaos broker --faults scenarios/my.yaml               set up as a scenario's, and its faults of Kafka strike
  chaos broker --setting num.partitions=4               set up by Kafka's own names, as a scenario's pipeline.broker`,
		Args: cobra.NoArgs, RunE: s.run}
	f := c.Flags()
	f.StringVar(&s.Listen, "listen", "127.0.0.1:9092", "host:port of the first broker, the others take the ports after it; port 0: free ones")
	f.IntVar(&s.Kafka.Brokers, "brokers", 1, "how many brokers, 1 to 100; with --faults the 3 of a scenario, if left out")
	f.IntVar(&s.version, "transaction-version", 2, "the cluster's transaction.version: 0, 1 or 2")
	f.StringArrayVar(&s.topics, "topic", nil, "a topic that is there from the start: name:partitions")
	f.StringArrayVar(&s.settings, "setting", nil, "a setting of the brokers by Kafka's own name: name=value")
	f.StringVar(&s.faults, "faults", "", "a scenario whose faults of Kafka strike (kafka.*, and clock.skew of kafka alone), by the time since the start or at a step of a transaction")
	f.BoolVar(&s.AllowRemote, "allow-remote", false, "listen on other than the loopback interface: whoever reaches it may do anything")
	return c
}

func (s *served) run(c *cobra.Command, _ []string) (err error) {
	if err := s.settle(c); err != nil {
		return err
	}
	keepMuch()
	server, err := broker.Start(s.Config)
	var system syscall.Errno
	switch {
	case errors.As(err, &system):
		return exit{exitUnavailable, err.Error()}
	case err != nil:
		return usage("%v", err)
	}
	fmt.Fprintf(c.OutOrStdout(), "bootstrap servers: %s\n", strings.Join(server.Addrs(), ","))
	fmt.Fprintf(c.OutOrStdout(), "%s, transaction.version %d; Ctrl-C ends it\n", count(s.Kafka.Brokers, "broker"), s.Kafka.TransactionVersion-protocol.TV0)
	select {
	case <-c.Context().Done():
	case <-server.Done():
	}
	if err := server.Close(); err != nil {
		return exit{exitBug, err.Error()}
	}
	return nil
}

// settle turns flags into what they mean.
func (s *served) settle(c *cobra.Command) error {
	if s.Kafka.Brokers < 1 || s.Kafka.Brokers > 100 {
		return usage("--brokers %d: a cluster has 1 to 100", s.Kafka.Brokers)
	}
	if s.version < 0 || s.version > 2 {
		return usage("--transaction-version %d: there are 0, 1 and 2", s.version)
	}
	versioned := c.Flags().Changed("transaction-version")
	s.Kafka.TransactionVersion = protocol.TV0 + protocol.TransactionVersion(s.version)
	if err := s.readFaults(c, versioned); err != nil {
		return err
	}
	if err := s.setUp(versioned); err != nil {
		return err
	}
	for _, text := range s.topics {
		t, err := topicOf(text)
		if err != nil {
			return err
		}
		s.Topics = append(s.Topics, t)
	}
	s.Log = slog.New(slog.NewTextHandler(c.ErrOrStderr(), nil))
	return nil
}

// setUp sets the brokers up. Their transaction.version may have been said already.
func (s *served) setUp(versioned bool) error {
	said := map[string]bool{"transaction.version": versioned}
	for _, text := range s.settings {
		name, value, found := strings.Cut(text, "=")
		known := kafka.BrokerSettings()
		switch {
		case !found:
			return usage("--setting %s is not name=value, for example num.partitions=4", text)
		case !slices.Contains(known, name):
			return usage("--setting %s: the model's brokers have no setting %q%s", text, name, hint(name, known, "; there are "+strings.Join(known, ", ")))
		case said[name]:
			return usage("--setting %s: %s is said twice; say it once", text, name)
		}
		said[name] = true
		if err := s.Kafka.Set(name, value); err != nil {
			return usage("--setting %s: %v", text, err)
		}
	}
	return nil
}

// topicName is what Kafka allows.
var topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

func topicOf(text string) (broker.Topic, error) {
	name, number, found := strings.Cut(text, ":")
	n, err := strconv.Atoi(number)
	switch {
	case !found || err != nil || n < 1 || n > 10_000:
		return broker.Topic{}, usage("--topic %s is not name:partitions with 1 to 10000 of them, for example orders:8", text)
	case !topicName.MatchString(name) || name == "." || name == "..":
		return broker.Topic{}, usage("--topic %s: Kafka allows letters, digits, '.', '_' and '-' in a topic's name, 249 at most", text)
	}
	return broker.Topic{Name: name, Partitions: n}, nil
}

// readFaults takes the faults of a scenario that strike Kafka, and says which it leaves out. There are as many brokers as
// the scenario has, set up as they are there, if its cells agree; flags have the last word.
func (s *served) readFaults(c *cobra.Command, versioned bool) error {
	if s.faults == "" {
		return nil
	}
	from := selection{format: formatText, formats: []string{formatText}}
	entries, _, err := from.load(c.ErrOrStderr(), []string{s.faults})
	if err != nil {
		return err
	}
	if len(entries) > 1 {
		return usage("--faults %s: these are several scenarios; name a file with one", s.faults)
	}
	first, rest := entries[0].Cells[0].Scenario, entries[0].Cells[1:]
	all := first.Faults
	if slices.ContainsFunc(rest, func(cell scenario.Cell) bool { return !reflect.DeepEqual(cell.Scenario.Faults, all) }) {
		return usage("--faults %s: the faults are not the same in all cells of its matrix; name a file with one cell, as scenario.resolved.yaml of a run", s.faults)
	}
	for _, name := range slices.Sorted(maps.Keys(first.Pipeline.Broker)) {
		value := first.Pipeline.Broker[name]
		switch {
		case !slices.Contains(kafka.BrokerSettings(), name) || versioned && name == "transaction.version" || s.sets(name):
		case slices.ContainsFunc(rest, func(cell scenario.Cell) bool { return cell.Scenario.Pipeline.Broker[name] != value }):
			fmt.Fprintf(c.ErrOrStderr(), "%s: %s is varied by the matrix, and left as it is: --setting %s=... says otherwise\n", s.faults, name, name)
		default:
			if err := s.Kafka.Set(name, value); err != nil {
				return usage("--faults %s: %v", s.faults, err)
			}
		}
	}
	s.Faults = slices.DeleteFunc(slices.Clone(all), func(f fault.Fault) bool { return !broker.AboutKafka(f) })
	if len(s.Faults) == 0 {
		return usage("--faults %s: none of its %s strikes Kafka; chaos faults lists those that do", s.faults, count(len(all), "fault"))
	}
	if !c.Flags().Changed("brokers") {
		s.Kafka.Brokers = 3 // those of a scenario
	}
	if left := len(all) - len(s.Faults); left > 0 {
		fmt.Fprintf(c.ErrOrStderr(), "%s: %s left out, which strikes something else than Kafka\n", s.faults, count(left, "fault"))
	}
	return nil
}

// sets says whether a flag sets the brokers up by that name.
func (s *served) sets(name string) bool {
	return slices.ContainsFunc(s.settings, func(text string) bool { return strings.HasPrefix(text, name+"=") })
}

// keepMuch suits a program whose log grows and stays, unless the user has a wish of their own: a bound on memory would
// have it collect garbage all the time once the log is larger.
func keepMuch() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(100)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(math.MaxInt64)
	}
}

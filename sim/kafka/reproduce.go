package kafka

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Bug is one of real brokers, by its issue at Apache Kafka. A cluster that is to reproduce it has it on purpose, so that
// clients can be tried against the brokers that are out there.
type Bug string

// The bugs.
const (
	// Kafka19367 is in 4.0.0: who takes a transaction of TV2 away from its owner bumps the epoch twice, once to fence and
	// once to abort. That wastes an epoch, but at the last one the sum is negative. Kafka cannot write that down, so
	// InitProducerId fails, and no timeout ends the transaction.
	Kafka19367 Bug = "KAFKA-19367"
	// Kafka20090 is in TV2 before 4.3: a fence that uses up the epochs gets no other producer id to go on with. If the
	// owner then repeats its abort it is told to go on with epoch 32767. That cannot be fenced any more, so what it opens
	// stays open for ever.
	Kafka20090 Bug = "KAFKA-20090"
	// Kafka19999 is in 4.2 before its fix: under TV2 a partition refuses the marker that it has already, as if a zombie
	// had sent it. Markers are sent at least once, so after a lost answer, or by the next coordinator, they come again.
	// The coordinator gives up, and the transaction is never complete.
	Kafka19999 Bug = "KAFKA-19999"
)

// Bugs are all that can be reproduced.
var Bugs = []Bug{Kafka19367, Kafka19999, Kafka20090}

// reproduces says whether the brokers of the cluster have a bug.
func (c *Cluster) reproduces(b Bug) bool { return slices.Contains(c.cfg.Reproduce, b) }

// overflown is an epoch that went on after the largest. No record can have it: the brokers with such bugs fail there.
func overflown(epoch int16) bool { return epoch == math.MinInt16 }

func setReproduce(c *Config, value string) error {
	var all []Bug
	if value == "none" { // as a matrix has to call the cell without
		c.Reproduce = nil
		return nil
	}
	for _, text := range strings.Split(value, ",") {
		b := Bug(strings.TrimSpace(text))
		if !slices.Contains(Bugs, b) {
			return fmt.Errorf("flinch.reproduce has %q; the model can reproduce %s", b, joined(Bugs))
		}
		all = append(all, b)
	}
	c.Reproduce = all
	return nil
}

func joined(bugs []Bug) string {
	var all []string
	for _, b := range bugs {
		all = append(all, string(b))
	}
	return strings.Join(all, ", ")
}

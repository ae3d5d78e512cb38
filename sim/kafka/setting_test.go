package kafka

import (
	"strings"
	"testing"
	"time"

	"github.com/flinch-dev/flinch/sim/kafka/protocol"
)

func TestABrokerIsSetUpInKafkasOwnWords(t *testing.T) {
	var c Config
	for name, value := range map[string]string{
		"auto.create.topics.enable":                 "false",
		"group.initial.rebalance.delay.ms":          "0",
		"num.partitions":                            "6",
		"transaction.max.timeout.ms":                "60000",
		"transaction.partition.verification.enable": "false",
		"transaction.two.phase.commit.enable":       "true",
		"transaction.version":                       "1",
		"unstable.api.versions.enable":              "true",
	} {
		if err := c.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	want := Config{NoTopicAutoCreation: true, InitialRebalanceDelay: -1, NumPartitions: 6, TransactionMaxTimeout: time.Minute,
		NoPartitionVerification: true, TransactionVersion: protocol.TV1, TwoPhaseCommit: true, UnstableAPIVersions: true}
	want.defaults()
	c.defaults()
	for _, s := range brokerSettings {
		if s.get != nil && s.get(&c) != s.get(&want) {
			t.Errorf("%s is %s, not %s", s.name, s.get(&c), s.get(&want))
		}
	}
	if c.TransactionVersion != want.TransactionVersion {
		t.Errorf("transaction.version is %d, not 1", c.TransactionVersion.Level())
	}
}

func TestWhatABrokerCannotBeIsRefusedInASentence(t *testing.T) {
	for setting, sentence := range map[string]string{
		"transaction.max.timeout.ms=15 min":     `transaction.max.timeout.ms is "15 min"; it must be a whole number of milliseconds`,
		"transaction.max.timeout.ms=0":          `it must be a whole number of milliseconds`,
		"transactional.id.expiration.ms=1e30":   `it must be a whole number of milliseconds`,
		"transaction.version=3":                 `transaction.version is "3"; there are 0, 1 and 2`,
		"auto.create.topics.enable=yes":         `it must be true or false`,
		"num.partitions=0":                      `it must be a whole number of at least 1`,
		"group.initial.rebalance.delay.ms=soon": `0 for none`,
		"flinch.first.producer.epoch=32767":     `a whole number from 0 to 32766, the last epoch`,
		"flinch.reproduce=KAFKA-20090, more":    `flinch.reproduce has "more"; the model can reproduce KAFKA-19367`,
		"log.dirs=/kafka":                       `no setting log.dirs`,
	} {
		name, value, _ := strings.Cut(setting, "=")
		if err := new(Config).Set(name, value); err == nil || !strings.Contains(err.Error(), sentence) {
			t.Errorf("%s: %v, not %q", setting, err, sentence)
		}
	}
}

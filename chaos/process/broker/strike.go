package broker

import (
	"fmt"
	"slices"
	"strings"

	"github.com/flinch-dev/flinch/chaos/fault"
	"github.com/flinch-dev/flinch/runtime/mailbox"
)

// canStrike returns an error for a fault that would wait for ever: for a step that nobody takes here, for a fault that is
// not there, or for a broker that is not.
func canStrike(faults []fault.Fault, brokers []mailbox.Addr) error {
	for _, f := range faults {
		if w := f.When; w != nil {
			switch {
			case !fault.StepOfKafka(w.Event) && !strings.HasPrefix(w.Event, "fault."):
				return fmt.Errorf("arm fault %q: nothing that is served here comes to %s; aim at a time, or at a step of Kafka such as txn.preparecommit", f.Name, w.Event)
			case !named(faults, w.After):
				return fmt.Errorf("arm fault %q: it comes after %q, which does not strike Kafka, and is left out; aim at a time", f.Name, w.After)
			case !named(faults, w.Fault):
				return fmt.Errorf("arm fault %q: it waits for %q, which does not strike Kafka, and is left out; aim at a time", f.Name, w.Fault)
			}
		}
		if name := f.Target.Name; name != "" && !slices.Contains(brokers, mailbox.Addr(name)) {
			return fmt.Errorf("arm fault %q: there is no %s, of %d brokers; serve more of them", f.Name, name, len(brokers))
		}
	}
	return nil
}

// named says whether one of the faults has a name. Nobody is named by "".
func named(faults []fault.Fault, name string) bool {
	return name == "" || slices.ContainsFunc(faults, func(f fault.Fault) bool { return f.Name == name })
}

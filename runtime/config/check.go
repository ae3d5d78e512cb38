package config

import (
	"fmt"
	"time"
)

// check complains about values that are valid alone but not together, or out of Flink's range.
func (c *Config) check() []error {
	var complaints []error
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			complaints = append(complaints, fmt.Errorf(format, args...))
		}
	}
	k := c.Checkpointing
	refuse(k.Enabled() && k.Interval < 10*time.Millisecond,
		"execution.checkpointing.interval: %v is too short; Flink takes 10 ms and more", k.Interval)
	refuse(k.Timeout < 10*time.Millisecond,
		"execution.checkpointing.timeout: %v is too short; Flink takes 10 ms and more", k.Timeout)
	refuse(k.InlineThreshold > 1<<20,
		"execution.checkpointing.data-inline-threshold: %d bytes are too many; at most 1 mb fits into the metadata", k.InlineThreshold)

	h := c.Heartbeat
	refuse(h.Interval <= 0, "heartbeat.interval: it must be more than 0")
	refuse(h.Timeout < h.Interval,
		"heartbeat.timeout: %v is shorter than heartbeat.interval, %v; every heartbeat would come too late", h.Timeout, h.Interval)

	ha := c.HighAvailability
	refuse(ha.Type != NoHA && ha.StorageDir == "",
		"high-availability.storageDir: it is missing, and high-availability.type: %s needs it; set it to a directory such as s3://flink/ha", ha.Type)
	lease := ha.Kubernetes
	refuse(lease.RenewDeadline > lease.LeaseDuration,
		"high-availability.kubernetes.leader-election.renew-deadline: %v is longer than the lease-duration, %v; the leader would lead on after others may take over", lease.RenewDeadline, lease.LeaseDuration)
	refuse(lease.RetryPeriod <= 0 || lease.RetryPeriod >= lease.RenewDeadline,
		"high-availability.kubernetes.leader-election.retry-period: %v is not between 0 and the renew-deadline, %v", lease.RetryPeriod, lease.RenewDeadline)
	refuse(ha.ZooKeeper.SessionTimeout <= 0, "high-availability.zookeeper.client.session-timeout: it must be more than 0")

	e := c.RestartStrategy.ExponentialDelay
	refuse(e.InitialBackoff <= 0, "restart-strategy.exponential-delay.initial-backoff: it must be more than 0")
	refuse(e.MaxBackoff < e.InitialBackoff,
		"restart-strategy.exponential-delay.max-backoff: %v is shorter than the initial-backoff, %v", e.MaxBackoff, e.InitialBackoff)

	r := c.Registration
	refuse(r.InitialTimeout <= 0, "cluster.registration.initial-timeout: it must be more than 0")
	refuse(r.MaxTimeout < r.InitialTimeout,
		"cluster.registration.max-timeout: %v is shorter than the initial-timeout, %v", r.MaxTimeout, r.InitialTimeout)
	refuse(c.RPC.AskTimeout <= 0, "pekko.ask.timeout: it must be more than 0")

	n := c.TaskManager.Network
	refuse(n.SegmentSize < 1<<10 || n.SegmentSize > 1<<30,
		"taskmanager.memory.segment-size: %d bytes is not between 1 kb and 1 gb", n.SegmentSize)
	refuse(n.RequestBackoffInitial <= 0, "taskmanager.network.request-backoff.initial: it must be more than 0")
	refuse(n.RequestBackoffMax < n.RequestBackoffInitial,
		"taskmanager.network.request-backoff.max: %v is shorter than the initial one, %v", n.RequestBackoffMax, n.RequestBackoffInitial)
	refuse(c.Pipeline.MaxParallelism == 0, "pipeline.max-parallelism: 0 key groups are too few; give 1 to 32768, or -1 to have it chosen")
	return complaints
}

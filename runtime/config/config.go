package config

import "time"

// Config is what the keys say, typed. Parse makes it; its zero value is not the default.
type Config struct {
	Checkpointing    Checkpointing
	StateRecovery    StateRecovery
	RestartStrategy  RestartStrategy
	Heartbeat        Heartbeat
	HighAvailability HighAvailability
	ResultStore      ResultStore
	JobManager       JobManager
	ResourceManager  ResourceManager
	TaskManager      TaskManager
	Slot             Slot
	Registration     Registration
	RPC              RPC
	Task             Task
	Pipeline         Pipeline
	KafkaSource      KafkaSource
	KafkaSink        KafkaSink
	Kubernetes       Kubernetes
	Rest             Rest
	Metrics          Metrics
	// Unknown has the keys that are not known here, as given.
	Unknown map[string]string
}

// Mode is the checkpointing mode: whether barriers are aligned.
type Mode string

// The checkpointing modes.
const (
	ExactlyOnce Mode = "EXACTLY_ONCE"
	AtLeastOnce Mode = "AT_LEAST_ONCE"
)

// Retention says which terminal job states leave the last checkpoints where they are.
type Retention string

// The retention policies.
const (
	DeleteAlways         Retention = "NO_EXTERNALIZED_CHECKPOINTS"
	DeleteOnCancellation Retention = "DELETE_ON_CANCELLATION" // kept only if the job failed
	RetainOnCancellation Retention = "RETAIN_ON_CANCELLATION" // kept unless the job finished
)

// Checkpointing is execution.checkpointing.*
type Checkpointing struct {
	Interval         time.Duration // 0: checkpointing is off
	Mode             Mode
	Timeout          time.Duration
	MinPause         time.Duration
	MaxConcurrent    int
	TolerableFailed  int
	NumRetained      int
	InlineThreshold  int64
	AfterTasksFinish bool
	Retention        Retention
	Dir              string
}

// Enabled says whether checkpoints are made at all.
func (c Checkpointing) Enabled() bool { return c.Interval > 0 }

// StateRecovery is execution.state-recovery.*
type StateRecovery struct {
	Path                 string // of the savepoint or checkpoint to start from
	IgnoreUnclaimedState bool
}

// Strategy is a kind of restart strategy.
type Strategy string

// The restart strategies.
const (
	NoRestart        Strategy = "none"
	FixedDelay       Strategy = "fixed-delay"
	FailureRate      Strategy = "failure-rate"
	ExponentialDelay Strategy = "exponential-delay"
)

// RestartStrategy is restart-strategy.* Only the part that Type names counts. Type is never empty: unset, it
// is exponential-delay with checkpointing and none without.
type RestartStrategy struct {
	Type       Strategy
	FixedDelay struct {
		Attempts int
		Delay    time.Duration
	}
	FailureRate struct {
		MaxFailuresPerInterval int
		Interval               time.Duration
		Delay                  time.Duration
	}
	ExponentialDelay struct {
		InitialBackoff        time.Duration
		BackoffMultiplier     float64
		MaxBackoff            time.Duration
		JitterFactor          float64
		ResetBackoffThreshold time.Duration
		AttemptsBeforeReset   int // math.MaxInt32: infinite
	}
}

// Heartbeat is heartbeat.*
type Heartbeat struct {
	Interval            time.Duration
	Timeout             time.Duration
	RPCFailureThreshold int // undeliverable heartbeats in a row until the target is unreachable; -1: never
}

// HAType is the coordination service used.
type HAType string

// The kinds of high availability.
const (
	NoHA         HAType = "NONE"
	ZooKeeperHA  HAType = "zookeeper"
	KubernetesHA HAType = "kubernetes"
)

// HighAvailability is high-availability.*
type HighAvailability struct {
	Type       HAType
	StorageDir string
	ClusterID  string
	Kubernetes struct {
		LeaseDuration time.Duration
		RenewDeadline time.Duration
		RetryPeriod   time.Duration
	}
	ZooKeeper struct {
		Quorum            string // host:port,host:port
		Root              string
		SessionTimeout    time.Duration
		ConnectionTimeout time.Duration
		RetryWait         time.Duration
		MaxRetryAttempts  int
		TolerateSuspended bool
	}
}

// ResultStore is job-result-store.*
type ResultStore struct {
	DeleteOnCommit bool
	StoragePath    string // empty: under the HA storage directory
}

// Failover is how much restarts after a task failure.
type Failover string

// The failover strategies.
const (
	FailoverRegion Failover = "region"
	FailoverFull   Failover = "full"
)

// JobManager is jobmanager.*
type JobManager struct {
	FailoverStrategy Failover
	Endpoint         Endpoint
}

// Endpoint is where a process listens, and by which host others reach it.
type Endpoint struct {
	Host     string
	Port     int // 0: a free one
	BindHost string
}

// Rest is rest.*; Metrics is metrics.*
type (
	Rest struct {
		Port      int
		BindPorts []int // empty: Port counts
		BindHost  string
	}
	Metrics struct{ PrometheusPorts []int }
)

// Ports are the ports that the REST API tries, in order. 0 is a free one.
func (r Rest) Ports() []int {
	if len(r.BindPorts) > 0 {
		return r.BindPorts
	}
	return []int{r.Port}
}

// ResourceManager is resourcemanager.*
type ResourceManager struct {
	JobTimeout         time.Duration // a job without a JobMaster is forgotten after it
	TaskManagerTimeout time.Duration // an idle TaskManager is released after it
}

// TaskManager is taskmanager.*
type TaskManager struct {
	NumberOfTaskSlots   int
	RegistrationTimeout time.Duration
	SlotTimeout         time.Duration // an allocated slot that is not active is freed after it
	Endpoint            Endpoint
	Network             struct {
		BuffersPerChannel      int
		FloatingBuffersPerGate int
		SegmentSize            int64
		RequestBackoffInitial  time.Duration
		RequestBackoffMax      time.Duration
	}
}

// Slot is slot.*
type Slot struct {
	RequestTimeout time.Duration
	IdleTimeout    time.Duration
}

// Registration is cluster.registration.*
type Registration struct {
	InitialTimeout time.Duration // of the first attempt; doubled for each one after it
	MaxTimeout     time.Duration
	ErrorDelay     time.Duration
	RefusedDelay   time.Duration
}

// RPC is how long an answer to a call is waited for.
type RPC struct{ AskTimeout time.Duration }

// Task is task.*
type Task struct {
	CancellationInterval time.Duration
	CancellationTimeout  time.Duration // 0: for ever; then the whole TaskManager goes
}

// Pipeline is how the job is laid out and how its records flow.
type Pipeline struct {
	Parallelism       int           // parallelism.default
	MaxParallelism    int           // -1: chosen from the parallelism
	BufferTimeout     time.Duration // a buffer that is not full leaves after it
	WatermarkInterval time.Duration // 0: a watermark after every record
	Chaining          bool
}

// KafkaSource has the options of a Kafka source.
type KafkaSource struct {
	DiscoveryInterval         time.Duration // 0 or less: partitions are looked for only once
	CommitOffsetsOnCheckpoint bool
}

// KafkaSink has the options of a Kafka sink.
type KafkaSink struct{ CommitterRetries int }

// Kubernetes is kubernetes.*
type Kubernetes struct{ JobManagerReplicas int }

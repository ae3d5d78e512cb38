package history

import "github.com/flinch-dev/flinch/runtime/id"

// LeaderElected: a JobManager process has been granted leadership and has confirmed it.
type LeaderElected struct {
	Holder string
	Token  id.Token
}

// LeaderLost: that process has noticed, or was told, that it leads no more.
type LeaderLost struct {
	Holder string
	Token  id.Token
	Cause  string
}

// HeartbeatTimeout: the watcher declares the target lost, by silence or since it is unreachable.
type HeartbeatTimeout struct {
	Watcher     string
	Target      string
	Unreachable bool
}

// Registered: a TaskManager is known to a ResourceManager or JobMaster.
type Registered struct {
	TaskManager string
	At          string
}

func (LeaderElected) Kind() string    { return "leader.elected" }
func (LeaderLost) Kind() string       { return "leader.lost" }
func (HeartbeatTimeout) Kind() string { return "heartbeat.timeout" }
func (Registered) Kind() string       { return "taskmanager.registered" }

// Operation is one completed or open call on a shared object (a lease, a pointer store, a counter), for the
// linearizability checker. Return is -1 while, or for ever if, no answer came: the call may or may not have
// taken effect. A call whose loss would mislead the checker is noted twice, with equal Key, Client, Call,
// Input and Invoke: when it is sent, without a Return, and when it is answered. An actor knows only the clock
// of its process, in nanoseconds: true times are those of the entries.
type Operation struct {
	Object string // "lease", "pointers", "counter" ...
	Key    string
	Client string
	Call   string // "acquire", "put", "get", "add" ...
	Input  string
	Output string
	OK     bool // false: refused, certainly without effect
	Invoke int64
	Return int64
}

func (Operation) Kind() string { return "operation" }

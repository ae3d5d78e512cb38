package kafka

import "time"

// What brokers send to themselves, by timers, and what the cluster sends to its brokers.
type (
	appended        struct{ *transition }   // a transaction record has had its time to be replicated
	appendTimedOut  struct{ *transition }   // and now too much of it
	replicated      struct{ *produce }      // the batches of a request are on every replica that keeps up
	marked          struct{ *markerAppend } // markers are on every replica that keeps up
	delayExpired    struct{ *delayed }      // other replicas in sync still have not got it
	replicasChanged struct{}                // replicas have gone, come back, or stand still
	caughtUp        struct{}                // the followers of this broker have what they lacked
	isrExpiration   struct{}                // look for followers that have been behind for too long
	sendMarker      struct{ *marker }       // a marker may leave
	askAgain        struct{ *produce }      // the coordinator was busy when asked to add a partition
	pollEnded       struct{ *poll }         // a fetch has waited long enough
	arrived         struct{ Request *held } // a delayed request
	depart          struct{ answer *late }  // a delayed answer
	unmute          struct{ *conn }         // a throttled client has been silent for long enough
	noRoom          struct{}                // a follower here has to append, and the disk is full
	halt            struct{}                // there is no log directory any more
	scan            struct{}                // look for transactions that have timed out
	grown           struct{ *Partition }    // input was appended
	elected         struct{ partition int } // this broker now leads a partition of the transaction log
	loaded          struct {                // and has read it
		partition int
		epoch     int32
	}
	persisted     struct{ *groupAppend }  // records of groups are on every replica that keeps up
	groupsElected struct{ partition int } // this broker now leads a partition of the groups' log, or has led it
	groupsLoaded  struct {                // and has read it
		partition int
		epoch     int32
	}
	groupTick struct{ *ticking } // what a group has waited for
	complete  struct{ *entry }   // try once more to write that a transaction is complete
)

func (appended) Word() string        { return "txn-appended" }
func (replicated) Word() string      { return "replicated" }
func (appendTimedOut) Word() string  { return "txn-append-timed-out" }
func (delayExpired) Word() string    { return "delay-expired" }
func (replicasChanged) Word() string { return "replicas-changed" }
func (caughtUp) Word() string        { return "caught-up" }
func (isrExpiration) Word() string   { return "isr-expiration" }
func (marked) Word() string          { return "marked" }
func (sendMarker) Word() string      { return "send-marker" }
func (askAgain) Word() string        { return "ask-again" }
func (pollEnded) Word() string       { return "poll-ended" }
func (arrived) Word() string         { return "arrived" }
func (depart) Word() string          { return "depart" }
func (unmute) Word() string          { return "unmute" }
func (noRoom) Word() string          { return "no-room" }
func (halt) Word() string            { return "halt" }
func (scan) Word() string            { return "scan" }
func (grown) Word() string           { return "grown" }
func (elected) Word() string         { return "elected" }
func (loaded) Word() string          { return "loaded" }
func (persisted) Word() string       { return "groups-persisted" }
func (groupsElected) Word() string   { return "groups-elected" }
func (groupsLoaded) Word() string    { return "groups-loaded" }
func (groupTick) Word() string       { return "group-tick" }
func (complete) Word() string        { return "complete" }

// Delay is a range of virtual time from which a wait is drawn.
type Delay struct{ Least, Most time.Duration }

package history

// WriteRefused: a leader has begun to refuse what is written to a partition with acks=all, since fewer replicas are in
// sync than min.insync.replicas asks for. It is noted once, until enough are in sync again.
type WriteRefused struct {
	Topic     string
	Partition int32
	InSync    []int32 // the node ids of those that are
}

// ClientThrottled: a client is over its quota, and its broker has told it for how long to be silent.
type ClientThrottled struct {
	Client  string // its client id, or its process if it has none
	Request string // "Produce" or "Fetch"
	WaitMs  int64
}

// RequestLate: a request of a client arrives that has waited in the network, while others came first. Who has sent it may have
// given it up.
type RequestLate struct {
	Request         string // "InitProducerId", "EndTxn" ...
	TransactionalID string // "" if it has none
	LateMs          int64
}

func (WriteRefused) Kind() string    { return "write.refused" }
func (ClientThrottled) Kind() string { return "client.throttled" }
func (RequestLate) Kind() string     { return "request.late" }

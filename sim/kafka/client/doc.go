// Package client is the model of a Kafka client: producers, transactional ones among them, and a reader, with the retries,
// sequences and fencing of real ones. So lost answers, moved leaders and late requests hurt as they do in life.
//
//	runtime ── wire.Kafka* ──▶ Client ("<process>/kafka")
//	                             │ producer: a lane for each partition ─▶ batches, at most 5 in flight
//	                             │ job: a wish that takes several tries, until its time or its asker is over
//	                             ▼
//	                          protocol.Caller ── kmsg requests ──▶ brokers
//
// A file is named by what it does for the runtime. Where a request goes is in topics.go and coordinator.go; what comes of
// an error code is decided where the request is sent, as each request has its own.
package client

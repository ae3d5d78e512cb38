// Package protocol is what clients and brokers in a world have in common: how requests of Kafka's protocol travel, who
// keeps track of those that are under way, and the numbers that stand for something.
//
//	client or broker ── Caller.Send ──▶ Request ──mail──▶ broker
//	       ▲                                                 │
//	       └── continuation ◀── Caller.Answered ◀── Response ┘
//	             nil: nobody knows whether it took effect
//
// The requests themselves are kmsg's, and the record batches in them are package recordbatch's.
package protocol

// Package kafka is the gateway to a real Kafka cluster: the actor at "<process>/kafka" that answers to wire's Kafka
// words, as the model client of package sim/kafka does in simulation.
//
//	runtime ── wire.Kafka* ──▶ Gateway: one mailbox
//	               ▲              │ starts               brokers
//	               │              ├─▶ producer: a goroutine ──┐  ▲
//	               │              │   for each init           ├──┴─ kmsg requests, over franz-go's connections
//	               │              └─▶ wish: a goroutine ──────┘
//	               └── answer ◀── live.Post ──┘
//
// The actor decides, its goroutines wait. Each of them belongs to the actor that asked: when that ends (KafkaClose)
// nothing is tried again in its name.
//
// franz-go dials, finds coordinators and reads what others have written, compressed or not. Its own producer is not
// used: whoever commits must name the producer id and epoch that a checkpoint has stored, and has to be sure that no
// client has replaced them. So batches are built here, with one of a partition under way at a time.
//
// The gateway knows neither checkpoints nor the names of transactions.
package kafka

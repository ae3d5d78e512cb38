// Package broker serves the model of a Kafka cluster, sim/kafka, to real clients: over TCP and in real time.
//
//	client ──frame──▶ conn: bounds ─▶ header ─▶ kmsg ──Request──▶ ┌───────── turn ─────────┐
//	                                                              │ mail ─▶ Broker 0 ─▶ mail │
//	       ◀─frame─── conn: encoded ◀───────────────Response───── │ timers ─▶ Broker 1 ...   │ ◀── faults
//	                                                              └────────────────────────┘
//
// The model was made for one goroutine. So there is one turn, and whoever has something for the cluster takes it: a
// connection with a request, the alarm with the timers that are due, a fault. The taker delivers all that follows at
// once, so a request that waits for nothing is read, answered and written by one goroutine.
//
// A connection works on one request at a time, as Kafka's do: what a client sends meanwhile waits in the socket, and a
// client that does not read its answers holds up nobody but itself. While an answer takes long, the connection looks
// out for the client's going away.
//
// Nothing that a client sends may stop the server, or make it take memory that no bytes were sent for. What cannot be
// read, or asks for what the model does not have, ends its connection; what is read and wrong gets Kafka's own error.
//
// A server can stand alone, or be part of a world, its Host, which then owns the turn, the network between brokers, and
// their lives. Both strike it with the same faults (Misbehave, Break).
//
// Compressed batches are stored as they came, as Kafka does, once their records have been looked at.
//
// Everything is in memory, and gone with the server.
package broker

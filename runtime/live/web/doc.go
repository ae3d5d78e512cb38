// Package web serves HTTP handlers within bounds: whoever calls, or does not, can hold little and not for long.
//
//	listener ─▶ at most so many connections ─▶ header, body, answer: each so large, and in so long
//	                                             │
//	                                             ▼
//	                         handler ─▶ Bounded: at most so many questions at once
//
// A handler here writes an answer that is whole in memory. So what a slow reader holds is that answer and a
// connection, until the time to write is over; never a question's place, nor anything of the cluster.
//
// It knows nothing of Flinch. The caller brings the listener: loopback, unless it means otherwise.
package web

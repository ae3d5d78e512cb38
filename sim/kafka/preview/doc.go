// Package preview has the versions of requests that Kafka has and the codec has not: they are not stable yet, and a broker
// knows them only with unstable.api.versions.enable.
//
//	client ──InitProducerId v6──▶ broker
//	         Enable2Pc: no timeout; KeepPreparedTxn: leave it open    (KIP-939)
//	       ◀── the pair to go on with, and that of the open transaction
//
// RequestFor and ResponseFor are kmsg's for all other requests, so whoever reads bytes asks here.
package preview

// Package services opens a process's ways to what it does not bring itself, by the places where that is.
//
//	etcd://host:port         ──▶ etcd ────────┐
//	zookeeper://host:port    ──▶ zookeeper ───┴─▶ <process>/ha
//	file:///folder           ──▶ objectstore ─┐
//	s3://bucket?endpoint=... ──▶ s3 ──────────┴─▶ <process>/objectstore     actors of the process: Residents
//	host:port                ──▶ kafka ─────────▶ <process>/kafka
//
// Whoever starts a process names the places: a flag, a file, or a harness that has started the services itself.
package services

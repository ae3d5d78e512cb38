// Package apache starts real Apache ZooKeeper and real Apache Kafka on the loopback interface, for tests and harnesses
// that want the programs themselves and not what is like them.
//
//	zookeeper.xml, kafka.xml ── mvn, once ──▶ cache: jars of one version ── java ──▶ Server: a process per node
//	                                                                                  │ log and data in the caller's folder
//	ZooKeeper(dir), Kafka(dir, config) ── files of properties ────────────────────────┤
//	             ◀── once every node has answered in its own protocol ────────────────┘
//
// It needs Java 17 or newer, and the first time Maven with a repository that it reaches; Missing says what is not
// there. The programs are tuned to start fast and to stay small. They survive being killed, and not their machine's
// death; and they end with this process where the kernel (Linux) sees to it.
package apache

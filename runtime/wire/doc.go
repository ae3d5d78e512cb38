// Package wire has every message between actors, a file per conversation, and the codec.
//
//	registration  TaskManager and JobMaster register at the ResourceManager, TaskManager at the JobMaster
//	heartbeat     who is still there, and what each side believes it has
//	slots         requests, grants and offers of slots
//	execution     deployment, cancellation, and the states of attempts
//	checkpoint    triggers, acknowledgements, notifications
//	source        split assignment between an enumerator and its readers
//	channel       buffers, barriers, credit
//	kafka         the words of a client, spoken to the address "kafka" of the process
//	blobs         the object store
//	coordination  keys, sessions and watches of the HA service
//	job           submission and control of jobs
//	status        what a cluster says of itself, when it is asked
//
// Messages to a Dispatcher, ResourceManager or JobMaster travel inside Fenced. A TaskManager is not fenced;
// its messages carry the ids that guard them, as in Flink.
//
// A message that asks for an answer has a Req, chosen by the asker, which the answer repeats. An answer
// that never comes says nothing about what happened.
package wire

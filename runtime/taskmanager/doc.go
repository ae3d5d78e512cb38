// Package taskmanager is the process that has slots and runs tasks in them: Flink's TaskExecutor.
//
//	HA service ──who leads──▶ leaders ─┬─▶ registration ◀──register, heartbeat──▶ ResourceManager
//	                                   │        │ RequestSlot
//	                                   │        ▼
//	                                   │   slots: free ▸ allocated ▸ active
//	                                   │        │ offer
//	                                   └─▶ job connections ◀──register, heartbeat──▶ JobMaster
//	                                            │ SubmitTask, CancelTask, triggers, notifications
//	                                            ▼
//	                                       tasks (children, package task)
//
// A TaskManager is not fenced. What guards it: a slot request must come from the ResourceManager that it is
// registered with, a deployment from the JobMaster that it is connected to for that job and into a slot of
// that job; for all else the attempt is the capability.
package taskmanager

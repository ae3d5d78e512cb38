// Package bench measures the runtime as processes of the operating system; it holds no code but tests.
//
//	TestMeasure ── starts, kills ──▶ member: this same binary as a JobManager, a TaskManager or a bare copy loop,
//	    │  ▲                            │ TCP    with the life that the programs have (runtime/live/entrypoint)
//	    │  └────── notes: its log ──────┘
//	    └── etcd, Kafka (a fake of three brokers), a folder as storage
//
// What is compared is measured by turns, so that a machine that others use too is as slow for both; a figure is the
// median over all turns. `make bench-process` prints them as a table. Nothing here asserts a time.
package bench

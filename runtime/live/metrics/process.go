package metrics

import "runtime/metrics"

// ofProcess is what Go's runtime says of a process, by Flink's names.
var ofProcess = []struct{ sample, metric, help string }{
	{"/memory/classes/heap/objects:bytes", "Memory_Heap_Used", "bytes of objects on the heap"},
	{"/sched/threads/total:threads", "Threads_Count", "threads of the operating system"},
	{"/gc/cycles/total:gc-cycles", "GarbageCollector_All_Count", "garbage collections since the process started"},
}

// process tells of the process itself.
func process(own scope) {
	jvm := own.in("Status_JVM")
	samples := make([]metrics.Sample, len(ofProcess))
	for i, p := range ofProcess {
		samples[i].Name = p.sample
	}
	metrics.Read(samples)
	for i, p := range ofProcess {
		if samples[i].Value.Kind() == metrics.KindUint64 {
			jvm.gauge(p.metric, p.help, int64(samples[i].Value.Uint64()))
		}
	}
}

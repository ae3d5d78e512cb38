# The two commands of the README, and those of a developer.
.PHONY: run test check determinism bench bench-process build golden seeds swarm soak conformance fuzz kafka-real zookeeper-real clean

# Kill the leading JobManager in the middle of a checkpoint, judge the output, write a report.
run:
	go run ./cmd/chaos run scenarios/jm-failover.yaml --seed 7 --out store/jm-failover

# Everything that must pass.
test:
	go test ./...

# What a reviewer would ask for: vet, staticcheck, formatting, the rules of the architecture.
check:
	go vet ./...
	go tool staticcheck ./...
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt is due on:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	go test -run TestArchitecture .

# The same seed gives the same trace: on one thread, with a busy garbage collector, from a -race build; of the main job, and
# of one with many faults of Kafka.
determinism: build
	go build -race -o bin/chaos-race ./cmd/chaos
	@set -e; trace() { "$$@" run scenarios/$$s.yaml --seed 7 --out bin/trace >/dev/null 2>&1; grep traceHash bin/trace/run.json; }; \
	for s in jm-failover kafka-coordinator-failover; do \
		want=$$(trace bin/chaos); echo "$$s $$want"; \
		for got in "$$(GOMAXPROCS=1 trace bin/chaos)" "$$(GOGC=10 trace bin/chaos)" "$$(trace bin/chaos-race)"; do \
			[ "$$got" = "$$want" ] || { echo "another trace: $$got"; exit 1; }; \
		done; \
	done

# The figures: events/s of the kernel, virtual-s/s of a whole world, records/s of the audit, and the rest.
bench:
	go test -p 1 -run '^$$' -bench . -benchtime 2s ./...

# What processes of the operating system do, as a table of medians: throughput, checkpoints, Kafka to Kafka, recovery
# from kill -9. It takes all cores and, with five runs, a quarter of an hour.
RUNS ?= 5
bench-process:
	go test -count=1 -timeout 2h -run TestMeasure ./runtime/live/bench -v -runs $(RUNS)

build:
	go build -o bin/ ./cmd/...

# Write the golden files again; review them like code.
golden:
	go test ./reports ./chaos/scenario ./runtime/wire -rewrite

# Every shipped scenario over a hundred seeds, on all cores.
seeds:
	go run ./cmd/chaos run scenarios --seeds 1..100

# Real processes are killed, paused and cut off for so many hours, six rounds an hour. Called again it goes on where it was.
HOURS ?= 1
soak:
	go run ./cmd/chaos run --backend process scenarios/soak.yaml --seeds 1..$$((6 * $(HOURS))) --var duration=10m --out store/soak --resume

# Plans of Kafka faults: every guarantee is kept, and every step and anomaly is met; how often is printed.
SWARM ?= 2000
swarm:
	cd chaos/property && go test -count=1 -timeout 60m -run Swarm -swarm $(SWARM)

# Real brokers, from their published jars (Java 17 and Maven, no container), keep the contract of the gateway to Kafka,
# and the output of real processes through a leader's death and a transaction's timeout: some twenty minutes, on a busy
# machine twice as many. With BOOTSTRAP=host:port it is a cluster that runs already, with nothing in it.
kafka-real:
	FLINCH_REAL=1 go test -p 1 -count=1 -timeout 2h -v -run Kafka $(if $(BOOTSTRAP),,./runtime/live/apache) ./runtime/live/kafka
	for s in jm-failover transaction-timeout; do \
		go run ./cmd/chaos run --backend process --kafka $(or $(BOOTSTRAP),apache) scenarios/$$s.yaml --out store/kafka-real/$$s || exit; \
	done

# One suite of cases, told to the model in virtual time, to the model on TCP, and to kfake, as a table. With
# BOOTSTRAP=host:port also to a cluster that runs already; with REAL=1 to real brokers of transaction.version 0, 1 and 2,
# from their published jars (Java 17 and Maven); with CONTAINERS=1 to one from the official image, or from KAFKA_IMAGE (Docker).
conformance:
	@mkdir -p store; rm -f store/conformance.md
	CONFORMANCE=1 $(if $(REAL),FLINCH_REAL=1) BOOTSTRAP=$(BOOTSTRAP) CONTAINERS=$(CONTAINERS) KAFKA_IMAGE=$(KAFKA_IMAGE) \
		go test $(if $(CONTAINERS),-tags containers) -count=1 -timeout 30m -parallel 16 ./sim/kafka/conformance \
		-args -table $(CURDIR)/store/conformance.md; said=$$?; cat store/conformance.md; exit $$said

# Every fuzz target for so long, one after the other; with IN=sim/kafka those of a folder. What is found is an input under
# the package's testdata/fuzz, and fails from then on.
FUZZTIME ?= 10m
IN ?= .
fuzz:
	@set -e; for f in $$(grep -rHo '^func Fuzz[A-Za-z]*' --include='*_test.go' ./$(IN) | sed 's|/[^/]*:func |:|'); do \
		echo "$${f#*:} in $${f%:*}"; go test -run '^$$' -fuzz "^$${f#*:}\$$" -fuzztime $(FUZZTIME) -parallel 1 $${f%:*}; \
	done

# A real ZooKeeper, from its published jar (Java 17 and Maven, no container), keeps the contract of the gateway to it: its
# sessions really run out, and a leader with them.
SESSIONS = $(foreach kv,type=zookeeper zookeeper.client.session-timeout=15s,--var deployment.flinkConfiguration.high-availability.$(kv))
zookeeper-real:
	FLINCH_REAL=1 go test -p 1 -count=1 -timeout 10m -v -run ZooKeeper ./runtime/live/apache
	FLINCH_REAL=1 go test -p 1 -count=1 -timeout 10m -v ./runtime/live/zookeeper
	go run ./cmd/chaos run --backend process --ha zookeeper scenarios/jm-failover.yaml --out store/zookeeper-real $(SESSIONS)

clean:
	rm -rf bin store

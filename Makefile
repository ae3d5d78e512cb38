# The two commands of the README, and those of a developer.
.PHONY: run test check determinism bench build golden soak soak-process clean

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

# The same seed gives the same trace: on one thread, with a busy garbage collector, from a -race build.
determinism: build
	go build -race -o bin/chaos-race ./cmd/chaos
	@set -e; trace() { "$$@" run scenarios/jm-failover.yaml --seed 7 --out bin/trace >/dev/null 2>&1; grep traceHash bin/trace/run.json; }; \
	want=$$(trace bin/chaos); echo "$$want"; \
	for got in "$$(GOMAXPROCS=1 trace bin/chaos)" "$$(GOGC=10 trace bin/chaos)" "$$(trace bin/chaos-race)"; do \
		[ "$$got" = "$$want" ] || { echo "another trace: $$got"; exit 1; }; \
	done

# The figures: events/s of the kernel, virtual-s/s of a whole world, records/s of the audit, and the rest.
bench:
	go test -p 1 -run '^$$' -bench . -benchtime 2s ./...

build:
	go build -o bin/ ./cmd/...

# Write the golden files again; review them like code.
golden:
	go test ./reports ./chaos/scenario ./runtime/wire -rewrite

# Every shipped scenario over a hundred seeds, on all cores.
soak:
	go run ./cmd/chaos run scenarios --seeds 1..100

# Real processes are killed, paused and cut off for so many hours.
HOURS ?= 1
soak-process:
	go run ./cmd/chaos run --backend process scenarios/soak.yaml --var duration=$(HOURS)h --out store/soak-process

clean:
	rm -rf bin store

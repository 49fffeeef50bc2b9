# Zhengtong: everything a person types. `make help` lists the targets.
# Recipe: to add a step to a run or a test, add it to tools/setup.sh or tools/test.sh, which number and print the steps.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

DATA ?= data
NETWORK ?= data-network
HTTP ?= 127.0.0.1:8080
RPC  ?= 127.0.0.1:8545
# How long `make fuzz` asks a node.
MINUTES ?= 60
# A checkout of GovStackWorkingGroup/bb-digital-registries, for `make conformance`.
GOVSTACK ?=

export CARGO_TERM_PROGRESS_WHEN ?= auto

.PHONY: help run network reset test e2e bench soak fuzz conformance fmt lint audit build

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: ## build everything and run a network of one with portal, index and five agencies
	@tools/setup.sh run
	@exec target/debug/zhengtong dev --data $(DATA) --http $(HTTP) --rpc $(RPC)

network: ## four validators as processes on this machine, set up without a dealer, in NETWORK
	@tools/setup.sh network
	@exec target/debug/zhengtong network local --folder $(NETWORK) --run

build: ## build contracts, portal and binary
	@tools/setup.sh run

reset: ## delete the data folder, so that the next run starts over
	@tools/reset.sh $(DATA)

test: ## all tests: contracts, Rust, TypeScript, and the real binary in a real browser
	@tools/test.sh

e2e: ## of these, only the real binary in a real browser
	@tools/setup.sh e2e
	@npm --prefix portal run --silent e2e

bench: ## throughput, cost and latency beside anvil, cases, verification in a browser, in one run
	@tools/bench.sh

soak: ## long runs: 1,000 seeds of every simulation (ZHENGTONG_SEEDS, SCENARIO), many kills (KILLS)
	@tools/setup.sh e2e
	@tools/soak.sh

fuzz: ## long fuzz and invariant runs of contracts, decoders and recovery of senders, and an hour of random JSON-RPC against a node
	@tools/setup.sh network
	@tools/fuzz.sh $(MINUTES)

conformance: ## the data tracker's doors, held by schemathesis and GovStack's tests (GOVSTACK)
	@tools/setup.sh run
	@tools/conformance.sh $(GOVSTACK)

fmt: ## format Rust and TypeScript
	@cargo fmt --all

lint: ## formatting, clippy, dependency policy
	@tools/lint.sh

audit: ## known vulnerabilities of the dependencies (needs the network)
	@cargo deny check advisories
	@cd contracts && npm audit --omit=dev
	@cd portal && npm audit --omit=dev

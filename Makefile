# Everything builds with one toolchain, which go fetches by itself, and with Go's SIMD experiment
# (go.mod cannot name an experiment).
export GOTOOLCHAIN := go1.27.4
export GOEXPERIMENT := simd

# Tests read CIFAR-10 and reference numbers from here, where they are.
ifneq ($(wildcard ../shared/data/cifar-10-binary.tar.gz),)
export HLRS_DATA ?= $(abspath ../shared/data/cifar-10-binary.tar.gz)
endif
ifneq ($(wildcard ../shared/golden),)
export GOLDEN_DIR ?= $(abspath ../shared/golden)
endif

GOFUMPT     := go run mvdan.cc/gofumpt@v0.12.0
STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2

.PHONY: help test check clean

help: ## say what there is to make
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST)

test: check node ## run all tests: native and wasm
	go test ./...
	GOOS=js GOARCH=wasm go test -exec="$$(go env GOROOT)/lib/wasm/go_js_wasm_exec" ./core/tensor ./core/nn ./core/darts ./core/bbn ./core/sched ./core/data

check: ## formatting, vet and staticcheck
	@test -z "$$($(GOFUMPT) -l .)" || { echo "not formatted (gofumpt -w .):"; $(GOFUMPT) -l .; exit 1; }
	go vet ./...
	$(STATICCHECK) ./...

.PHONY: node
node:
	@command -v node >/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update && apt-get install -y --no-install-recommends nodejs; } || { echo "node is missing: install Node.js 18 or newer"; exit 1; }

clean: ## remove what was built
	rm -rf build public/*.wasm public/wasm_exec.js

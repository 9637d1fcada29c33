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
NODE_RUN     = $$(go env GOROOT)/lib/wasm/go_js_wasm_exec

# The page's programs: every main under wasm/. Only what trains is inlined: an eighth less to load.
SMALL := -gcflags=all=-l $(foreach p,math hlrslab/core/tensor hlrslab/core/cpu,-gcflags=$(p)=)
PROGRAMS := $(patsubst wasm/%/main.go,%,$(wildcard wasm/*/main.go))

.DEFAULT_GOAL := help
.PHONY: help run test fuzz build check bench bench-gpu dist replay clean wasm_exec renderer go node chromium slurm mesa

help: ## say what there is to make
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1\t/p' $(MAKEFILE_LIST)

run: build ## serve the laboratory at http://localhost:8080 (PORT changes it)
	@exec build/hlrs serve

test: build dist node chromium slurm mesa check ## run all checks and tests: native, wasm and browser
	go test -timeout 40m $$(go list ./... | grep -v '/wasm/webgpu$$')
	go test -timeout 40m ./wasm/webgpu # alone: an emulated GPU takes all cores
	@$(MAKE) --no-print-directory fuzz
	GOOS=js GOARCH=wasm go test -timeout 40m -exec="$(NODE_RUN)" ./core/...

FUZZTIME ?= 2s

fuzz: go ## feed every reader random input, FUZZTIME each (2s)
	@for f in $$(grep -rl '^func Fuzz' --include='*_test.go' core ui); do for t in $$(sed -n 's/^func \(Fuzz[A-Za-z]*\).*/\1/p' $$f); do \
		echo "$$t, $(FUZZTIME)"; go test -run='^$$' -fuzz="^$$t\$$" -fuzztime=$(FUZZTIME) -fuzzminimizetime=1x ./$$(dirname $$f) || exit 1; done; done

build: go wasm_exec renderer ## build the command line (build/hlrs) and the page's programs (public/)
	go build -trimpath -o build/hlrs ./tools/hlrs
	$(foreach p,$(PROGRAMS),GOOS=js GOARCH=wasm go build -trimpath -buildvcs=false -ldflags=-s $(SMALL) -o public/$(p).wasm ./wasm/$(p) &&) :
	@go run ./tools/pack $(PROGRAMS:%=public/%.wasm) && gzip -9nkf public/replay.json public/atlas.json

wasm_exec: go
	@mkdir -p public && install -m 644 "$$(go env GOROOT)/lib/wasm/wasm_exec.js" public/

renderer: go
	@mkdir -p public && go run ./tools/vugen -script public/vugu.js

check: go ## formatting, generated files, vet and staticcheck
	@unformatted=$$($(GOFUMPT) -l .) && test -z "$$unformatted" || { echo "format these (gofumpt -w .): $$unformatted"; exit 1; }
	@d=$$(mktemp -d) && go run ./tools/asmgen -o $$d/strips_amd64.s && go run ./tools/asmgen -o $$d/strips_wasm.s && cp ui/*.vugu $$d && go run ./tools/vugen -dir $$d && \
		for f in core/tensor/strips_amd64.s core/tensor/strips_wasm.s ui/root_gen.go; do \
		cmp $$f $$d/$${f##*/} || { echo "$$f is not what its generator writes: run go generate ./core/tensor, or go run ./tools/vugen -dir ui"; exit 1; }; done && \
		cp index.html $$d && go run ./ui/firstscreen -page $$d/index.html && { cmp index.html $$d/index.html || { echo "index.html is not what its generator writes: run go run ./ui/firstscreen"; exit 1; }; } && rm -r $$d
	go vet ./...
	GOOS=js GOARCH=wasm go vet ./wasm/...
	GOARCH=arm64 go vet ./core/tensor && GOARCH=arm64 go build ./core/...
	GOEXPERIMENT= go vet ./core/tensor && GOEXPERIMENT= go build ./core/... && GOEXPERIMENT= go test ./core/tensor
	$(STATICCHECK) ./...

bench: build node ## time search steps here, in node and, where it is there, in PyTorch; and the kernels
	go run ./tools/bench

bench-gpu: build ## look for a GPU here, hold it against the reference numbers, and time it beside PyTorch with CUDA, if that is here
	go run ./tools/bench -gpu | tee build/bench-gpu.md

dist: build ## gather the laboratory in build/dist, for any static host under any path
	@rm -rf build/dist && mkdir -p build/dist/public build/dist/data
	@cp index.html public/sw.js build/dist/ && cp public/*.js public/*.css public/*.json public/*.svg public/*.jpg public/*.gz public/*.zst build/dist/public/ && rm build/dist/public/sw.js
	@if test -f public/data/cifar10.pack; then mkdir -p build/dist/public/data && cp public/data/cifar10.pack build/dist/public/data/ && \
		echo '{"state": "ready", "pack": "public/data/cifar10.pack"}' > build/dist/data/status; else echo '{"state": "none"}' > build/dist/data/status; fi
	@du -sh build/dist

# Searches of three kinds and ten seeds, each with the training of its cell; what is there already is not run again.
replay: build ## run and record anew what the page opens with (an hour on two cores)
	@set -e; for s in 1 2 3 4 5 6 7 8 9 10; do \
		for v in "constant --arch-schedule const" "falling --arch-schedule parabolic" "random --arch-rate 0"; do \
			set -- $$v; d=build/replay/$$1-$$s; shift; \
			if [ -e $$d ]; then build/hlrs search --resume $$d --then-train small; else build/hlrs search --preset small --seed $$s "$$@" --then-train small --out $$d; fi; \
		done; \
	done
	build/hlrs record 'Constant rate=build/replay/constant-*' 'Falling rate=build/replay/falling-*' 'Random cell=build/replay/random-*' --whole 10 --out public/replay.json --images public/tail.jpg --toys public/toy.jpg
	go run ./ui/firstscreen

clean: ## remove what was built
	rm -rf build public/*.wasm public/*.gz public/*.zst public/wasm_exec.js public/vugu.js public/data

# What has to be there. Node, Chromium, Slurm and Mesa serve the tests alone and are installed where that can be
# done without asking: as root, where there is apt-get.
APT := test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends

# Go is asked in an environment of its own: an older one knows neither the experiment nor toolchains, and fails on them.
GET_GO := install Go 1.21 or newer from https://go.dev/dl/, or in Debian 12 golang-go of bookworm-backports; it fetches $(GOTOOLCHAIN) by itself

go:
	@command -v go >/dev/null || { echo "go is missing: $(GET_GO)"; exit 1; }
	@v=$$(env -u GOEXPERIMENT GOTOOLCHAIN=local go version | sed 's/.*\(go1[^ ]*\).*/\1/') && minor=$${v#go1.} && test "$${minor%%[!0-9]*}" -ge 21 || \
		{ echo "$$v is too old: $(GET_GO)"; exit 1; }

node:
	@command -v node >/dev/null || { $(APT) nodejs; } || { echo "node is missing: install Node.js 18 or newer (Debian: sudo apt-get install nodejs)"; exit 1; }

chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { $(APT) chromium fonts-liberation; } || { echo "chromium is missing: install it (Debian: sudo apt-get install chromium fonts-liberation)"; exit 1; }

slurm: # without which its test alone is skipped
	@command -v slurmctld >/dev/null && command -v slurmd >/dev/null && command -v munged >/dev/null && command -v sbatch >/dev/null || { $(APT) slurmctld slurmd slurm-client munge; } || \
		echo "SLURM IS NOT TESTED: install it, and test as root (Debian: apt-get install slurmctld slurmd slurm-client munge)"

mesa: # a GPU on the processor, without which the GPU's tests are skipped where there is no GPU either
	@ls /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json 2>/dev/null | grep -q . || { $(APT) mesa-vulkan-drivers libvulkan1; } || \
		echo "NO GPU IS TESTED: install one's driver, or one on the processor (Debian: apt-get install mesa-vulkan-drivers libvulkan1)"

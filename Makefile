# `make` alone lists the targets. `make run` and `make test` need Go and nothing else.

GO       ?= go
BIN      := bin/lifeguard
# Empty outside a git checkout: the binary then says what the Go toolchain recorded.
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS  := -s -w $(if $(VERSION),-X main.version=$(VERSION))
# golangci-lint lives in a module of its own: its hundreds of dependencies are none of the program's.
LINT     := $(GO) tool -modfile=.ci/tools/go.mod golangci-lint
FUZZTIME ?= 10s
# The sizes of make soak: histories on each database, operations in each, kills of the server on each database.
SEEDS      ?= 20
OPERATIONS ?= 10000
KILLS      ?= 200
# What make cross compiles: what a release is made for.
PLATFORMS  := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
PREFIX   ?= /usr/local
# ARGS goes to the command of `make run`, as in: make run ARGS='demo --accounts 50'
ARGS     ?=

.DEFAULT_GOAL := help
.PHONY: help run build install test lint bench fuzz soak demo dist cross

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build the program and open the console
	@./$(BIN) $(ARGS)

# -buildvcs=false: the version comes from VERSION, and asking git twice makes
# a build fail in a checkout that belongs to another user.
build: ## build bin/lifeguard, one static binary
	@CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/lifeguard

install: build ## install the program, its completions and its manual pages under PREFIX (/usr/local)
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/lifeguard
	@set -e; share=$(DESTDIR)$(PREFIX)/share; \
	install -d $$share/bash-completion/completions $$share/zsh/site-functions $$share/fish/vendor_completions.d; \
	./$(BIN) completion bash >$$share/bash-completion/completions/lifeguard; \
	./$(BIN) completion zsh >$$share/zsh/site-functions/_lifeguard; \
	./$(BIN) completion fish >$$share/fish/vendor_completions.d/lifeguard.fish; \
	./$(BIN) man $$share/man/man1

# The race detector needs a C compiler. Without one the tests still run.
test: ## run every test, with the race detector where a C compiler is installed
	@race=-race; \
	if ! $(GO) list -race unsafe >/dev/null 2>&1; then \
		race=; \
		echo "No C compiler found: the tests run without the race detector. To turn it on: apt-get install gcc libc6-dev" >&2; \
	fi; \
	$(GO) test $$race -timeout 5m ./...

lint: ## check format, vet, linters and go.mod
	@unformatted=$$(gofmt -l .); \
	if [ -n "$$unformatted" ]; then echo "These files are not gofmt-ed; run gofmt -w on them:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) mod tidy -diff
	$(LINT) run

# Other programs are measured in a module of its own, so that they are none of
# the program's dependencies; its go.mod follows the program's.
bench: ## run the benchmarks, also those against other programs
	$(GO) test -run '^$$' -bench . -benchmem ./...
	cd bench && $(GO) test -mod=mod -run '^$$' -bench . -benchtime 1x -timeout 30m ./...

# What is interesting is not made smaller for long: a minute for each, as by
# default, leaves no time to find something.
fuzz: ## fuzz every target for FUZZTIME (10s)
	@set -e; \
	for folder in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -r -n 1 dirname | sort -u); do \
		for target in $$($(GO) test -list '^Fuzz' $$folder | grep '^Fuzz'); do \
			echo "$$folder $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x $$folder; \
		done; \
	done

soak: ## hold the promises at full size, for an hour or so: SEEDS=20 OPERATIONS=10000 KILLS=200
	LIFEGUARD_SOAK=1 LIFEGUARD_SOAK_SEEDS=$(SEEDS) LIFEGUARD_SOAK_OPERATIONS=$(OPERATIONS) LIFEGUARD_SOAK_KILLS=$(KILLS) \
		$(GO) test -run '^TestSoak' -count=1 -timeout 0 -v ./server ./cmd/lifeguard ./tui

demo: build ## render docs/demo.gif from demo.tape
	@if command -v vhs >/dev/null; then vhs demo.tape; else \
		echo "vhs is not installed. See https://github.com/charmbracelet/vhs#installation (it needs ttyd and ffmpeg), then run make demo again." >&2; exit 1; \
	fi

cross: ## compile for every platform of a release
	@set -e; for platform in $(PLATFORMS); do \
		echo "$$platform"; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO) build -trimpath -buildvcs=false -o /dev/null ./cmd/lifeguard; \
	done

# GoReleaser lives in a module of its own, as the linters do. Nothing is published.
dist: ## make what a release is made of in dist/: archives, packages, checksums
	COMMIT=$$(git rev-parse --short HEAD) $(GO) tool -modfile=.ci/dist/go.mod goreleaser release --snapshot --clean --config deploy/goreleaser.yaml

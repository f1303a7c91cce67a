.DEFAULT_GOAL := help
# With -j, cargo processes would only wait for each other's lock.
.NOTPARALLEL:

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the release binary, target/release/jobrisk
	cargo build --release --locked

.PHONY: test
test: ## Check and test everything, the way continuous integration does
	scripts/test

# Takes hours on two cores. scripts/test-long NAME runs only the tests with NAME in theirs.
.PHONY: test-long
test-long: ## Run the fault tests at full length and size
	scripts/test-long

.PHONY: lint
lint: ## Check the formatting and run clippy; warnings are errors
	cargo fmt --check
	cargo clippy --all-targets --locked -- -D warnings

# DEMO_ONCE reaches the demo through the environment, whether it stands before or after `make`.
# cargo builds no program for an example: both are named, in one go, so that they share their dependencies.
.PHONY: demo
demo: ## Run the controller against a real control plane and show what it finds; DEMO_ONCE=1 ends by itself
	cargo build --locked --release --bin jobrisk --example demo
	cargo run --locked --release --example demo

.PHONY: bench
bench: ## Measure against what the least could do, and how time grows; the rest on a real control plane
	cargo bench --locked --bench assess --bench growth --bench scan --bench controller --bench people

.PHONY: fuzz
fuzz: ## Fuzz every target for a minute; scripts/fuzz TARGET SECONDS for one of them
	scripts/fuzz

.PHONY: evasion
evasion: ## Measure how verdicts hold when workloads are written differently; ARGS=--list-misses shows the misses
	cargo run --locked --quiet --example evasion -- $(ARGS)

.PHONY: generate
generate: ## Write crds/, docs/rules/, docs/metrics.md, the schema of the finding log and the plain rule file of the alerts anew
	cargo run --locked --quiet -- crds --dir crds
	cargo run --locked --quiet -- metrics --output docs/metrics.md
	{ echo '# Made of prometheusrule.yaml by `make generate`, for a Prometheus without the operator: name it in rule_files.'; \
	  sed -n '/^spec:/,$$ { /^spec:/d; s/^  //; p; }' manifests/monitoring/prometheusrule.yaml; } \
	  >manifests/monitoring/jobrisk.rules.yaml
	rm -f docs/rules/*.md
	cargo run --locked --quiet -- rules --dir docs/rules
	cargo run --locked --quiet -- log-schema --dir docs/siem

.PHONY: controlplane
controlplane: ## Build the Kubernetes control plane for the tests and the demo; prints its folder
	@scripts/controlplane/build

.PHONY: prometheus
prometheus: ## Build Prometheus and promtool for the tests of metrics and alerts; prints their folder
	@scripts/prometheus/build

.PHONY: clean
clean: ## Remove what cargo built; the programs for the tests lie in a cache outside the repository and stay
	cargo clean

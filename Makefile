# Short names for what is done every day; `make` alone lists them. Every recipe can be typed by hand as well.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help check test browser clients schema run bench bench-peers faults tools

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

check: ## formatting, lints, licences and advisories
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	@if command -v cargo-deny >/dev/null; then \
		echo cargo deny check; \
		cargo deny check; \
	else \
		echo "NOTE: cargo-deny is not installed, so licences, bans, sources and advisories were NOT checked." >&2; \
		echo "      Install it with: cargo install --locked cargo-deny" >&2; \
	fi

test: check tools ## check, then every test on SQLite and on a PostgreSQL of its own, the pages in Chromium, and the clients
	scripts/with-postgres cargo test --workspace
	npm test --prefix tests/browser
	scripts/clients

# The binary that the tests build as well: `cargo build` would build it anew, without what tests add to libraries.
browser: tools ## only the pages in Chromium; leaves pictures of them in target/screenshots
	cargo test --workspace --no-run
	npm test --prefix tests/browser

clients: ## generate the clients anew, check their types, run their examples against a demo
	cargo test --workspace --no-run
	scripts/clients

tools: ## install what the tests need beside Rust
	scripts/install-tools

schema: ## write schema.graphql anew from the code
	@written=$$(mktemp) && trap 'rm -f "$$written"' EXIT && \
	cargo run --quiet -- schema > "$$written" && cat "$$written" > schema.graphql

run: ## the demo: both simulated vendors, a fresh mirror, GraphiQL
	cargo run --release -- demo

bench: ## benchmarks, beside a PostgreSQL of their own
	scripts/with-postgres scripts/bench

faults: ## attack the service and check that nothing is lost, beside a PostgreSQL of its own
	scripts/with-postgres scripts/faults

bench-peers: ## the service beside its peers, on the same records, beside a PostgreSQL of their own
	scripts/bench-peers

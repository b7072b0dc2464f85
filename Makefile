# make demo    watch a whole migration on this machine
# make test    everything that is checked, in one go
# make soak    kill the engine again and again: make soak KILLS=200
# make setup   only install what these need (tools/setup says what)
# make bench-mysql   measure it beside the other tools: SIZE=400 (MB) RUNS=1 ONLY=full-load, catch-up or follow for a try; SERVER=mysql for Oracle's server
# make bench-postgres   the same of PostgreSQL: ONLY=full-load, verification, catch-up, follow, capture-overhead or logical-overhead for a try
# make clean   remove what was built

NEXTEST := build/venv/bin/cargo-nextest nextest run --workspace --locked
KILLS ?= 200
# Nothing is published: links to private items are for those who read the code.
DOC_LINTS := -D warnings -A rustdoc::private_intra_doc_links

.PHONY: demo test soak bench-mysql bench-postgres setup clean

demo:
	tools/setup demo
	cargo build --locked -p reberth
	target/debug/reberth demo

test: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="$(DOC_LINTS)" cargo doc --workspace --no-deps --document-private-items --locked --quiet
	$(NEXTEST)
	@if cargo deny --version >/dev/null 2>&1; then cargo deny --offline check bans licenses sources; \
	else echo "make test: cargo-deny is not installed, so licences and sources of dependencies were not checked"; fi

soak: setup
	KILLS=$(KILLS) $(NEXTEST) --profile soak -E '(package(reberth-replicate) | package(reberth)) & test(/kill/)'

bench-mysql:
	tools/setup bench
	cargo build --release --locked -p reberth-bench
	target/release/reberth-bench

bench-postgres:
	tools/setup bench-postgres
	cargo build --release --locked -p reberth-bench
	target/release/reberth-bench postgres

setup:
	tools/setup test

clean:
	cargo clean
	rm -rf build

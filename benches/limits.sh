#!/usr/bin/env bash
# Measures what limits cost, and writes the tables of docs/performance/limits.md: whole gateways with and without limits
# (compare.sh --limits), and decisions by themselves with each kind of store. About a quarter of an hour on a quiet
# machine, after the build.
#
#     benches/limits.sh               builds what is deployed (the profile dist), and measures it
#     benches/limits.sh OPTION...     hands options to compare.sh: --rounds, --seconds, --only, …
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}

cargo build --locked --profile dist --package native-runner --features component --bin tollgate --example limit_stores
scripts/component.sh
benches/compare.sh --limits --tollgate "$target/dist/tollgate" "$@"
"$target/dist/examples/limit_stores" 5 | tee "$target/compare/stores.md"
python3 benches/insert.py docs/performance/limits.md stores <"$target/compare/stores.md"

#!/usr/bin/env bash
# Measures what answers from a cache cost, beside nginx and Varnish, and writes the table of docs/performance/caching.md.
# About ten minutes on a quiet machine, after the build.
#
#     benches/caching.sh              builds what is deployed (the profile dist), and measures it
#     benches/caching.sh OPTION...    hands options to compare.sh: --rounds, --seconds, --only, …
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}

cargo build --locked --profile dist --package native-runner --features component --bin tollgate
scripts/component.sh spin
benches/compare.sh --cache --tollgate "$target/dist/tollgate" "$@"

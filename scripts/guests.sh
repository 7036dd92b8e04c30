#!/usr/bin/env bash
# Builds the guests that the wasm host's tests run: tests/guests/NAME into target/guests/NAME.wasm, a core module for
# wasm32-wasip1. `CARGO_TARGET_DIR` moves the target folder, as it does for cargo.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/toolchain.sh
target=${CARGO_TARGET_DIR:-$PWD/target}/guests
for guest in tests/guests/*/; do
    name=$(basename "$guest")
    CARGO_TARGET_DIR=$target .toolchain/cargo-wasm build --locked --release --target wasm32-wasip1 \
        --manifest-path "$guest/Cargo.toml"
    # Compared first: an unchanged guest keeps its time, and what is made from it stays fresh.
    cmp -s "$target/wasm32-wasip1/release/$name.wasm" "$target/$name.wasm" ||
        cp "$target/wasm32-wasip1/release/$name.wasm" "$target/$name.wasm"
    echo "$target/$name.wasm"
done

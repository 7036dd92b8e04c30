#!/usr/bin/env bash
# Builds the component's module, without configuration, in its flavours:
#
#   target/component/tollgate.module.wasm                every host of wasi:http 0.2
#   target/component/tollgate.spin.module.wasm           Spin: variables, stores, and the client's address
#   target/component/tollgate.spin-atomics.module.wasm   Spin that one runs oneself: counts exactly in its store
#
# `tollgate build` freezes a configuration into them. `CARGO_TARGET_DIR` moves the target folder, as it does for cargo;
# `scripts/component.sh portable`, `spin` or `atomics` builds one of them; without a word the first two are built.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo=(cargo)
if [ -x scripts/toolchain.sh ]; then
    scripts/toolchain.sh
    cargo=(.toolchain/cargo-wasm)
fi
target=${CARGO_TARGET_DIR:-$PWD/target}

# A host looks through the pages of an instance's memory after each request, and Rust's stack is 1 MiB of it by default.
stack=$((256 << 10))

# build FLAVOUR FILE [CARGO ARGUMENTS]
build() {
    local flavour=$1 file=$target/component/$2
    shift 2
    "${cargo[@]}" rustc --locked --package tollgate --lib --crate-type cdylib --target wasm32-wasip1 \
        --profile component --no-default-features "$@" -- -C "link-arg=-zstack-size=$stack"
    mkdir -p "$target/component"
    # Compared first: an unchanged module keeps its time, and what is made from it stays fresh.
    cmp -s "$target/wasm32-wasip1/component/tollgate.wasm" "$file" ||
        cp "$target/wasm32-wasip1/component/tollgate.wasm" "$file"
    echo "$flavour: $file, $(stat -c %s "$file") bytes"
}

case ${1:-both} in
    both | portable) build portable tollgate.module.wasm ;;&
    both | spin) build spin tollgate.spin.module.wasm --features spin ;;&
    atomics) build spin-atomics tollgate.spin-atomics.module.wasm --features spin-atomics ;;
    both | portable | spin) ;;
    *) echo "usage: scripts/component.sh [portable|spin|atomics]" >&2; exit 2 ;;
esac

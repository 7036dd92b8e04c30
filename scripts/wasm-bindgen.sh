#!/usr/bin/env bash
# Prints the path of `wasm-bindgen-test-runner`, which runs wasm32-unknown-unknown tests under Node; builds it first
# (about two minutes) where `.toolchain/` does not have it. Its version has to be that of the crate wasm-bindgen in
# Cargo.lock, or the one given as argument.
#
#     export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=$(scripts/wasm-bindgen.sh)
#     .toolchain/cargo-wasm test --target wasm32-unknown-unknown
set -euo pipefail
cd "$(dirname "$0")/.."

locked() { awk '/^name = "wasm-bindgen"$/ { getline; gsub(/version = |"/, ""); print }' Cargo.lock; }

version=${1:-$(locked)}
[ -n "$version" ] || { echo "wasm-bindgen: the crate is not in Cargo.lock, and no version was given" >&2; exit 1; }
root=$PWD/.toolchain/wasm-bindgen-$version
runner=$root/bin/wasm-bindgen-test-runner
if [ ! -x "$runner" ]; then
    command -v node >/dev/null || echo "wasm-bindgen: node is not installed; the runner needs it" >&2
    # The caller's target folder and flags are for the project.
    install() {
        env -u CARGO_TARGET_DIR -u RUSTFLAGS -u CARGO_BUILD_TARGET CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
            CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback \
            cargo install --quiet "$@" --root "$root" --version "=$version" wasm-bindgen-cli >&2
    }
    # The versions its lock file names may be newer than a registry mirror; the newest that fit will do as well.
    install --locked || install
fi
echo "$runner"

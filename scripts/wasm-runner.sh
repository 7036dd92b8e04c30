#!/usr/bin/env bash
# Runs a test compiled for wasm32-unknown-unknown under Node. Cargo calls this (.cargo/config.toml).
set -euo pipefail
runner=$("$(dirname "$0")/wasm-bindgen.sh")
exec "$runner" "$@"

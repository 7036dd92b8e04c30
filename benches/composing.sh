#!/usr/bin/env bash
# Measures what it costs to make one answer of 2, 5 and 20, and to shape an answer of 1 MiB, by the native server and by a
# component, and writes the tables of docs/performance/composing.md. About ten minutes on a quiet machine, after the build.
#
#     benches/composing.sh                    builds what is deployed (the profile dist), and measures it
#     benches/composing.sh --tollgate FILE    measures this binary, and the component in the target folder
#     benches/composing.sh --rounds N --seconds S --out DIR
#     benches/composing.sh --quick            seconds; proves that everything runs, and measures nothing
set -euo pipefail
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-$PWD/target}

case " $* " in
    *' --tollgate '*) given=() ;;
    *)
        cargo build --locked --profile dist --package native-runner --features component --bin tollgate
        scripts/component.sh portable
        given=(--tollgate "$target/dist/tollgate")
        ;;
esac
cargo build --locked --quiet --release --manifest-path benches/delayed/Cargo.toml --target-dir "$target/compare/cargo"
exec python3 -B benches/composing.py --target "$target" "${given[@]}" "$@"

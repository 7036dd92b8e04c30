#!/usr/bin/env bash
# Runs the commands in README.md: those of every `sh` block behind a line `<!-- run -->`, as a reader would paste them.
# Commands with `--features component` run without `--release`, so that Wasmtime is not compiled a second time.
set -euo pipefail
cd "$(dirname "$0")/.."
# `init` writes no file that is there already.
rm -rf target/example
# The documents know only the default place.
if [ -n "${CARGO_TARGET_DIR:-}" ] && [ ! -e target/component ]; then
    mkdir -p target && ln -s "$CARGO_TARGET_DIR/component" target/component
fi
commands=$(awk '
    /^<!-- run -->$/ { wanted = 1; next }
    /^```sh$/ && wanted { inside = 1; next }
    /^```$/ { inside = 0; wanted = 0 }
    inside { print }
' README.md)
[ -n "$commands" ] || { echo "README.md has no commands to run" >&2; exit 1; }
commands=$(sed '/--features component/s/ --release//' <<<"$commands")
before=$(git hash-object spin.toml)
while IFS= read -r command; do
    echo "\$ $command"
    # What scripts/test.sh has just made by the same command.
    if [ "$command" = scripts/component.sh ] && [ -n "${TOLLGATE_COMPONENT_IS_MADE:-}" ]; then continue; fi
    bash -euo pipefail -c "$command" </dev/null
done <<<"$commands"
# What is shipped must be what `build` would write.
[ "$before" = "$(git hash-object spin.toml)" ] || { echo "build has changed spin.toml: commit it" >&2; exit 1; }

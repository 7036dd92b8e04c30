#!/usr/bin/env bash
# Tollgate against a real OpenID Provider, and a real browser where there is Chromium: discovery, access tokens while
# keys change under load, a provider that is down for longer than its keys are fresh, login and logout. Takes about a
# minute and a half, most of it waiting for the provider to have been down long enough.
#
#     scripts/idp.sh [--tollgate BINARY] [--only tokens,login,down]
#
# Needs openssl, Node 20 or newer, and npm, which fetches the provider once. Pictures of the login are left in target/idp.
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null

target=${CARGO_TARGET_DIR:-$PWD/target}
binary=
only=tokens,login,down
while [ $# -gt 0 ]; do
    case $1 in
        --tollgate) binary=${2:?--tollgate BINARY}; shift ;;
        --only) only=${2:?--only PARTS}; shift ;;
        *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
    esac
    shift
done
command -v npm >/dev/null || { echo "npm is missing: install Node" >&2; exit 1; }
command -v openssl >/dev/null || { echo "openssl is missing" >&2; exit 1; }
if [ -z "$binary" ]; then
    cargo build --locked --quiet --package native-runner
    binary=$target/debug/tollgate
fi
binary=$(realpath "$binary")
# Not again where what is there is what the lock file says.
if ! cmp -s tests/idp/package-lock.json tests/idp/node_modules/.fetched; then
    (cd tests/idp && npm ci --no-audit --no-fund --ignore-scripts --loglevel error)
    cp tests/idp/package-lock.json tests/idp/node_modules/.fetched
fi
exec node tests/idp/proof.mjs --tollgate "$binary" --out "$target/idp" --only "$only"

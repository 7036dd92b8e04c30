#!/usr/bin/env bash
# The native server against a real etcd and a real dnsmasq: targets that come, change and go, sources that are killed and
# started again. Each line that begins with "ok" is something that was looked at. Takes about a minute.
#
#     scripts/discovery.sh [--tollgate BINARY] [--only etcd,dns]
#
# Needs etcd and etcdctl (Debian: etcd-server, etcd-client), dnsmasq (dnsmasq-base), curl and python3.
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null

target=${CARGO_TARGET_DIR:-$PWD/target}
binary=
only=etcd,dns
while [ $# -gt 0 ]; do
    case $1 in
        --tollgate) binary=${2:?--tollgate BINARY}; shift ;;
        --only) only=${2:?--only PARTS}; shift ;;
        *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
    esac
    shift
done
export PATH=$PATH:/usr/sbin
for tool in etcd etcdctl dnsmasq curl python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing" >&2; exit 1; }
done
if [ -z "$binary" ]; then
    cargo build --locked --quiet --package native-runner
    binary=$target/debug/tollgate
fi
exec python3 tests/discovery/proof.py --tollgate "$(realpath "$binary")" --only "$only"

#!/usr/bin/env bash
# Runs the public suite of tests for HTTP caches (http-cache-tests, from npm) against nginx, Varnish and Tollgate, one after
# the other, and holds what Tollgate fails against the reasons in tests/cache_suite/reasons.json: a test that fails without
# a reason, or has one and passes, fails the script. What the tests are, and how they are counted, is in
# tests/cache_suite/tests.mjs and docs/caching.md.
#
#     scripts/cache-tests.sh                      everybody; writes tests/cache_suite/results.json and docs/caching.md
#     scripts/cache-tests.sh --check              Tollgate only, and writes nothing
#     scripts/cache-tests.sh --only NAME[,NAME]   some: nginx, varnish, tollgate-memory, tollgate-redis, tollgate-component
#     scripts/cache-tests.sh --id TEST            one test, with everything that is sent and received
#     scripts/cache-tests.sh --tollgate BINARY    measures this binary, which must have the feature `component`
#     scripts/cache-tests.sh --modules DIRECTORY  takes the component's modules from there
#
# Needs Node 20 and npm, which fetches the suite once; nginx, Varnish and Redis come from Debian where they are missing.
# Without Redis (TOLLGATE_WITHOUT_REDIS=1), tollgate-redis is left out.
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null

target=${CARGO_TARGET_DIR:-$PWD/target}
suite=$PWD/tests/cache_suite
work=$target/cache-tests
everybody=(nginx varnish tollgate-memory tollgate-redis tollgate-component)
only=() id='' check='' tollgate='' modules=$target/component
PATH=$PATH:/usr/sbin:/sbin # where Debian has nginx and Varnish

while [ $# -gt 0 ]; do
    case $1 in
        --check) check=yes ;;
        --only) IFS=, read -ra only <<<"${2:?--only NAMES}"; shift ;;
        --id) id=${2:?--id TEST}; shift ;;
        --tollgate) tollgate=$(realpath "${2:?--tollgate BINARY}"); shift ;;
        --modules) modules=$(realpath "${2:?--modules DIRECTORY}"); shift ;;
        *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
    esac
    shift
done
if [ ${#only[@]} = 0 ]; then
    only=("${everybody[@]}")
    [ -z "$check" ] || only=(tollgate-memory tollgate-redis tollgate-component)
    [ -z "${TOLLGATE_WITHOUT_REDIS:-}" ] || mapfile -t only < <(printf '%s\n' "${only[@]}" | grep -v redis)
fi

# --- what it needs ---------------------------------------------------------------------------------------------------

need() { # COMMAND PACKAGE
    command -v "$1" >/dev/null && return
    local sudo=''
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    # RUNLEVEL=1 keeps Debian from starting a server as a service.
    $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$2" >/dev/null
}

need node nodejs
need npm npm
# Not again where what is there is what the lock file says, which knows the digest of every package.
if ! cmp -s "$suite/package-lock.json" "$suite/node_modules/.fetched"; then
    (cd "$suite" && timeout 120 npm ci --no-audit --no-fund --ignore-scripts --loglevel error)
    cp "$suite/package-lock.json" "$suite/node_modules/.fetched"
fi

need_tollgate() {
    [ -z "$tollgate" ] || return 0
    cargo build --locked --quiet --package native-runner --features component
    tollgate=$target/debug/tollgate
}

# --- contestants -----------------------------------------------------------------------------------------------------
# Each `prepare_NAME` sets `command`, what to start in the foreground so that it listens on 127.0.0.1:$port in front of
# 127.0.0.1:$origin, and `title` and `version`.

fill() { # TEMPLATE FILE
    sed "s#@WORK@#$place#; s#@ORIGIN@#$origin#; s#@PORT@#$port#" "$suite/$1" >"$2"
}

prepare_nginx() {
    need nginx nginx-light
    fill nginx.conf "$place/nginx.conf"
    command=(nginx -p "$place" -c "$place/nginx.conf" -e stderr)
    title=nginx version=$(nginx -v 2>&1 | sed 's#.*/##')
}

prepare_varnish() {
    need varnishd varnish
    fill varnish.vcl "$place/varnish.vcl"
    # As the suite's own container starts it: nothing is fresh of which nobody says so, and what is stale is kept for an hour
    # to be validated.
    # shellcheck disable=SC2054  # storage is written with a comma
    command=(varnishd -F -j none -n "$place/varnish" -a "127.0.0.1:$port" -f "$place/varnish.vcl" -s malloc,64M
        -p default_ttl=0 -p default_grace=0 -p default_keep=3600)
    title=Varnish version=$(varnishd -V 2>&1 | sed -n 's/.*varnish-\([0-9.]*\).*/\1/p')
}

# tollgate_configuration STORE...: writes $place/routes.toml with these lines about the store.
tollgate_configuration() {
    need_tollgate
    {
        printf '%s\n' "$@"
        sed "s#@ORIGIN@#$origin#" "$suite/tollgate.toml"
    } >"$place/routes.toml"
    version=$(git describe --always --dirty 2>/dev/null || echo unknown)
    command=("$tollgate" serve "$place" --listen "127.0.0.1:$port" --admin off --access-log off)
}

prepare_tollgate-memory() {
    tollgate_configuration
    title='Tollgate, native, memory'
}

prepare_tollgate-redis() {
    start_redis
    tollgate_configuration '[store]' "redis = \"redis://127.0.0.1:$redis\""
    title='Tollgate, native, Redis'
}

prepare_tollgate-component() {
    tollgate_configuration '[store]'
    "$tollgate" build "$place" --modules "$modules" --out "$place/built" >"$place/build.log" 2>&1 ||
        { cat "$place/build.log" >&2; return 1; }
    command=("$tollgate" serve --component "$place/built/tollgate.spin.wasm" "$place" --listen "127.0.0.1:$port"
        --admin off --access-log off)
    title='Tollgate, component, key-value store'
}

# --- processes -------------------------------------------------------------------------------------------------------

running=()
stop() {
    [ ${#running[@]} = 0 ] || kill "${running[@]}" 2>/dev/null || true
    [ ${#running[@]} = 0 ] || wait "${running[@]}" 2>/dev/null || true
    running=()
}
trap stop EXIT

listens() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
    local found=$((20000 + RANDOM % 10000))
    while listens "$found"; do found=$((found + 1)); done
    echo "$found"
}

# launch PORT LOG COMMAND...: starts it, and waits until it listens.
launch() {
    "${@:3}" >"$2" 2>&1 &
    local pid=$! try
    running+=("$pid")
    for ((try = 0; try < 600; try++)); do
        ! listens "$1" || return 0
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    echo "${*:3} does not listen:" >&2
    tail -n 20 "$2" >&2
    return 1
}

start_redis() {
    need redis-server redis-server
    redis=$(free_port)
    launch "$redis" "$place/redis.log" redis-server --bind 127.0.0.1 --port "$redis" --save '' --appendonly no --dir "$place"
}

run() { # NAME
    place=$work/$1
    rm -rf "$place"
    mkdir -p "$place"
    origin=$(free_port)
    launch "$origin" "$place/origin.log" node "$suite/origin.mjs" "$origin"
    port=$(free_port)
    "prepare_$1"
    launch "$port" "$place/log" "${command[@]}"
    local options=()
    [ "$1" != tollgate-component ] || options=(--places)
    [ -z "$id" ] || options+=(--id "$id")
    node "$suite/run.mjs" "http://127.0.0.1:$port" "$work/$1.json" "${options[@]}"
    stop
    facts+=("\"$1\": { \"title\": \"$title\", \"version\": \"$version\" }")
}

# --- all of it -------------------------------------------------------------------------------------------------------

facts=()
mkdir -p "$work"
rm -f "$work"/*.json
for name in "${only[@]}"; do
    declare -F "prepare_$name" >/dev/null || { echo "there is no $name: ${everybody[*]}" >&2; exit 2; }
    echo "=== $name" >&2
    run "$name"
done
[ -z "$id" ] || exit 0
order=$(printf '"%s", ' "${everybody[@]}")
printf '{ "date": "%s", "order": [%s], "contestants": { %s } }\n' "$(date -u +%F)" "${order%, }" \
    "$(IFS=,; echo "${facts[*]}")" >"$work/facts.json"
if [ -z "$check" ]; then
    node "$suite/report.mjs" write "$work" "$suite/results.json"
    node "$suite/report.mjs" tables "$suite/results.json" | python3 benches/insert.py docs/caching.md conformance
fi
mapfile -t mine < <(printf '%s\n' "${only[@]}" | grep '^tollgate' || true)
node "$suite/report.mjs" check "$work" "${mine[@]}"

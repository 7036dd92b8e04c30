#!/usr/bin/env bash
# Everything that must hold, on a machine with rustup's Rust and nothing else: installs what is missing, builds the
# native runner and the component, and runs every check and test.
#
#     scripts/test.sh                 all steps
#     scripts/test.sh --list          their names
#     scripts/test.sh --only STEP     one step; may be repeated. Steps build on what earlier ones built.
#
# The cases run over the simulated host, the native server and the component in embedded Wasmtime, and over Spin where
# SPIN_BIN names its binary. Limits and stores are tested with real Redis servers, which the steps start and end; with
# TOLLGATE_WITHOUT_REDIS=1 what needs them is left out.
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null

export CARGO_TERM_COLOR=never CARGO_INCREMENTAL=0
target=${CARGO_TARGET_DIR:-$PWD/target}
# One set of packages and features for all that is built for this machine, so that each dependency is compiled once.
everything=(--workspace --features native-runner/component)
steps=(toolchain format lint unit openapi component guests hosts redis cases conformance web documents demo bench)
passed=0

# --- steps ----------------------------------------------------------------------------------------------------------

step_toolchain() {
    command -v cargo >/dev/null || { echo "cargo is missing: install Rust from https://rustup.rs" >&2; return 1; }
    command -v cc >/dev/null || install gcc libc6-dev
    command -v curl >/dev/null || install curl
    command -v node >/dev/null || install nodejs
    # A minimal profile of rustup comes without these.
    cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
    cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
    scripts/toolchain.sh
}

step_format() {
    cargo fmt --all --check
    local manifest
    for manifest in benches/*/Cargo.toml tests/guests/*/Cargo.toml; do
        cargo fmt --check --manifest-path "$manifest"
    done
}

step_lint() {
    cargo clippy --locked --quiet "${everything[@]}" --all-targets -- -D warnings
    # The component's own files are compiled for its target only. Debian's compiler is not the one that rustup's clippy
    # belongs to, so there the compiler's own warnings have to do.
    local wasm=(--locked --quiet --package tollgate --lib --target wasm32-wasip1 --no-default-features) flavour
    for flavour in spin spin-atomics; do
        if grep -q '^exec cargo ' .toolchain/cargo-wasm; then
            .toolchain/cargo-wasm clippy "${wasm[@]}" --features "$flavour" -- -D warnings
        else
            .toolchain/cargo-wasm rustc "${wasm[@]}" --features "$flavour" --profile check -- -D warnings
        fi
    done
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --quiet --no-deps "${everything[@]}"
}

step_unit() {
    rust_tests tollgate
    cargo test --locked --quiet "${everything[@]}" --doc
}

# Real OpenAPI documents, imported and accounted for.
step_openapi() {
    command -v npm >/dev/null || install npm
    python3 -m pip --version >/dev/null 2>&1 || install python3-pip
    scripts/openapi-documents.sh "$target/openapi-documents"
    TOLLGATE_OPENAPI_DOCUMENTS=$(cd "$target/openapi-documents" && pwd) cargo test --locked --quiet \
        "${everything[@]}" --test openapi -- --ignored --nocapture
}

step_component() {
    # Nobody measures them here, and to make them fast takes four times as long.
    export CARGO_PROFILE_COMPONENT_LTO=off CARGO_PROFILE_COMPONENT_OPT_LEVEL=1 CARGO_PROFILE_COMPONENT_CODEGEN_UNITS=16
    scripts/component.sh
    scripts/component.sh atomics
}

step_guests() {
    scripts/guests.sh
}

# The native server and the wasm host, by real traffic.
step_hosts() {
    # These have a step of their own.
    TOLLGATE_WITHOUT_REDIS=1 rust_tests native-runner
}

# What is kept in a real Redis, and several gateways, native and component, that count in one, also while it is paused, killed
# and started again.
step_redis() {
    need_redis
    local tests=(cargo test --locked --quiet "${everything[@]}")
    "${tests[@]}" --test redis
    "${tests[@]}" --test cache --test wasm_host redis
    # One after the other: each has several processes, and all of them measure how long answers take.
    "${tests[@]}" --test shared_limits -- --test-threads 1 --nocapture
}

step_cases() {
    local pids=()
    [ -n "${TOLLGATE_REDIS:-}" ] || start_redis
    tollgate test --host sim,native tests/cases
    [ -z "${SPIN_BIN:-}" ] || tollgate test --host spin --modules "$target/component" tests/cases
    # Some cases are compiled into a component of their own, which one core does: half of the folders on each of two.
    local folders=(tests/cases/*/) halves=() at half failed=''
    for at in "${!folders[@]}"; do halves[at % 2]+="${folders[at]} "; done
    for half in "${halves[@]}"; do
        # shellcheck disable=SC2086  # a list of folders
        "$target/debug/tollgate" test --host wasm --frozen-every 10 --modules "$target/component" $half &
        pids+=("$!")
    done
    for half in "${pids[@]}"; do wait "$half" || failed=yes; done
    [ -z "$failed" ]
}

# The public suite for HTTP caches, against the native server over memory and Redis, and the component. A minute and a half,
# nearly all of it waiting for answers to become old.
step_conformance() {
    need_redis
    cargo build --locked --quiet "${everything[@]}"
    scripts/cache-tests.sh --check --tollgate "$target/debug/tollgate" --modules "$target/component"
}

# The core, compiled for wasm32-unknown-unknown, under Node.
step_web() {
    local runner
    runner=$(scripts/wasm-bindgen.sh)
    # Not --quiet, which cargo would hand on to the runner, which does not know it.
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=$runner .toolchain/cargo-wasm test --locked \
        --package tollgate --no-default-features --target wasm32-unknown-unknown --test web
}

# That commands work is shown as well by a release that is not made fast, and in a fraction of the time.
export CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
export CARGO_PROFILE_RELEASE_DEBUG=none

# Every command in the documents, as a reader would run it.
step_documents() {
    # Without Wasmtime, the way most people build it, has not been compiled before.
    warnings_are_mistakes cargo build --locked --release
    local made=''
    [ ! -e "$target/component/tollgate.spin.module.wasm" ] || made=yes
    TOLLGATE_COMPONENT_IS_MADE=$made scripts/documents.sh
}

# The first command of the README, from a build without Wasmtime, and the tour it prints.
step_demo() {
    scripts/demo.sh
}

# Only that the comparison runs: what it measures on a busy machine means nothing.
step_bench() {
    cargo test --locked --quiet "${everything[@]}" --bench '*'
    cargo build --locked --quiet "${everything[@]}"
    # Not those that differ from others in a number alone, and take long to start.
    benches/compare.sh --quick --tollgate "$target/debug/tollgate" --out "$target/compare" --only \
        'backend,nginx*,haproxy*,envoy,envoy-limit*,envoy-targets,floor,tollgate-*,passthrough,component-1,component-limits-*'
    benches/compare.sh --quick --cache --tollgate "$target/debug/tollgate" --out "$target/compare"
    benches/composing.sh --quick --tollgate "$target/debug/tollgate" --out "$target/compare"
}

# --- what steps share -----------------------------------------------------------------------------------------------

tollgate() {
    cargo run --locked --quiet --package native-runner --features native-runner/component -- "$@"
}

# A package's tests of every kind but documentation's. nextest shows better what takes long; nobody needs to have it.
rust_tests() {
    if command -v cargo-nextest >/dev/null; then
        cargo nextest run --locked --no-fail-fast --status-level slow "${everything[@]}" -E "package($1)"
    else
        cargo test --locked --quiet --lib --bins --tests --examples --package "$1" --features native-runner/component
    fi
}

# Runs a build; fails where it has something to say.
warnings_are_mistakes() {
    local said
    said=$("$@" 2>&1) || { echo "$said" >&2; return 1; }
    ! grep --after-context 20 '^warning' <<<"$said" >&2
}

install() {
    local sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    # RUNLEVEL=1 keeps Debian from starting a server as a service.
    $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "$@"
}

# Makes sure that there is a redis-server, unless what needs one is left out.
need_redis() {
    [ -z "${TOLLGATE_WITHOUT_REDIS:-}" ] || return 0
    command -v redis-server >/dev/null || install redis-server || {
        echo "redis-server is missing and cannot be installed: install it, or set TOLLGATE_WITHOUT_REDIS=1 to leave" \
            "out what needs it" >&2
        return 1
    }
}

# A Redis for this step, gone with it: sets TOLLGATE_REDIS to its address.
start_redis() {
    need_redis
    [ -z "${TOLLGATE_WITHOUT_REDIS:-}" ] || return 0
    local port try
    port=$((20000 + RANDOM % 10000))
    while (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
    redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no >/dev/null &
    # shellcheck disable=SC2064 # the process of now
    trap "kill $!" EXIT
    for ((try = 0; try < 100; try++)); do
        if redis-cli -p "$port" ping >/dev/null 2>&1; then break; fi
        sleep 0.1
    done
    export TOLLGATE_REDIS=redis://127.0.0.1:$port
}

# Compilers leave a core idle for long: begins a step beside those before it. What it says is shown in its turn.
early='' early_pid='' early_said=''
begin_early() {
    early=$1 early_said=$(mktemp)
    # A process group of its own, to be ended with this script.
    set -m
    "step_$1" >"$early_said" 2>&1 &
    set +m
    early_pid=$!
    trap 'rm -f "$early_said"; kill -- "-$early_pid" 2>/dev/null || true' EXIT
}

run() {
    local begun=$SECONDS pid=$early_pid failed=''
    echo "=== $1"
    # Not called in the condition itself, where bash would not heed -e.
    [ "$1" = "$early" ] || { "step_$1" & pid=$!; }
    wait "$pid" || failed=yes
    [ "$1" != "$early" ] || cat "$early_said"
    if [ -z "$failed" ]; then
        passed=$((passed + 1))
        echo "=== $1: fine after $((SECONDS - begun)) s"
    else
        echo "=== $1: FAILED after $((SECONDS - begun)) s; alone: scripts/test.sh --only $1" >&2
        echo "$passed passed, 1 failed"
        exit 1
    fi
}

only=()
while [ $# -gt 0 ]; do
    case $1 in
        --list) printf '%s\n' "${steps[@]}"; exit ;;
        --only) only+=("${2:?--only STEP}"); shift ;;
        *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
    esac
    shift
done
all=''
[ ${#only[@]} -gt 0 ] || { only=("${steps[@]}"); all=yes; }
for step in "${only[@]}"; do
    declare -F "step_$step" >/dev/null || { echo "there is no step $step" >&2; exit 2; }
    run "$step"
    # It needs nothing but the toolchain.
    if [ "$all$step" = yestoolchain ]; then begin_early component; fi
done
echo "=== everything: fine after $SECONDS s"
echo "$passed passed, 0 failed"

# WebAssembly components in Tollgate's own Wasmtime host: a minimal pass-through (benches/passthrough), and
# Tollgate's component with its configuration frozen in.
# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with compare.sh

serve_component=(--listen "127.0.0.1:$proxy_port" --admin off --access-log off)

prepare_passthrough() {
    build_tollgate || return
    local log=$work/logs/passthrough-build.log component=$work/passthrough.component.wasm
    local -a cargo=(cargo build --quiet --locked --manifest-path "$here/passthrough/Cargo.toml" --target-dir "$crates")
    command -v cargo >/dev/null || skip 'no cargo to build it' || return
    {
        { ! command -v rustup || rustup target add wasm32-wasip1; } &&
            "${cargo[@]}" --release --lib --target wasm32-wasip1 &&
            "${cargo[@]}" --profile tool --bin componentize &&
            "$crates/tool/componentize" "$crates/wasm32-wasip1/release/passthrough.wasm" "$component"
    } >"$log" 2>&1 || skip "it does not build (see $log)" || return
    command=("$tollgate" serve --component "$component" "${serve_component[@]}" --env "BACKEND=$backend")
}

# prepare_component ROUTES: `tollgate build` freezes the configuration into the component.
prepare_component() {
    build_tollgate || return
    tollgate_configuration "$1"
    local log=$work/logs/component-$1-build.log made=$work/component-$1
    (cd "$root" && "$tollgate" build "$configuration" --modules "$target/component" --out "$made") >"$log" 2>&1 ||
        skip "\`tollgate build\` failed: $(last_line "$log")" || return
    command=("$tollgate" serve --component "$made/tollgate.component.wasm" "$configuration" "${serve_component[@]}")
}

# prepare_component_limits STORE [KEYS]: the module for Spin, which has key-value stores and Redis.
prepare_component_limits() {
    build_tollgate && make_api_keys || return
    if [[ $1 == redis ]]; then install redis-server redis-server || return; fi
    tollgate_limits "$1" both "${@:2}"
    local made=$work/component-limits-$1 log=$work/logs/component-limits-$1-build.log
    (cd "$root" && "$tollgate" build "$configuration" --modules "$target/component" --out "$made") >"$log" 2>&1 ||
        skip "\`tollgate build\` failed: $(last_line "$log")" || return
    command=("$tollgate" serve --component "$made/tollgate.spin.wasm" "$configuration" "${serve_component[@]}")
}

contestant passthrough component /item 'floor: minimal pass-through component' prepare_passthrough
contestant component-10 component /r00007/item 'Tollgate as a component, 10 routes' prepare_component 10
contestant component-1000 component /r00770/item 'Tollgate as a component, 1,000 routes' prepare_component 1000
contestant component-1 component /r00000/item 'Tollgate as a component, 1 route' prepare_component 1
contestant component-limits-redis limits /r00000/item 'Tollgate as a component, Redis' prepare_component_limits redis
contestant component-limits-store limits /r00000/item 'Tollgate as a component, key-value store, approximate' \
    prepare_component_limits store 'counting="approximate"'
for name in component-limits-{redis,store}; do bears "$name" apikey && compared "$name" component-1; done
counts component-limits-redis

# The floor: a bare hyper pass-through, one thread a core (benches/floor).
# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with compare.sh

prepare_floor() {
    command -v cargo >/dev/null || skip 'no cargo to build it' || return
    cargo build --quiet --locked --release --manifest-path "$here/floor/Cargo.toml" --target-dir "$crates" \
        >"$work/logs/floor-build.log" 2>&1 || skip "it does not build (see $work/logs/floor-build.log)" || return
    command=("$crates/release/floor" "127.0.0.1:$proxy_port" "$backend" "$cores")
}

contestant floor plain /item 'floor: bare hyper pass-through' prepare_floor

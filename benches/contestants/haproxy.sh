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
    fill haproxy.cfg "$work/haproxy-$1.cfg" "RULE=$rule"
    command=(haproxy -db -q -f "$work/haproxy-$1.cfg")
}

contestant haproxy plain /item 'HAProxy' prepare_haproxy 1
contestant haproxy-1000 routes /r00770/item 'HAProxy, map of 1,000 prefixes' prepare_haproxy 1000

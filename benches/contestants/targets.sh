# A hundred targets, all of them at the same server: what choosing among them costs, beside what each does with one.
# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with compare.sh

# prepare_nginx_targets POLICY: nginx's own round robin, or `random two least_conn;`.
prepare_nginx_targets() {
    install nginx-light nginx || return
    mkdir -p "$work/nginx"
    fill nginx.conf "$work/nginx-targets.conf" 'LOCATIONS=location / { proxy_pass http://backend; }' 'ZONES=' \
        "SERVERS=zone backend 1m; $* $(targets | sed 's|.*|server &;|' | tr '\n' ' ')" 'KEPT=1600'
    command=(nginx -p "$work/nginx" -c "$work/nginx-targets.conf" -e stderr)
}

# prepare_haproxy_targets POLICY: `balance` in HAProxy's words.
prepare_haproxy_targets() {
    install haproxy haproxy || return
    fill haproxy.cfg "$work/haproxy-targets.cfg" 'RULE=default_backend backend' 'RULES=' \
        "SERVERS=balance $1
$(targets | sed 's|\(.*\)|    server s\1 \1|; s|server s127.0.1.\([0-9]*\):[0-9]*|server s\1|')"
    command=(haproxy -db -q -f "$work/haproxy-targets.cfg")
}

prepare_envoy_targets() {
    install_envoy || return
    local address list=''
    while read -r address; do
        list="$list
              $(endpoint "${address%:*}")"
    done < <(targets)
    fill envoy.yaml "$work/envoy-targets.yaml" 'FILTERS=' "POLICY=$1" "ENDPOINTS=${list#*- }" \
        'ROUTES=routes: [{ match: { prefix: "/" }, route: { cluster: backend } }]'
    sed -i 's/^              endpoint:/              - endpoint:/' "$work/envoy-targets.yaml"
    command=("$envoy_binary" -c "$work/envoy-targets.yaml" --concurrency "$cores" --log-level error --disable-hot-restart)
}

# prepare_tollgate_targets POLICY
prepare_tollgate_targets() {
    build_tollgate || return
    configuration=$work/tollgate-targets-$1
    mkdir -p "$configuration"
    cat >"$configuration/routes.toml" <<END
[upstreams.backend]
targets = [$(targets | sed 's|.*|"http://&",|' | tr '\n' ' ')]
balance = { policy = "$1" }
[[routes]]
id = "all"
auth = "public"
upstream = "backend"
END
    command=("$tollgate" serve "$configuration" --listen "127.0.0.1:$proxy_port" --admin off --access-log off)
}

contestant nginx-targets targets /item 'nginx, random two least_conn' prepare_nginx_targets 'random two least_conn;'
contestant haproxy-targets targets /item 'HAProxy, leastconn' prepare_haproxy_targets leastconn
contestant envoy-targets targets /item 'Envoy, LEAST_REQUEST' prepare_envoy_targets LEAST_REQUEST
contestant tollgate-targets targets /item 'Tollgate, least requests' prepare_tollgate_targets least_requests
contestant tollgate-targets-random targets /item 'Tollgate, random' prepare_tollgate_targets random

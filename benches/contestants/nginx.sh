# nginx as a proxy: as many workers as cores, a keep-alive pool, no access log.
# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with compare.sh

# prepare_nginx ROUTES: one location for everything, or so many prefix locations (nginx keeps them in a tree).
prepare_nginx() {
    install nginx-light nginx || return
    mkdir -p "$work/nginx"
    local locations='location / { proxy_pass http://backend; }'
    if (($1 > 1)); then
        locations=$(route_names "$1" | sed 's|.*|        location /&/ { proxy_pass http://backend; }|')
    fi
    fill nginx.conf "$work/nginx-$1.conf" "LOCATIONS=$locations" 'ZONES='
    command=(nginx -p "$work/nginx" -c "$work/nginx-$1.conf" -e stderr)
}

# prepare_nginx_limits address|both: limit_req with a zone of addresses, and another of keys.
prepare_nginx_limits() {
    install nginx-light nginx && make_api_keys || return
    mkdir -p "$work/nginx"
    # nginx counts in milliseconds and thousandths: faster rates than this are the same to it.
    # shellcheck disable=SC2016  # nginx's variables, not the shell's
    local zones='limit_req_zone $binary_remote_addr zone=addresses:10m rate=1000000r/s;
    limit_req_status 429;' rules='limit_req zone=addresses burst=1000000 nodelay;'
    if [[ $1 == both ]]; then
        zones="$zones
    limit_req_zone \$http_x_api_key zone=keys:10m rate=1000000r/s;"
        rules="$rules limit_req zone=keys burst=1000000 nodelay;"
    fi
    fill nginx.conf "$work/nginx-limits-$1.conf" "LOCATIONS=location / { $rules proxy_pass http://backend; }" "ZONES=$zones"
    command=(nginx -p "$work/nginx" -c "$work/nginx-limits-$1.conf" -e stderr)
}

contestant nginx plain /item 'nginx' prepare_nginx 1
contestant nginx-1000 routes /r00770/item 'nginx, 1,000 prefix locations' prepare_nginx 1000
contestant nginx-limit limits /item 'nginx, limit_req by address' prepare_nginx_limits address
contestant nginx-limits limits /item 'nginx, limit_req by address and by key' prepare_nginx_limits both
bears nginx-limits apikey
compared nginx-limit nginx
compared nginx-limits nginx

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
    fill nginx.conf "$work/nginx-$1.conf" "LOCATIONS=$locations"
    command=(nginx -p "$work/nginx" -c "$work/nginx-$1.conf" -e stderr)
}

contestant nginx plain /item 'nginx' prepare_nginx 1
contestant nginx-1000 routes /r00770/item 'nginx, 1,000 prefix locations' prepare_nginx 1000

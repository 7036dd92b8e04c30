# Caches: the same answer again and again, of 1 KiB and of 100 KiB, and as many different ones as there are requests.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154  # nginx's variables; variables shared with compare.sh

# What of a cache is to be in memory although it consists of files.
memory_files=/dev/shm/tollgate-compare-$$

varnish_version() { if command -v varnishd >/dev/null; then varnishd -V 2>&1 | sed -n 's/.*varnish-\([0-9.]*\).*/\1/p'; else echo 'not installed'; fi; }

# prepare_nginx_cache disk|memory: proxy_cache in files, as it is out of the box; or at its best: the files in a file system
# in memory, and kept open.
prepare_nginx_cache() {
    install nginx-light nginx || return
    mkdir -p "$work/nginx"
    local files=$work/nginx/cache open=''
    if [[ $1 == memory ]]; then
        files=$memory_files
        open='open_file_cache max=10000 inactive=60s; open_file_cache_valid 60s;'
    fi
    fill nginx.conf "$work/nginx-cache-$1.conf" 'LOCATIONS=location / { proxy_cache answers; proxy_pass http://backend; }' \
        "ZONES=proxy_cache_path $files levels=1:2 keys_zone=answers:64m max_size=512m inactive=1h use_temp_path=off; $open"
    command=(nginx -p "$work/nginx" -c "$work/nginx-cache-$1.conf" -e stderr)
}

prepare_varnish() {
    install varnish varnishd || return
    command=(varnishd -F -j none -n "$work/varnish" -a "127.0.0.1:$proxy_port" -b "$backend" -s "malloc,512M"
        -p "thread_pools=$cores")
}

# tollgate_cache memory|redis|places: a configuration directory; sets `configuration`.
tollgate_cache() {
    configuration=$work/tollgate-cache-$1
    rm -rf "$configuration"
    mkdir -p "$configuration"
    {
        case $1 in
            redis) printf '[store]\nredis = "redis://127.0.0.1:%s"\n' "$redis_port" ;;
            places) printf '[store]\n' ;;
        esac
        printf '[caching]\nmemory = "512MiB"\n'
        # Memory stands in front of Redis, and is believed for a while.
        if [[ $1 == redis ]]; then printf 'trust_memory = "5s"\n'; fi
        printf '[defaults]\nauth = "public"\n[upstreams.backend]\nurl = "http://%s"\n' "$backend"
        printf '[[routes]]\nid = "all"\nupstream = "backend"\ncache = true\n'
    } >"$configuration/routes.toml"
}

# prepare_tollgate_cache memory|redis
prepare_tollgate_cache() {
    build_tollgate || return
    if [[ $1 == redis ]]; then install redis-server redis-server || return; fi
    tollgate_cache "$1"
    command=("$tollgate" serve "$configuration" --listen "127.0.0.1:$proxy_port" --admin off --access-log off)
}

prepare_component_cache() {
    build_tollgate || return
    tollgate_cache places
    local made=$work/component-cache log=$work/logs/component-cache-build.log
    (cd "$root" && "$tollgate" build "$configuration" --modules "$target/component" --out "$made") >"$log" 2>&1 ||
        skip "\`tollgate build\` failed: $(last_line "$log")" || return
    command=("$tollgate" serve --component "$made/tollgate.spin.wasm" "$configuration" "${serve_component[@]}")
}

# cache NAME TITLE PREPARE...: that cache three times: with hits of both sizes, and with misses of the smaller. Misses of the
# larger fill the disk with gigabytes a second, faster than nginx takes away what is beyond its bound.
cache() {
    local size
    for size in 1k 100k; do
        contestant "$1-$size" cache "/kept/$size" "$2" "${@:3}"
    done
    contestant "$1-1k-miss" cache /kept/1k "$2" "${@:3}"
    compared "$1-1k" "$1-1k-miss"
    asks_anew "$1-1k-miss"
}

cache nginx-cache 'nginx, proxy_cache' prepare_nginx_cache disk
cache nginx-cache-memory 'nginx, proxy_cache in memory, files kept open' prepare_nginx_cache memory
cache varnish 'Varnish' prepare_varnish
cache tollgate-cache 'Tollgate, memory' prepare_tollgate_cache memory
cache tollgate-cache-redis 'Tollgate, Redis with memory in front' prepare_tollgate_cache redis
cache component-cache 'Tollgate as a component, key-value store' prepare_component_cache
for name in tollgate-cache-redis-{1k,100k}{,-miss}; do counts "$name"; done

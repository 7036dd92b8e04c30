# The backend of everybody: nginx with one worker and one static answer.
# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with compare.sh

start_backend() {
    mkdir -p "$work/nginx"
    fill backend.conf "$work/backend.conf"
    launch "$work/logs/backend.log" nginx -p "$work/nginx" -c "$work/backend.conf" -e stderr
    backend_pid=$launched
}

# It runs anyway: nothing to start.
backend_alone() { command=(); }

contestant backend backend / 'the backend alone, no proxy' backend_alone

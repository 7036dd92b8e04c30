# The backend of everybody: nginx with one worker and one static answer.
# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with compare.sh

# A hundred addresses, which all lead back to this machine.
targets() { seq -f "127.0.1.%g:$backend_port" 1 100; }

start_backend() {
    mkdir -p "$work/nginx"
    # Every target of the table of targets is this one server, at an address of its own.
    fill backend.conf "$work/backend.conf" "LISTEN=$(targets | sed 's|.*|listen &;|' | tr '\n' ' ')"
    # What caches keep: text of 1 KiB and of 100 KiB. nginx' workers may be another user.
    mkdir -p "$work/kept"
    base64 -w 0 /dev/zero 2>/dev/null | head -c 102400 >"$work/kept/100k" || true
    head -c 1024 "$work/kept/100k" >"$work/kept/1k"
    chmod -R a+rX "$work/kept"
    launch "$work/logs/backend.log" nginx -p "$work/nginx" -c "$work/backend.conf" -e stderr
    backend_pid=$launched
}

# It runs anyway: nothing to start.
backend_alone() { command=(); }

contestant backend backend / 'the backend alone, no proxy' backend_alone

#!/usr/bin/env bash
# The first command of README.md, and every line of the tour it prints.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(mktemp)
cargo build --locked --quiet --release
# In a process group of its own: Ctrl-C goes to all of it, as in a terminal.
set -m
cargo run --release -- demo >"$out" 2>&1 &
demo=$!
set +m
trap 'kill -KILL -- -$demo 2>/dev/null || true; rm -f "$out"' EXIT
for _ in $(seq 100); do
    curl -sf -o /dev/null http://127.0.0.1:8080/status && break
    kill -0 "$demo" 2>/dev/null || { cat "$out" >&2; exit 1; }
    sleep 0.1
done
lines=0
while IFS= read -r line; do
    # `(200)` stands in the comment before each line.
    case $line in
        *'# '*) wanted=${line##*\(}; wanted=${wanted%\)} ;;
        *'  curl '*)
            got=$(bash -c "${line# *} -s -o /dev/null -w '%{http_code}' --max-time 60" </dev/null)
            # A line with a range asks several times: the last status counts.
            got=${got: -3}
            [ "$got" = "$wanted" ] || { echo "$got instead of $wanted: $line" >&2; exit 1; }
            lines=$((lines + 1))
            ;;
    esac
done < <(sed -n '/^A tour/,$p' "$out")
[ "$lines" -ge 25 ] || { echo "the tour has only $lines lines" >&2; cat "$out" >&2; exit 1; }
kill -INT -- "-$demo"
wait "$demo" || { echo "the demo ended with status $?" >&2; exit 1; }
echo "$lines lines of the tour work"

#!/usr/bin/env python3
"""Makes comparison.json and comparison.md of what compare.sh measured; or limits.json and the tables of limits.md; or
caching.json and the table of caching.md.

usage: report.py WORK OUT comparison|limits|caching [--strict]

What limits.md and caching.md have around their tables stays as it is. WORK has facts.tsv, contestants.tsv and raw.tsv (one line for each contestant and round). Exits with 1 if a
contestant is invalid, or with --strict also if one was skipped.
"""

import json
import sys
from pathlib import Path
from statistics import median

from insert import insert

TABLES = {
    "plain": "Plain proxies",
    "routes": "Many routes",
    "targets": "One hundred targets",
    "tokens": "1,000 different tokens, all of them verified",
    "component": "WebAssembly components in Tollgate's Wasmtime host",
    "limits": "Limits, so high that nothing is refused",
    "cache": "Caches",
}
# A round in which others had more than this share of the machine's CPU time is left out, where a quiet one exists.
DISTURBED = 0.05


def lines(path):
    return [line.split("\t") for line in path.read_text().splitlines()]


def rounds_of(name, raw):
    """What each round measured, in the units of the report."""
    for row in raw:
        if row[0] != name:
            continue
        number, cpu, foreign, requests, duration, p50, p99, status, sockets, store_cpu, store = map(int, row[1:])
        yield {
            "round": number,
            "requests": requests,
            "requests_per_second": requests * 1e6 / duration,
            "cpu_us_per_request": cpu / max(requests, 1),
            "p50_us": p50,
            "p99_us": p99,
            "error_answers": status,
            "socket_errors": sockets,
            "store_cpu_us_per_request": store_cpu / max(requests, 1),
            "store_operations_per_request": store / max(requests, 1),
            "cpu_share_of_others": max(foreign, 0) / duration,  # the two clocks tick apart
        }


def contestant(row, raw):
    name, group, title, path, state, reason, base = row
    rounds = sorted(rounds_of(name, raw), key=lambda one: one["round"])
    answers = sum(one["error_answers"] for one in rounds)
    sockets = sum(one["socket_errors"] for one in rounds)
    if answers or sockets:
        state, reason = "invalid", f"{answers} answers of 400 and above, {sockets} socket errors"
    result = {"name": name, "group": group, "title": title, "path": path, "state": state, "reason": reason,
              "base": base}
    if state == "ready":
        result |= {key: median(one[key] for one in quiet(rounds)) for key in rounds[0] if key != "round"}
        costs = [one["cpu_us_per_request"] for one in quiet(rounds)]
        result |= {"quiet_rounds": sum(one["cpu_share_of_others"] <= DISTURBED for one in rounds)}
        result |= {"cpu_us_lowest": min(costs), "cpu_us_highest": max(costs)}
    return result | {"rounds": rounds}


def quiet(rounds):
    return [one for one in rounds if one["cpu_share_of_others"] <= DISTURBED] or rounds


def ratio(one, other):
    if one["state"] != "ready" or other is None or other["state"] != "ready":
        return "–"
    return f"{one['cpu_us_per_request'] / other['cpu_us_per_request']:.2f}"


def cells(one, references):
    if one["state"] != "ready":
        return [one["title"], f"**{one['state']}**: {one['reason']}"] + [""] * (5 + len(references))
    spread = f"{one['cpu_us_lowest']:.1f}–{one['cpu_us_highest']:.1f}"
    return [
        one["title"],
        f"{one['cpu_us_per_request']:.1f}",
        spread,
        *(ratio(one, other) for other in references),
        f"{one['requests_per_second']:,.0f}",
        f"{one['p50_us'] / 1000:.2f}",
        f"{one['p99_us'] / 1000:.2f}",
        f"{one['quiet_rounds']} of {len(one['rounds'])}",
    ]


def table(rows, references):
    """A Markdown table; references are the contestants that the CPU time is compared with, by heading."""
    head = ["", "CPU µs/request", "lowest–highest", *references, "requests/s", "p50 ms", "p99 ms", "quiet rounds"]
    yield "| " + " | ".join(head) + " |"
    yield "|---" + "|--:" * (len(head) - 1) + "|"
    for one in rows:
        yield "| " + " | ".join(cells(one, list(references.values()))) + " |"


def limits(contestants):
    """What limits cost: each row beside the same gateway without them."""
    by_name = {one["name"]: one for one in contestants}
    head = ["", "CPU µs/request", "lowest–highest", "without limits", "the limits alone", "Redis' CPU µs/request",
            "store operations/request", "requests/s", "p50 ms", "p99 ms", "quiet rounds"]
    yield "| " + " | ".join(head) + " |"
    yield "|---" + "|--:" * (len(head) - 1) + "|"
    for one in contestants:
        if one["group"] != "limits":
            continue
        if one["state"] != "ready":
            yield "| " + " | ".join([*cells(one, [])[:2], *[""] * (len(head) - 2)]) + " |"
            continue
        base = by_name.get(one["base"])
        own, without, alone = one["cpu_us_per_request"], "–", "–"
        if base and base["state"] == "ready":
            without = f"{base['cpu_us_per_request']:.1f}"
            alone = f"{own - base['cpu_us_per_request']:+.1f}"
        store = ["", ""]
        if one["store_operations_per_request"]:
            store = [f"{one['store_cpu_us_per_request']:.1f}", f"{one['store_operations_per_request']:.2f}"]
        row = cells(one, [])
        yield "| " + " | ".join([*row[:3], without, alone, *store, *row[3:]]) + " |"


def caches(contestants):
    """What an answer from a cache costs, beside one that it has to fetch: a table for each size."""
    by_name = {one["name"]: one for one in contestants}
    head = ["", "CPU µs/hit", "lowest–highest", "hits/s", "p50 ms", "p99 ms", "CPU µs/miss", "misses/s", "quiet rounds"]
    for path, size in (("/kept/1k", "1 KiB"), ("/kept/100k", "100 KiB")):
        yield from ["", f"### {size}", "", "| " + " | ".join(head) + " |", "|---" + "|--:" * (len(head) - 1) + "|"]
        for one in contestants:
            if one["path"] != path or one["name"].endswith("-miss"):
                continue
            if one["state"] != "ready":
                yield "| " + " | ".join([*cells(one, [])[:2], *[""] * (len(head) - 2)]) + " |"
                continue
            miss, cost, rate = by_name.get(one["base"]), "–", "–"
            if miss and miss["state"] == "ready":
                cost, rate = f"{miss['cpu_us_per_request']:.1f}", f"{miss['requests_per_second']:,.0f}"
            elif miss:
                cost = f"{miss['state']}: {miss['reason']}"
            title, own, spread, requests, half, most, rounds = cells(one, [])
            yield "| " + " | ".join([title, own, spread, requests, half, most, cost, rate, rounds]) + " |"


def markdown(facts, contestants):
    yield "# Comparison with other gateways"
    yield ""
    yield f"Written by `{facts['command'].strip()}` on {facts['date']}; what it measures, how to read it and what it"
    yield "does not show is in [benches/README.md](../../benches/README.md). The numbers are medians of"
    yield f"{facts['rounds']} round(s) of {facts['seconds']} s with {facts['connections']} connections; compare them"
    yield "within this page only. **CPU µs/request** is the time that the proxy's own processes spent for each"
    yield "request, in user mode and in the kernel: less is better."
    yield ""
    yield "![CPU time for each request](comparison.svg)"
    yield from tables(facts, contestants)


def inserted_page(facts, contestants):
    yield ""
    yield f"Written by `{facts['command'].strip()}` on {facts['date']}: medians of {facts['rounds']} round(s) of"
    yield f"{facts['seconds']} s with {facts['connections']} connections."
    yield from tables(facts, contestants)
    yield ""


def tables(facts, contestants):
    by_name = {one["name"]: one for one in contestants}
    for group, heading in TABLES.items():
        rows = [one for one in contestants if one["group"] == group]
        if not rows:
            continue
        yield from ["", f"## {heading}", ""]
        if group in ("limits", "cache"):
            yield from limits(contestants) if group == "limits" else caches(contestants)
            continue
        references = {"× HAProxy": by_name.get("haproxy"), "× floor": by_name.get("floor")}
        if group == "component":
            references = {"× pass-through": by_name.get("passthrough"), "× floor": by_name.get("floor")}
        yield from table(rows, references)
    backend = by_name.get("backend")
    if backend and backend["state"] == "ready":
        yield ""
        yield f"The backend alone, without any proxy: {backend['requests_per_second']:,.0f} requests/s,"
        yield f"{backend['cpu_us_per_request']:.1f} µs CPU of the backend for each."
    yield from disturbances(contestants)
    yield from ["", "## The machine", "", "| | |", "|---|---|"]
    for key, value in facts.items():
        if key not in ("command", "rounds", "seconds", "connections", "tick"):
            yield f"| {key} | {value} |"


def disturbances(contestants):
    rounds = [one for each in contestants for one in each["rounds"]]
    noisy = sum(one["cpu_share_of_others"] > DISTURBED for one in rounds)
    yield ""
    yield f"In {noisy} of {len(rounds)} measurements, processes that are no part of this benchmark had more than"
    yield f"{DISTURBED:.0%} of the machine's CPU time. They are left out of rows that have quiet rounds."


def main():
    work, out, page = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    facts = dict(lines(work / "facts.tsv"))
    raw = lines(work / "raw.tsv")
    contestants = [contestant(row, raw) for row in lines(work / "contestants.tsv")]
    if page != "comparison":
        text = "\n".join(inserted_page(facts, contestants)) + "\n"
        insert(out / f"{page}.md", "gateways", text)
    else:
        text = "\n".join(markdown(facts, contestants)) + "\n"
        (out / "comparison.md").write_text(text)
    (out / f"{page}.json").write_text(
        json.dumps({"facts": facts, "contestants": contestants}, indent=1, ensure_ascii=False) + "\n")
    print(text)
    failures = ("invalid", "skipped") if "--strict" in sys.argv else ("invalid",)
    sys.exit(any(one["state"] in failures for one in contestants))


if __name__ == "__main__":
    main()

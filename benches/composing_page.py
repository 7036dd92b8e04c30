"""The tables of docs/performance/composing.md, of what composing.py measured."""


def page(facts, hosts):
    yield f"Written by `benches/composing.sh` on {facts['date']}: medians of {facts['rounds']} round(s) of {facts['seconds']:g} s."
    for delay, heading in ((10_000, "Upstreams that take 10 ms"), (0, "Upstreams that answer at once")):
        yield from ["", f"### {heading}", ""]
        yield from composing(hosts, delay)
    yield from ["", "### An answer of 1 MiB with 10,000 elements", ""]
    yield from shaping(hosts)
    yield from ["", f"In {facts['disturbed']} of {facts['measurements']} measurements, processes that are no part of this "
                "had more than 5 % of the machine's CPU time."]
    yield from ["", "| | |", "|---|---|"]
    for key in ("date", "cpu", "kernel", "Tollgate"):
        yield f"| {key} | {facts[key]} |"


def row(*cells):
    return "| " + " | ".join(cells) + " |"


def head(*cells):
    return [row(*cells), "|---" + "|--:" * (len(cells) - 1) + "|"]


def skipped(host, cells):
    return row(f"**{host['title']}**: {host['reason']}", *[""] * (cells - 1))


def composing(hosts, delay):
    columns = ("", "p50 ms", "p99 ms", "longer than a plain call", "as many plain calls at once, the slowest: p50 ms", "p99 ms",
               "CPU µs/request", "CPU µs of the plain calls")
    yield from head(*columns)
    for host in hosts:
        if host["state"] != "ready":
            yield skipped(host, len(columns))
            continue
        found = {(one["count"], one["kind"]): one for one in host["composing"] if one["delay_us"] == delay}
        plain = found[1, "plain"]
        yield row(f"{host['title']}, a plain call", ms(plain["p50_us"]), ms(plain["p99_us"]), "", "", "", f"{plain['cpu_us']:.0f}",
                  "")
        for count in sorted({count for count, kind in found if kind == "composed"}):
            one, apart = found[count, "composed"], found[count, "plain"]
            more = one["p50_us"] - plain["p50_us"]
            share = f"{more / 1000:+.2f} ms, {more / plain['p50_us']:+.1%}"
            yield row(f"{host['title']}, {count} in one", ms(one["p50_us"]), ms(one["p99_us"]), share, ms(apart["p50_us"]),
                      ms(apart["p99_us"]), f"{one['cpu_us']:.0f}", f"{apart['cpu_us']:.0f}")


def shaping(hosts):
    columns = ("", "answer", "CPU ms/request", "p50 ms", "MiB/s read", "peak memory of one request", "16 at once: requests/s",
               "peak memory")
    yield from head(*columns)
    for host in hosts:
        if host["state"] != "ready":
            yield skipped(host, len(columns))
            continue
        for one in host["shaping"]:
            alone, many = one["at_once_1"], one["at_once_16"]
            yield row(f"{host['title']}, {one['title']}", mib(one["answer_bytes"]), f"{alone['cpu_us'] / 1000:.2f}",
                      ms(alone["p50_us"]), f"{alone['per_second']:.0f}", above(one, alone), f"{many['per_second']:.0f}",
                      above(one, many))


def above(one, peak):
    """The most that the process had, and how much of that is not there when it has nothing to do."""
    return f"{mib(peak['peak_bytes'])} ({mib(peak['peak_bytes'] - one['before_bytes'])} more than idle)"


def ms(micros):
    return f"{micros / 1000:.2f}"


def mib(size):
    return f"{size / (1 << 20):.1f} MiB"

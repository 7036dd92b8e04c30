#!/usr/bin/env python3
"""What benches/composing.sh measures: requests that become several, and large answers that are shaped.

Everything listens on 127.0.0.1 and ends with the script. Exits with 1 if the native server gave a wrong answer or none; the
component's rows say why where it cannot run.
"""

import argparse
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from statistics import median

from composing_page import page
from insert import insert

BACKEND, GATEWAY = 19010, 19011
STEPS = (2, 5, 20)
# Microseconds that upstreams take: what the promise is about, and nothing, which shows the work by itself.
DELAYS = (10_000, 0)
ELEMENTS, LARGE = 10_000, 1 << 20
SHAPES = {
    "pass": ("passed on as it came", ""),
    "pick": ("two fields of each element picked", '[{ pick = ["items[*].id", "items[*].price"] }]'),
    "rename": (
        "a member of each element renamed, another moved",
        '[{ rename = { from = "items[*].name", to = "title" } }, { move = { from = "total.amount", to = "amount" } }]',
    ),
}
TICK = os.sysconf("SC_CLK_TCK")


class Broken(Exception):
    """Something cannot be measured."""


# --- what is measured -----------------------------------------------------------------------------------------------


def large_answer():
    """JSON of 10,000 elements, as near to 1 MiB as they can be without being more."""
    def text(note):
        items = [{"id": at, "name": f"Thing {at:05}", "price": "PRICE", "note": "x" * note} for at in range(ELEMENTS)]
        body = {"items": items, "total": {"amount": "PRICE", "currency": "EUR"}}
        return json.dumps(body, separators=(",", ":")).replace('"PRICE"', "12.50")
    note = (LARGE - len(text(0))) // ELEMENTS
    return text(note)


def configuration():
    yield '[defaults]\nauth = "public"\n'
    yield f'[upstreams.backend]\nurl = "http://127.0.0.1:{BACKEND}"\n'
    yield '[[routes]]\nid = "plain"\nmatch = { prefix = "/after" }\nupstream = "backend"\n'
    for count in STEPS:
        for delay in DELAYS:
            yield f'[[routes]]\nid = "together-{count}-{delay}"\nmatch = {{ path = "/together/{count}/{delay}" }}'
            yield f"[routes.compose]\nat_once = {count}"
            for step in range(count):
                yield f'[[routes.compose.steps]]\nname = "s{step}"\nupstream = "backend"\npath = "/after/{delay}"'
    for name, (_, shape) in SHAPES.items():
        yield f'[[routes]]\nid = "{name}"\nmatch = {{ path = "/file/{name}" }}\nupstream = "backend"'
        if shape:
            yield f'[routes.transform.response.body]\nmost = "2MiB"\nshape = {shape}'


def check_answers(large):
    """That the gateway does what is to be measured."""
    small = json.loads(fetch("/after/0"))
    for count in STEPS:
        wanted = {f"s{step}": small for step in range(count)}
        expect(json.loads(fetch(f"/together/{count}/0")) == wanted, f"not the answer of {count} steps")
    expect(fetch("/file/pass").decode() == large, "not the large answer")
    whole = json.loads(large)
    picked = {"items": [{"id": item["id"], "price": item["price"]} for item in whole["items"]]}
    expect(json.loads(fetch("/file/pick")) == picked, "not what was to be picked")
    for item in whole["items"]:
        item["title"] = item.pop("name")
    whole["amount"] = whole["total"].pop("amount")
    expect(json.loads(fetch("/file/rename")) == whole, "not what was to be renamed")


def expect(holds, otherwise):
    if not holds:
        raise Broken(otherwise)


def fetch(path):
    connection = http.client.HTTPConnection("127.0.0.1", GATEWAY, timeout=30)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    expect(answer.status == 200, f"{path} was answered {answer.status}: {body[:200]!r}")
    return body


# --- processes ------------------------------------------------------------------------------------------------------


class Process:
    """A server in a process group of its own, which ends with the block."""

    def __init__(self, command, port, log):
        expect(not listening(port), f"port {port} is taken")
        self.log = log
        with open(log, "wb") as out:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
        deadline = time.monotonic() + 60
        while not listening(port):
            if self.child.poll() is not None or time.monotonic() > deadline:
                self.end()
                raise Broken(f"it did not start: {last_line(log)}")
            time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        try:
            os.killpg(self.child.pid, signal.SIGTERM)
            self.child.wait(5)
        except ProcessLookupError:
            pass
        except subprocess.TimeoutExpired:
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()

    def cpu(self):
        """Nanoseconds on a core, of all its threads; ended threads are not counted, and servers end none."""
        tasks = Path(f"/proc/{self.child.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks)

    def memory(self, what):
        """VmRSS, or VmHWM: the most since `forget_peak`. In bytes."""
        for line in Path(f"/proc/{self.child.pid}/status").read_text().splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1]) * 1024
        raise Broken(f"no {what} in /proc")

    def forget_peak(self):
        Path(f"/proc/{self.child.pid}/clear_refs").write_text("5")


def listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def last_line(log):
    lines = Path(log).read_text(errors="replace").strip().splitlines()
    return lines[-1][:160] if lines else "it said nothing"


def machine_seconds():
    """What all of the machine has spent, in seconds of CPU time."""
    fields = [int(field) for field in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:8])) / TICK


# --- measuring ------------------------------------------------------------------------------------------------------


class Bench:
    def __init__(self, options):
        self.options = options
        self.work = Path(options.target) / "compare" / "composing"
        shutil.rmtree(self.work, ignore_errors=True)
        (self.work / "routes").mkdir(parents=True)
        (self.work / "routes" / "gateway.toml").write_text("\n".join(configuration()) + "\n")
        self.large = large_answer()
        (self.work / "large.json").write_text(self.large)
        self.delayed = Path(options.target) / "compare" / "cargo" / "release" / "delayed"
        self.disturbed, self.measured = 0, 0

    def run(self):
        hosts = []
        with Process([self.delayed, "serve", f"127.0.0.1:{BACKEND}", self.work / "large.json"], BACKEND,
                     self.work / "backend.log") as self.backend:
            for name, title in (("native", "native"), ("component", "component in Wasmtime")):
                host = {"name": name, "title": title, "state": "ready"}
                try:
                    command = self.command(name)
                    with Process(command, GATEWAY, self.work / f"{name}.log") as gateway:
                        check_answers(self.large)
                        host["composing"] = self.composing(gateway)
                    host["shaping"] = [self.shaping(command, name, shape) for shape in SHAPES]
                except (Broken, OSError) as error:
                    host |= {"state": "skipped", "reason": str(error)}
                hosts.append(host)
        return hosts

    def command(self, host):
        tollgate, routes = self.options.tollgate, self.work / "routes"
        serve = ["--listen", f"127.0.0.1:{GATEWAY}", "--admin", "off", "--access-log", "off"]
        if host == "native":
            return [tollgate, "serve", routes, *serve]
        modules, made, log = Path(self.options.target) / "component", self.work / "made", self.work / "build.log"
        with open(log, "wb") as out:
            build = subprocess.run([tollgate, "build", routes, "--modules", modules, "--out", made], stdout=out, stderr=out,
                                   check=False)
        expect(build.returncode == 0, f"`tollgate build` failed: {last_line(log)}")
        return [tollgate, "serve", "--component", made / "tollgate.component.wasm", routes, *serve]

    def ask(self, gateway, path, at_once):
        """One measurement: microseconds until the slowest of so many answers, and the gateway's CPU time for them."""
        for seconds in (min(0.5, self.options.seconds), self.options.seconds):  # the first warms up
            own, cpu, all_of_it = self.own(gateway), gateway.cpu(), machine_seconds()
            begun = time.monotonic()
            done = subprocess.run([self.delayed, "ask", f"127.0.0.1:{GATEWAY}", path, str(at_once), str(seconds)],
                                  capture_output=True, text=True, check=False)
            expect(done.returncode == 0, f"{path}: {done.stderr.strip()[-200:]}")
            took = time.monotonic() - begun
            others = (machine_seconds() - all_of_it) - (self.own(gateway) - own)
            cpu = gateway.cpu() - cpu
        count, half, most, mean = map(int, done.stdout.split())
        self.measured += 1
        self.disturbed += others > 0.05 * took * os.cpu_count()
        return {"times": count, "p50_us": half, "p99_us": most, "mean_us": mean, "cpu_us": cpu / 1000 / count,
                "per_second": count * at_once / took, "others_cpu_share": others / took / os.cpu_count()}

    def own(self, gateway):
        """Seconds of CPU time of everything that is part of this."""
        times = os.times()
        ours = times.user + times.system + times.children_user + times.children_system
        return ours + (gateway.cpu() + self.backend.cpu()) / 1e9

    def composing(self, gateway):
        cases = [(delay, count, kind) for delay in DELAYS for count in (1, *STEPS) for kind in ("plain", "composed")
                 if count > 1 or kind == "plain"]
        rounds = {case: [] for case in cases}
        for number in range(self.options.rounds):
            # Every second round backwards: what drifts falls on all alike.
            for delay, count, kind in cases if number % 2 == 0 else reversed(cases):
                path, at_once = (f"/after/{delay}", count) if kind == "plain" else (f"/together/{count}/{delay}", 1)
                rounds[delay, count, kind].append(self.ask(gateway, path, at_once))
        return [{"delay_us": delay, "count": count, "kind": kind, **middle(ones), "rounds": ones}
                for (delay, count, kind), ones in rounds.items()]

    def shaping(self, command, host, shape):
        """In a process of its own, so that its memory is that of this alone."""
        result = {"name": shape, "title": SHAPES[shape][0]}
        with Process(command, GATEWAY, self.work / f"{host}-{shape}.log") as gateway:
            fetch("/after/0")
            gateway.forget_peak()
            result["before_bytes"] = gateway.memory("VmRSS")
            for at_once in (1, 16):
                ones = [self.ask(gateway, f"/file/{shape}", at_once) for _ in range(self.options.rounds)]
                result[f"at_once_{at_once}"] = middle(ones) | {"peak_bytes": gateway.memory("VmHWM"), "rounds": ones}
            result["answer_bytes"] = len(fetch(f"/file/{shape}"))
        return result


def middle(rounds):
    return {key: median(one[key] for one in rounds) for key in rounds[0]}


# --- the page -------------------------------------------------------------------------------------------------------


def facts(options, bench):
    said = lambda *command: subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    model = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    return {
        "date": f"{datetime.now(timezone.utc):%Y-%m-%d}",
        "cpu": f"{model[0] if model else 'unknown'}, {os.cpu_count()} cores",
        "kernel": said("uname", "-sr"),
        "Tollgate": f"{said(options.tollgate, '--version').split()[-1]} "
                    f"(commit {said('git', 'describe', '--always', '--dirty') or 'unknown'})",
        "rounds": options.rounds, "seconds": options.seconds,
        "measurements": bench.measured, "disturbed": bench.disturbed,
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", required=True)
    parser.add_argument("--tollgate", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--out")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 0.1
    options.tollgate = str(Path(options.tollgate).resolve())
    kept = Path(options.target) / "compare" / "quick" if options.quick else Path("docs/performance")
    out = Path(options.out) if options.out else kept
    out.mkdir(parents=True, exist_ok=True)
    bench = Bench(options)
    hosts = bench.run()
    known = facts(options, bench)
    text = "\n".join(page(known, hosts))
    insert(out / "composing.md", "measured", text)
    (out / "composing.json").write_text(json.dumps({"facts": known, "hosts": hosts}, indent=1) + "\n")
    print(text)
    print(f"written: {out}/composing.md, composing.json", file=sys.stderr)
    sys.exit(hosts[0]["state"] != "ready")


if __name__ == "__main__":
    main()

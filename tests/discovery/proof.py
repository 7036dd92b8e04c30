"""The native server against a real etcd and a real dnsmasq. Run by scripts/discovery.sh."""

import argparse
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

ROUTE = '[[routes]]\nid = "orders"\nauth = "public"\nupstream = "orders"\n'
processes = []


def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def start(name, *command, **more):
    log = open(os.path.join(directory, f"{name}.log"), "a")
    process = subprocess.Popen(command, stdout=log, stderr=log, **more)
    processes.append(process)
    return process


def end(process, sign=signal.SIGKILL):
    process.send_signal(sign)
    process.wait()


def upstream(text, address="127.0.0.1", at=0):
    """A service that says who it is."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer((address, at), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def ask(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError as error:
        return 0, str(error)


class Gateway:
    def __init__(self, name, text, **environment):
        folder = os.path.join(directory, name)
        os.makedirs(folder)
        self.port, self.admin = port(), port()
        with open(os.path.join(folder, "gateway.toml"), "w") as file:
            file.write(f'[server]\nlisten = "127.0.0.1:{self.port}"\nadmin = "127.0.0.1:{self.admin}"\n{text}')
        start(name, arguments.tollgate, "serve", folder, env={**os.environ, **environment})
        until("the gateway is ready", lambda: ask(f"http://127.0.0.1:{self.admin}/readyz")[0] == 200)

    def source(self):
        return json.loads(ask(f"http://127.0.0.1:{self.admin}/discovery")[1])["sources"][0]

    def names(self):
        return sorted(target["name"] for target in self.source()["targets"])

    def answers(self, count=20):
        return {ask(f"http://127.0.0.1:{self.port}/") for _ in range(count)}


def until(what, condition, seconds=40):
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > seconds:
            print(f"FAILED {what}", flush=True)
            sys.exit(1)
        time.sleep(0.02)
    print(f"ok {what} ({time.monotonic() - begun:.2f} s)", flush=True)


def holds(what, condition):
    if not condition:
        print(f"FAILED {what}", flush=True)
        sys.exit(1)
    print(f"ok {what}", flush=True)


# === etcd ===


def etcd():
    client, peer = port(), port()
    url = f"http://127.0.0.1:{client}"

    def run():
        return start(
            "etcd", "etcd", "--data-dir", os.path.join(directory, "etcd"), "--listen-client-urls", url,
            "--advertise-client-urls", url, "--listen-peer-urls", f"http://127.0.0.1:{peer}",
            "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}",
            "--initial-cluster", f"default=http://127.0.0.1:{peer}", "--auth-token-ttl", "3",
        )

    def ctl(*words):
        environment = {**os.environ, "ETCDCTL_API": "3"}
        told = subprocess.run(["etcdctl", "--endpoints", url, *words], env=environment, capture_output=True, text=True, check=True)
        return told.stdout

    def ready():
        environment = {**os.environ, "ETCDCTL_API": "3"}
        return subprocess.run(["etcdctl", "--endpoints", url, "endpoint", "health"], env=environment, capture_output=True).returncode == 0

    process = run()
    until("etcd is there", ready)
    a, b, c = (upstream(text) for text in "abc")
    ctl("put", "/orders/a", f"127.0.0.1:{a}")
    ctl("put", "/orders-of-others/x", "127.0.0.1:1")
    text = (
        f'[upstreams.orders]\nurl = "http://orders.test"\n[upstreams.orders.discovery]\nallow = ["127.0.0.1"]\n'
        f'interval = "2s"\netcd = {{ urls = ["http://127.0.0.1:{port()}", "{url}"], prefix = "/orders/"%s }}\n{ROUTE}'
    )
    gateway = Gateway("gateway-etcd", text % "")
    until("what stands in etcd is found, though the first address is nobody's", lambda: gateway.names() == ["a"])
    holds("requests go there", gateway.answers() == {(200, "a")})
    ctl("put", "/orders/b", json.dumps({"address": f"127.0.0.1:{b}", "weight": 3}))
    until("a key that comes is a target", lambda: gateway.names() == ["a", "b"], 5)
    holds("both answer", gateway.answers(60) == {(200, "a"), (200, "b")})
    ctl("del", "/orders/a")
    until("a key that goes is none", lambda: gateway.names() == ["b"], 5)
    lease = ctl("lease", "grant", "2").split()[1]
    ctl("put", f"--lease={lease}", "/orders/c", f"127.0.0.1:{c}")
    until("a key with a lease is a target", lambda: gateway.names() == ["b", "c"], 5)
    until("until its lease is over", lambda: gateway.names() == ["b"], 10)
    ctl("put", "/orders/bad", "169.254.169.254:80")
    until("what is not allowed is left out", lambda: gateway.source()["refused"] == 1, 5)
    holds("and the others stay", gateway.names() == ["b"])
    ctl("del", "/orders/bad")
    end(process)
    until("etcd was killed: the source is stale", lambda: gateway.source()["state"] == "stale")
    holds("what was found stays in force", gateway.names() == ["b"] and gateway.answers() == {(200, "b")})
    process = run()
    until("etcd is there again", ready)
    for at in range(20):
        ctl("put", "/orders/a", f"127.0.0.1:{a + 0}" if at % 2 else "127.0.0.1:1")
    revision = json.loads(ctl("get", "/orders/a", "-w", "json"))["header"]["revision"]
    ctl("compact", str(revision))
    until("what came meanwhile is found, though its revisions were compacted", lambda: gateway.names() == ["a", "b"])
    until("and the source is fresh", lambda: gateway.source()["state"] == "fresh")
    ctl("user", "add", "root:root-password")
    ctl("role", "add", "reader")
    ctl("role", "grant-permission", "--prefix=true", "reader", "read", "/orders/")
    ctl("user", "add", "gateway:gateway-password")
    ctl("user", "grant-role", "gateway", "reader")
    ctl("user", "grant-role", "root", "root")
    ctl("auth", "enable")
    until("without a password, etcd says nothing any more", lambda: gateway.source()["state"] == "stale")
    named = Gateway("gateway-etcd-named", text % ', username = "gateway", password = "${etcd_password}"', TOLLGATE_VARIABLE_ETCD_PASSWORD="gateway-password")
    until("with one, it does", lambda: named.names() == ["a", "b"], 10)
    time.sleep(7)
    holds("also when the token has ended", named.source()["state"] == "fresh")
    ctl("--user=root:root-password", "del", "/orders/b")
    until("and it is still watched", lambda: named.names() == ["a"], 10)
    holds("no password in what the operator sees", "gateway-password" not in json.dumps(named.source()))
    end(process)


# === DNS ===


def dns():
    at = port()
    hosts = os.path.join(directory, "dns.conf")

    def run(text):
        with open(hosts, "w") as file:
            file.write(f"port={at}\nlisten-address=127.0.0.1\nbind-interfaces\nno-resolv\nno-hosts\nlocal=/test/\nlocal-ttl=1\n{text}")
        return start("dnsmasq", "dnsmasq", "--keep-in-foreground", "--no-daemon", f"--conf-file={hosts}")

    one = upstream("one", "127.0.0.1")
    upstream("two", "127.0.0.2", one)
    three = upstream("three", "127.0.0.3")
    process = run("address=/orders.test/127.0.0.1\n")
    gateway = Gateway(
        "gateway-dns",
        f'[upstreams.orders]\nurl = "http://orders.test:{one}"\n[upstreams.orders.discovery]\nallow = ["127.0.0.0/8"]\n'
        f'dns = {{ name = "orders.test", nameservers = ["127.0.0.1:{at}"], family = "ipv4" }}\n{ROUTE}',
    )
    until("the address is found", lambda: gateway.names() == [f"127.0.0.1:{one}"])
    end(process)
    process = run("host-record=orders.test,127.0.0.1\nhost-record=orders.test,127.0.0.2\n")
    until("two addresses are", lambda: len(gateway.names()) == 2)
    holds("both answer", gateway.answers(60) == {(200, "one"), (200, "two")})
    end(process)
    until("nobody answers for DNS: the source is stale", lambda: gateway.source()["state"] == "stale")
    holds("what was found stays in force", gateway.answers(60) == {(200, "one"), (200, "two")})
    process = run("host-record=others.test,127.0.0.1\n")
    time.sleep(3)
    holds("a name that is gone is not believed", gateway.source()["state"] == "stale" and len(gateway.names()) == 2)
    end(process)
    process = run("host-record=orders.test,127.0.0.2\n")
    until("one address is found", lambda: gateway.names() == [f"127.0.0.2:{one}"], 60)
    holds("and answers", gateway.answers() == {(200, "two")})
    end(process)
    process = run(
        f"srv-host=_http._tcp.orders.test,a.test,{one},10,5\nsrv-host=_http._tcp.orders.test,c.test,{three},20,5\n"
        "host-record=a.test,127.0.0.1\nhost-record=c.test,127.0.0.3\n"
    )
    services = Gateway(
        "gateway-srv",
        f'[upstreams.orders]\nurl = "http://orders.test"\n[upstreams.orders.discovery]\nallow = ["127.0.0.0/8"]\n'
        f'dns = {{ name = "_http._tcp.orders.test", nameservers = ["127.0.0.1:{at}"], family = "ipv4" }}\n{ROUTE}',
    )
    until("services are found", lambda: services.names() == [f"a.test:{one}", f"c.test:{three}"])
    tiers = {target["name"]: target["priority"] for target in services.source()["targets"]}
    holds("with their priorities", tiers == {f"a.test:{one}": 0, f"c.test:{three}": 1})
    end(process)


parser = argparse.ArgumentParser()
parser.add_argument("--tollgate", required=True)
parser.add_argument("--only", default="etcd,dns")
arguments = parser.parse_args()
directory = tempfile.mkdtemp(prefix="tollgate-discovery-")
try:
    for part in arguments.only.split(","):
        print(f"# {part}", flush=True)
        {"etcd": etcd, "dns": dns}[part]()
    print("all is as it should be")
finally:
    for process in processes:
        if process.poll() is None:
            end(process)

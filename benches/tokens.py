#!/usr/bin/env python3
"""Makes the tokens, and the keys that they are signed with, for the comparison of gateways that verify tokens.

usage: tokens.py DIR COUNT

Writes into DIR: hs256.secret, rs256.key.pem, rs256.public.pem, rs256.jwks, hs256.jwks, and in hs256.tokens and
rs256.tokens COUNT different tokens each, one a line. What is there already is kept. RSA is openssl's work.
"""

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
from pathlib import Path

ISSUER, AUDIENCE = "https://issuer.test", "orders"
LIFE = 30 * 24 * 3600


def text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(value):
    return text(json.dumps(value, separators=(",", ":")).encode())


def unsigned(algorithm, number):
    now = int(time.time())
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": f"user-{number:06}", "iat": now, "exp": now + LIFE,
        "jti": f"{algorithm}-{number:06}", "scope": "orders:read orders:write", "tenant": "acme",
    }
    return f"{part({'alg': algorithm, 'typ': 'JWT', 'kid': 'bench'})}.{part(claims)}"


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


def rsa_key(directory):
    private, public = directory / "rs256.key.pem", directory / "rs256.public.pem"
    if not public.exists():
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", private)
        openssl("pkey", "-in", private, "-pubout", "-out", public)
    modulus = openssl("rsa", "-pubin", "-in", public, "-noout", "-modulus").decode().strip().split("=")[1]
    return {"kty": "RSA", "n": text(bytes.fromhex(modulus)), "e": "AQAB"}


def main():
    directory, count = Path(sys.argv[1]), int(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    secret = hashlib.sha256(b"the comparison's secret, known to everybody").hexdigest()
    (directory / "hs256.secret").write_text(secret)
    sets = {"hs256": {"kty": "oct", "k": text(secret.encode())}, "rs256": rsa_key(directory)}
    for name, key in sets.items():
        whole = key | {"kid": "bench", "alg": name.upper(), "use": "sig"}
        (directory / f"{name}.jwks").write_text(json.dumps({"keys": [whole]}))

    def hs256(data):
        return hmac.new(secret.encode(), data, hashlib.sha256).digest()

    def rs256(data):
        return openssl("dgst", "-sha256", "-sign", directory / "rs256.key.pem", data=data)

    for name, sign in (("hs256", hs256), ("rs256", rs256)):
        file = directory / f"{name}.tokens"
        if file.exists() and len(file.read_text().split()) >= count:
            continue
        heads = [unsigned(name.upper(), number) for number in range(count)]
        file.write_text("".join(f"{head}.{text(sign(head.encode()))}\n" for head in heads))


if __name__ == "__main__":
    main()

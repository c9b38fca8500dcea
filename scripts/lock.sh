#!/usr/bin/env bash
# Resolves pyproject.toml anew into requirements.lock, requirements-kokoro.lock and requirements-test.lock, for every Python and
# system that Yomiage supports at once (uv's universal resolution; uv comes from pip, into a throwaway environment).
#
# torch's own CUDA packages are left out of the locks: torch pins each of them itself, and where there is
# no NVIDIA GPU nobody wants them (scripts/torch.sh).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet uv

lock() { # FILE, then more arguments for the resolver
    local file=$1
    shift
    "$work/venv/bin/uv" pip compile pyproject.toml --quiet --universal --python-version 3.10 --no-header --no-annotate \
        --no-emit-index-url --native-tls "$@" >"$work/lock"
    {
        echo "# Exact versions of what pyproject.toml asks for. Made by scripts/lock.sh; do not edit."
        grep -vE '^(nvidia-|cuda-|triton)' "$work/lock"
    } >"$file"
    echo "$file: $(grep -c == "$file") packages"
}

lock requirements.lock
# With the voice that install.sh --with kokoro adds.
lock requirements-kokoro.lock --extra kokoro --constraint requirements.lock
# The test environment holds the runtime's very versions.
lock requirements-test.lock --extra test --constraint requirements-kokoro.lock

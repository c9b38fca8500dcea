# Finds a Python that Yomiage runs on. Sourced by install.sh and run-tests.
# shellcheck shell=bash

# find_python: prints the path of a real interpreter (never a version manager's shim, which costs 100 ms a
# start and changes with the directory), the user's own `python3` first. Non-zero where there is none.
find_python() {
    local name found
    for name in "${PYTHON:-python3}" /usr/bin/python3 python3.13 python3.12 python3.11 python3.14 python3.10; do
        command -v "$name" >/dev/null || continue
        found=$("$name" -I -c '
import os, sys
import venv, ensurepip  # Debian packs these apart, as python3-venv
if (3, 10) <= sys.version_info[:2] <= (3, 14):
    print(os.path.join(sys.base_exec_prefix, "bin", "python%d.%d" % sys.version_info[:2]))' 2>/dev/null) || continue
        if [ -x "$found" ]; then
            echo "$found"
            return 0
        fi
    done
    return 1
}

# as_root COMMAND…: as it is for root, by sudo for everybody else.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "This needs root and there is no sudo: $*" >&2
        return 1
    fi
}

# debian_packages PACKAGE…: installs them, on Debian and its descendants.
debian_packages() {
    if ! command -v apt-get >/dev/null; then
        echo "Needed and not found: $*. There is no apt-get here to install them; use this system's own package manager." >&2
        return 1
    fi
    echo "Installing Debian packages: $*"
    local log
    log=$(mktemp)
    if as_root apt-get update -qq >"$log" 2>&1 &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >>"$log" 2>&1; then
        rm -f "$log"
        return 0
    fi
    tail -n 20 "$log" >&2
    rm -f "$log"
    echo "apt-get could not install: $*. Its reason is above." >&2
    return 1
}

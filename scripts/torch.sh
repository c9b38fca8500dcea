# Chooses and installs PyTorch. Sourced by install.sh and run-tests, so that both choose alike.
# shellcheck shell=bash

# install_torch PYTHON: sees to it that PYTHON's environment has the torch that requirements.lock names.
#
# On Linux plain pip brings torch with several gigabytes of CUDA. Where there is no NVIDIA GPU this asks for
# the CPU build; pip alone cannot, but uv knows where it lies. Returns non-zero, having said what, why and
# cure, where it could not be had; the caller decides what then.
install_torch() {
    local python=$1 here wanted
    here=$(dirname "${BASH_SOURCE[0]}")
    wanted=$(sed -n 's/^torch==\([0-9.]*\).*/\1/p' "$here/../requirements.lock")
    if [ -z "$wanted" ]; then
        echo "torch: requirements.lock names no version of it. Restore that file (git checkout requirements.lock)." >&2
        return 1
    fi
    if _torch_is "$python" "$wanted"; then
        return 0
    fi
    if [ "$(uname -s)" != Linux ] || _has_nvidia || ! _brings_cuda "$python" "$wanted"; then
        "$python" -m pip install --quiet "torch==$wanted" && return 0
        echo "torch $wanted could not be installed: pip's reason is above. Check the network and the free disk space, then run this again." >&2
        return 1
    fi
    echo "No NVIDIA GPU here: taking the CPU build of torch $wanted."
    if "$python" -m pip install --quiet uv && "$python" -m uv pip install --quiet --python "$python" --torch-backend cpu "torch==$wanted"; then
        return 0
    fi
    echo "torch $wanted for CPU could not be installed: its package index, which is not PyPI's, did not give it (the reason is above)." >&2
    echo "Check the network and run this again; or take the large build with CUDA: $python -m pip install torch==$wanted" >&2
    return 1
}

_torch_is() { # PYTHON VERSION
    "$1" - "$2" <<'EOF' 2>/dev/null
import sys
from importlib.metadata import PackageNotFoundError, version

try:
    found = version("torch")
except PackageNotFoundError:
    sys.exit(1)
# A local part such as +cpu says how it was built, not which version it is.
sys.exit(found.split("+")[0] != sys.argv[1])
EOF
}

_has_nvidia() {
    [ -e /proc/driver/nvidia/version ] || { command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; }
}

# Whether pip, left alone, would fetch CUDA packages: not where the user's own pip configuration offers a CPU build.
# Where pip cannot tell, the answer is no: the plain installation that follows shows its reason.
_brings_cuda() { # PYTHON VERSION
    local report
    report=$(mktemp)
    if ! "$1" -m pip install --quiet --dry-run --ignore-installed --report "$report" "torch==$2" >&2; then
        rm -f "$report"
        return 1
    fi
    "$1" - "$report" <<'EOF'
import json
import sys
from pathlib import Path

planned = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["install"]
names = [package["metadata"]["name"].lower() for package in planned]
sys.exit(not any(name == "triton" or name.startswith(("nvidia-", "cuda-")) for name in names))
EOF
    local answer=$?
    rm -f "$report"
    return $answer
}

# The private environment: interpreter, pinned packages, Yomiage itself. Sourced by install.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154  # here, venv, data, cache, log: install.sh's and places.sh's

changed=false # whether this run has installed anything
ENVIRONMENT_MB=2500
CUDA_MB=9000

choose_python() {
    # An environment that works keeps its interpreter: another `python3` on the PATH is no reason to build it anew.
    if [ -x "$venv/bin/python" ] && "$venv/bin/python" -I -c '
import os, sys
import pip
sys.exit(not ((3, 10) <= sys.version_info[:2] <= (3, 14) and os.path.samefile(sys.prefix, sys.argv[1])))' "$venv" 2>/dev/null; then
        python=$venv/bin/python
        say Environment "$venv ($("$python" -V))"
        return
    fi
    if ! python=$(find_python); then
        if command -v apt-get >/dev/null && ask "Python 3.10 to 3.14 with venv is needed. Install Debian's python3 and python3-venv?" y; then
            debian_packages python3 python3-venv || fail "Debian's python3 and python3-venv could not be installed." \
                "apt-get refused; its reason is above." "Install them by hand (apt-get install python3 python3-venv), then run this again."
        fi
        python=$(find_python) || fail "No Python from 3.10 to 3.14 with its venv module was found." \
            "Yomiage's packages need it; found here: $(_pythons)." \
            "Install one (Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python@3.13), or name one: PYTHON=/path/to/python3 ./install.sh"
    fi
    _make_environment
}

_pythons() {
    local name all=
    for name in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
        if command -v "$name" >/dev/null; then all="$all, $name is $("$name" -V 2>&1 | head -n 1)"; fi
    done
    all=${all#, }
    echo "${all:-no python3 at all}"
}

_make_environment() {
    say Environment "making $venv with $python ($("$python" -V))"
    _need_space "$ENVIRONMENT_MB" "Yomiage's environment"
    rm -rf "$venv"
    logged "$python" -m venv "$venv" || {
        last_lines
        rm -rf "$venv"
        fail "The private environment could not be made in $venv." "$python -m venv failed; its last lines are above." \
            "Check the free disk space and that this Python is whole (Debian: apt-get install python3-venv), then run this again."
    }
    python=$venv/bin/python
    changed=true
}

_need_space() { # MEGABYTES WHAT
    enough_space "$1" "$data" || fail "Not enough disk space for $2." "$data needs $1 MB free on its disk." \
        "Make room there, or choose another disk with XDG_DATA_HOME, then run this again."
}

_pip() {
    logged "$python" -m pip "$@"
}

install_dependencies() {
    local name=requirements.lock lock lacking torch rest
    # What was asked for once stays, and is repaired and upgraded with the rest.
    if [ "$with_kokoro" = true ] || [ -e "$venv/with-kokoro" ]; then name=requirements-kokoro.lock; fi
    lock=$here/$name
    [ -f "$lock" ] || fail "$name is missing from $here." "It names the exact versions to install." "Restore it: git checkout $name"
    lacking=$("$python" -I "$here/scripts/install/examine.py" lacks "$lock") || fail "The environment cannot be inspected." \
        "$venv is damaged; the reason is above." "Remove it (rm -rf '$venv'), then run this again."
    if [ -z "$lacking" ]; then
        say Packages "all there"
        _note_kokoro
        return
    fi
    say Packages "installing $(echo "$lacking" | grep -c .) packages; this can take some minutes"
    changed=true
    stop_daemon
    _use_cache
    _need_space "$ENVIRONMENT_MB" "Yomiage's packages"
    torch=$(echo "$lacking" | grep '^torch==' || true)
    rest=$(echo "$lacking" | grep -v '^torch==' || true)
    if [ -n "$rest" ]; then
        # The lock is complete: with --no-deps nothing else can come. A damaged package has its version already, so: force.
        # shellcheck disable=SC2086  # one requirement a word
        _pip install --no-deps --force-reinstall $rest || {
            last_lines
            fail "Python packages could not be installed." "pip failed; its last lines are above." \
                "Check the network (a proxy goes into https_proxy) and the free disk space, then run this again; it goes on where it stopped."
        }
    fi
    if [ -n "$torch" ]; then
        if [ "$(uname -s)" = Linux ] && _has_nvidia; then _need_space "$CUDA_MB" "PyTorch with CUDA"; fi
        _pip uninstall --yes torch || true # what is left of a damaged one
        logged install_torch "$python" || _take_any_torch "$torch"
    fi
    lacking=$("$python" -I "$here/scripts/install/examine.py" lacks "$lock" | tr '\n' ' ')
    [ -z "${lacking% }" ] || fail "The environment is still not whole." "After the installation these lack: $lacking" \
        "Remove $venv and run this again; if it stays, see the log."
    _note_kokoro
}

_note_kokoro() {
    if [ "$with_kokoro" = false ] || [ -e "$venv/with-kokoro" ]; then return; fi
    : >"$venv/with-kokoro"
    say Kokoro "installed; it speaks where settings.json names it: \"voices\": [\"kokoro\", \"openjtalk\"]"
}

# Where the CPU build lies apart from the other packages, it can be out of reach when they are not.
_take_any_torch() { # REQUIREMENT
    last_lines
    if [ "$(uname -s)" = Linux ] && ! _has_nvidia && enough_space "$CUDA_MB" "$data" &&
        ask "PyTorch's CPU build could not be had. Take the build with CUDA (3 GB to download, 7 GB on the disk)?" n; then
        say Packages "PyTorch's CPU build could not be had (see above); taking the build with CUDA, some gigabytes"
        if _pip install "$1"; then return; fi
        last_lines
    fi
    fail "PyTorch could not be installed." "The reason is above." \
        "Check the network and the free disk space, then run this again; it goes on where it stopped."
}

# What pip downloads is kept until all of it is installed, so that an interrupted run need not fetch it again:
# in the user's own cache where there is one, else in ours, which goes in the end.
_use_cache() {
    local users
    users=$("$python" -m pip cache dir 2>/dev/null) || users=
    if [ ! -d "$users" ]; then export PIP_CACHE_DIR=$cache/pip; fi
    export UV_CACHE_DIR="${UV_CACHE_DIR:-$cache/uv}"
}

drop_cache() {
    rm -rf "$cache/pip" "$cache/uv" "$cache/rustup"
}

install_package() {
    local digest stamp=$venv/yomiage-digest
    digest=$("$python" -I "$here/scripts/install/examine.py" digest "$here")
    if [ "$(cat "$stamp" 2>/dev/null)" = "$digest" ] && [ -x "$venv/bin/yomiage" ] &&
        "$python" -I -c 'import sys
from importlib.metadata import distribution
sys.exit(not all(f.locate().exists() for f in distribution("yomiage").files if f.suffix != ".pyc"))' 2>/dev/null &&
        logged bounded 30 "$venv/bin/yomiage" --version; then
        say Yomiage "$("$venv/bin/yomiage" --version), as in this checkout"
        return
    fi
    changed=true
    stop_daemon
    rm -f "$stamp"
    # A copy, because building leaves its traces beside the sources.
    work=$(mktemp -d)
    (cd "$here" && for part in pyproject.toml README.md LICENSE daemon tts_plugin; do
        if [ -e "$part" ]; then cp -R "$part" "$work/"; fi
    done)
    _pip install --no-deps --no-build-isolation --force-reinstall --no-cache-dir "$work" || {
        last_lines
        fail "Yomiage itself could not be installed from $here." "pip failed; its last lines are above." \
            "Check that the checkout is whole (git status), then run this again."
    }
    echo "$digest" >"$stamp"
    say Yomiage "$("$venv/bin/yomiage" --version) installed from $here"
}

# The extra output. It has no wheels, so it is built where that is possible, once for each environment.
install_simpleaudio() {
    local stamp=$venv/simpleaudio-tried headers
    if [ -e "$stamp" ]; then return; fi
    headers=$("$python" -I -c 'import os, sysconfig; print(os.path.join(sysconfig.get_path("include"), "Python.h"))')
    if [ ! -e "$headers" ] || ! command -v cc >/dev/null; then return; fi
    if [ "$(uname -s)" = Darwin ]; then
        # Without the command line tools macOS's cc only opens a dialog that offers them.
        xcode-select -p >/dev/null 2>&1 || return 0
    elif ! echo '#include <alsa/asoundlib.h>' | cc -E -o /dev/null - >/dev/null 2>&1; then
        return
    fi
    : >"$stamp"
    if _pip install --no-deps simpleaudio==1.0.4; then say Simpleaudio "built, as one more output (setting: output)"; fi
}

link_command() {
    local target=$venv/bin/yomiage folder
    folder=$(dirname "$command_link")
    make_folder "$folder"
    if [ "$(readlink "$command_link" 2>/dev/null)" != "$target" ]; then
        if [ -e "$command_link" ] || [ -L "$command_link" ]; then
            # --yes is no leave to overwrite what somebody else put there.
            if [ ! -t 0 ] || [ "$yes" = true ] || ! ask "$command_link is not this installation's. Replace it?" n; then
                warn Command "$command_link is not this installation's and was left alone. Remove it and run this again, or call $target."
                return
            fi
        fi
        ln -sfn "$target" "$command_link"
    fi
    case :$PATH: in
        *:"$folder":*) say Command "$command_link" ;;
        *)
            say Command "$command_link; $folder is not on your PATH:"
            hint "add this line to your shell's profile:  export PATH=\"\$HOME/.local/bin:\$PATH\""
            ;;
    esac
}

write_settings() {
    local file=$config/settings.json
    if [ "$changed" = true ] || [ ! -f "$file" ] || [ ! -f "$config/settings.schema.json" ]; then
        logged "$python" -I -c 'from tts_plugin import settings; settings.write_default_files()' || {
            last_lines
            fail "The settings could not be written to $config." "The reason is above." "Make that folder writable, then run this again."
        }
    fi
    say Settings "$file"
}

# Before packages are replaced: a daemon that runs would load half of the old and half of the new. The next request starts it.
stop_daemon() {
    if [ -x "$venv/bin/yomiage" ]; then logged bounded 30 "$venv/bin/yomiage" daemon stop || true; fi
}

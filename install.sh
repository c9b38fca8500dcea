#!/usr/bin/env bash
# Installs Yomiage for this user. Run it again at any time: it repairs and upgrades, and changes nothing needlessly.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)

usage() {
    cat <<'END'
Usage: ./install.sh [--yes] [--with nllb] [--with kokoro]
       ./install.sh --uninstall [--yes]

Installs Yomiage for this user: a private Python environment, the `yomiage` command in ~/.local/bin, default
settings and the plugin in Claude Code. In the end a sentence is spoken.
Run it again at any time: it repairs and upgrades, and changes nothing needlessly.

  --yes          ask nothing; the answer is yes. With --uninstall that deletes models and settings too.
  --with nllb    also the translation model NLLB (2.5 GB), for other languages than English
  --with kokoro  also the voice kokoro: offline, more natural than Open JTalk, and slower (95 MB); it stays from then on
  --uninstall    remove all that the installation made; asks before it deletes models and settings
  --help         this text

  PYTHON=/path/to/python3 ./install.sh    makes the environment with this interpreter (3.10 to 3.14)
END
}

yes=false with_nllb=false with_kokoro=false action=install work=''
refuse() { # WHAT
    echo "install.sh: $1" >&2
    usage >&2
    exit 2
}
while [ $# -gt 0 ]; do
    case $1 in
        --yes | -y) yes=true ;;
        --with)
            case ${2-} in
                nllb) with_nllb=true ;;
                kokoro) with_kokoro=true ;;
                *) refuse "--with wants the name of what is to be installed, too: nllb or kokoro" ;;
            esac
            shift
            ;;
        --uninstall) action=uninstall ;;
        --help | -h)
            usage
            exit 0
            ;;
        *) refuse "unknown option $1" ;;
    esac
    shift
done

if [ -z "${HOME-}" ] || [ ! -d "$HOME" ]; then
    echo "install.sh: HOME names no folder, and that is where Yomiage is installed. Set it: HOME=/home/you ./install.sh" >&2
    exit 1
fi

# shellcheck source=scripts/python.sh
. "$here/scripts/python.sh"
# shellcheck source=scripts/torch.sh
. "$here/scripts/torch.sh"
# shellcheck source=scripts/install/report.sh
. "$here/scripts/install/report.sh"
# shellcheck source=scripts/install/places.sh
. "$here/scripts/install/places.sh"
# shellcheck source=scripts/install/environment.sh
. "$here/scripts/install/environment.sh"
# shellcheck source=scripts/install/claude.sh
. "$here/scripts/install/claude.sh"
# shellcheck source=scripts/install/finish.sh
. "$here/scripts/install/finish.sh"
# shellcheck source=scripts/install/uninstall.sh
. "$here/scripts/install/uninstall.sh"

stopped() {
    local code=$?
    [ -z "$work" ] || rm -rf "$work"
    if [ $code != 0 ] && [ "$said_why" = false ]; then
        printf '\nThe installation stopped (status %s). Run it again: it goes on where it stopped.\nLog:  %s\n' "$code" "$log" >&2
    fi
}
trap stopped EXIT

# Settings of the user's that would lead pip out of the private environment.
unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_ROOT
export PIP_USER=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_DEFAULT_TIMEOUT="${PIP_DEFAULT_TIMEOUT:-30}"
# pip asks `rustc --version`, and where that is rustup's proxy it would leave a ~/.rustup behind.
if [ ! -d "$HOME/.rustup" ]; then export RUSTUP_HOME="${RUSTUP_HOME:-$cache/rustup}"; fi

install() {
    case $(uname -s) in
        Linux | Darwin) ;;
        *) fail "Yomiage does not run on $(uname -s)." "It needs Unix sockets and Linux's or macOS's sound." "On Windows, run it inside WSL." ;;
    esac
    if [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER-}" ] && [ ! -O "$HOME" ]; then
        fail "This runs as root in $SUDO_USER's home." "Root's files there would lock $SUDO_USER out of them." "Run it without sudo; it asks for sudo where it needs it."
    fi
    if [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER-}" ] && [ "$SUDO_USER" != root ]; then
        warn User "this installs for root. For $SUDO_USER run it without sudo."
    fi
    make_folder "$data"
    make_folder "$state"
    make_folder "$cache"
    make_folder "$config"
    : >"$log"
    note "install.sh in $here, $(uname -srm)"

    choose_python
    install_dependencies
    install_package
    install_simpleaudio
    drop_cache
    link_command
    write_settings
    if [ "$with_nllb" = true ]; then download_model; else say Model "the starter model, which comes with Yomiage"; fi
    register_plugin
    if [ "$changed" = true ]; then stop_daemon; fi # a hook may have started one between the old and the new
    check_itself
    speak
    say Done "Yomiage is installed. In Claude Code: /yomiage:off, on, stop, replay, status. Here: yomiage --help"
}

$action

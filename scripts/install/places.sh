# Where Yomiage keeps its files, as tts_plugin/paths.py has it; a test compares the two. Sourced by install.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034  # the variables are install.sh's

_place() { # the XDG variable's value, the folder on Linux, the folder on macOS
    case $1 in
        *[![:space:]]*) echo "$1/yomiage" ;;
        *) if [ "$(uname -s)" = Darwin ]; then echo "$HOME/$3/yomiage"; else echo "$HOME/$2/yomiage"; fi ;;
    esac
}

data=$(_place "${XDG_DATA_HOME-}" .local/share "Library/Application Support")
config=$(_place "${XDG_CONFIG_HOME-}" .config "Library/Application Support")
cache=$(_place "${XDG_CACHE_HOME-}" .cache Library/Caches)
state=$(_place "${XDG_STATE_HOME-}" .local/state "Library/Application Support")
venv=$data/venv
models=$data/models
recordings=$data/recordings
command_link=$HOME/.local/bin/yomiage
log=$state/install.log
made=$data/made-folders # what did not exist before the installation, for --uninstall

# make_folder FOLDER: with its parents, noting those that are new.
make_folder() {
    local missing='' folder=$1
    while [ ! -d "$folder" ]; do
        missing="$folder
$missing"
        folder=$(dirname "$folder")
    done
    [ -n "$missing" ] || return 0
    mkdir -p "$1" 2>/dev/null || fail "The folder $1 cannot be made." \
        "$folder is not writable for $(id -un), or the disk is full." "Make it writable, then run this again."
    # On the first call the data folder itself is what is made.
    printf %s "$missing" >>"$made"
}

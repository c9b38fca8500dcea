# --uninstall: removes what the installation made. Sourced by install.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154  # here, venv, data, config, cache, state, made: install.sh's and places.sh's

uninstall() {
    local keep_models=false keep_settings=false folders
    python=$venv/bin/python
    if ! [ -x "$python" ] || ! "$python" -I -c '' 2>/dev/null; then python=$(find_python) || python=; fi
    if [ -n "$(ls "$models" 2>/dev/null)" ] && ! ask "Delete the translation models too ($(du -sh "$models" | cut -f 1), $models)?" n; then keep_models=true; fi
    if [ -e "$config/settings.json" ] && ! ask "Delete your settings and dictionary too ($config)?" n; then keep_settings=true; fi

    _leave_daemon
    unregister_plugin
    if [ "$(readlink "$command_link" 2>/dev/null)" = "$venv/bin/yomiage" ]; then
        rm -f "$command_link"
        say Command "removed $command_link"
    elif [ -e "$command_link" ]; then
        say Command "$command_link is not this installation's and was left alone"
    fi
    folders=$(cat "$made" 2>/dev/null || true)
    _clear "$cache"
    _clear "$state"
    _clear "$config"
    _clear "$data"
    # The deepest first; what still holds something is somebody else's by now.
    echo "$folders" | sort -r | while IFS= read -r folder; do
        if [ -n "$folder" ]; then rmdir "$folder" 2>/dev/null || true; fi
    done
    if [ "$keep_models" = true ]; then say Kept "$models"; fi
    if [ "$keep_settings" = true ]; then say Kept "$config"; fi
    say Done "Yomiage is removed. This checkout stays: $here"
}

# Everything of a folder but what is kept. On macOS data, settings and state share one folder.
_clear() {
    local entry
    [ -d "$1" ] || return 0
    for entry in "$1"/* "$1"/.[!.]*; do
        if [ ! -e "$entry" ] && [ ! -L "$entry" ]; then continue; fi
        if [ "$keep_models" = true ]; then
            case $entry in "$models" | "$made") continue ;; esac
        fi
        if [ "$keep_settings" = true ] && [ "$1" = "$config" ]; then
            case ${entry##*/} in settings.json | settings.schema.json | dictionary.tsv) continue ;; esac
        fi
        rm -rf "$entry"
    done
    if rmdir "$1" 2>/dev/null; then say Removed "$1"; fi
}

_leave_daemon() {
    local socket=
    stop_daemon
    if [ -n "$python" ]; then
        socket=$(env -u YOMIAGE_SOCKET PYTHONDONTWRITEBYTECODE=1 "$python" -S -c 'import sys
sys.path.insert(0, sys.argv[1])
from tts_plugin import runtime
print(runtime.socket_path())' "$here" 2>/dev/null) || socket=
    fi
    if [ -n "$socket" ]; then
        rm -f "$socket" "$socket.lock"
        rmdir "$(dirname "$socket")" 2>/dev/null || true
    fi
}

#!/bin/sh
# run.sh HOOK: runs HOOK.py on the private environment's own interpreter, never through a version manager's
# shim (100 ms). Whatever is broken, Claude Code sees silence and exit 0.
here=${0%/*}
for data in "${XDG_DATA_HOME:-${HOME-}/.local/share}" "${HOME-}/Library/Application Support"; do
    python=$data/yomiage/venv/bin/python
    if [ -x "$python" ]; then
        "$python" -I -S "$here/$1.py" >/dev/null 2>&1
        exit 0
    fi
done

# Present but not installed: one line to the user when a session starts, and nothing else.
if [ "$1" = session_start ]; then
    installer=${here%/*}/install.sh
    case $installer in
        *[\"\\]*) installer=install.sh ;; # would break the JSON
    esac
    printf '{"systemMessage":"Yomiage is not installed yet, so nothing is read aloud. Run: %s"}\n' "$installer"
fi
exit 0

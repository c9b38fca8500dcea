# How the installation talks: one line a step, a log beside it, and failures with what, why and cure. Sourced by install.sh.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # yes, python: install.sh's; log: places.sh's; said_why: for install.sh

said_why=false

say() { # STEP TEXT
    printf '%-12s %s\n' "$1" "$2"
    note "$1: $2"
}

hint() { # TEXT, under the step before it
    printf '%-12s %s\n' '' "$1"
    note "$1"
}

warn() { # STEP TEXT
    printf '%-12s %s\n' "$1" "Attention: $2" >&2
    note "$1: attention: $2"
}

fail() { # WHAT WHY CURE
    said_why=true
    note "failed: $1 $2 $3"
    printf '\n%s\nWhy:  %s\nCure: %s\n' "$1" "$2" "$3" >&2
    if [ -f "$log" ]; then echo "Log:  $log" >&2; fi
    exit 1
}

note() { # TEXT, for the log alone
    if [ -f "$log" ]; then printf '%s  %s\n' "$(date +%H:%M:%S)" "$1" >>"$log"; fi
}

# ask QUESTION y|n: true for yes. Without --yes and without a terminal the second argument is the answer.
ask() {
    local answer=
    if [ "$yes" = true ]; then return 0; fi
    if [ -t 0 ]; then
        printf '%s [%s] ' "$1" "$([ "$2" = y ] && echo Y/n || echo y/N)"
        read -r answer || true
    fi
    case ${answer:-$2} in
        [Yy]*) return 0 ;;
        *) return 1 ;;
    esac
}

# logged COMMAND…: what it prints goes to the log.
logged() {
    local file=/dev/null
    if [ -f "$log" ]; then file=$log; fi
    note "+ $*"
    "$@" >>"$file" 2>&1 </dev/null
}

last_lines() { # that a command left in the log, for a failure that is about to be explained
    if [ -f "$log" ]; then grep -v '^[0-9][0-9]:[0-9][0-9]:[0-9][0-9]  ' "$log" | tail -n 15 | sed 's/^/    /' >&2; fi
}

# bounded SECONDS COMMAND…: without standard input; its whole process group ends when the time is over (status 124).
# macOS has no `timeout`.
bounded() {
    if [ -z "${python-}" ]; then
        shift
        "$@" </dev/null
        return
    fi
    "$python" -I -c '
import os, signal, subprocess, sys

child = subprocess.Popen(sys.argv[2:], stdin=subprocess.DEVNULL, start_new_session=True)
try:
    sys.exit(child.wait(float(sys.argv[1])))
except subprocess.TimeoutExpired:
    os.killpg(child.pid, signal.SIGKILL)
    print("no answer within %s s: %s" % (sys.argv[1], " ".join(sys.argv[2:])), file=sys.stderr)
    sys.exit(124)
except KeyboardInterrupt:
    os.killpg(child.pid, signal.SIGTERM)
    sys.exit(130)' "$@" </dev/null
}

# enough_space MEGABYTES FOLDER: whether the folder's disk has that much free.
enough_space() {
    local free
    free=$(df -Pk "$2" 2>/dev/null | awk 'NR == 2 { print int($4 / 1024) }')
    # A disk that does not tell is not refused.
    [ -z "$free" ] || [ "$free" -ge "$1" ]
}

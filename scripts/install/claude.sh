# Registration with Claude Code. Sourced by install.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154  # here, python: install.sh's

CLAUDE_SECONDS=60

_claude() {
    bounded "$CLAUDE_SECONDS" claude plugin "$@"
}

register_plugin() {
    local state market plugin
    if ! command -v claude >/dev/null; then
        say "Claude Code" "\`claude\` is not on the PATH. Once it is, run this again, or these two lines:"
        _by_hand
        return
    fi
    state=$({ _claude marketplace list --json && _claude list --json; } 2>/dev/null |
        "$python" -I "$here/scripts/install/examine.py" plugin "$here" 2>/dev/null) || state="unknown unknown"
    market=${state% *} plugin=${state#* }
    case $market in
        here) ;;
        remote)
            # Installed from its repository: Claude Code itself keeps that one up to date.
            logged _claude marketplace update yomiage || true
            ;;
        *) logged _claude marketplace add "$here" || _cannot_register ;;
    esac
    case $plugin in
        current) say "Claude Code" "the plugin is registered" ;;
        disabled) say "Claude Code" "the plugin is registered and disabled; \`claude plugin enable yomiage@yomiage\` enables it" ;;
        old)
            logged _claude update yomiage@yomiage || _cannot_register
            say "Claude Code" "the plugin was updated; sessions that run already need a restart"
            ;;
        *)
            logged _claude install yomiage@yomiage || _cannot_register
            say "Claude Code" "the plugin was registered; sessions that run already need a restart"
            ;;
    esac
}

_cannot_register() {
    last_lines
    fail "The plugin could not be registered with Claude Code." "\`claude plugin\` failed; its last lines are above." \
        "Update Claude Code (claude update) and run this again, or run: claude plugin marketplace add '$here' && claude plugin install yomiage@yomiage"
}

_by_hand() {
    hint "claude plugin marketplace add '$here'"
    hint "claude plugin install yomiage@yomiage"
}

unregister_plugin() {
    local left=${CLAUDE_CONFIG_DIR:-$HOME/.claude}/plugins/cache/yomiage
    if command -v claude >/dev/null; then
        if _claude marketplace list --json 2>/dev/null | grep -q '"yomiage"' || _claude list --json 2>/dev/null | grep -q '"yomiage@yomiage"'; then
            logged _claude uninstall yomiage@yomiage || true
            logged _claude marketplace remove yomiage || true
            say "Claude Code" "the plugin is no longer registered"
        fi
    elif [ -d "$left" ]; then
        warn "Claude Code" "\`claude\` is not on the PATH; once it is: claude plugin uninstall yomiage@yomiage; claude plugin marketplace remove yomiage"
        return
    fi
    # Claude Code marks its copy of a plugin that is gone as an orphan and leaves it lying.
    rm -rf "$left"
}

# The model, the self-check and the first sentence. Sourced by install.sh.
# shellcheck shell=bash
# shellcheck disable=SC2016,SC2154  # Python between quotes; here, venv, models, log: install.sh's and places.sh's

MODEL_MB=3900
DEMO="読み上げの準備ができました。これから、Claude Codeの返事を日本語でお伝えします。"

download_model() {
    local found name
    found=$("$python" -I -c '
from tts_plugin import models, settings
name = settings.load()[0].model
print(models.status(name).state, name)' 2>>"$log") || found="unknown "
    name=${found#* }
    case ${found%% *} in
        ready)
            say Model "$name, all there"
            return
            ;;
        unknown)
            warn Model "settings.json cannot be used, so the model was not looked for. \`yomiage doctor\` says what is wrong."
            return
            ;;
    esac
    if ! enough_space "$MODEL_MB" "$data"; then
        warn Model "not downloaded: $data needs $MODEL_MB MB free. Make room, then run: yomiage model download"
        return
    fi
    case $name in
        facebook/nllb-200-distilled-600M) say Model "$name, 2.5 GB; its licence is CC-BY-NC-4.0: for non-commercial use only" ;;
        *) say Model "$name, as settings.json names it" ;;
    esac
    if ! ask "Download it?" y; then
        _without_model "not downloaded"
        return
    fi
    # On a terminal its progress is seen; elsewhere the log has it.
    if [ -t 2 ]; then
        "$venv/bin/yomiage" model download || {
            _without_model "the download failed; the reason is above"
            return
        }
    else
        logged "$venv/bin/yomiage" model download || {
            hint "$(tail -n 1 "$log")"
            _without_model "not downloaded; the reason is above"
            return
        }
    fi
    say Model "downloaded"
}

_without_model() { # WHY
    say Model "$1. Narration works without it:"
    hint "English is translated by the starter model, which comes with Yomiage; other languages are read as they are."
    hint "Later: yomiage model download"
}

check_itself() {
    local report
    # `doctor` exits 1 where it found a problem, which its report then names.
    report=$(bounded 120 "$venv/bin/yomiage" doctor --json 2>>"$log") || true
    printf '%s' "$report" | "$python" -I -c '
import json, sys

try:
    checks = json.load(sys.stdin)["checks"]
except (ValueError, KeyError):
    print("Self-check   gave no answer; `yomiage doctor` tells more")
    sys.exit()
# Command and plugin have had their own lines.
wrong = [check for check in checks if check["level"] != "ok" and check["name"] not in ("command", "plugin")]
print("Self-check   %d parts looked at, %s" % (len(checks), "%d to know about:" % len(wrong) if wrong else "all well"))
for check in wrong:
    print("             %s: %s" % (check["name"], check["detail"]))' | tee -a "$log"
}

# The first sentence, through the daemon like every later one.
speak() {
    local file=$recordings/demo.wav answer
    if answer=$(bounded 60 "$venv/bin/yomiage" say --wait "$DEMO" 2>&1); then
        say Demo "spoken: $DEMO"
        return
    fi
    note "$answer"
    answer=$(printf '%s' "$answer" | tail -n 1)
    answer=${answer#yomiage: }
    case $answer in
        *"switched off"*)
            say Demo "not spoken: narration is switched off; \`yomiage on\` switches it on"
            return
            ;;
    esac
    if [ "$changed" = false ] && [ -s "$file" ]; then
        say Demo "cannot be heard here; it is in $file"
        return
    fi
    make_folder "$recordings"
    if logged bounded 60 "$venv/bin/yomiage" say "$DEMO" --output "$file"; then
        say Demo "cannot be heard here (see above), so it was written to $file"
    else
        warn Demo "neither spoken nor written ($answer). \`yomiage doctor\` says what is wrong."
    fi
}

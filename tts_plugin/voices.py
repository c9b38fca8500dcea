"""`yomiage voices`: which voices there are, which can run, and how they sound."""

from __future__ import annotations

import json
import sys
from typing import Any

from tts_plugin import protocol
from tts_plugin.errors import RequestRefused

CHECK_SECONDS = 30.0
SAMPLE_SECONDS = 180.0
"""A voice may have to be loaded first."""
SAMPLE = "こんにちは。テストが全て成功しました。次に、設定ファイルを更新します。"


def run(*, play: bool, as_json: bool) -> int:
    """0, or 1 where a sample that was to be heard was not."""
    voices: list[dict[str, Any]] = protocol.request("voices", timeout=CHECK_SECONDS)["voices"]
    failed = [voice["name"] for voice in voices if play and voice["can_run"] and not _heard(voice, as_json)]
    if as_json:
        print(json.dumps({"voices": voices}, ensure_ascii=False, indent=2))
    elif not play:
        from tts_plugin import report

        report.show_voices(voices)
    return 1 if failed else 0


def _heard(voice: dict[str, Any], quiet: bool) -> bool:
    """Plays its sample to the end; `sample` in the voice tells how that went."""
    if not quiet:
        print(voice["name"], flush=True)
    try:
        protocol.request("say", timeout=SAMPLE_SECONDS, text=SAMPLE, wait=True, voice=voice["name"])
    except RequestRefused as error:
        voice["sample"] = str(error)
        if not quiet:
            print(f"yomiage: {voice['name']}: {error}", file=sys.stderr)
        return False
    voice["sample"] = "heard"
    return True

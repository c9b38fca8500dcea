"""The user's settings: settings.json, validated into a frozen object."""

from __future__ import annotations

import difflib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tts_plugin import paths
from tts_plugin.errors import SettingsError

TranslatorName = Literal["phrasebook", "starter", "nllb", "nllb_torch", "marian", "llm"]
VoiceName = Literal["gtts", "openjtalk", "kokoro", "voicevox", "say", "openai"]
OutputName = Literal["auto", "miniaudio", "simpleaudio", "wav"]
NotificationType = Literal[
    "permission_prompt",
    "idle_prompt",
    "worker_permission_prompt",
    "agent_needs_input",
    "agent_completed",
    "auth_success",
    "elicitation_complete",
    "elicitation_response",
    "push_notification",
    "plugin_notification",
    "computer_use_exit",
]

DEFAULT_MODEL = "facebook/nllb-200-distilled-600M"
DEFAULT_MARIAN_MODEL = "staka/fugumt-en-ja"
SCHEMA_NAME = "settings.schema.json"


class Settings(BaseModel):
    """Every key of settings.json, with its default. The schema beside the file is made from this class."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)

    enabled: bool = Field(
        True, description="The switch. false cuts speech in mid-word and stops all further narration."
    )
    replies: bool = Field(True, description="Narrate Claude's finished replies.")
    notifications: tuple[NotificationType, ...] = Field(
        (
            "permission_prompt",
            "idle_prompt",
            "worker_permission_prompt",
            "agent_needs_input",
            "agent_completed",
            "auth_success",
        ),
        strict=False,
        description="Which of Claude Code's notices are spoken. [] for none.",
    )
    barge_in: bool = Field(True, description="A new prompt cuts the speech of its session.")
    code_blocks: Literal["announce", "drop"] = Field(
        "announce", description="Say that there is a code block or a table, or pass over it in silence."
    )
    translators: tuple[TranslatorName, ...] = Field(
        ("phrasebook", "starter", "nllb", "nllb_torch"),
        strict=False,
        description="Translation engines, in the order in which they are tried. starter is the model that comes with "
        "Yomiage, for English; nllb runs a downloaded one on the processor, nllb_torch through PyTorch; where device "
        "finds a graphics card, nllb_torch comes before nllb.",
    )
    model: str = Field(
        DEFAULT_MODEL,
        min_length=1,
        description="NLLB checkpoint: a name on the model hub, or the path of a directory.",
    )
    keep_original_model: bool = Field(
        True,
        description="Keep the downloaded weights after nllb's conversion of them. nllb_torch needs them, nllb does "
        "not; false frees 2.5 GB, and a later version of Yomiage may have to download them again.",
    )
    device: Literal["auto", "cuda", "mps", "cpu"] = Field(
        "auto", description="Where the translation model runs. auto: cuda, else mps, else cpu."
    )
    streaming: bool = Field(
        True, description="Speak the first sentence clause by clause, while the rest of it is still being translated."
    )
    translation_cache: bool = Field(
        True,
        description="Keep the latest 5,000 translations on the disk, so that what comes again costs nothing: "
        "the Japanese as text, the sources as hashes, in a file that only you can read. false deletes what was kept.",
    )
    marian_model: str = Field(
        DEFAULT_MARIAN_MODEL,
        min_length=1,
        description="Marian checkpoint, English to Japanese, for the translator marian: a name on the model hub, or "
        "the path of a directory. `yomiage model download NAME` brings it.",
    )
    llm_url: str = Field(
        "http://127.0.0.1:11434/v1",
        pattern=r"^https?://[^\s]+$",
        description="Where the translator llm asks: a server that speaks OpenAI's chat protocol, such as Ollama, "
        "LM Studio or llama.cpp.",
    )
    llm_model: str | None = Field(
        None, min_length=1, description="The model that the translator llm asks for, by the server's name for it."
    )
    llm_allow_remote: bool = Field(
        False,
        description="Let llm_url be another machine. What Claude writes is then sent there.",
    )
    llm_timeout: float = Field(
        20.0, gt=0, le=25, description="Seconds that the translator llm may take for one sentence."
    )
    voices: tuple[VoiceName, ...] = Field(
        ("gtts", "openjtalk"),
        strict=False,
        min_length=1,
        description="Voices, in the order in which they are tried. gtts sends the Japanese text to Google; "
        'leave it out (["openjtalk"]) and nothing leaves this machine.',
    )
    project_voices: dict[str, VoiceName] = Field(
        {},
        description="A voice of its own for a project: its directory (absolute, or with ~) and the voice's name. It "
        "counts in the directories below, too; where it fails, those of `voices` speak.",
    )
    session_label: bool = Field(
        True,
        description="Say the project's name first when another session speaks than the one heard before, "
        "within 5 minutes.",
    )
    gtts_url: str = Field(
        "https://translate.google.com",
        pattern=r"^https?://[^/\s]+$",
        description="Where gtts sends its requests: another Google domain, or a mirror.",
    )
    gtts_timeout: float = Field(
        3.0,
        gt=0,
        le=30,
        description="Seconds that one sentence may take over the network before the next voice speaks it.",
    )
    openjtalk_voice: str | None = Field(
        None, description="An .htsvoice file to speak with; null for the voice that comes along (Mei)."
    )
    openjtalk_pitch: float = Field(0.0, ge=-12, le=12, description="Semitones by which openjtalk speaks higher.")
    kokoro_voice: Literal["jf_alpha", "jf_gongitsune", "jf_nezumi", "jf_tebukuro", "jm_kumo"] = Field(
        "jf_alpha", description="Which of kokoro's voices speaks: four female ones (jf_) and a male one (jm_)."
    )
    voicevox_url: str = Field(
        "http://127.0.0.1:50021",
        pattern=r"^https?://[^/\s]+$",
        description="Where the VOICEVOX engine answers (AivisSpeech: port 10101). It must be running already.",
    )
    voicevox_remote: bool = Field(
        False, description="Let voicevox_url name another machine. The Japanese text then leaves this one."
    )
    voicevox_speaker: int | None = Field(
        None, ge=0, description="The engine's number of a speaker's style; null for its first one."
    )
    voicevox_timeout: float = Field(
        15.0, gt=0, le=50, description="Seconds that one sentence may take before the next voice speaks it."
    )
    say_voice: str = Field("Kyoko", min_length=1, description="The macOS voice of say; `say -v '?'` lists them.")
    openai_url: str = Field(
        "https://api.openai.com",
        pattern=r"^https?://[^/\s]+$",
        description="A service with OpenAI's /v1/audio/speech; http:// on this machine only. The text is sent there.",
    )
    openai_model: str = Field("gpt-4o-mini-tts", min_length=1, description="The service's model.")
    openai_voice: str = Field("alloy", min_length=1, description="The service's voice.")
    openai_key_variable: str = Field(
        "OPENAI_API_KEY",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="The environment variable that holds the service's key. The key itself never stands here.",
    )
    openai_timeout: float = Field(
        8.0, gt=0, le=50, description="Seconds that one sentence may take before the next voice speaks it."
    )
    rate: float = Field(1.0, ge=0.5, le=3, description="How quickly is spoken: 2 for twice as fast, at the same pitch.")
    volume: float = Field(
        1.0, ge=0, le=4, description="Loudness; 1 for the loudness at which every voice is made to speak."
    )
    speech_cache: bool = Field(
        True,
        description="Keep the sound of short sentences in the cache directory (at most 64 MiB, readable by you alone), "
        "so that notices are heard at once. false deletes what was kept.",
    )
    output: OutputName = Field(
        "auto",
        description="auto: the loudspeaker. wav: one WAV file a narration, for machines without sound.",
    )
    output_device: str | None = Field(
        None,
        min_length=1,
        description="The loudspeaker's name, or a part that only its name has (`yomiage devices` lists them); null for "
        "the system's default, which also speaks where there is none of that name.",
    )
    others_volume: float = Field(
        1.0,
        ge=0,
        le=1,
        description="How loud other players stay while speech is heard: 0.3 turns them down, 1 leaves them alone. "
        "Linux (PulseAudio, PipeWire).",
    )
    wav_directory: str | None = Field(
        None, description="Where the wav output writes; null for the recordings folder in the data directory."
    )
    idle_unload_seconds: float = Field(
        900, ge=1, le=604_800, description="The models leave memory after so long without speech."
    )
    idle_exit_seconds: float = Field(
        14_400,
        ge=1,
        le=604_800,
        description="The daemon leaves after so long without a request; the next hook brings it back.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much the log tells.")


def settings_file() -> Path:
    return paths.config_dir() / "settings.json"


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of settings.json."""
    made = Settings.model_json_schema()
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["title"] = "Yomiage settings"
    made["properties"] = {"$schema": {"type": "string"}, **made["properties"]}
    made["additionalProperties"] = False
    return made


def parse(text: str, source: str = "settings.json") -> tuple[Settings, list[str]]:
    """Settings from JSON text, with warnings for keys that mean nothing.

    Raises SettingsError, with the line or the key, where the text cannot be used.
    """
    try:
        # A BOM is what some editors put first; json.loads would refuse it with a riddle.
        data = json.loads(text.removeprefix("\ufeff"))
    except (json.JSONDecodeError, RecursionError) as error:
        where = f", line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        what = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        raise SettingsError(
            f"{source}{where}: not valid JSON ({what}). Correct it there; the last good settings stay."
        ) from error
    if not isinstance(data, dict):
        raise SettingsError(f"{source}: the top level must be an object, {{…}}, not {type(data).__name__}.")
    known = set(Settings.model_fields)
    warnings = []
    for key in sorted(set(data) - known - {"$schema"}):
        close = difflib.get_close_matches(key, known, n=1)
        warnings.append(
            f"{source}: unknown setting {key!r} is ignored" + (f"; did you mean {close[0]!r}?" if close else ".")
        )
    try:
        return Settings.model_validate(data), warnings
    except ValidationError as error:
        raise SettingsError(f"{source}: {_explain(error)}. Correct it there; the last good settings stay.") from error


def load() -> tuple[Settings, list[str]]:
    """The settings as they stand on disk; the defaults where there is no file."""
    file = settings_file()
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings(), []
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: cannot be read ({error}). Make it a readable UTF-8 file.") from error
    return parse(text, str(file))


def set_enabled(enabled: bool) -> None:
    """Sets the switch in settings.json and leaves the rest of the file as the user wrote it.

    Raises SettingsError where the file is broken: it is not ours to overwrite then.
    """
    file = settings_file()
    text = file.read_text(encoding="utf-8") if file.exists() else default_text()
    parse(text, str(file))
    data = json.loads(text.removeprefix("\ufeff"))
    if data.get("enabled", True) is enabled and file.exists():
        return
    data["enabled"] = enabled
    write_atomically(file, json.dumps(data, ensure_ascii=False, indent=2) + "\n")


def default_text() -> str:
    """A settings.json that a newcomer can edit."""
    chosen = Settings().model_dump(mode="json", include={"enabled", "voices"})
    return json.dumps({"$schema": f"./{SCHEMA_NAME}", **chosen}, ensure_ascii=False, indent=2) + "\n"


def write_default_files() -> bool:
    """Writes the schema, and settings.json where there is none. True if settings.json was made."""
    file = settings_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file.with_name(SCHEMA_NAME), json.dumps(schema(), ensure_ascii=False, indent=2) + "\n")
    if file.exists():
        return False
    write_atomically(file, default_text())
    return True


def write_atomically(file: Path, text: str) -> None:
    """Replaces the file in one step, so that a reader never sees half of it."""
    target = file.resolve()  # through a symlink into someone's dotfiles, not over it
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _explain(error: ValidationError) -> str:
    reasons = []
    for problem in error.errors(include_url=False):
        *parents, last = problem["loc"]
        place = ".".join(str(part) for part in parents) + f"[{last}]" if isinstance(last, int) else str(last)
        shown = json.dumps(problem["input"], ensure_ascii=False, default=str)
        reasons.append(f"{place}: {problem['msg']}, not {shown[:80]}")
    return "; ".join(reasons)


TRANSLATORS: tuple[str, ...] = get_args(TranslatorName)
VOICES: tuple[str, ...] = get_args(VoiceName)

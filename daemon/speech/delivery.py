"""A sentence from one voice: worded for it, kept or made, examined, at the common loudness."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator

import numpy as np

from daemon.engines import Slot
from daemon.narration import AudioClip
from daemon.speech import cache, registry, shaping
from daemon.speech.engine import StreamingVoice, Voice
from daemon.speech.parts import LONGEST_TEXT
from daemon.speech.rate import at_rate
from daemon.text.lexicon import replace_terms, user_terms
from daemon.text.reading import to_reading
from tts_plugin.errors import EngineFailed
from tts_plugin.settings import Settings

LONGEST_CLIP = 60.0
SECONDS_PER_CHARACTER = 1.5
"""A clip longer than both allow is not speech of that sentence."""
LEAST_SECONDS = 0.03
"""For each character; quick speech takes three times as long. What is shorter broke off."""

_READABLE = re.compile(r"[0-9A-Za-zぁ-ゖァ-ヺ一-鿿]")


def whole(slot: Slot[Voice], text: str, settings: Settings, clips: cache.ClipCache) -> Iterator[AudioClip]:
    """One clip: a kept one, for which the voice need not be loaded, or a new one."""
    spoken, key = _worded(slot.name, text, settings)
    clip = _kept(slot, key, clips)
    if clip is None:
        clip = slot.use(functools.partial(_speak, spoken, settings.rate))
        if key:
            clips.put(key, clip)
    yield clip


def streamed(slot: Slot[Voice], text: str, settings: Settings, clips: cache.ClipCache) -> Iterator[AudioClip]:
    """The same clip piece by piece, where the voice can. Each piece is a call with a deadline of its own."""
    spoken, key = _worded(slot.name, text, settings)
    if (kept := _kept(slot, key, clips)) is not None:
        yield kept
        return
    pieces: Iterator[AudioClip] | None = None
    made: list[AudioClip] = []

    def further(voice: Voice) -> AudioClip | None:
        nonlocal pieces
        pieces = pieces or _pieces(spoken, settings.rate, voice)
        return next(pieces, None)

    while (piece := slot.use(further)) is not None:
        made.append(piece)
        yield piece
    if key:
        clips.put(key, _in_one(made))


def _worded(name: str, text: str, settings: Settings) -> tuple[str, str]:
    """The sentence as the voice wants it, and the name of its clip in the cache; "" where it is not kept."""
    engine = registry.engine_class(name)
    spoken = replace_terms(text, user_terms()) if engine.reads_latin else to_reading(text, user_terms())
    if not settings.speech_cache or len(text) > cache.LONGEST:
        return spoken, ""
    return spoken, cache.clip_key(name, engine.SETTINGS, settings, spoken)


def _kept(slot: Slot[Voice], key: str, clips: cache.ClipCache) -> AudioClip | None:
    # Not of a voice that cannot go on: the next sentence would be in another.
    if not key or slot.health()["state"] in ("failed", "unavailable"):
        return None
    return clips.get(key)


def _speak(spoken: str, rate: float, voice: Voice) -> AudioClip:
    slowest, quickest = voice.rates
    own_rate = min(max(rate, slowest), quickest)
    clip = voice.synthesize(spoken, own_rate)
    _examine(clip, spoken, own_rate)
    return AudioClip(shaping.level(at_rate(clip.samples, rate / own_rate)))


def _pieces(spoken: str, rate: float, voice: Voice) -> Iterator[AudioClip]:
    slowest, quickest = voice.rates
    if not isinstance(voice, StreamingVoice) or not slowest <= rate <= quickest:
        yield _speak(spoken, rate, voice)
        return
    made: list[AudioClip] = []
    gain: float | None = None
    for piece in voice.stream(spoken, rate):
        made.append(piece)
        # One gain for all: the voice has made the pieces as loud as each other.
        gain = gain or shaping.gain_of(piece.samples)
        yield AudioClip(shaping.level(piece.samples, gain))
    _examine(_in_one(made), spoken, rate)


def _in_one(pieces: list[AudioClip]) -> AudioClip:
    return AudioClip(np.concatenate([shaping.silence(), *(piece.samples for piece in pieces)]))


def _examine(clip: AudioClip, spoken: str, rate: float) -> None:
    """EngineFailed where the clip cannot be speech of that sentence."""
    seconds = clip.seconds * rate
    readable = min(LONGEST_TEXT, len(_READABLE.findall(spoken)))
    if seconds < LEAST_SECONDS * readable or (not len(clip.samples) and any(map(str.isalnum, spoken))):
        raise EngineFailed(f"{clip.seconds:.1f} s of sound came back for {len(spoken)} characters")
    if seconds > max(LONGEST_CLIP, SECONDS_PER_CHARACTER * len(spoken)):
        raise EngineFailed(f"{clip.seconds:.0f} s of sound came back for {len(spoken)} characters")

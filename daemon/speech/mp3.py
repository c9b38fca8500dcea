"""MP3 in memory to samples."""

from __future__ import annotations

import miniaudio
import numpy as np

from daemon.narration import SAMPLE_RATE
from daemon.speech.shaping import Samples
from tts_plugin.errors import EngineFailed

# Layer III of MPEG-1, and of MPEG-2 and 2.5, whose rates are lower. Google speaks MPEG-2: 24 kHz, 32 kbit/s.
_BITRATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BITRATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}


def decode(data: bytes) -> Samples:
    """The MP3 as 48 kHz mono; EngineFailed where it is none, or breaks off."""
    if not _is_whole(data):
        raise EngineFailed("the answer's MP3 is damaged or breaks off")
    try:
        decoded = miniaudio.decode(
            data, output_format=miniaudio.SampleFormat.SIGNED16, nchannels=1, sample_rate=SAMPLE_RATE
        )
    except miniaudio.DecodeError as error:
        raise EngineFailed(f"the answer's MP3 cannot be decoded ({error})") from error
    return np.asarray(decoded.samples, dtype=np.int16)


def _is_whole(data: bytes) -> bool:
    """Whether the frames lie one after another up to the last byte.

    A decoder stops in silence where the data stops: half a sentence would pass for a whole one.
    """
    at = 0
    if data[:3] == b"ID3" and len(data) >= 10:
        at = 10 + (data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9])
    frames = 0
    while at + 4 <= len(data):
        if data[at : at + 3] == b"TAG":
            return frames > 0
        length = _frame_length(data[at : at + 4])
        if not length:
            return False
        at += length
        frames += 1
    return frames > 0 and at == len(data)


def _frame_length(header: bytes) -> int:
    """Bytes of the frame that begins with this header; 0 where it is no Layer III header."""
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bitrate, rate = header[2] >> 4, header[2] >> 2 & 3
    if header[0] != 0xFF or header[1] >> 5 != 7 or version == 1 or layer != 1 or bitrate in (0, 15) or rate == 3:
        return 0
    kilobits = (_BITRATES_1 if version == 3 else _BITRATES_2)[bitrate]
    padding = header[2] >> 1 & 1
    return (144 if version == 3 else 72) * kilobits * 1000 // _RATES[version][rate] + padding

"""The replies of Google Translate's batchexecute service."""

from __future__ import annotations

import base64
import binascii
import json

from tts_plugin.errors import EngineFailed

RPC = "jQ1olc"
"""The name of the speech procedure, in request and reply."""


def audio(reply: bytes) -> bytes:
    """The MP3 in a reply; EngineFailed where there is none.

    A reply is a guard line, then lines of JSON between their lengths. In ours stands, as JSON within the
    JSON, a list whose first item is the MP3 in base64:
    [["wrb.fr","jQ1olc","[\\"//NExAA…\\"]",null,null,null,"generic"], …]
    """
    for line in reply.splitlines():
        if f'"{RPC}"'.encode() not in line:
            continue
        try:
            payload = next(entry[2] for entry in json.loads(line) if entry[1:2] == [RPC])
            encoded = json.loads(payload)[0] if payload else None
            if encoded:
                return base64.b64decode(encoded, validate=True)
        except (ValueError, TypeError, LookupError, StopIteration, RecursionError, binascii.Error) as error:
            raise EngineFailed(f"Google's answer is malformed ({type(error).__name__}).") from error
        raise EngineFailed("Google answered without speech for this sentence.")
    raise EngineFailed("Google's answer holds no speech; its service may have changed.")

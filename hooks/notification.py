"""Notification: speak the permission or idle notice."""

import os
import sys
import time

started = time.time()
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from tts_plugin import client  # noqa: E402

client.hook("Notification", started, start=True)

"""Private-use characters that stand for things not yet worded while text travels through cleaning.

The wording needs the message's language, and the language is known only after the markup is gone. Private-use
characters of the source are removed first (characters.py), so these cannot be forged.
"""

from __future__ import annotations

import re

SECRET = "\ue000"
LONG = "\ue001"
"""A token nobody wants to hear in full."""
FORMULA = "\ue002"
FOOTNOTE = "\ue003"
CODE_OPEN = "\ue004"
CODE_CLOSE = "\ue005"
"""Around inline code: its text is spoken as it stands, and no sentence ends inside."""
IMAGE_OPEN = "\ue006"
IMAGE_CLOSE = "\ue007"
"""Around the alternative text of an image."""
PASTED = "\ue008"
"""Before and after the index of a pasted passage (pasted.py)."""
UNDERSCORE = "\ue009"
"""An underscore that belongs to a name and must not be read as emphasis."""
HOLDER = "\ue00a"
"""Before a hidden piece while a rule works on the rest."""

CODE = re.compile(f"{CODE_OPEN}([^{CODE_CLOSE}]*){CODE_CLOSE}")
PASTED_INDEX = re.compile(f"{PASTED}([0-9]+){PASTED}")

"""How a message begins that says when it was sent ("12/09/2026, 18:02 Ann: ..."), or is quoted."""

from __future__ import annotations

import re

_CLOCK = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[AaPp]\.?[Mm]\.?)?"
_DAY = r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4},?[ T]"
_CLOSE = r"\]?,?(?:\s+[-–])?"

STAMP = rf"\[?{_DAY}\[?{_CLOCK}{_CLOSE}"
"""The pattern of a day with a time, as exports of chats and logs write them."""
TIME = rf"\[?{_CLOCK}{_CLOSE}"
"""The pattern of a time alone, as in a list of what happened when."""
MARKS = r"^[ \t]*>(?:[ \t]?>)*"
QUOTING = re.compile(rf"{MARKS}(?:[ \t]+(?![\d€$£.,])|(?=[^\W\d_]|$))", re.MULTILINE)
"""The marks before a line of a quoted mail ("> I can do dinner.").

Before a number a mark may mean more than that ("> 5 mm"), and is left.
"""

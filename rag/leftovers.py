"""What a run that was killed left half written in the cache."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

_ABANDONED_S = 3600.0  # a file is written in less than a second


def remove_leftovers(folder: Path, pattern: str) -> None:
    """Removes the files under `folder` like `pattern` that nobody has written to for an hour.

    What cannot be removed stays, silently.
    """
    oldest = time.time() - _ABANDONED_S
    with suppress(OSError):
        for file in folder.glob(pattern):
            with suppress(OSError):  # gone by now, open elsewhere (Windows), or not ours
                if file.stat().st_mtime < oldest:
                    file.unlink(missing_ok=True)

"""Files that are whole or not there, whenever the process is stopped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file beside ``path`` to write to; it takes that name once the block has ended."""
    part = path.with_name(path.name + ".part")
    yield part
    os.replace(part, path)

"""How a download says how far it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called while a file comes: its name, the bytes that are there, and of how many (or None).

    An exception that it raises ends the download; what came is kept for the next try.
    """

    def __call__(self, file: str, done_bytes: int, total_bytes: int | None) -> None:
        """Takes note of one file's progress."""

"""How a download says how far it is."""

from __future__ import annotations

from collections.abc import Callable

# Called while a file comes: its name, the bytes that are there, and of how many (0: unknown). The
# last call for a file has both numbers alike: its size, or 0 where it was given up. An exception
# that it raises ends the download; what came is kept for the next try.
Progress = Callable[[str, int, int], None]

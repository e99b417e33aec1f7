"""What searches need to know of every passage at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import IndexDamaged
from rag.store.segments import unpack

if TYPE_CHECKING:
    import sqlite3

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Arrays:
    """One entry a passage, over all segments: its row, its document's row, its length.

    `lengths` are in mean lengths of the living; `alive` is False for a removed passage, `living`
    the number of the others.
    """

    rows: NDArray[np.int64]
    documents: NDArray[np.int32]
    lengths: NDArray[np.float64]
    alive: NDArray[np.bool_]
    living: int


Limit = tuple[bool, "NDArray[np.bool_] | None"]
"""Whether any passage of a segment is searched, and which ones (None for all)."""


def limits_of(sizes: Sequence[int], usable: NDArray[np.bool_]) -> list[Limit]:
    """The limit of each segment of so many passages, where `usable` marks those of all."""
    limits: list[Limit] = []
    base = 0
    for size in sizes:
        part = usable[base : base + size]
        limits.append((bool(part.any()), None if part.all() else part))
        base += size
    return limits


def read_arrays(db: sqlite3.Connection, index_dir: Path) -> Arrays:
    """The arrays of all segments, in the order of their rows. Raises `IndexDamaged`."""
    import numpy as np

    parts: list[tuple[NDArray[Any], ...]] = []
    for raw_rows, raw_documents, raw_lengths, dead in db.execute(
        "SELECT rows, documents, lengths, dead FROM segment ORDER BY first_row"
    ):
        rows = np.frombuffer(raw_rows, dtype="<i8")
        documents = np.frombuffer(raw_documents, dtype="<i4")
        lengths = np.frombuffer(raw_lengths, dtype="<u2")
        if not len(rows) == len(documents) == len(lengths):
            raise IndexDamaged(
                f"a segment of the index {index_dir} does not list its passages: "
                "build the index anew with `rag index --rebuild PATH`"
            )
        parts.append((rows, documents, lengths, ~unpack(dead, len(rows))))
    if not parts:
        parts.append(tuple(np.empty(0, t) for t in ("i8", "i4", "u2", "?")))
    rows, documents, lengths, alive = (np.concatenate(p) for p in zip(*parts, strict=True))
    alive = alive.astype(bool)
    mean = float(lengths[alive].mean()) if alive.any() else 1.0
    return Arrays(rows, documents, lengths / max(mean, 1.0), alive, int(alive.sum()))

"""Segments as the writer sees them: new ones, the dead in old ones, merging."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.store import files, schema, vectors
from rag.store.ivf import IvfVectors
from rag.store.postings import merge_postings, postings_sha256, write_postings

if TYPE_CHECKING:
    import sqlite3

    import numpy as np
    from numpy.typing import NDArray

_DEAD_SHARE = 0.2
_GROWTH = 2
_LARGEST = 1 << 20  # passages of a segment: merging needs memory for all their codes
_LOOKUP = 500


class SegmentWriter:
    """Collects passages for a new segment; buries and merges those of old ones."""

    def __init__(self, index_dir: Path, db: sqlite3.Connection) -> None:
        self._folder = index_dir / schema.SEGMENTS
        self._db = db
        self._next_row = self._counter("next_row")
        self._clear()

    def _clear(self) -> None:
        self._rows: list[int] = []
        self._documents: list[int] = []
        self._terms: list[list[str]] = []
        self._vectors: list[NDArray[np.float32]] = []
        self._buried: list[tuple[int, int]] = []

    @property
    def pending(self) -> int:
        """How many passages wait to be written."""
        return len(self._rows)

    @property
    def next_row(self) -> int:
        """The row of the next passage; a row is never given twice."""
        return self._next_row

    def add(self, document: int, terms: Sequence[list[str]], new: NDArray[np.float32]) -> None:
        """Takes a document's passages, in order; the first gets `next_row`."""
        self._rows += range(self._next_row, self._next_row + len(terms))
        self._next_row += len(terms)
        self._documents += [document] * len(terms)
        self._terms += terms
        if len(terms):
            self._vectors.append(new)

    def bury(self, first_row: int, last_row: int) -> None:
        """Marks passages as dead: searches skip them from the next commit on."""
        if last_row >= first_row:
            self._buried.append((first_row, last_row))

    def flush(self) -> None:
        """Writes what was collected as a segment, and the marks of the dead."""
        import numpy as np

        if self._rows:
            number, target = self._new_segment()
            stacked = np.ascontiguousarray(np.concatenate(self._vectors), dtype=np.float32)
            part = (vectors.ArrayVectors(stacked), np.arange(len(stacked)))
            kind = vectors.write_vectors(target, [part], self._trained())
            write_postings(self._db, number, self._terms)
            lengths = np.array([min(len(t), 65535) for t in self._terms], dtype="<u2")
            rows = np.array(self._rows, dtype="<i8")
            self._insert(number, target, kind, rows, np.array(self._documents, "<i4"), lengths)
            self._set_counter("next_row", self._next_row)
        buried = self._buried
        self._clear()
        self._mark_dead(buried)

    def _insert(
        self,
        number: int,
        target: Path,
        kind: str,
        rows: NDArray[np.int64],
        documents: NDArray[np.int32],
        lengths: NDArray[np.uint16],
    ) -> None:
        self._db.execute(
            "INSERT INTO segment (number, first_row, kind, file, bytes, sha256, passages, rows, "
            "documents, lengths, dead, postings_sha256) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number,
                int(rows[0]),
                kind,
                target.name,
                target.stat().st_size,
                files.sha256_of(target),
                len(rows),
                rows.tobytes(),
                documents.tobytes(),
                lengths.tobytes(),
                bytes((len(rows) + 7) // 8),
                postings_sha256(self._db, number),
            ),
        )

    def _new_segment(self) -> tuple[int, Path]:
        number = self._counter("next_segment")
        self._set_counter("next_segment", number + 1)
        return number, self._folder / f"{number:06d}.faiss"

    def _counter(self, name: str) -> int:
        (raw,) = self._db.execute("SELECT value FROM meta WHERE key = ?", (name,)).fetchone()
        return int(raw)

    def _set_counter(self, name: str, value: int) -> None:
        self._db.execute("UPDATE meta SET value = ? WHERE key = ?", (str(value), name))

    def _trained(self) -> IvfVectors | None:
        """The largest segment that was trained: its centres serve new ones too."""
        found = self._db.execute(
            "SELECT file FROM segment WHERE kind = ? ORDER BY passages DESC LIMIT 1",
            (vectors.IVF,),
        ).fetchone()
        opened = vectors.open_vectors(self._folder / found[0], vectors.IVF) if found else None
        return opened if isinstance(opened, IvfVectors) else None

    def _mark_dead(self, buried: Sequence[tuple[int, int]]) -> None:
        import numpy as np

        if not buried:
            return
        first, last = (np.array(ends, dtype=np.int64) for ends in zip(*buried, strict=True))
        for number, raw, dead in self._db.execute(
            "SELECT number, rows, dead FROM segment"
        ).fetchall():
            rows = np.frombuffer(raw, dtype="<i8")
            marks = unpack(dead, len(rows))
            for begin, end in zip(
                np.searchsorted(rows, first), np.searchsorted(rows, last, side="right"), strict=True
            ):
                marks[begin:end] = True
            packed = pack(marks)
            if packed != dead:
                self._db.execute("UPDATE segment SET dead = ? WHERE number = ?", (packed, number))

    # Merging

    def compact(self, *, purge: bool) -> None:
        """Merges segments so that their number stays about the logarithm of the passages.

        The newest are merged while the next older one is less than twice as large as they are
        together, and both have not over a million; then the same with those before them. A segment
        with a fifth of its passages dead (`purge`: with any) is written anew.
        """
        sizes = []
        for number, passages, dead in self._db.execute(
            "SELECT number, passages, dead FROM segment ORDER BY first_row"
        ):
            sizes.append((number, passages, int(unpack(dead, passages).sum())))
        while sizes:  # one run may have written more than a segment holds: group by group
            tail = _tail(sizes)
            if len(tail) > 1 or _stale(tail[0], purge):
                self._merge([number for number, _, _ in tail])
            del sizes[len(sizes) - len(tail) :]

    def _merge(self, numbers: Sequence[int]) -> None:
        """Writes the living passages of segments as one new segment in their place."""
        import numpy as np

        rows: list[NDArray[np.int64]] = []
        documents: list[NDArray[np.int32]] = []
        lengths: list[NDArray[np.uint16]] = []
        parts: list[vectors.Part] = []
        moved: dict[int, NDArray[np.int64]] = {}
        for number in numbers:
            kind, name, raw_rows, raw_documents, raw_lengths, dead = self._db.execute(
                "SELECT kind, file, rows, documents, lengths, dead FROM segment WHERE number = ?",
                (number,),
            ).fetchone()
            all_rows = np.frombuffer(raw_rows, dtype="<i8")
            alive = np.flatnonzero(~unpack(dead, len(all_rows)))
            moved[number] = np.full(len(all_rows), -1, dtype=np.int64)
            moved[number][alive] = np.arange(len(alive)) + sum(len(r) for r in rows)
            rows.append(all_rows[alive])
            documents.append(np.frombuffer(raw_documents, dtype="<i4")[alive])
            lengths.append(np.frombuffer(raw_lengths, dtype="<u2")[alive])
            if len(alive):
                parts.append((vectors.open_to_copy(self._folder / name, kind), alive))
        if parts:
            number, target = self._new_segment()
            kind = vectors.write_vectors(target, parts, self._trained())
            merge_postings(self._db, numbers, number, moved)
            self._insert(
                number,
                target,
                kind,
                np.concatenate(rows),
                np.concatenate(documents),
                np.concatenate(lengths),
            )
        for number in numbers:
            self._db.execute("DELETE FROM posting WHERE segment = ?", (number,))
            self._db.execute("DELETE FROM segment WHERE number = ?", (number,))


def _tail(sizes: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    tail: list[tuple[int, int, int]] = []
    living = 0
    for size in reversed(sizes):
        older = size[1] - size[2]
        if tail and (older >= _GROWTH * max(living, 1) or older + living > _LARGEST):
            break
        tail.insert(0, size)
        living += older
    return tail


def _stale(size: tuple[int, int, int], purge: bool) -> bool:
    _, passages, dead = size
    return dead > 0 and (purge or dead >= _DEAD_SHARE * passages)


def pack(marks: NDArray[np.bool_]) -> bytes:
    """Marks as bits, the first in the lowest bit of the first byte."""
    import numpy as np

    return np.packbits(marks, bitorder="little").tobytes()


def unpack(bits: bytes, count: int) -> NDArray[np.bool_]:
    """The marks of `pack`."""
    import numpy as np

    raw = np.frombuffer(bits, dtype=np.uint8)
    return np.unpackbits(raw, count=count, bitorder="little").astype(bool)


class VectorSource:
    """Looks up vectors that the index holds already, by their passages' keys."""

    def __init__(self, index_dir: Path, db: sqlite3.Connection) -> None:
        self._folder = index_dir / schema.SEGMENTS
        self._db = db

    def find(self, keys: Iterable[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """The vectors of those keys that a passage of a committed segment or a spare has."""
        wanted = list(dict.fromkeys(keys))
        found: dict[bytes, NDArray[np.float32]] = {}
        for at in range(0, len(wanted), _LOOKUP):
            found.update(self._find(wanted[at : at + _LOOKUP]))
        return found

    def _find(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        import numpy as np

        marks = ",".join("?" * len(keys))
        found = {
            key: np.frombuffer(raw, dtype="<f4")
            for key, raw in self._db.execute(
                f"SELECT key, vector FROM spare WHERE key IN ({marks})", keys
            )
        }
        rows = {
            row: key
            for key, row in self._db.execute(
                f"SELECT key, min(row) FROM passage WHERE key IN ({marks}) GROUP BY key", keys
            )
            if key not in found
        }
        if rows:
            found.update(self._take(rows))
        return found

    def _take(self, keys: dict[int, bytes]) -> dict[bytes, NDArray[np.float32]]:
        import numpy as np

        wanted = np.array(sorted(keys), dtype=np.int64)
        found = {}
        for number, kind, name in self._db.execute(
            "SELECT number, kind, file FROM segment"
        ).fetchall():
            rows = self._segment_rows(number)
            at = np.searchsorted(rows, wanted)
            here = (at < len(rows)) & (rows[np.minimum(at, len(rows) - 1)] == wanted)
            if here.any():
                taken = vectors.open_vectors(self._folder / name, kind).take(at[here])
                found.update(
                    {
                        keys[int(row)]: vector
                        for row, vector in zip(wanted[here], taken, strict=True)
                    }
                )
        return found

    def _segment_rows(self, number: int) -> NDArray[np.int64]:
        import numpy as np

        (raw,) = self._db.execute("SELECT rows FROM segment WHERE number = ?", (number,)).fetchone()
        return np.frombuffer(raw, dtype="<i8")

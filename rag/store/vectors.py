"""The vectors of one segment: an immutable FAISS file, exact while small."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rag.errors import IndexDamaged
from rag.store import files
from rag.store.ivf import IvfVectors, build_ivf, taken
from rag.store.search_faiss import MARGIN, Query, exact_scores, search_flat

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FLAT = "flat"
IVF = "ivf"
FLAT_LIMIT = 100_000
FLAT_BESIDE_IVF = 20_000
_COUNT_AT, _NUMBERS_AT = 8, 37  # in the header of a flat file: vectors, and numbers in all


class Taken(Protocol):
    """Vectors by position from 0."""

    def take(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors at `positions`, shape (n, dimension)."""


class Vectors(Taken, Protocol):
    """The vectors of a segment."""

    def search(
        self, query: Query, k: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Positions and inner products of the `k` best among `allowed`, in any order."""


Part = tuple[Taken, "NDArray[np.int64]"]
"""Some of a segment's vectors, by position."""


class ArrayVectors:
    """Vectors in memory, on their way into a file."""

    def __init__(self, array: NDArray[np.float32]) -> None:
        self._array = array

    def search(
        self, query: Query, k: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """See `Vectors.search`."""
        import numpy as np

        scores = exact_scores(self._array, query.vector)
        usable = np.arange(len(scores)) if allowed is None else np.flatnonzero(allowed)
        best = usable[np.argsort(-scores[usable], kind="stable")[:k]]
        return best, scores[best]

    def take(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """See `Taken.take`."""
        return self._array[positions]


class FlatVectors:
    """Every vector as it was embedded, searched exactly.

    The inner products are summed again in double precision, one row at a time, so that a score
    does not depend on where in which segment its vector stands.
    """

    def __init__(self, index: Any) -> None:
        self._index = index

    def search(
        self, query: Query, k: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """See `Vectors.search`."""
        positions = search_flat(self._index, query, k + MARGIN, allowed)
        return positions, exact_scores(self.take(positions), query.vector)

    def take(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """See `Taken.take`."""
        return _take(self._index, positions)


def _take(index: Any, positions: NDArray[np.int64]) -> NDArray[np.float32]:
    import numpy as np

    vectors: NDArray[np.float32] = index.reconstruct_batch(np.asarray(positions, dtype=np.int64))
    return vectors


def open_vectors(path: Path, kind: str) -> Vectors:
    """The vectors of a segment file, mapped into memory. Raises `IndexDamaged`."""
    import faiss

    mapping = faiss.IO_FLAG_MMAP if kind == IVF else getattr(faiss, "IO_FLAG_MMAP_IFC", 0)
    try:
        index = faiss.read_index(str(path), mapping)
    except RuntimeError as exc:
        raise IndexDamaged(
            f"the index's segment {path} cannot be read: run `rag doctor --repair`, "
            "or build the index anew with `rag index --rebuild PATH`"
        ) from exc
    return IvfVectors(index) if kind == IVF else FlatVectors(index)


class UnmappedVectors:
    """The vectors of a flat file that is mapped only while some are taken.

    A merge reads many files once, and what stays mapped counts as resident memory.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """See `Taken.take`."""
        return open_vectors(self._path, FLAT).take(positions)


def open_to_copy(path: Path, kind: str) -> Taken:
    """As `open_vectors`, for reading all of a file once without keeping it in memory."""
    return open_vectors(path, IVF) if kind == IVF else UnmappedVectors(path)


def write_vectors(target: Path, parts: Sequence[Part], trained: IvfVectors | None = None) -> str:
    """Writes the parts' vectors, in order, durable under its name; gives the kind of the file.

    `flat` up to 100,000 vectors, beside a `trained` segment up to 20,000; else `ivf`.
    """
    total = sum(len(positions) for _, positions in parts)
    if total > (FLAT_BESIDE_IVF if trained else FLAT_LIMIT):
        _write(target, build_ivf(parts, trained))
        return IVF
    _write_flat(target, taken(parts), total)
    return FLAT


def _write_flat(target: Path, blocks: Iterable[NDArray[np.float32]], total: int) -> None:
    """Writes vectors as FAISS writes an `IndexFlatIP`, block by block, so that none is held."""
    import faiss

    temporary = files.temporary_of(target)
    with files.naming(target):
        files.create_private(temporary)
        with temporary.open("wb") as file:
            dimension = 0
            for block in blocks:
                if not dimension:
                    dimension = block.shape[1]
                    header = bytearray(faiss.serialize_index(faiss.IndexFlatIP(dimension)))
                    struct.pack_into("<q", header, _COUNT_AT, total)
                    struct.pack_into("<Q", header, _NUMBERS_AT, total * dimension)
                    file.write(header)
                file.write(block.astype("<f4", copy=False).tobytes())
        files.publish(temporary, target)


def _write(target: Path, index: Any) -> None:
    import faiss

    temporary = files.temporary_of(target)
    with files.naming(target):
        files.create_private(temporary)
        try:
            faiss.write_index(index, str(temporary))
        except RuntimeError as exc:  # FAISS reports a failed write this way, without an errno
            free = os.statvfs(target.parent).f_bavail if hasattr(os, "statvfs") else 1
            raise OSError(28 if free == 0 else 5, str(exc).splitlines()[0]) from exc
        files.publish(temporary, target)

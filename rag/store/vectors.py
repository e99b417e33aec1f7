"""The vectors of one segment: an immutable FAISS file, exact while small."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rag.errors import IndexDamaged
from rag.store import files

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MARGIN = 8


class Vectors(Protocol):
    """The vectors of a segment, by position from 0."""

    def search(
        self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Positions and inner products of the `k` best among `allowed`, in any order."""

    def take(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors at `positions`, shape (n, dimension)."""


class FlatVectors:
    """Every vector as it was embedded, searched exactly.

    The inner products are summed again in double precision, one row at a time, so that a score
    does not depend on where in which segment its vector stands.
    """

    def __init__(self, index: Any) -> None:
        self._index = index

    def search(
        self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """See `Vectors.search`."""
        positions, _ = _search(self._index, vector, k + _MARGIN, allowed, {})
        return positions, exact_scores(self.take(positions), vector)

    def take(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """See `Vectors.take`."""
        return _take(self._index, positions)


def exact_scores(vectors: NDArray[np.float32], query: NDArray[np.float32]) -> NDArray[np.float64]:
    """The inner products (n,) in double precision, each summed alone."""
    import numpy as np

    scores: NDArray[np.float64] = np.multiply(vectors, query, dtype=np.float64).sum(axis=1)
    return scores


def _search(
    index: Any,
    vector: NDArray[np.float32],
    k: int,
    allowed: NDArray[np.bool_] | None,
    options: dict[str, Any],
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    import faiss
    import numpy as np

    kind = faiss.SearchParametersIVF if options else faiss.SearchParameters
    selector = None
    if allowed is not None:
        bits = np.packbits(allowed, bitorder="little")
        selector = faiss.IDSelectorBitmap(len(allowed), faiss.swig_ptr(bits))
        options = {**options, "sel": selector}
    scores, positions = index.search(
        np.ascontiguousarray(vector[None, :], dtype=np.float32),
        max(1, min(k, index.ntotal)),
        params=kind(**options) if options else None,
    )
    found = positions[0] >= 0
    return positions[0][found], scores[0][found]


def _take(index: Any, positions: NDArray[np.int64]) -> NDArray[np.float32]:
    import numpy as np

    vectors: NDArray[np.float32] = index.reconstruct_batch(np.asarray(positions, dtype=np.int64))
    return vectors


def open_vectors(path: Path, kind: str) -> Vectors:
    """The vectors of a segment file, mapped into memory. Raises `IndexDamaged`."""
    import faiss

    try:
        index = faiss.read_index(str(path), getattr(faiss, "IO_FLAG_MMAP_IFC", 0))
    except RuntimeError as exc:
        raise IndexDamaged(
            f"the index's segment {path} cannot be read: run `rag doctor --repair`, "
            "or build the index anew with `rag index --rebuild PATH`"
        ) from exc
    return FlatVectors(index)


def write_flat(target: Path, vectors: NDArray[np.float32]) -> None:
    """Writes vectors (n, dimension) as a FAISS inner-product file, durable under its name."""
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    _write(target, index)


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

"""The vectors of all segments of an index: opened when they are first needed, searched as one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import RLock, Thread
from typing import TYPE_CHECKING

from rag.errors import RagError
from rag.store import schema
from rag.store.arrays import Limit, limits_of
from rag.store.search_faiss import Query, exact_scores
from rag.store.vectors import Vectors, open_vectors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.store.catalogue import SegmentEntry


class DenseSegments:
    """Segments by position, an int from 0 over all of them. Safe to use from several threads."""

    def __init__(self, index_dir: Path, segments: Sequence[SegmentEntry]) -> None:
        self._folder = index_dir / schema.SEGMENTS
        self._segments = segments
        self._lock = RLock()
        self._open: dict[int, Vectors] = {}

    def close(self) -> None:
        """Lets the mapped files go; a later search opens them again."""
        with self._lock:
            self._open.clear()

    def warm(self) -> None:
        """Begins to load the vector library and the segments, in a thread of its own.

        A first search, after the embedder was loaded meanwhile, then waits less.
        """
        # Begun here: of a package that two threads begin to import, one may see a half of it.
        import numpy  # noqa: F401

        Thread(target=self._warm, daemon=True).start()

    def _warm(self) -> None:
        with suppress(RagError):  # a search meets the same error, in the caller's thread
            for segment in self._segments:
                self._vectors(segment)

    def limits(self, usable: NDArray[np.bool_]) -> list[Limit]:
        """The limit of each segment, where `usable` (n,) marks the positions that are searched."""
        return limits_of([segment.passages for segment in self._segments], usable)

    def search(
        self, vector: NDArray[np.float32], k: int, limits: Sequence[Limit]
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Positions and inner products of the `k` best of each segment, in any order.

        `limits` (from `limits`) say which positions are searched.
        """
        import numpy as np

        query = Query(vector)
        positions, scores, base = [np.empty(0, np.int64)], [np.empty(0)], 0
        for segment, (some, limit) in zip(self._segments, limits, strict=True):
            if some:
                found, score = self._vectors(segment).search(query, k, limit)
                positions.append(found + base)
                scores.append(score)
            base += segment.passages
        return np.concatenate(positions), np.concatenate(scores)

    def scores(
        self, vector: NDArray[np.float32], positions: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """The inner products (n,) of `vector` with the vectors at these positions."""
        import numpy as np

        scores, base = np.zeros(len(positions)), 0
        for segment in self._segments:
            here = (positions >= base) & (positions < base + segment.passages)
            if here.any():
                taken = self._vectors(segment).take(positions[here] - base)
                scores[here] = exact_scores(taken, vector)
            base += segment.passages
        return scores

    def _vectors(self, segment: SegmentEntry) -> Vectors:
        with self._lock:
            if segment.number not in self._open:
                path = self._folder / segment.file
                self._open[segment.number] = open_vectors(path, segment.kind)
            return self._open[segment.number]

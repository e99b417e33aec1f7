"""Many vectors: cells around trained centres, eight bits a number, searched approximately.

FAISS's inverted file with a scalar quantiser. One training serves every later segment until the
index has outgrown it, so that merging copies codes from file to file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rag.store.search_faiss import MARGIN, Query, exact_scores, search_cells

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rag.store.vectors import Part

_BLOCK = 8192
_TRAINING_SHARE = 64
_PROBE_SHARE = 24
_LEAST_PROBES = 48
_NARROW = 0.1


class IvfVectors:
    """Vectors in cells; `take` gives them as their codes say, within about 0.001 a number.

    What the codes say is brought to length 1, which every embedded vector has: a query is near to
    its best passages, so that most of a code's error lies along them and is gone with this. The
    passages that FAISS finds are scored anew by it. How many of exact search's ten best are found
    so is measured in eval/benchmarks/index_scale.md.
    """

    def __init__(self, index: Any) -> None:
        self.index = index
        self._mapped = False

    def search(
        self, query: Query, k: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """See `Vectors.search`.

        A search limited to few passages looks into every cell, and so does one that found fewer
        than `k` where more are allowed.
        """
        import numpy as np

        count, probes = int(self.index.nlist), probes_for(int(self.index.nlist))
        usable = int(self.index.ntotal if allowed is None else np.count_nonzero(allowed))
        if usable < _NARROW * self.index.ntotal:
            probes = count
        positions = self._nearest(query, probes, k, allowed)
        if len(positions) < min(k, usable) and probes < count:
            positions = self._nearest(query, count, k, allowed)
        return positions, exact_scores(self.take(positions), query.vector)

    def _nearest(
        self, query: Query, probes: int, k: int, allowed: NDArray[np.bool_] | None
    ) -> NDArray[np.int64]:
        cells = query.cells(self.index.quantizer, self._centres, probes)
        return search_cells(self.index, query, cells, k + MARGIN, allowed)

    @cached_property
    def _centres(self) -> bytes:
        return hashlib.blake2b(_centres(self.index).tobytes()).digest()

    def take(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """See `Taken.take`."""
        import numpy as np

        if not self._mapped:
            self.index.make_direct_map(True)
            self._mapped = True
        vectors: NDArray[np.float32] = self.index.reconstruct_batch(positions)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.where(lengths > 0, lengths, 1)
        return vectors


def probes_for(cells: int) -> int:
    """How many of so many cells a search looks into."""
    return min(cells, max(_LEAST_PROBES, cells // _PROBE_SHARE))


def cells_for(vectors: int) -> int:
    """How many cells so many vectors are divided into: about 4 square roots, a power of two."""
    cells = 16
    while cells * 2 <= 4 * vectors**0.5:
        cells *= 2
    return cells


def build_ivf(parts: Sequence[Part], trained: IvfVectors | None) -> Any:
    """A FAISS index of the parts' vectors, in order, their positions as ids.

    `trained` lends its centres unless there are now more than four times the vectors they were
    made for; its own codes, and those of parts with the same centres, are copied.
    """
    total = sum(len(positions) for _, positions in parts)
    if trained is None or cells_for(total) > 2 * trained.index.nlist:
        index, trained = _train(parts, total), None
    else:
        index = _empty_like(trained.index)
    at = 0
    for vectors, positions in parts:
        if isinstance(vectors, IvfVectors) and trained and _same_centres(vectors.index, index):
            _copy_codes(vectors.index, index, positions, at)
        else:
            for block in _blocks(positions):
                ids = _ids(at, len(block))
                index.add_with_ids(vectors.take(block), ids)
                at += len(block)
            continue
        at += len(positions)
    return index


def taken(parts: Sequence[Part]) -> Iterator[NDArray[np.float32]]:
    """The parts' vectors, in order, in blocks of shape (n, dimension)."""
    for vectors, positions in parts:
        for block in _blocks(positions):
            yield vectors.take(block)


def _ids(first: int, count: int) -> NDArray[np.int64]:
    import numpy as np

    return np.arange(first, first + count, dtype=np.int64)


def _blocks(positions: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for at in range(0, len(positions), _BLOCK):
        yield positions[at : at + _BLOCK]


def _train(parts: Sequence[Part], total: int) -> Any:
    """An empty index whose centres fit a sample, evenly spread over all vectors."""
    import numpy as np

    cells = cells_for(total)
    wanted = np.unique(
        np.linspace(0, total - 1, min(total, _TRAINING_SHARE * cells)).astype(np.int64)
    )
    chosen, first = [], 0
    for vectors, positions in parts:
        here = wanted[(wanted >= first) & (wanted < first + len(positions))] - first
        chosen.append((vectors, positions[here]))
        first += len(positions)
    sample: NDArray[np.float32] | None = None
    at = 0
    for block in taken(chosen):
        if sample is None:
            sample = np.empty((len(wanted), block.shape[1]), dtype=np.float32)
        sample[at : at + len(block)] = block
        at += len(block)
    if sample is None:
        raise ValueError("centres need vectors to be trained on, got none")
    index = _new(sample.shape[1], cells)
    index.train(sample)
    return index


def _new(dimension: int, cells: int) -> Any:
    import faiss

    centres = faiss.IndexFlatIP(dimension)
    index = faiss.IndexIVFScalarQuantizer(
        centres,
        dimension,
        cells,
        faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
        False,  # codes of the vector itself, not of its distance from the centre
    )
    index.cp.min_points_per_centroid = 1  # says nothing on stderr about a small sample
    return index


def _empty_like(other: Any) -> Any:
    import faiss

    index = _new(other.d, other.nlist)
    centres = faiss.downcast_index(index.quantizer)
    centres.add(_centres(other))
    index.sq = other.sq
    index.is_trained = True
    return index


def _centres(index: Any) -> NDArray[np.float32]:
    import faiss

    found: NDArray[np.float32] = faiss.downcast_index(index.quantizer).reconstruct_n(0, index.nlist)
    return found


def _same_centres(one: Any, other: Any) -> bool:
    import numpy as np

    return bool(one.nlist == other.nlist and np.array_equal(_centres(one), _centres(other)))


def _copy_codes(source: Any, target: Any, positions: NDArray[np.int64], first: int) -> None:
    """Copies the codes at `positions`; they get the ids from `first` on, in that order."""
    import faiss
    import numpy as np

    moved = np.full(source.ntotal, -1, dtype=np.int64)
    moved[positions] = _ids(first, len(positions))
    lists, size = source.invlists, int(source.code_size)
    for cell in range(source.nlist):
        count = lists.list_size(cell)
        if not count:
            continue
        ids = moved[faiss.rev_swig_ptr(lists.get_ids(cell), count)]
        codes = faiss.rev_swig_ptr(lists.get_codes(cell), count * size).reshape(count, size)
        kept = ids >= 0
        ids, codes = np.ascontiguousarray(ids[kept]), np.ascontiguousarray(codes[kept])
        if len(ids):
            target.invlists.add_entries(cell, len(ids), faiss.swig_ptr(ids), faiss.swig_ptr(codes))
    target.ntotal += len(positions)

"""One query against FAISS indexes, limited to some positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


MARGIN = 8
"""So many more are asked for than wanted, before their scores are summed anew."""


def exact_scores(vectors: NDArray[np.float32], query: NDArray[np.float32]) -> NDArray[np.float64]:
    """The inner products (n,) in double precision, each summed alone."""
    import numpy as np

    scores: NDArray[np.float64] = np.multiply(vectors, query, dtype=np.float64).sum(axis=1)
    return scores


class Query:
    """A vector that is searched for, and the cells nearest to it.

    Segments that share their centres share what was looked up among them.
    """

    def __init__(self, vector: NDArray[np.float32]) -> None:
        import numpy as np

        self.vector: NDArray[np.float32] = np.ascontiguousarray(vector, dtype=np.float32)
        self._cells: dict[tuple[bytes, int], Cells] = {}

    def cells(self, quantizer: Any, centres: bytes, probes: int) -> Cells:
        """The `probes` cells nearest to the vector; `centres` tells one training from another."""
        found = self._cells.get((centres, probes))
        if found is None:
            scores, numbers = quantizer.search(self.vector[None, :], probes)
            found = self._cells[centres, probes] = numbers, scores
        return found


Cells = tuple["NDArray[np.int64]", "NDArray[np.float32]"]
"""Numbers of cells and the inner products of their centres, each of shape (1, n)."""


def search_flat(
    index: Any, query: Query, k: int, allowed: NDArray[np.bool_] | None
) -> NDArray[np.int64]:
    """Positions of the `k` best, best first; fewer where fewer are allowed."""
    import faiss

    params: Any = None
    if allowed is not None:
        options: dict[str, Any] = {"sel": _selector(allowed)}
        params = faiss.SearchParameters(**options)
    _, positions = index.search(query.vector[None, :], _at_most(index, k), params=params)
    return _met(positions)


def search_cells(
    index: Any, query: Query, cells: Cells, k: int, allowed: NDArray[np.bool_] | None
) -> NDArray[np.int64]:
    """Positions of the `k` best in some cells, best first; fewer where fewer are allowed there.

    `IndexIVF.search` would look up the cells itself, and for a mapped file begin 32 threads that
    read ahead, which costs more than the search once the file is in memory.
    """
    import faiss
    import numpy as np

    numbers, centre_scores = cells
    options: dict[str, Any] = {"nprobe": numbers.shape[1]}
    if allowed is not None:
        options["sel"] = _selector(allowed)
    k = _at_most(index, k)
    scores = np.empty((1, k), dtype=np.float32)
    positions = np.empty((1, k), dtype=np.int64)
    # FAISS's own wrapper of this takes no parameters, and to set them on the index is not safe
    # while another thread searches.
    index.search_preassigned_c(
        1,
        faiss.swig_ptr(query.vector),
        k,
        faiss.swig_ptr(numbers),
        faiss.swig_ptr(centre_scores),
        faiss.swig_ptr(scores),
        faiss.swig_ptr(positions),
        False,
        faiss.SearchParametersIVF(**options),
    )
    return _met(positions)


def _selector(allowed: NDArray[np.bool_]) -> Any:
    """FAISS's selector of the allowed positions."""
    import faiss
    import numpy as np

    selector: Any = faiss.IDSelectorBitmap
    return selector(np.packbits(allowed, bitorder="little"))


def _at_most(index: Any, k: int) -> int:
    return max(1, min(k, int(index.ntotal)))


def _met(positions: NDArray[np.int64]) -> NDArray[np.int64]:
    met: NDArray[np.int64] = positions[0][positions[0] >= 0]
    return met

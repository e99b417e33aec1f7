"""One query against one FAISS index, limited to some positions."""

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


def search_faiss(
    index: Any,
    vector: NDArray[np.float32],
    k: int,
    allowed: NDArray[np.bool_] | None,
    options: dict[str, Any],
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Positions and inner products of the `k` best, best first; fewer where fewer are allowed.

    `options` are those of FAISS's search parameters for inverted files, empty for other indexes.
    """
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

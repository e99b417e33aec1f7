"""Where the topic changes in a text without headings.

As in TextTiling (Hearst 1997), with sentence vectors in place of word counts: at each gap the mean
of the sentences before it is compared with the mean of those behind it, and the deepest valleys
are the boundaries. The work grows linearly with the number of sentences.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WINDOW = 12
LEAST_SHARE = 0.4  # a part is at least so large, compared with an even one


def boundaries(vectors: NDArray[np.float32], parts: int) -> list[int]:
    """The positions at which a new part begins, sorted, at most `parts - 1`; never 0.

    `vectors` (n, dimension) are the unit vectors of the sentences in order.
    """
    import numpy as np

    count = len(vectors)
    if parts < 2 or count < 2 * parts:
        return []
    depths = _depths(_gaps(vectors))
    least = max(1, int(LEAST_SHARE * count / parts))
    chosen: list[int] = []
    for gap in np.argsort(-depths, kind="stable"):
        position = int(gap) + 1
        if min(position, count - position) < least:
            continue
        if all(abs(position - other) >= least for other in chosen):
            chosen.append(position)
        if len(chosen) == parts - 1:
            break
    return sorted(chosen)


def _gaps(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """The cosine across each gap, shape (n - 1,)."""
    import numpy as np

    count = len(vectors)
    sums = np.vstack([np.zeros((1, vectors.shape[1])), np.cumsum(vectors, axis=0, dtype=float)])
    at = np.arange(1, count)
    before = sums[at] - sums[np.maximum(0, at - WINDOW)]
    behind = sums[np.minimum(count, at + WINDOW)] - sums[at]
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(behind, axis=1)
    similar: NDArray[np.float64] = (before * behind).sum(axis=1) / np.maximum(lengths, 1e-9)
    return similar


def _depths(similar: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each gap lies below the nearest peak on either side."""
    import numpy as np

    depths = np.zeros(len(similar))
    for side in (similar, similar[::-1]):
        peaks = np.zeros(len(side))
        peak = side[0]
        for i, value in enumerate(side):
            # A peak counts while the curve falls from it; a lower hill on the way starts anew.
            peak = value if value > peak or (i and value > side[i - 1] + 0.05) else peak
            peaks[i] = peak - value
        depths += peaks if side is similar else peaks[::-1]
    return depths

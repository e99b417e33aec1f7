"""Unit vectors and their means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def centroids(
    groups: Sequence[int], count: int, vectors: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The unit vector of each of `count` groups, shape (count, dimension); 0 for an empty one.

    `groups` numbers the group of each row. All are summed in one pass, since in a large collection
    each document is a group.
    """
    import numpy as np

    sums = np.zeros((count, vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, np.asarray(groups, dtype=np.int64), vectors)
    return unit_rows(sums)


def unit_rows(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The rows at length 1; one of zeros stays so."""
    import numpy as np

    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = (rows / np.maximum(lengths, 1e-9)).astype(np.float32)
    return scaled

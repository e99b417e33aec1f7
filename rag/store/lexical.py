"""The best passages for the words of a query, exactly, without adding up every long list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.store import postings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LONG = 10_000
"""A list of more passages than this is not added up where it cannot change the best."""
_SLACK = 1e-5
"""More than the rounding of a score."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a query: the living positions (n,) that hold it, ascending, and how often."""

    word: str
    positions: NDArray[np.int64]
    counts: NDArray[np.int64]

    def at(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where in `self.positions` each of these stands, -1 for one that does not."""
        import numpy as np

        if not len(self.positions):
            return np.full(len(positions), -1, dtype=np.int64)
        found = np.minimum(np.searchsorted(self.positions, positions), len(self.positions) - 1)
        return np.where(self.positions[found] == positions, found, -1)


def best_scores(
    words: Sequence[Word],
    lengths: NDArray[np.float64],
    passages: int,
    k: int,
    allowed: NDArray[np.bool_] | None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Positions with their BM25 scores, in any order: at least the `k` best, ties included.

    `lengths` (of every position) are in mean lengths, `passages` is the number of the living.
    The rarest words come first. Once `k` passages score more than the words that are left could
    give together, a long list is only looked up for passages that may still be among the best.
    Turtle and Flood, Query Evaluation: Strategies and Optimizations (1995), MaxScore.
    """
    import numpy as np

    ranked = _rarest_first(words)
    most = [postings.most(len(word.positions), passages) for word in ranked]
    scores = np.zeros(len(lengths))
    at = 0
    found: NDArray[np.int64] | None = None
    for at, word in enumerate(ranked):
        if len(word.positions) > _LONG and at:
            found = _met(scores, allowed)
            if sum(most[at:]) < _kth(scores[found], k) - _SLACK:
                break
        weights = postings.bm25(word.counts, lengths[word.positions], len(word.positions), passages)
        scores[word.positions] += weights
        found = None
    else:
        at = len(ranked)
    if found is None:
        found = _met(scores, allowed)
    summed = scores[found]
    for i in range(at, len(ranked)):
        kept = summed + sum(most[i:]) >= _kth(summed, k) - _SLACK
        found, summed = found[kept], summed[kept]
        summed = summed + _looked_up(ranked[i], found, lengths, passages)
    return found, summed


def scores_at(
    words: Sequence[Word],
    lengths: NDArray[np.float64],
    passages: int,
    positions: NDArray[np.int64],
) -> NDArray[np.float64]:
    """The BM25 scores (n,) of some positions, as `best_scores` gives them."""
    import numpy as np

    scores = np.zeros(len(positions))
    for word in _rarest_first(words):
        scores += _looked_up(word, positions, lengths, passages)
    return scores


def _rarest_first(words: Sequence[Word]) -> list[Word]:
    return sorted(words, key=lambda word: len(word.positions))


def _looked_up(
    word: Word, positions: NDArray[np.int64], lengths: NDArray[np.float64], passages: int
) -> NDArray[np.float64]:
    import numpy as np

    where = word.at(positions)
    held = np.flatnonzero(where >= 0)
    added = np.zeros(len(positions))
    added[held] = postings.bm25(
        word.counts[where[held]], lengths[positions[held]], len(word.positions), passages
    )
    return added


def _met(scores: NDArray[np.float64], allowed: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    import numpy as np

    met = scores > 0
    return np.flatnonzero(met if allowed is None else met & allowed)


def _kth(scores: NDArray[np.float64], k: int) -> float:
    """The `k`-th highest score, 0 where there are fewer."""
    import numpy as np

    if len(scores) < k:
        return 0.0
    return float(np.partition(scores, len(scores) - k)[len(scores) - k])

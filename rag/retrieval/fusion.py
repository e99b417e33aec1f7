"""Two ranked lists into one, and what stands in it twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rag.store import Matches
from rag.types import Passage

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DENSE_SHARE = 0.5
"""Measured in eval/benchmarks/retrieval.md."""
_SAME_SHARE = 0.9

_Face = tuple[frozenset[str], frozenset[str]]


def convex(dense: Matches, lexical: Matches, share: float = DENSE_SHARE) -> dict[int, float]:
    """The fused score of each position, from 0 to 1: `share` of its dense score, the rest lexical.

    Dense scores are brought to the range from 0 (the last of the list, or not in it) to 1 (the
    first), lexical ones from 0 (no word met) to 1. Bruch, Gai and Ingber, An Analysis of Fusion
    Functions for Hybrid Retrieval (TOIS 2023).
    """
    scores: dict[int, float] = {}
    for matches, weight, low in (
        (dense, share, min(dense.scores, default=0.0)),
        (lexical, 1 - share, 0.0),
    ):
        spread = max(matches.scores, default=0.0) - low
        for position, score in zip(matches.positions, matches.scores, strict=True):
            part = (score - low) / spread if spread > 0 else 1.0
            scores[position] = scores.get(position, 0.0) + weight * part
    return scores


def standardised(
    dense: NDArray[np.float64], lexical: NDArray[np.float64], share: float = DENSE_SHARE
) -> NDArray[np.float64]:
    """The fused score (n,) of each candidate, between 0 and 1, from its two scores (n,).

    Each kind of score is brought to mean 0 and spread 1 over the candidates, `share` of the one
    and the rest of the other are added, and the sum x is shown as 1 / (1 + exp(-x)): 0.5 is
    what the mean candidate has.
    """
    import numpy as np

    total = share * _in_spreads(dense) + (1 - share) * _in_spreads(lexical)
    fused: NDArray[np.float64] = 1 / (1 + np.exp(-total))
    return fused


def _in_spreads(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    import numpy as np

    ordered = np.sort(scores)  # so that the sums do not depend on the order of the candidates
    spread = float(ordered.std()) if len(ordered) else 0.0
    if spread == 0.0:
        return np.zeros(len(scores))
    centred: NDArray[np.float64] = (scores - ordered.mean()) / spread
    return centred


def distinct_first(passages: Iterable[Passage], k: int) -> list[tuple[int, Passage]]:
    """The first `k` passages with their index, in order, so that repeats crowd out nothing else.

    A repeat has nearly the words of a passage before it (nine in ten) and exactly its numbers: a
    letter that says the same with another amount is not one. Repeats come in only where fewer
    than `k` others exist. No more passages are drawn than needed.
    """
    kept: list[tuple[int, Passage]] = []
    repeats: list[tuple[int, Passage]] = []
    seen: list[_Face] = []
    for i, passage in enumerate(passages):
        face = _face(passage.text)
        if any(_repeats(face, other) for other in seen):
            repeats.append((i, passage))
            continue
        kept.append((i, passage))
        seen.append(face)
        if len(kept) == k:
            break
    return sorted(kept + repeats[: k - len(kept)], key=lambda pair: pair[0])


def _face(text: str) -> _Face:
    """The words of a text, and those with a digit."""
    words = frozenset(text.casefold().split())
    # `isalpha` spares most words the walk over their characters.
    return words, frozenset(w for w in words if not w.isalpha() and any(map(str.isdigit, w)))


def _repeats(one: _Face, other: _Face) -> bool:
    if one[1] != other[1]:
        return False
    smaller, larger = sorted((len(one[0]), len(other[0])))
    if smaller < _SAME_SHARE * larger:
        return False
    return len(one[0] & other[0]) >= _SAME_SHARE * len(one[0] | other[0])

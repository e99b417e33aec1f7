"""Chooses sentences: central, new, spread over the sections, and about the topic if there is one.

Greedy maximal marginal relevance (Carbonell and Goldstein 1998): a sentence's worth is its
relevance less its likeness to what was already chosen. Relevance is the cosine to the centroid of
its section and of the whole (Radev et al. 2004, centroid-based summarisation), so the work grows
linearly with the number of sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.summarising.sections import Section, Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NOVELTY = 0.6
LIKE = 0.88  # two sentences more alike than this say the same


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each sign of relevance counts."""

    whole: float = 0.5
    section: float = 0.3
    lead: float = 0.15
    topic: float = 1.2


DEFAULT = Weights()


def select(
    sections: Sequence[Section],
    units: Sequence[Unit],
    vectors: NDArray[np.float32],
    *,
    budget_words: int,
    every_section: bool = False,
    topic: NDArray[np.float32] | None = None,
    weights: Weights = DEFAULT,
) -> list[Unit]:
    """The chosen units in the order of the documents, about `budget_words` words in all.

    `units` are the usable ones and `vectors` their unit vectors, shape (n, dimension) float32, in
    the same order. With `every_section` each section gives its best sentence before any gives a
    second, however many words that takes. `topic` is the unit vector of the topic, or None.
    """
    if not units:
        return []
    scores = relevance(sections, units, vectors, topic, weights)
    chosen: list[int] = []
    words = 0
    if every_section:
        for number in sorted({u.section for u in units}):
            best = max(
                (i for i, u in enumerate(units) if u.section == number),
                key=lambda i: (scores[i] - 0.004 * units[i].words, -i),
            )
            chosen.append(best)
            words += units[best].words
    likeness = _likeness(vectors, chosen)
    while words < budget_words and len(chosen) < len(units):
        worth = scores - NOVELTY * likeness
        worth[chosen] = -9.0
        worth[likeness > LIKE] = -9.0
        best = int(worth.argmax())
        if worth[best] <= -9.0:
            break
        if chosen and words + units[best].words > budget_words * 1.25:
            likeness[best] = 1.0  # too long for what is left
            continue
        chosen.append(best)
        words += units[best].words
        likeness = _likeness(vectors, chosen, likeness, best)
    return [units[i] for i in sorted(chosen)]


def relevance(
    sections: Sequence[Section],
    units: Sequence[Unit],
    vectors: NDArray[np.float32],
    topic: NDArray[np.float32] | None,
    weights: Weights = DEFAULT,
) -> NDArray[np.float32]:
    """The relevance of each unit, shape (n,) float32; higher is better."""
    import numpy as np

    numbers = np.array([u.section for u in units])
    scores = weights.whole * (vectors @ _centroid(vectors))
    for number in np.unique(numbers):
        inside = numbers == number
        scores[inside] += weights.section * (vectors[inside] @ _centroid(vectors[inside]))
    lead = np.array([1.0 / (1 + u.position) for u in units], dtype=np.float32)
    scores = scores + weights.lead * lead
    if topic is not None:
        scores = scores + weights.topic * (vectors @ topic)
    return scores.astype(np.float32)


def _centroid(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    mean = vectors.mean(axis=0)
    length = float(np.linalg.norm(mean))
    centroid: NDArray[np.float32] = mean / length if length else mean
    return centroid


def _likeness(
    vectors: NDArray[np.float32],
    chosen: Sequence[int],
    before: NDArray[np.float32] | None = None,
    added: int | None = None,
) -> NDArray[np.float32]:
    """The greatest cosine of each unit to a chosen one, 0 where none is chosen."""
    import numpy as np

    if before is not None and added is not None:
        return np.maximum(before, vectors @ vectors[added])
    if not chosen:
        return np.zeros(len(vectors), dtype=np.float32)
    likeness: NDArray[np.float32] = (vectors @ vectors[list(chosen)].T).max(axis=1)
    return likeness

"""Curves of a probability: how far it can be believed, and what it buys to answer less."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.evaluation.decision_metrics import Floats

_Z = 1.959964
_MOST_POINTS = 200


@dataclass(frozen=True, slots=True)
class Bin:
    """The items whose probability lies in one stretch: their mean probability and their rate.

    `low` and `high` are the 95 % Wilson interval of the rate.
    """

    probability: float
    rate: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class RiskPoint:
    """Of the surest `coverage` of all items (score >= `threshold`), the share that is wrong."""

    coverage: float
    risk: float
    threshold: float


def reliability(probabilities: Floats, outcomes: Floats, bins: int = 10) -> list[Bin]:
    """The reliability curve over equal-width bins; empty bins are left out.

    The bins are those of the expected calibration error (Naeini et al. 2015).
    """
    import numpy as np

    clipped = np.clip(probabilities, 0.0, 1.0)
    code = np.minimum((clipped * bins).astype(np.intp), bins - 1)
    curve = []
    for number in np.unique(code):
        inside = code == number
        n, rate = int(inside.sum()), float(outcomes[inside].mean())
        low, high = wilson(rate, n)
        curve.append(Bin(float(clipped[inside].mean()), rate, low, high, n))
    return curve


def wilson(rate: float, n: int) -> tuple[float, float]:
    """The 95 % Wilson score interval of a rate over `n` > 0 items (Wilson 1927)."""
    centre = (rate + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * sqrt(rate * (1 - rate) / n + _Z**2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def risk_coverage(scores: Floats, right: Floats) -> list[RiskPoint]:
    """The risk-coverage curve, from little coverage to all (El-Yaniv and Wiener 2010).

    Equal scores stand or fall together, so a point is at the end of each run of them; at most 200
    points are kept, evenly. Empty without items.
    """
    import numpy as np

    if not len(scores):
        return []
    order = np.argsort(-scores, kind="stable")
    ranked, wrong = scores[order], np.cumsum(1 - right[order])
    ends = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    if len(ends) > _MOST_POINTS:
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, _MOST_POINTS).astype(np.intp))]
    n = len(scores)
    return [
        RiskPoint((i + 1) / n, float(wrong[i] / (i + 1)), float(ranked[i])) for i in ends.tolist()
    ]

"""Metrics of decisions and probabilities: abstention, ROC, calibration, percentiles.

Each is made in two steps, so that resampling is quick: what sorts or bins the data is done once,
and the statistic that comes back is a function of positions (an index array, with repetitions).
It is NaN where it is undefined, which the callers turn into "absent".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Positions = NDArray[np.intp]
    Statistic = Callable[[Positions], float]

ECE_BINS = 10
_DRAWS = 200  # of what chance gives: on 50 items their mean is within 0.005


def mean_statistic(values: Floats) -> Statistic:
    """The arithmetic mean."""
    return lambda at: float(values[at].mean())


def percentile_statistic(values: Floats, percent: float) -> Statistic:
    """The percentile by linear interpolation (Hyndman and Fan 1996, type 7)."""
    import numpy as np

    return lambda at: float(np.percentile(values[at], percent))


def auroc_statistic(scores: Floats, labels: Floats) -> Statistic:
    """Area under the ROC curve: P(a positive scores higher than a negative), ties count half.

    The Mann-Whitney form (Fawcett 2006, "An introduction to ROC analysis"). `labels` are 1 and 0;
    undefined (NaN) without both classes.
    """
    import numpy as np

    distinct, code = np.unique(scores, return_inverse=True)
    code = 2 * code + (labels > 0.5)
    size = 2 * len(distinct)

    def statistic(at: Positions) -> float:
        counts = np.bincount(code[at], minlength=size).astype(np.float64)
        negative, positive = counts[0::2], counts[1::2]
        pairs = negative.sum() * positive.sum()
        below = np.cumsum(negative) - negative
        won = float((positive * (below + negative / 2)).sum())
        return won / float(pairs) if pairs else float("nan")

    return statistic


def abstention_statistic(unanswerable: Floats, abstained: Floats, which: str) -> Statistic:
    """Precision, recall or F1 of `abstained` against `unanswerable` (both 1 and 0).

    precision = TP / (TP + FP), recall = TP / (TP + FN), f1 = 2 TP / (2 TP + FP + FN), where TP are
    the unanswerable questions that were not answered. All are undefined in a set without
    unanswerable questions, precision also where nothing was abstained from.
    """
    import numpy as np

    code = (2 * (unanswerable > 0.5) + (abstained > 0.5)).astype(np.intp)

    def statistic(at: Positions) -> float:
        _, fp, fn, tp = (float(c) for c in np.bincount(code[at], minlength=4))
        if not tp + fn:
            return float("nan")
        top, bottom = {
            "precision": (tp, tp + fp),
            "recall": (tp, tp + fn),
            "f1": (2 * tp, 2 * tp + fp + fn),
        }[which]
        return top / bottom if bottom else float("nan")

    return statistic


def ece_statistic(probabilities: Floats, outcomes: Floats, bins: int = ECE_BINS) -> Statistic:
    """Expected calibration error: sum over bins of |mean probability - rate| * share of items.

    Equal-width bins over [0, 1], 10 of them (Naeini et al. 2015; Guo et al. 2017, "On Calibration
    of Modern Neural Networks"). Biased upwards on few items. Values outside are clipped.
    """
    import numpy as np

    clipped = np.clip(probabilities, 0.0, 1.0)
    code = np.minimum((clipped * bins).astype(np.intp), bins - 1)
    gap = clipped - outcomes

    def statistic(at: Positions) -> float:
        sums = np.bincount(code[at], weights=gap[at], minlength=bins)
        return float(np.abs(sums).sum()) / len(at) if len(at) else float("nan")

    return statistic


def everything(n: int) -> Positions:
    """The positions 0 to n - 1: the whole sample."""
    import numpy as np

    return np.arange(n)


def auroc(scores: Floats, labels: Floats) -> float:
    """Area under the ROC curve of plain arrays; NaN without both classes."""
    return auroc_statistic(scores, labels)(everything(len(scores)))


def ece(probabilities: Floats, outcomes: Floats, bins: int = ECE_BINS) -> float:
    """Expected calibration error of plain arrays; NaN of nothing."""
    return ece_statistic(probabilities, outcomes, bins)(everything(len(probabilities)))


def ece_by_chance(probabilities: Floats, bins: int = ECE_BINS) -> float:
    """The mean expected calibration error of as many items whose probabilities are exactly true.

    An item is right by chance with its own probability, 200 times over (the same ones each
    time): what finite data alone give (Kumar et al. 2019, "Verified uncertainty calibration").
    NaN of nothing.
    """
    import numpy as np

    if not len(probabilities):
        return float("nan")
    random, clipped = np.random.default_rng(0), np.clip(probabilities, 0.0, 1.0)
    return float(
        np.mean(
            [
                ece(clipped, (random.random(len(clipped)) < clipped).astype(float), bins)
                for _ in range(_DRAWS)
            ]
        )
    )

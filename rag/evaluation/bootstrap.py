"""How sure a figure is: bootstrap intervals, and a paired test of two runs.

Intervals: the percentile bootstrap (Efron and Tibshirani 1993, chapter 13), questions resampled
with replacement. Test: the paired randomisation test (Noreen 1989; Smucker et al. 2007 compare it
with others for retrieval): under the hypothesis that the two runs do not differ, which run a
question's value came from is a coin toss. All is seeded: same values, same figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from rag.evaluation.decision_metrics import Floats, Positions, Statistic

LEVEL = 0.95
RESAMPLES = 2000
TOSSES = 10_000
_FEW_VALUES = 64
_EXACT_UP_TO = 16
_CELLS = 2_000_000
_MOST_WORK = 40_000_000


def mean_interval(values: Floats, seed: int = 0, resamples: int = RESAMPLES) -> tuple[float, float]:
    """The 95 % interval of the mean of a non-empty array.

    Where the values are few distinct ones (0 and 1), the counts of a resample are drawn at once
    from their multinomial distribution, which is the same bootstrap in a fraction of the time.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) <= _FEW_VALUES:
        drawn = rng.multinomial(len(values), counts / len(values), size=resamples)
        means = drawn @ distinct / len(values)
    else:
        means = np.concatenate(
            [values[at].mean(axis=1) for at in _draws(rng, len(values), resamples)]
        )
    return _percentiles(means)


def statistic_interval(
    statistic: Statistic, n: int, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """The 95 % interval of any statistic of `n` items.

    Resamples where it is undefined are left out. Of very many items fewer resamples are drawn (at
    least 200), the interval being narrow there.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    resamples = max(200, min(resamples, _MOST_WORK // max(n, 1)))
    found = np.array([statistic(at) for block in _draws(rng, n, resamples) for at in block])
    found = found[~np.isnan(found)]
    if not len(found):
        whole = statistic(np.arange(n))
        return whole, whole
    return _percentiles(found)


def _draws(rng: np.random.Generator, n: int, resamples: int) -> Iterator[NDArray[np.intp]]:
    """Index arrays of shape (some, n), `resamples` rows in all, in blocks of bounded size."""
    import numpy as np

    rows = max(1, _CELLS // max(n, 1))
    for done in range(0, resamples, rows):
        yield rng.integers(0, n, size=(min(rows, resamples - done), n), dtype=np.intp)


def _percentiles(figures: Floats) -> tuple[float, float]:
    import numpy as np

    low, high = np.percentile(figures, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return float(low), float(high)


def paired_mean_p(differences: Floats, seed: int = 0, tosses: int = TOSSES) -> float:
    """The two-sided p-value that paired differences average 0; 1.0 where none differs.

    Exact (every assignment of signs) for up to 16 differences that are not 0, otherwise from
    `tosses` random ones, with 1 added above and below so that it is never 0 (Davison and Hinkley
    1997, section 4.2).
    """
    import numpy as np

    moved = np.abs(differences[differences != 0])
    observed = abs(float(differences.sum()))
    if not len(moved):
        return 1.0
    slack = 1e-9 * float(moved.sum())
    if len(moved) <= _EXACT_UP_TO:
        signs = 1 - 2 * ((np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved))) & 1)
        return float(np.mean(np.abs(signs @ moved) >= observed - slack))
    rng = np.random.default_rng(seed)
    sums = _random_sums(rng, moved, tosses)
    return float(1 + np.count_nonzero(np.abs(sums) >= observed - slack)) / (1 + tosses)


def _random_sums(rng: np.random.Generator, moved: Floats, tosses: int) -> Floats:
    import numpy as np

    distinct, counts = np.unique(moved, return_counts=True)
    if len(distinct) <= _FEW_VALUES:
        ups = rng.binomial(counts, 0.5, size=(tosses, len(distinct)))
        few: Floats = (2 * ups - counts) @ distinct
        return few
    rows = max(1, _CELLS // len(moved))
    blocks = [
        (2 * rng.integers(0, 2, size=(min(rows, tosses - done), len(moved)), dtype=np.int8) - 1)
        @ moved
        for done in range(0, tosses, rows)
    ]
    return np.concatenate(blocks)


def paired_statistic_p(
    statistic: Statistic, n: int, seed: int = 0, tosses: int = RESAMPLES
) -> float:
    """The two-sided p-value that two runs have the same value of a statistic.

    `statistic` is over 2 n items: the first run's, then the second's, in the same order. Each toss
    exchanges the values of a random half of the questions. NaN where the statistic is undefined.
    """
    import numpy as np

    first = np.arange(n)

    def difference(swapped: NDArray[np.bool_]) -> float:
        one: Positions = np.where(swapped, first + n, first)
        return abs(statistic(one) - statistic(2 * first + n - one))

    observed = difference(np.zeros(n, dtype=bool))
    if np.isnan(observed):
        return float("nan")
    rng = np.random.default_rng(seed)
    tosses = max(200, min(tosses, _MOST_WORK // max(2 * n, 1)))
    drawn = np.array([difference(rng.integers(0, 2, size=n).astype(bool)) for _ in range(tosses)])
    return float(1 + np.count_nonzero(drawn >= observed - 1e-12)) / (1 + tosses)

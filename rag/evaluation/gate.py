"""A gate on figures: `metric=value` conditions that a report has to meet."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rag.errors import SettingsInvalid
from rag.evaluation.metrics import BY_NAME, Measure

_LOWER_IS_BETTER = tuple(n for n, m in BY_NAME.items() if m.higher_is_better is False)


@dataclass(frozen=True, slots=True)
class Condition:
    """A bound on a metric: at least `value`, or at most where lower is better."""

    metric: str
    value: float


@dataclass(frozen=True, slots=True)
class Failure:
    """A condition that was not met; `figure` is None where the run does not define the metric."""

    condition: Condition
    figure: float | None

    def __str__(self) -> str:
        wanted = self.condition
        bound = "at most" if wanted.metric in _LOWER_IS_BETTER else "at least"
        got = "not defined in this run" if self.figure is None else f"{self.figure:.4f}"
        return f"{wanted.metric} is {got}, it has to be {bound} {wanted.value:g}"


def parse_fail_under(text: str) -> Condition:
    """The condition written as `metric=value`.

    Of metrics where lower is better (seconds, calibration errors, prompt tokens) the value is the
    most that is allowed. Raises `SettingsInvalid` for anything else, naming the known metrics.
    """
    name, separator, number = text.partition("=")
    name = name.strip()
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not separator or not math.isfinite(value):
        raise SettingsInvalid(
            f"--fail-under is {text!r}, expected METRIC=VALUE such as citation_precision=0.9"
        )
    if name not in BY_NAME:
        near = difflib.get_close_matches(name, BY_NAME, n=3, cutoff=0.4)
        meant = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(BY_NAME)}"
        raise SettingsInvalid(f"--fail-under names the unknown metric '{name}'; {meant}")
    return Condition(name, value)


def check(metrics: Mapping[str, Measure], conditions: Iterable[Condition]) -> list[Failure]:
    """The conditions that do not hold; a metric that is not defined fails its condition."""
    failures = []
    for condition in conditions:
        measure = metrics.get(condition.metric)
        figure = None if measure is None else measure.mean
        if figure is None or not _holds(condition, figure):
            failures.append(Failure(condition, figure))
    return failures


def _holds(condition: Condition, figure: float) -> bool:
    slack = 1e-9
    if condition.metric in _LOWER_IS_BETTER:
        return figure <= condition.value + slack
    return figure >= condition.value - slack

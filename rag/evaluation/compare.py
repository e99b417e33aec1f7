"""What moved between two runs of one set, and whether chance alone would move it so far."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import RunInvalid
from rag.evaluation.bootstrap import paired_mean_p, paired_statistic_p
from rag.evaluation.decision_metrics import everything
from rag.evaluation.metrics import CATALOGUE, Columns, Metric, collect
from rag.evaluation.runs import Head, read_head, read_records, run_folder

if TYPE_CHECKING:
    from rag.evaluation.decision_metrics import Floats


@dataclass(frozen=True, slots=True)
class Change:
    """A metric in two runs, on the `n` items that define it in both.

    `p` is from the paired randomisation test, None where it has no sense. `better`, `worse` and
    `same` count items, for metrics that an item has of its own (None otherwise).
    """

    before: float
    after: float
    p: float | None
    n: int
    better: int | None
    worse: int | None
    same: int | None

    @property
    def difference(self) -> float:
        """After minus before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Comparison:
    """A run against its baseline: the change of each metric by name, on the `n` shared items."""

    run: str
    n: int
    changes: Mapping[str, Change]

    def to_json(self) -> dict[str, Any]:
        """The JSON form: `run`, `n`, and of each metric before, after, difference, p and counts."""
        return {
            "run": self.run,
            "n": self.n,
            "metrics": {
                name: {
                    "before": round(c.before, 6),
                    "after": round(c.after, 6),
                    "difference": round(c.difference, 6),
                    "p": None if c.p is None else round(c.p, 6),
                    "n": c.n,
                    "better": c.better,
                    "worse": c.worse,
                    "same": c.same,
                }
                for name, c in self.changes.items()
            },
        }


def check_baseline(baseline: Path | str, identity: Mapping[str, Any]) -> Head:
    """The head of a baseline that the run `identity` can be compared with.

    Raises `RunInvalid` for a run of another set or stage, or one that was never finished.
    """
    head = read_head(baseline)
    recorded = head["identity"]
    for key, what in (("set", "set"), ("stage", "stage"), ("set_digest", "content of the set")):
        if recorded.get(key) != identity[key]:
            raise RunInvalid(
                f"baseline '{baseline}' is of another {what} ({recorded.get(key)!r}, this run: "
                f"{identity[key]!r}): record a baseline of this one"
            )
    if not head.get("complete"):
        raise RunInvalid(f"baseline '{baseline}' was interrupted: finish it, or give another one")
    return head


def compare(columns: Columns, baseline: Path | str, identity: Mapping[str, Any]) -> Comparison:
    """What changed from the recorded baseline to the run whose `columns` are given.

    Only items that both runs have are compared, paired by id. Raises `RunInvalid` where the
    baseline does not fit.
    """
    head = check_baseline(baseline, identity)
    threshold = identity.get("thresholds", {}).get("support")
    before = collect(read_records(run_folder(baseline)), head["identity"]["stage"], threshold)
    position = {identity_: i for i, identity_ in enumerate(before.ids)}
    pairs = [(position[id_], i) for i, id_ in enumerate(columns.ids) if id_ in position]
    if not pairs:
        raise RunInvalid(
            f"baseline '{baseline}' shares no question with this run: it was another sample "
            "(the same --limit, --seed and --split give the same one)"
        )
    changes = {}
    for metric in CATALOGUE:
        change = _change(metric, before, columns, pairs)
        if change is not None:
            changes[metric.name] = change
    return Comparison(str(run_folder(baseline)), len(pairs), changes)


def _change(
    metric: Metric, before: Columns, after: Columns, pairs: list[tuple[int, int]]
) -> Change | None:
    import numpy as np

    if any(c not in before.values or c not in after.values for c in metric.columns):
        return None
    at_before, at_after = (np.array(side) for side in zip(*pairs, strict=True))
    old = np.stack([np.frombuffer(before.values[c])[at_before] for c in metric.columns])
    new = np.stack([np.frombuffer(after.values[c])[at_after] for c in metric.columns])
    keep = ~(np.isnan(old).any(axis=0) | np.isnan(new).any(axis=0))
    old, new = old[:, keep], new[:, keep]
    n = int(keep.sum())
    if not n:
        return None
    if metric.make is None:
        return _mean_change(metric, old[0], new[0])
    statistic = metric.make(*np.concatenate([old, new], axis=1))
    was, now = statistic(everything(n)), statistic(everything(n) + n)
    if math.isnan(was) or math.isnan(now):
        return None
    p = paired_statistic_p(statistic, n)
    return Change(was, now, None if math.isnan(p) else p, n, None, None, None)


def _mean_change(metric: Metric, old: Floats, new: Floats) -> Change:
    difference = new - old
    better, worse = int((difference > 0).sum()), int((difference < 0).sum())
    if metric.higher_is_better is False:
        better, worse = worse, better
    return Change(
        float(old.mean()),
        float(new.mean()),
        paired_mean_p(difference),
        len(old),
        better,
        worse,
        len(old) - better - worse,
    )

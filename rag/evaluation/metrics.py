"""From records to figures: columns of per-item values, and the metrics computed on them.

Every metric of the contract is defined exactly once: those of one item in `answer_metrics`,
`retrieval_metrics` and `text_metrics`, those of many in `decision_metrics`.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag.evaluation import answer_metrics as parts
from rag.evaluation import decision_metrics as decisions
from rag.evaluation import retrieval_metrics
from rag.evaluation.bootstrap import mean_interval, statistic_interval
from rag.evaluation.product import Stage
from rag.evaluation.records import Record

if TYPE_CHECKING:
    from rag.evaluation.decision_metrics import Floats, Statistic

NAN = float("nan")
DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure with its 95 % interval and the number of items it stands on."""

    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: its columns, and how it is computed where it is not the plain mean of one.

    `higher_is_better` is None where neither direction is good in itself.
    """

    name: str
    columns: tuple[str, ...]
    make: Callable[..., Statistic] | None = None
    higher_is_better: bool | None = True


def _mean(*names: str, better: bool | None = True) -> list[Metric]:
    return [Metric(name, (name,), None, better) for name in names]


def _abstention(which: str) -> Metric:
    return Metric(
        f"abstention_{which}",
        ("_unanswerable", "_abstained"),
        lambda u, a: decisions.abstention_statistic(u, a, which),
    )


def _percentile(name: str, column: str, percent: float, better: bool | None = False) -> Metric:
    return Metric(name, (column,), lambda v: decisions.percentile_statistic(v, percent), better)


CATALOGUE: tuple[Metric, ...] = (
    *_mean(*retrieval_metrics.METRICS),
    *_mean("contains", "exact_match", "token_f1", "right_and_right", "answered"),
    *_mean("citation_precision", "citation_answer_precision", "citation_recall"),
    *_mean("citation_validity"),
    _percentile("citation_width_chars", "citation_width_chars", 50, None),
    *(_abstention(which) for which in ("precision", "recall", "f1")),
    Metric(
        "answerable_auroc",
        ("_confidence", "_unanswerable"),
        lambda c, u: decisions.auroc_statistic(c, 1 - u),
    ),
    Metric("confidence_ece", ("_confidence", "_right"), decisions.ece_statistic, False),
    Metric("support_auroc", ("_support", "_supported"), decisions.auroc_statistic),
    *_mean("support_accuracy"),
    Metric("support_ece", ("_support", "_supported"), decisions.ece_statistic, False),
    *_mean("rouge1", "rouge2", "rougeL", "support_rate", "coverage", "sections"),
    *_mean("length_kept", better=None),
    *_mean("redundancy", better=False),
    _percentile("seconds_p50", "_seconds", 50),
    _percentile("seconds_p95", "_seconds", 95),
    *_mean("prompt_tokens", better=False),
)
BY_NAME: Mapping[str, Metric] = {m.name: m for m in CATALOGUE}
OVER_ANSWERED = ("contains", "exact_match", "token_f1", "right_and_right")


def item_scores(record: Record, stage: Stage, threshold: float | None = None) -> dict[str, float]:
    """The values of one record by column; what begins with `_` is not a metric of its own."""
    if "error" in record:
        return _failed(record, stage)
    scores: dict[str, float] = {"_seconds": float(record["seconds"])}
    if stage == "support":
        return scores | parts.claim_part(record, threshold)
    if stage == "summaries":
        return scores | parts.summary_part(record)
    scores |= parts.retrieval_part(record)
    if stage == "retrieval":
        return scores
    scores |= parts.answer_part(record) | parts.citation_part(record)
    scores |= parts.decision_part(record)
    scores["prompt_tokens"] = float(record["prompt_tokens"])
    return scores


def _failed(record: Record, stage: Stage) -> dict[str, float]:
    """An item the product refused: nothing retrieved, nothing answered, no abstention either."""
    if stage in ("support", "summaries"):
        return {}
    scores = parts.retrieval_part(record)
    return scores if stage == "retrieval" else scores | parts.answer_part(record)


@dataclass(slots=True)
class Columns:
    """Per-item values, one array a column, aligned with `ids`; NaN where a value is undefined.

    It grows by 8 bytes an item and column: what a figure needs, and nothing else of the records.
    """

    ids: list[str] = field(default_factory=list)
    values: dict[str, array[float]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, identity: str, scores: Mapping[str, float]) -> None:
        """Appends one item."""
        n = len(self.ids)
        self.ids.append(identity)
        for name in scores.keys() - self.values.keys():
            self.values[name] = array("d", [NAN]) * n
        for name, column in self.values.items():
            column.append(scores.get(name, NAN))

    def defined(self, names: Sequence[str]) -> list[Floats]:
        """The columns, cut to the items where all of them are defined; empty without a column."""
        import numpy as np

        if any(name not in self.values for name in names):
            return [np.empty(0) for _ in names]
        arrays = [np.frombuffer(self.values[name], dtype=np.float64) for name in names]
        keep = ~np.isnan(np.stack(arrays)).any(axis=0)
        return [a[keep] for a in arrays]


def collect(records: Iterable[Record], stage: Stage, threshold: float | None = None) -> Columns:
    """The columns of the records, read once and in order."""
    columns = Columns()
    for record in records:
        columns.add(record["id"], item_scores(record, stage, threshold))
    return columns


def measure(metric: Metric, arrays: Sequence[Floats], seed: int = 0) -> Measure | None:
    """The figure of a metric with its interval; None where it is undefined."""
    n = len(arrays[0])
    if not n:
        return None
    if metric.make is None:
        mean = float(arrays[0].mean())
        low, high = mean_interval(arrays[0], seed)
    else:
        statistic = metric.make(*arrays)
        mean = statistic(decisions.everything(n))
        if mean != mean:
            return None
        low, high = statistic_interval(statistic, n, seed)
    # A resampled percentile can fall beside a skewed statistic (a calibration error grows by
    # resampling): the interval always holds the figure it belongs to.
    return Measure(mean, min(low, mean), max(high, mean), n)


def measures(columns: Columns, seed: int = 0) -> dict[str, Measure]:
    """Every metric that is defined on the columns, in the order of the catalogue."""
    found = {}
    for metric in CATALOGUE:
        figure = measure(metric, columns.defined(metric.columns), seed)
        if figure is not None:
            found[metric.name] = figure
    return found


def over_answered(columns: Columns, seed: int = 0) -> dict[str, Measure]:
    """The text metrics over the answerable questions that were answered."""
    found = {}
    for name in OVER_ANSWERED:
        values, answered = columns.defined((name, "answered"))
        figure = measure(BY_NAME[name], [values[answered > 0]], seed)
        if figure is not None:
            found[name] = figure
    return found

"""The result of an evaluation: typed figures, and the way to every single question."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rag.evaluation.breakdown import ByType
from rag.evaluation.compare import Comparison
from rag.evaluation.metrics import Measure, item_scores
from rag.evaluation.outcomes import outcome
from rag.evaluation.product import Stage
from rag.evaluation.records import Record
from rag.evaluation.runs import read_records
from rag.evaluation.trivial import Trivial

__all__ = ["Measure", "Report"]

_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Report:
    """Figures of a run. `metrics` maps a metric's name to its `Measure`; undefined ones are absent.

    `over_answered` has the text metrics over the answered questions alone, `trivial` what
    strategies without skill get (metric -> strategy -> figure). `invalid` counts the lines of the
    set that were left out, `failed` the items that the product refused. `split` is the part of the
    set this stands on (None: the whole), `n` the number of items, `run` the folder of the run.
    `by_type` maps a type of question to its own figures; empty where the set has no types.
    """

    set: str
    stage: Stage
    split: str | None
    n: int
    metrics: Mapping[str, Measure]
    over_answered: Mapping[str, Measure]
    trivial: Trivial
    run: Path
    baseline: Comparison | None = None
    invalid: int = 0
    failed: int = 0
    head: Mapping[str, Any] = field(default_factory=dict, repr=False)
    by_type: ByType = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The JSON form of the command line's contract; holds only finite numbers."""
        return {
            "set": self.set,
            "stage": self.stage,
            "n": self.n,
            "metrics": measures_json(self.metrics),
            "by_type": {name: measures_json(found) for name, found in self.by_type.items()},
            "run": str(self.run),
            "baseline": None if self.baseline is None else self.baseline.to_json(),
        }

    def records(self) -> Iterator[Record]:
        """The records of the run, read from its folder one at a time."""
        return read_records(self.run)

    def iter_rows(self) -> Iterator[dict[str, Any]]:
        """One flat dictionary a question, read from the run one at a time: for pandas or csv."""
        threshold = self.head.get("identity", {}).get("thresholds", {}).get("support")
        for record in self.records():
            yield row_of(record, self.stage, threshold)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """All of `iter_rows`, as a list: `pandas.DataFrame(report.rows)`."""
        return list(self.iter_rows())

    def __str__(self) -> str:
        """The figures as lines of text, one a metric: its name, mean, interval and n."""
        from rag.evaluation.table import format_of, standing

        lines = [standing(self)]
        for name, m in self.metrics.items():
            form = format_of(name)
            lines.append(f"{name:26} {form(m.mean):>8}  {form(m.low)} to {form(m.high)}  n {m.n:,}")
        return "\n".join([*lines, f"recorded in {self.run}"])

    def _repr_html_(self) -> str:
        """The figures as HTML, for a notebook."""
        from rag.notebook import report_html

        return report_html(self)


_ROW_KEYS = ("id", "type", "question", "answerable", "status", "answer", "confidence")
_CLAIM_KEYS = ("id", "type", "claim", "supported", "support")
_SUMMARY_KEYS = ("id", "type", "doc", "query", "status", "summary")


def row_of(record: Record, stage: Stage, threshold: float | None = None) -> dict[str, Any]:
    """The flat row of a record: what was asked and said, its outcome, its metrics."""
    keys = {"support": _CLAIM_KEYS, "summaries": _SUMMARY_KEYS}.get(stage, _ROW_KEYS)
    row: dict[str, Any] = {key: record.get(key) for key in keys if key in record}
    row["outcome"] = outcome(record, stage, threshold)
    scores = item_scores(record, stage, threshold)
    row |= {name: value for name, value in scores.items() if not name.startswith("_")}
    row["seconds"] = record["seconds"]
    if "error" in record:
        row["error"] = record["error"]
    return row


def measures_json(measures: Mapping[str, Measure]) -> dict[str, dict[str, float | int]]:
    """Measures as JSON, rounded to 6 decimals; one that is not finite is left out."""
    return {
        name: {
            "mean": round(m.mean, _DECIMALS),
            "low": round(m.low, _DECIMALS),
            "high": round(m.high, _DECIMALS),
            "n": m.n,
        }
        for name, m in measures.items()
        if all(map(math.isfinite, (m.mean, m.low, m.high)))
    }

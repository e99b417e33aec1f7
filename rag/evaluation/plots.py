"""The plots of a report, from what one pass over its records collects."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rag.evaluation.calibration import reliability, risk_coverage
from rag.evaluation.metrics import DEFAULT_THRESHOLD, Columns, item_scores
from rag.evaluation.outcomes import OUTCOMES, outcome
from rag.evaluation.product import Stage
from rag.evaluation.records import Record, places
from rag.evaluation.retrieval_metrics import need_ranks, recall
from rag.evaluation.svg import Axis, Plot, Row, horizontal_bars, nice_ticks, unit_axis

if TYPE_CHECKING:
    from rag.evaluation.decision_metrics import Floats
    from rag.evaluation.report import Report

_KS = range(1, 21)
_CALLS = ("retrieve", "select", "first_token", "generate", "verify", "total")
_WIDTHS = tuple(range(0, 1001, 50))
_PLOT_TITLES = {"_confidence": "confidence", "_support": "support"}


@dataclass(slots=True)
class Collected:
    """What plots and lists need of all records: columns, outcomes, ranks, times and widths."""

    stage: Stage
    threshold: float
    columns: Columns = field(default_factory=Columns)
    outcomes: list[str] = field(default_factory=list)
    recall_sums: list[float] = field(default_factory=lambda: [0.0] * len(_KS))
    with_gold: int = 0
    times: dict[str, array[float]] = field(default_factory=dict)
    widths: array[float] = field(default_factory=lambda: array("d"))

    def add(self, record: Record) -> None:
        """Takes one record into account."""
        self.columns.add(record["id"], item_scores(record, self.stage, self.threshold))
        self.outcomes.append(outcome(record, self.stage, self.threshold))
        for name, milliseconds in record.get("timings_ms", {}).items():
            self.times.setdefault(name, array("d")).append(milliseconds)
        if self.stage not in ("support", "summaries"):
            self._ranks(record)
            self.widths.extend(c["end"] - c["start"] for c in record.get("citations", ()))

    def _ranks(self, record: Record) -> None:
        gold = [g for g in record["gold"] if g["grade"] > 0]
        if gold:
            ranks = need_ranks(places(record["hits"]), places(gold), record["gold_mode"])
            self.with_gold += 1
            for i, k in enumerate(_KS):
                self.recall_sums[i] += recall(ranks, k)


def collect_report(report: Report) -> Collected:
    """One pass over the records of a report."""
    thresholds = report.head.get("identity", {}).get("thresholds", {})
    collected = Collected(report.stage, thresholds.get("support", DEFAULT_THRESHOLD))
    for record in report.records():
        collected.add(record)
    return collected


def plots(report: Report, collected: Collected) -> Iterator[tuple[str, str, str]]:
    """Title, SVG and caption of each plot that the run has data for."""
    if collected.with_gold:
        yield _recall_plot(collected)
    thresholds = report.head.get("identity", {}).get("thresholds", {})
    yield from _probability_plots(collected, "_confidence", "_right", thresholds.get("confidence"))
    if report.stage == "support":
        threshold = collected.threshold
        yield from _probability_plots(collected, "_support", "_supported", threshold)
    if any(collected.times.values()):
        yield _latency_plot(collected)
    if collected.widths:
        yield _width_plot(report, collected)


def _recall_plot(collected: Collected) -> tuple[str, str, str]:
    values = [s / collected.with_gold for s in collected.recall_sums]
    shown = ", ".join(f"{values[k - 1]:.3f} at {k}" for k in (1, 5, 10, 20))
    axis = Axis("k, passages looked at", 0, 20, (1.0, 5.0, 10.0, 15.0, 20.0))
    plot = Plot(axis, unit_axis("recall@k"), f"Recall by k: {shown}")
    plot.line([(k, v) for k, v in zip(_KS, values, strict=True)])
    for k in (1, 5, 10, 20):
        plot.dot((k, values[k - 1]), f"recall@{k} {values[k - 1]:.3f}")
    return "Recall", plot.svg(), f"Recall {shown}; {collected.with_gold:,} questions with gold."


def _probability_plots(
    collected: Collected, score: str, truth: str, threshold: float | None
) -> Iterator[tuple[str, str, str]]:
    scores, outcomes = collected.columns.defined((score, truth))
    if not len(scores):
        return
    name = _PLOT_TITLES[score]
    yield _reliability_plot(name, scores, outcomes, threshold)
    if score == "_support":
        # A claim is decided either way: sureness is the distance from the threshold.
        cut = DEFAULT_THRESHOLD if threshold is None else threshold
        right = ((scores >= cut) == (outcomes > 0.5)).astype(float)
        yield _risk_plot(f"distance of {name} from the threshold", abs(scores - cut), right, None)
    else:
        yield _risk_plot(name, scores, outcomes, threshold)


def _reliability_plot(
    name: str, scores: Floats, outcomes: Floats, threshold: float | None
) -> tuple[str, str, str]:
    bins = reliability(scores, outcomes)
    shown = "; ".join(f"{b.probability:.2f} said, {b.rate:.2f} true" for b in bins)
    truth = "right" if name == "confidence" else "supported"
    plot = Plot(unit_axis(f"{name} said"), unit_axis(f"share {truth}"), f"Reliability: {shown}")
    plot.line([(0, 0), (1, 1)], "ideal")
    if threshold is not None:
        plot.mark(threshold, f"threshold {threshold:.2f}")
    most = max(b.n for b in bins)
    for b in bins:
        plot.whisker(b.probability, b.low, b.high)
    plot.line([(b.probability, b.rate) for b in bins])
    for b in bins:
        tip = f"said {b.probability:.2f}, true {b.rate:.2f}, {b.n:,} items"
        plot.dot((b.probability, b.rate), tip, 2.5 + 4 * (b.n / most) ** 0.5)
    what = f"{len(scores):,} " + ("answered questions" if name == "confidence" else "claims")
    caption = (
        f"On the dashed line {name} is exactly right; the size of a dot is its share of {what}."
    )
    return f"Reliability of {name}", plot.svg(), caption


def _risk_plot(
    name: str, scores: Floats, right: Floats, threshold: float | None
) -> tuple[str, str, str]:
    curve = risk_coverage(scores, right)
    high = max(0.1, *(p.risk for p in curve))
    ticks = nice_ticks(high)
    y = Axis("share wrong", 0.0, ticks[-1], ticks)
    last = curve[-1]
    plot = Plot(unit_axis("share kept, surest first"), y, f"Risk {last.risk:.3f} when all are kept")
    plot.line([(p.coverage, p.risk) for p in curve])
    if threshold is not None:
        kept = float((scores >= threshold).mean())
        plot.mark(kept, f"threshold {threshold:.2f}", low=True)  # the curve ends at the top
    half = next(p for p in curve if p.coverage >= min(0.5, last.coverage))
    caption = (
        f"Kept by {name}. All: {last.risk:.3f} wrong; the surest {half.coverage:.0%}: "
        f"{half.risk:.3f} wrong."
    )
    return f"Risk and coverage, by {name}", plot.svg(), caption


def _latency_plot(collected: Collected) -> tuple[str, str, str]:
    import numpy as np

    rows = []
    for name in [*_CALLS, *(n for n in collected.times if n not in _CALLS)]:
        values = np.frombuffer(collected.times.get(name, array("d")))
        values = values[values > 0]  # a stage that did not run has 0
        if len(values):
            p50, p95 = (float(v) for v in np.percentile(values, [50, 95]))
            text = f"{_milliseconds(p50)} / {_milliseconds(p95)}"
            rows.append(Row(name.replace("_", " "), p50, p95, text))
    summary = "Latency, median and 95th percentile: " + "; ".join(
        f"{r.name} {r.text}" for r in rows
    )
    return (
        "Latency by stage",
        horizontal_bars(rows, summary),
        "Bar: median; line: 95th percentile, of the questions where the stage ran. First token is "
        "the time to the first thing shown.",
    )


def _milliseconds(value: float) -> str:
    return f"{value / 1000:.1f} s" if value >= 1000 else f"{value:.0f} ms"


def _width_plot(report: Report, collected: Collected) -> tuple[str, str, str]:
    import numpy as np

    widths = np.frombuffer(collected.widths)
    counts, _ = np.histogram(np.minimum(widths, _WIDTHS[-1] - 1), bins=_WIDTHS)
    shares = counts / len(widths)
    ticks = nice_ticks(float(shares.max()))
    x = Axis("characters a citation covers", 0, _WIDTHS[-1], (0, 250, 500, 750, 1000))
    median = float(np.median(widths))
    plot = Plot(x, Axis("share", 0, ticks[-1], ticks), f"Citation length, median {median:.0f}")
    for low, high, share in zip(_WIDTHS, _WIDTHS[1:], shares, strict=False):
        plot.column(low, high, float(share), f"{low} to {high} characters: {share:.1%}")
    trivial = report.trivial.get("citation_width_chars", {})
    passage = trivial.get("quote the first passage")
    if passage is not None:
        plot.mark(passage, f"a passage: {passage:.0f}")
    caption = (
        f"{len(widths):,} citations, median {median:.0f} characters; the last column holds more."
    )
    return "Length of citations", plot.svg(), caption


def outcome_counts(collected: Collected) -> dict[str, int]:
    """How many items had each outcome, in the order of `OUTCOMES`, without those that none had."""
    counts = {name: collected.outcomes.count(name) for name in OUTCOMES}
    return {name: n for name, n in counts.items() if n}

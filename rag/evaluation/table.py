"""The figures of a report as Rich tables; nothing is printed here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from rag.evaluation.breakdown import SHOWN
from rag.evaluation.compare import Change, Comparison
from rag.evaluation.metrics import Measure
from rag.evaluation.report import Report

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

Format = Callable[[float], str]


def format_of(metric: str) -> Format:
    """How the figures of a metric are written: seconds, characters, tokens, or three decimals."""
    if metric.startswith("seconds"):
        return _seconds
    if metric.endswith(("_chars", "_tokens")):
        return lambda v: f"{v:.0f}"
    return lambda v: f"{v:.3f}"


def _seconds(value: float) -> str:
    if value < 1:
        return f"{1000 * value:.3g} ms"
    return f"{value:.1f} s"


def standing(report: Report) -> str:
    """What a report stands on, in words: set, split, number of items, and what was left out."""
    noun = {"support": "claims", "summaries": "summaries"}.get(report.stage, "questions")
    split = f"split {report.split}" if report.split else "whole set"
    sampled = "a sample of " if report.head.get("identity", {}).get("limit") else ""
    parts = [f"{report.set}, {split}, stage {report.stage}: {sampled}{report.n:,} {noun}"]
    if report.invalid:
        parts.append(f"{report.invalid} invalid lines left out")
    if report.failed:
        parts.append(f"{report.failed} refused with an error")
    return "; ".join(parts)


def report_table(report: Report) -> RenderableType:
    """A renderable with the figures, and with what moved where there is a baseline."""
    from rich.console import Group

    parts: list[RenderableType] = [_figures(report)]
    if report.by_type:
        parts.append(type_table(report))
    if report.baseline is not None:
        parts.append(comparison_table(report.baseline))
    return Group(*parts)


def _figures(report: Report) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=escape(standing(report)), box=SIMPLE_HEAD, title_justify="left")
    table.add_column("metric", no_wrap=True)
    for heading in ("figure", "95 % interval", "n"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("without skill", overflow="fold")
    for name, measure in report.metrics.items():
        table.add_row(*_row(name, name, measure, report.trivial.get(name, {})))
        over = report.over_answered.get(name)
        if over is not None:
            table.add_row(*_row(name, "  over answered", over, {}), style="dim")
    return table


def _row(
    metric: str, label: str, measure: Measure, trivial: Mapping[str, float]
) -> tuple[str, str, str, str, str]:
    form = format_of(metric)
    return (
        label,
        form(measure.mean),
        f"{form(measure.low)} – {form(measure.high)}",
        f"{measure.n:,}",
        ", ".join(f"{form(value)} {strategy}" for strategy, value in trivial.items()),
    )


def type_rows(report: Report) -> tuple[list[str], list[list[str]]]:
    """The heads and the cells of the figures by type: the type, then `figure (n)` of each metric.

    A metric that no type defines has no column.
    """
    defined = {name for figures in report.by_type.values() for name in figures}
    names = [name for name in SHOWN[report.stage] if name in defined]
    rows = []
    for kind, figures in report.by_type.items():
        cells = [figures.get(name) for name in names]
        rows.append([kind, *("" if m is None else f"{m.mean:.3f} ({m.n:,})" for m in cells)])
    return ["type", *names], rows


def type_table(report: Report) -> Table:
    """The figures by type of question, each with the number of items it stands on."""
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    heads, rows = type_rows(report)
    table = Table(title="by type: figure (n)", box=SIMPLE_HEAD, title_justify="left")
    table.add_column(heads[0], overflow="fold")
    for head in heads[1:]:
        table.add_column(head, justify="right")
    for kind, *cells in rows:
        table.add_row(escape(kind), *cells)
    return table


def comparison_table(comparison: Comparison) -> Table:
    """What moved against the baseline: before, after, difference, p-value, and how many items."""
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    title = f"against {escape(comparison.run)}, {comparison.n:,} shared"
    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left")
    table.add_column("metric", no_wrap=True)
    for heading in ("before", "after", "difference", "p", "better", "worse", "same"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, change in comparison.changes.items():
        table.add_row(name, *change_cells(name, change))
    return table


def change_cells(name: str, change: Change) -> tuple[str, ...]:
    """The cells of a change: before, after, difference, p, better, worse, same."""
    form = format_of(name)
    sign = "+" if change.difference >= 0 else "−"
    counts = (change.better, change.worse, change.same)
    return (
        form(change.before),
        form(change.after),
        sign + form(abs(change.difference)),
        "" if change.p is None else f"{change.p:.4f}",
        *("" if c is None else f"{c:,}" for c in counts),
    )

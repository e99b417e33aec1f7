"""One self-contained HTML file: figures, plots, and the items with their evidence.

The page needs no network and may load nothing: its content policy forbids it. Its size is bounded,
however long the run: at most 1,000 items are shown, of each outcome its share but rare ones whole.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

from rag.evaluation.compare import Comparison
from rag.evaluation.metrics import Measure
from rag.evaluation.outcomes import OUTCOMES
from rag.evaluation.plots import Collected, collect_report, outcome_counts, plots
from rag.evaluation.report import Report
from rag.evaluation.report_items import item_html
from rag.evaluation.report_style import CSS, SCRIPT
from rag.evaluation.table import format_of, standing

MOST_ITEMS = 1000
_HEADLINES = {
    "retrieval": ("recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10", "seconds_p50"),
    "reading": (
        "right_and_right",
        "contains",
        "citation_precision",
        "citation_recall",
        "abstention_f1",
        "answerable_auroc",
        "confidence_ece",
        "seconds_p50",
    ),
    "support": ("support_auroc", "support_accuracy", "support_ece", "seconds_p50"),
    "summaries": ("rouge1", "rouge2", "rougeL", "support_rate", "coverage", "seconds_p50"),
}
_HEADLINES["answers"] = _HEADLINES["reading"]
_HOW_TO_READ = (
    '<p class="dim">Below each figure: its 95 % interval, the number of items it stands on, and '
    "what strategies without any skill would get.</p>"
)


def write_html(report: Report, path: Path) -> None:
    """Writes the report as one HTML file; the records are read twice, never held."""
    collected = collect_report(report)
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("w", encoding="utf-8", newline="\n") as file:
        for part in _page(report, collected):
            file.write(part)
    temporary.replace(path)


def _page(report: Report, collected: Collected) -> Iterator[str]:
    yield _head(report)
    yield f"<body><main><header>{_title(report)}</header>\n"
    yield f'<h2>Figures</h2>{_HOW_TO_READ}<div class="tiles">{"".join(_tiles(report))}</div>\n'
    shown = "".join(_figure(*plot) for plot in plots(report, collected))
    if shown:
        yield f'<h2>Plots</h2><div class="plots">{shown}</div>\n'
    yield f"<h2>All metrics</h2>{_metrics_table(report)}\n"
    if report.by_type:
        yield f"<h2>By type of question</h2>{_type_table(report)}\n"
    if report.baseline is not None:
        yield f"<h2>Against the baseline</h2>{_comparison(report.baseline)}\n"
    yield from _items(report, collected)
    yield f"</main><script>{SCRIPT}</script></body></html>\n"


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _head(report: Report) -> str:
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_digest(SCRIPT)}'"
    title = escape(f"{report.set}: {report.stage}")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{CSS}</style></head>\n"
    )


def _title(report: Report) -> str:
    identity = report.head.get("identity", {})
    models = ", ".join(f"{role} {m['name']}" for role, m in identity.get("models", {}).items())
    parts = [models, f"rag {identity.get('rag', '')}", str(report.head.get("finished", ""))]
    facts = " · ".join(escape(p) for p in parts if p.strip())
    return (
        f"<h1>{escape(report.set)}: {escape(report.stage)}</h1>"
        f'<p>{escape(standing(report))}</p><p class="dim">{facts}</p>'
    )


def _tiles(report: Report) -> Iterator[str]:
    for name in _HEADLINES[report.stage]:
        measure = report.metrics.get(name)
        if measure is not None:
            yield _tile(name, measure, report.trivial.get(name, {}))


def _tile(name: str, m: Measure, trivial: Mapping[str, float]) -> str:
    form = format_of(name)
    strip = "" if name.startswith("seconds") else _strip(m)
    beside = "".join(
        f'<div class="dim">{form(value)} {escape(strategy)}</div>'
        for strategy, value in trivial.items()
    )
    return (
        f'<div class="tile"><span class="name">{escape(name)}</span><b>{form(m.mean)}</b>{strip}'
        f'<div class="dim">{form(m.low)} to {form(m.high)}, n {m.n:,}</div>{beside}</div>'
    )


def _strip(m: Measure) -> str:
    left, right = (100 * min(1.0, max(0.0, v)) for v in (m.low, m.high))
    at = 100 * min(1.0, max(0.0, m.mean))
    return (
        f'<div class="range" aria-hidden="true"><i style="left:{left:.1f}%;'
        f'width:{right - left:.1f}%"></i><u style="left:{at:.1f}%"></u></div>'
    )


def _figure(title: str, svg: str, caption: str) -> str:
    return (
        f'<figure class="plot"><h3>{escape(title)}</h3>{svg}'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _metrics_table(report: Report) -> str:
    rows = []
    for name, m in report.metrics.items():
        rows.append(_metric_row(name, name, m, report.trivial.get(name, {}), ""))
        over = report.over_answered.get(name)
        if over is not None:
            rows.append(_metric_row(name, "over answered ones", over, {}, ' class="sub"'))
    return (
        f"{_scroll('All metrics')}<table><thead><tr><th>metric</th><th>figure</th>"
        '<th>95 % interval</th><th>n</th><th class="text">without skill</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _metric_row(name: str, label: str, m: Measure, trivial: Mapping[str, float], style: str) -> str:
    form = format_of(name)
    beside = ", ".join(f"{form(v)} {s}" for s, v in trivial.items())
    return (
        f"<tr{style}><td>{escape(label)}</td><td>{form(m.mean)}</td>"
        f"<td>{form(m.low)} – {form(m.high)}</td><td>{m.n:,}</td>"
        f'<td class="text dim">{escape(beside)}</td></tr>'
    )


def _scroll(what: str) -> str:
    """A region that scrolls sideways where a table is wider than the page, by keyboard too."""
    return f'<div class="scroll" role="region" aria-label="{what}" tabindex="0">'


def _type_table(report: Report) -> str:
    from rag.evaluation.table import type_rows

    heads, rows = type_rows(report)
    body = "".join(f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in row)}</tr>" for row in rows)
    return (
        '<p class="dim">Figure, and in brackets the number of items.</p>'
        f"{_scroll('By type of question')}<table><thead><tr>"
        f"{''.join(f'<th>{escape(h)}</th>' for h in heads)}</tr></thead><tbody>{body}</tbody>"
        "</table></div>"
    )


def _comparison(comparison: Comparison) -> str:
    from rag.evaluation.table import change_cells

    heads = ("before", "after", "difference", "p", "better", "worse", "same")
    rows = "".join(
        f"<tr><td>{escape(name)}</td>{''.join(f'<td>{c}</td>' for c in change_cells(name, change))}"
        "</tr>"
        for name, change in comparison.changes.items()
    )
    return (
        f'<p class="dim">{escape(comparison.run)}, {comparison.n:,} shared items; p: paired '
        f"randomisation test</p>{_scroll('Against the baseline')}<table><thead><tr><th>metric</th>"
        f"{''.join(f'<th>{h}</th>' for h in heads)}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _items(report: Report, collected: Collected) -> Iterator[str]:
    counts = outcome_counts(collected)
    quota = item_quota(counts, MOST_ITEMS)
    yield "<h2>Items</h2>"
    if report.stage in ("reading", "answers"):
        yield (
            '<p><mark class="cite">cited</mark> · <mark class="gold">gold</mark> · '
            '<mark class="cite gold">both</mark></p>'
        )
    if sum(quota.values()) < report.n:
        yield (
            f'<p class="dim">{sum(quota.values()):,} of {report.n:,} are listed here; all are in '
            "questions.jsonl beside this file.</p>"
        )
    yield _filters(counts, report.n)
    yield '<div id="items">\n'
    for record, kind in zip(report.records(), collected.outcomes, strict=True):
        if quota[kind] > 0:
            quota[kind] -= 1
            yield item_html(record, report.stage, collected.threshold)
    yield "</div>"


def item_quota(counts: Mapping[str, int], most: int) -> dict[str, int]:
    """How many items of each outcome are listed, `most` in all: rare outcomes whole first."""
    quota: dict[str, int] = {}
    left = most
    for done, (kind, n) in enumerate(sorted(counts.items(), key=lambda c: c[1])):
        quota[kind] = min(n, left // (len(counts) - done))
        left -= quota[kind]
    return quota


def _filters(counts: Mapping[str, int], n: int) -> str:
    chips = [_chip("all", "All", n, "", checked=True)]
    chips += [_chip(kind, OUTCOMES[kind][0], k, OUTCOMES[kind][1]) for kind, k in counts.items()]
    return (
        f"<form><fieldset><legend>Outcome</legend>{''.join(chips)}"
        '</fieldset><div class="find"><label for="find">Find in the items</label>'
        '<input type="search" id="find" autocomplete="off">'
        '<span class="dim" id="count" role="status"></span></div></form>\n'
    )


def _chip(value: str, label: str, n: int, tone: str, checked: bool = False) -> str:
    state = " checked" if checked else ""
    return (
        f'<label class="chip"><input type="radio" name="outcome" value="{value}"{state}>'
        f'<span class="{tone}">{escape(label)} ({n:,})</span></label>'
    )

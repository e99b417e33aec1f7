"""Answers and reports as HTML, for notebooks: static, escaped, without remote resources."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.evaluation.report import Report
    from rag.types import Answer, Citation

_MARKER = re.compile(r"\[(\d+)\]")
_STATUS = {
    "answered": "Answered",
    "partial": "Answered in part",
    "not_found": "Not found in the documents",
}
_CONTEXT_CHARS = 120
_BOX = "border:1px solid #8886;border-radius:6px;padding:.7em 1em;max-width:60em;line-height:1.5"
_DIM = "opacity:.7;font-size:.9em"
_MARK = "background:#ffd54a66;color:inherit;border-radius:2px"


def answer_html(answer: Answer) -> str:
    """The answer as an HTML fragment: outcome, words with markers, and each quote at its place."""
    parts = [
        f'<div style="{_BOX}">',
        f'<div style="{_DIM}">{html.escape(answer.question)}</div>',
        f'<p style="margin:.4em 0">{_with_markers(answer)}</p>',
        *(_citation(c, answer) for c in answer.citations),
    ]
    if answer.missing:
        parts.append(f'<p style="{_DIM}">Left open: {html.escape(answer.missing)}</p>')
    parts.extend(f'<p style="{_DIM}">{html.escape(note)}</p>' for note in answer.notes)
    outcome = f"{_STATUS[answer.status]}, confidence {answer.confidence:.2f}"
    model = html.escape(answer.model.name)
    parts.append(f'<div style="{_DIM}">{outcome} · {model}</div></div>')
    return "\n".join(parts)


def _with_markers(answer: Answer) -> str:
    if answer.status == "not_found":
        return "The documents do not say."
    return _MARKER.sub(r'<sup style="color:#3b82c4">[\1]</sup>', html.escape(answer.answer))


def _citation(citation: Citation, answer: Answer) -> str:
    before, after = _around(citation, answer)
    place = f"{citation.document}, line {citation.line}"
    if citation.page is not None:
        place += f", page {citation.page}"
    return (
        f'<div style="margin:.4em 0 .4em 1em"><span style="{_DIM}">[{citation.marker}] '
        f"{html.escape(place)}</span><br>{html.escape(before)}"
        f'<mark style="{_MARK}">{html.escape(citation.quote)}</mark>{html.escape(after)}</div>'
    )


def _around(citation: Citation, answer: Answer) -> tuple[str, str]:
    """The text beside the quote, from a hit that holds it; empty where none does."""
    for hit in answer.hits:
        passage = hit.passage
        if passage.document == citation.document and passage.span.contains(citation.span):
            first = citation.span.start - passage.span.start
            last = citation.span.end - passage.span.start
            before = passage.text[max(0, first - _CONTEXT_CHARS) : first]
            return before, passage.text[last : last + _CONTEXT_CHARS]
    return "", ""


def report_html(report: Report) -> str:
    """The figures of a report as an HTML fragment with a table."""
    from rag.evaluation.table import format_of, standing

    head = "".join(
        f'<th style="text-align:{side}">{name}</th>'
        for name, side in (
            ("metric", "left"),
            ("figure", "right"),
            ("95 % interval", "right"),
            ("n", "right"),
            ("without skill", "left"),
        )
    )
    rows = []
    for name, m in report.metrics.items():
        form = format_of(name)
        trivial = ", ".join(f"{form(v)} {s}" for s, v in report.trivial.get(name, {}).items())
        cells = (form(m.mean), f"{form(m.low)} – {form(m.high)}", f"{m.n:,}")
        right = "".join(f'<td style="text-align:right">{html.escape(c)}</td>' for c in cells)
        rows.append(
            f'<tr><td style="text-align:left">{html.escape(name)}</td>{right}'
            f'<td style="text-align:left;{_DIM}">{html.escape(trivial)}</td></tr>'
        )
    return (
        f"<div><p>{html.escape(standing(report))}</p><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
        f'<p style="{_DIM}">{html.escape(str(report.run / "report.html"))}</p></div>'
    )

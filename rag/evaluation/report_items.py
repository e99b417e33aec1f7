"""One item of the HTML report: what was asked and said, and cited text beside the gold.

Every text of a document, a question or a model goes through `html.escape`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import pairwise

from rag.evaluation.outcomes import OUTCOMES, outcome
from rag.evaluation.product import Stage
from rag.evaluation.records import Record, places
from rag.evaluation.retrieval_metrics import need_ranks, overlaps

_MARKER = re.compile(r"\[(\d+)\]")
_MOST_CHARS = 1500
_MOST_CITED = 8
_MOST_GOLD = 6
_MOST_HITS = 5
_MOST_SOURCES = 40
Stretch = tuple[int, int, str]


def item_html(record: Record, stage: Stage, threshold: float) -> str:
    """A `<details>` element with the item; its outcome is in `data-outcome`."""
    kind = outcome(record, stage, threshold)
    label, tone = OUTCOMES[kind]
    heading = str(record.get("question") or record.get("claim") or record.get("query") or "")
    heading = heading or str(record.get("doc") or record["id"])
    if "error" in record:
        body = _facts([("Error", escape(record["error"]))])
    elif stage == "support":
        body = _claim(record)
    elif stage == "summaries":
        body = _summary(record)
    else:
        body = _question(record, stage)
    return (
        f'<details class="item" data-outcome="{kind}"><summary>{_text(heading, 300)}'
        f'<span class="badge {tone}">{escape(label)}</span></summary>'
        f'<div class="body">{body}</div></details>\n'
    )


def _text(text: str, most: int = _MOST_CHARS) -> str:
    return escape(text if len(text) <= most else text[: most - 1] + "…")


def _marked(text: str) -> str:
    return _MARKER.sub(r"<sup>[\1]</sup>", _text(text))


def _facts(pairs: Iterable[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in pairs if value)
    return f'<dl class="facts">{rows}</dl>'


def _question(record: Record, stage: Stage) -> str:
    accepted = "; ".join(record["answers"]) if record["answerable"] else "none: unanswerable"
    facts = [("Accepted", _text(accepted)), ("Id", _text(record["id"], 100))]
    if stage == "retrieval":
        return _facts(facts) + _sides("Best hits", _hits(record), "Gold", _golds(record))
    said = _marked(record["answer"]) if record["status"] != "not_found" else "not found"
    phrase = (record.get("phrase") or {}).get("text", "")
    facts = [
        ("Answer", f"<strong>{said}</strong>"),
        ("Phrase", _text(phrase)),
        facts[0],
        ("Retrieved", _retrieved(record)),
        ("Left open", _text(record.get("missing") or "")),
        ("Removed", "<br>".join(_removed(r) for r in record["removed"][:5])),
        (
            "Status",
            f"{escape(record['status'])}, confidence {record['confidence']:.2f}, "
            f"{record['seconds']:.2f} s",
        ),
        facts[1],
    ]
    return _facts(facts) + _sides("Cited", _cited(record), "Gold", _golds(record))


def _retrieved(record: Record) -> str:
    """At which ranks the gold was retrieved: whether a miss is the search's or the reader's."""
    gold = [g for g in record["gold"] if g["grade"] > 0]
    if not gold:
        return ""
    ranks = need_ranks(places(record["hits"]), places(gold), record["gold_mode"])
    found = ", ".join(str(r) if r else "not" for r in ranks)
    return f"gold at rank {found}" if any(ranks) else "gold was not among the hits"


def _removed(row: Record) -> str:
    return f'{_text(row["text"], 300)} <span class="dim">({_text(row["reason"], 200)})</span>'


def _sides(left: str, first: str, right: str, second: str) -> str:
    return (
        f'<div class="sides"><section><h3>{left}</h3>{first}</section>'
        f"<section><h3>{right}</h3>{second}</section></div>"
    )


def _cited(record: Record) -> str:
    rows = record["citations"][:_MOST_CITED]
    shown = "".join(_passages(record, [(_cited_place(row), row) for row in rows]))
    return shown or '<p class="dim">Nothing was cited.</p>'


def _cited_place(row: Record) -> str:
    place = f"[{row['marker']}] {row['document']}, line {row['line']}"
    if row.get("page"):
        place += f", page {row['page']}"
    return place + (", quote is not the document's text" if row.get("valid") is False else "")


def _golds(record: Record) -> str:
    parts, located = [], []
    for row in record["gold"][:_MOST_GOLD]:
        if row.get("start") is None:
            grade = f", grade {row['grade']:g}" if record["gold_mode"] == "graded" else ""
            parts.append(f"<p>{escape(row['document'])}: the whole document{grade}</p>")
        else:
            located.append((f"{row['document']}, {row['start']}-{row['end']}", row))
    parts.extend(_passages(record, located))
    left = len(record["gold"]) - _MOST_GOLD
    if left > 0:
        parts.append(f'<p class="dim">and {left} more</p>')
    return "".join(parts) or '<p class="dim">No gold: the documents do not say.</p>'


def _passages(record: Record, rows: Iterable[tuple[str, Record]]) -> Iterator[str]:
    """The text around citations or gold, each stretch once, both highlighted where they fall."""
    grouped: dict[tuple[str, int, str], list[str]] = {}
    for place, row in rows:
        context = next((c for c in record.get("contexts", ()) if _holds(c, row)), None)
        at = (row["document"], row["start"], row["quote"] or "")
        if context is not None:
            at = (context["document"], context["start"], context["text"])
        grouped.setdefault(at, []).append(place)
    for (document, start, text), names in grouped.items():
        context = {"document": document, "start": start, "text": text}
        spans = [*_spans(record["gold"], context, "gold")]
        spans += _spans(record.get("citations", ()), context, "cite")
        shown = "".join(_highlighted(text, spans))
        yield f'<p class="dim">{escape("; ".join(names))}</p><div class="passage">{shown}</div>'


def _holds(context: Record, row: Record) -> bool:
    first = context["start"]
    return bool(
        context["document"] == row["document"]
        and first <= row["start"]
        and row["end"] <= first + len(context["text"])
    )


def _spans(rows: Iterable[Record], context: Record, kind: str) -> Iterator[Stretch]:
    first, size = context["start"], len(context["text"])
    for row in rows:
        if row["document"] == context["document"] and row.get("start") is not None:
            start, end = max(0, row["start"] - first), min(size, row["end"] - first)
            if start < end:
                yield start, end, kind


def _highlighted(text: str, spans: list[Stretch]) -> Iterator[str]:
    """The text in pieces, each in a `<mark>` with the kinds of all spans that cover it."""
    cuts = sorted({0, len(text), *(s for s, _, _ in spans), *(e for _, e, _ in spans)})
    for start, end in pairwise(cuts):
        kinds = sorted({kind for s, e, kind in spans if s <= start and end <= e})
        piece = escape(text[start:end])
        yield f'<mark class="{" ".join(kinds)}">{piece}</mark>' if kinds else piece


def _hits(record: Record) -> str:
    golds = places(record["gold"])
    rows = []
    for row, place in zip(record["hits"][:_MOST_HITS], places(record["hits"]), strict=False):
        met = any(overlaps(place, g) for g in golds)
        mark = ' <span class="good">✓ meets gold</span>' if met else ""
        span = f"{row['start']}-{row['end']}"
        rows.append(f"<li>{escape(row['document'])}, {span}, score {row['score']:g}{mark}</li>")
    first = record["hits"][0].get("text", "") if record["hits"] else ""
    shown = f'<div class="passage">{_text(first, 600)}</div>' if first else ""
    return (f'<ol class="hits">{"".join(rows)}</ol>{shown}') if rows else "<p>No hits.</p>"


def _claim(record: Record) -> str:
    evidence = "".join(
        f'<div class="passage">{_text(e, 800)}</div>' for e in record["evidence"][:6]
    )
    truth = "supported" if record["supported"] else "not supported"
    facts = [
        ("Support said", f"{record['support']:.3f}"),
        ("In truth", truth),
        ("Id", _text(record["id"], 100)),
    ]
    return _facts(facts) + f"<h3>Evidence</h3>{evidence}"


def _summary(record: Record) -> str:
    references = "".join(f'<div class="passage">{_text(r)}</div>' for r in record["references"][:3])
    coverage = record["coverage"]
    facts = [
        ("Document", _text(record["doc"], 200)),
        ("Coverage", f"{coverage['represented']} of {coverage['passages']} passages"),
        ("Removed", "<br>".join(_removed(r) for r in record["removed"][:5])),
        ("Id", _text(record["id"], 100)),
    ]
    said = f'<div class="passage">{_marked(record["summary"])}</div>'
    cited = "".join(
        f'<div class="passage"><sup>[{c["marker"]}]</sup> {_text(c["quote"], 400)}</div>'
        for c in record["citations"][:_MOST_SOURCES]
    )
    sources = f"<h3>Cited</h3>{cited}" * bool(cited)
    return _facts(facts) + _sides("Summary", said, "References", references) + sources

"""The record of an item in a run: everything a metric or a report needs, without a model.

Records are JSON objects. Offsets are those of the documents' text; names are those of the index.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rag.errors import RagError
from rag.evaluation.items import Claim, Gold, Question, SummaryTask
from rag.evaluation.text_metrics import contains, without_markers
from rag.json_form import checked_json
from rag.types import SUMMARY_WORDS, Answer, Citation, Considered, Hit, Summary

Record = dict[str, Any]
TextOf = Callable[[str], str] | None

CONTEXT_CHARS = 300
_MOST_SPAN_CHARS = 2000
_MOST_CONTEXTS = 8
_MOST_CONSIDERED = 13
KEPT_HITS = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A piece of a document, read from a record; `start` is None for the whole document."""

    document: str
    start: int | None
    end: int | None


def places(rows: Iterable[Record]) -> list[Place]:
    """The pieces that a list of a record's hits, citations or gold stands for."""
    return [Place(row["document"], row.get("start"), row.get("end")) for row in rows]


def question_record(item: Question, hits: Sequence[Hit]) -> Record:
    """The record of a question with what was retrieved for it."""
    return {
        "id": item.id,
        "question": item.question,
        "answerable": item.answerable,
        "answers": list(item.answers),
        "gold": [_gold_row(g) for g in item.gold],
        "gold_mode": item.gold_mode,
        "type": item.type,
        "hits": [_hit_row(hit, with_text=not i) for i, hit in enumerate(_kept(hits, item))],
    }


def _gold_row(gold: Gold) -> Record:
    row: Record = {"document": gold.document, "grade": gold.grade}
    if gold.start is not None:
        row |= {"start": gold.start, "end": gold.end, "quote": gold.quote}
    return row


def _kept(hits: Sequence[Hit], item: Question) -> Sequence[Hit]:
    """At most 20 hits; of graded questions each document's best."""
    if item.gold_mode != "graded":
        return hits[:KEPT_HITS]
    best: dict[str, Hit] = {}
    for hit in hits:
        best.setdefault(hit.passage.document, hit)
    return list(best.values())[:KEPT_HITS]


def _hit_row(hit: Hit, with_text: bool) -> Record:
    passage = hit.passage
    row: Record = {
        "document": passage.document,
        "start": passage.span.start,
        "end": passage.span.end,
        "score": round(hit.score, 4),
    }
    return row | {"text": passage.text} if with_text else row


def holding(hits: Sequence[Hit], item: Question) -> Record:
    """Which of a record's hits hold an accepted answer, for what trivial strategies would get."""
    if not item.answers:
        return {}
    kept = _kept(hits, item)
    return {"holding": [i for i, h in enumerate(kept) if contains(h.passage.text, item.answers)]}


def answer_part(answer: Answer, item: Question, text_of: TextOf) -> Record:
    """What the answer adds to a question's record."""
    phrase = answer.phrase
    return {
        "status": answer.status,
        "answer": answer.answer,
        "confidence": answer.confidence,
        "phrase": phrase
        and {
            "text": phrase.text,
            "document": phrase.document,
            "start": phrase.span.start,
            "end": phrase.span.end,
        },
        **_checked(answer, text_of),
        "missing": answer.missing,
        "notes": list(answer.notes),
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "timings_ms": {k: round(v, 2) for k, v in answer.timings_ms.items()},
        "considered": [_considered_row(c) for c in answer.considered[:_MOST_CONSIDERED]],
        "contexts": contexts(item, answer.citations, text_of),
    }


def _checked(result: Answer | Summary, text_of: TextOf) -> Record:
    """The sentences, what was removed, and the citations, each with whether its quote is true."""
    row = checked_json(result.sentences, result.removed, result.citations)
    if text_of is not None:
        for cited, citation in zip(row["citations"], result.citations, strict=True):
            cited["valid"] = _is_valid(citation, text_of)
    return row


def _is_valid(citation: Citation, text_of: Callable[[str], str]) -> bool:
    try:
        return citation.span.of(text_of(citation.document)) == citation.quote
    except (LookupError, RagError):
        return False


def _considered_row(candidate: Considered) -> Record:
    return {
        "document": candidate.document,
        "start": candidate.span.start,
        "end": candidate.span.end,
        "outcome": candidate.outcome,
        "signals": {name: round(value, 6) for name, value in candidate.signals},
    }


def contexts(item: Question, cited: Sequence[Citation], text_of: TextOf) -> list[Record]:
    """Text around what was cited and around gold, each stretch once, for the report."""
    if text_of is None:
        return []
    wanted = [(c.document, c.span.start, c.span.end) for c in cited[:_MOST_CONTEXTS]]
    wanted += [
        (g.document, g.start, g.end)
        for g in item.gold[:_MOST_CONTEXTS]
        if g.start is not None and g.end is not None
    ]
    found: list[Record] = []
    for document, start, end in wanted:
        if not any(_covers(c, document, start, end) for c in found):
            found.append(around(text_of(document), document, start, end))
    return found


def _covers(context: Record, document: str, start: int, end: int) -> bool:
    first = context["start"]
    return bool(
        context["document"] == document and first <= start and end <= first + len(context["text"])
    )


def around(text: str, document: str, start: int, end: int) -> Record:
    """The span with up to 300 characters on each side, not beyond its paragraph, at whole words.

    Of a span longer than 2,000 characters only the beginning.
    """
    end = min(end, start + _MOST_SPAN_CHARS)
    low, high = max(0, start - CONTEXT_CHARS), min(len(text), end + CONTEXT_CHARS)
    paragraph = text.rfind("\n\n", low, start)
    low = paragraph + 2 if paragraph >= 0 else low
    after = text.find("\n\n", end, high)
    high = after if after >= 0 else high
    while 0 < low < start and not text[low - 1].isspace():
        low += 1
    while end < high < len(text) and not text[high].isspace():
        high -= 1
    return {"document": document, "start": low, "text": text[low:high]}


def claim_record(item: Claim, support: float) -> Record:
    """The record of a claim with its support score."""
    return {
        "id": item.id,
        "claim": item.claim,
        "evidence": list(item.evidence),
        "supported": item.supported,
        "type": item.type,
        "support": support,
    }


def summary_record(item: SummaryTask, summary: Summary, text_of: TextOf) -> Record:
    """The record of a summary, beside it as many words from the start of the document."""
    words = len(without_markers(summary.summary).split())
    lead = "" if text_of is None else " ".join(text_of(item.doc)[: 40 * words].split()[:words])
    coverage = summary.coverage
    return {
        "id": item.id,
        "doc": item.doc,
        "query": item.query,
        "references": list(item.references),
        "type": item.type,
        "status": summary.status,
        "summary": summary.summary,
        "asked_words": SUMMARY_WORDS[summary.length],
        "lead": lead,
        **_checked(summary, text_of),
        "coverage": {
            "passages": coverage.passages,
            "represented": coverage.represented,
            "sections": coverage.sections,
            "sections_represented": coverage.sections_represented,
        },
        "timings_ms": {k: round(v, 2) for k, v in summary.timings_ms.items()},
    }

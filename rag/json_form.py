"""The JSON form of hits, answers and summaries, as the command line's contract has it.

Scores, support and confidence are rounded to 4 decimals, milliseconds to 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rag.types import (
    Answer,
    Citation,
    Considered,
    Hit,
    ModelInfo,
    Passage,
    Removed,
    Sentence,
    Summary,
)

Json = dict[str, Any]


def hit_json(hit: Hit) -> Json:
    """The JSON form of a hit."""
    return {
        "rank": hit.rank,
        "score": round(hit.score, 4),
        **_passage_json(hit.passage),
        "dense_rank": hit.dense_rank,
        "lexical_rank": hit.lexical_rank,
    }


def search_json(
    query: str, mode: str, hits: Sequence[Hit], timings_ms: Mapping[str, float]
) -> Json:
    """The JSON form of a search."""
    return {
        "query": query,
        "mode": mode,
        "hits": [hit_json(h) for h in hits],
        "timings_ms": _rounded(timings_ms),
    }


def answer_json(answer: Answer) -> Json:
    """The JSON form of an answer. `notes` is there only where there are any."""
    phrase = answer.phrase
    form: Json = {
        "question": answer.question,
        "status": answer.status,
        "answer": answer.answer,
        "confidence": round(answer.confidence, 4),
        "phrase": phrase
        and {
            "text": phrase.text,
            "document": phrase.document,
            "start": phrase.span.start,
            "end": phrase.span.end,
        },
        **checked_json(answer.sentences, answer.removed, answer.citations),
        "missing": answer.missing,
        "hits": [hit_json(h) for h in answer.hits],
        "model": _model_json(answer.model),
        "reader": answer.reader and _model_json(answer.reader),
        "index": {"digest": answer.index_digest},
        "seed": answer.seed,
        "tokens": {"prompt": answer.prompt_tokens, "completion": answer.completion_tokens},
        "timings_ms": _rounded(answer.timings_ms),
    }
    if answer.notes:
        form["notes"] = list(answer.notes)
    return form


def summary_json(summary: Summary) -> Json:
    """The JSON form of a summary."""
    coverage = summary.coverage
    return {
        "summary": summary.summary,
        "status": summary.status,
        **checked_json(summary.sentences, summary.removed, summary.citations),
        "coverage": {
            "passages": coverage.passages,
            "represented": coverage.represented,
            "sections": coverage.sections,
            "sections_represented": coverage.sections_represented,
            "skipped": [
                {"document": s.document, "heading": s.heading, "reason": s.reason}
                for s in coverage.skipped
            ],
        },
        "about": summary.about,
        "length": summary.length,
        "format": summary.format,
        "model": summary.model and _model_json(summary.model),
        "timings_ms": _rounded(summary.timings_ms),
    }


def considered_json(considered: Considered) -> Json:
    """The JSON form of a candidate sentence, with its signals and what became of it."""
    return {
        "document": considered.document,
        "start": considered.span.start,
        "end": considered.span.end,
        "text": considered.text,
        "signals": {name: round(value, 4) for name, value in considered.signals},
        "outcome": considered.outcome,
    }


def citation_json(citation: Citation) -> Json:
    """The JSON form of a citation."""
    return {
        "marker": citation.marker,
        "document": citation.document,
        "start": citation.span.start,
        "end": citation.span.end,
        "quote": citation.quote,
        "page": citation.page,
        "line": citation.line,
        "heading": citation.heading,
    }


def checked_json(
    sentences: Sequence[Sentence], removed: Sequence[Removed], citations: Sequence[Citation]
) -> Json:
    """The JSON form of what was checked: `sentences`, `removed` and `citations`."""
    return {
        "sentences": [
            {
                "text": s.text,
                "citations": list(s.citations),
                "support": round(s.support, 4),
                "verdict": s.verdict,
            }
            for s in sentences
        ],
        "removed": [{"text": r.text, "reason": r.reason} for r in removed],
        "citations": [citation_json(c) for c in citations],
    }


def _passage_json(passage: Passage) -> Json:
    return {
        "document": passage.document,
        "start": passage.span.start,
        "end": passage.span.end,
        "text": passage.text,
        "page": passage.page,
        "line": passage.line,
        "heading": passage.heading,
    }


def _model_json(model: ModelInfo) -> Json:
    return {"name": model.name, "sha256": model.sha256}


def _rounded(timings_ms: Mapping[str, float]) -> Json:
    return {name: round(value, 1) for name, value in timings_ms.items()}

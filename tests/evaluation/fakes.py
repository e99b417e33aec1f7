"""A small world to evaluate: documents, questions, and a product whose results depend on them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from rag.evaluation.product import Product
from rag.types import (
    Answer,
    Citation,
    Considered,
    Coverage,
    Hit,
    ModelInfo,
    Passage,
    Phrase,
    Sentence,
    Span,
    Summary,
)

DOCUMENTS = {
    "minutes.md": (
        "# Council\n\nThe council met on 4 March. It raised the training budget to 3.5 % of "
        "payroll.\n\nThe canteen stays closed on Fridays. The fitting costs 18,400 euros.\n"
    ),
    "sub/lease.txt": (
        "The tenant may keep one cat. Dogs are not permitted.\nRent of 940 euros is due on the "
        "third working day.\n"
    ),
    "bericht.txt": "Die Brücke über die Ilse wurde 1987 gebaut. Sie trägt zwölf Tonnen.\n",
}


def gold(doc: str, quote: str, **more: object) -> dict[str, object]:
    """A gold span of the first place where `quote` stands."""
    name = next(n for n in DOCUMENTS if doc in (n, Path(n).stem))
    start = DOCUMENTS[name].index(quote)
    return {"doc": doc, "start": start, "end": start + len(quote), "quote": quote, **more}


def question(identity: str, text: str, answers: Sequence[str] = (), **more: object) -> dict:
    """A row of questions.jsonl; answerable if it has answers."""
    row = {
        "id": identity,
        "question": text,
        "answerable": bool(answers),
        "answers": list(answers),
        "gold": [],
        "gold_mode": "any",
    }
    return row | more


QUESTIONS = [
    question("budget", "What is the training budget?", ["3.5 %"], gold=[gold("minutes", "3.5 %")]),
    question(
        "canteen", "When is the canteen closed?", ["Fridays"], gold=[gold("minutes", "Fridays")]
    ),
    question("rent", "How much rent is due?", ["940 euros"], gold=[gold("lease", "940 euros")]),
    question("bridge", "Wann wurde die Brücke gebaut?", ["1987"], gold=[gold("bericht", "1987")]),
    question(
        "both",
        "What do the fitting and the rent cost?",
        ["18,400 euros", "940 euros"],
        gold=[gold("minutes", "18,400 euros"), gold("lease", "940 euros")],
        gold_mode="all",
    ),
    question("parrot", "May the tenant keep a parrot?"),
    question("chess", "Who won the chess tournament in Lisbon?"),
    question("cat", "How many cats may the tenant keep?", ["one"], gold=[gold("lease", "one cat")]),
]


def write_set(folder: Path, rows: Sequence[dict], name: str = "questions.jsonl") -> Path:
    """A set folder with the documents and the rows given."""
    for path, text in DOCUMENTS.items():
        target = folder / "docs" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / name).write_text(lines, encoding="utf-8")
    return folder


def words(text: str) -> set[str]:
    """The words of a text, lower case."""
    return set(re.findall(r"\w{3,}", text.lower()))


def sentences(name: str) -> list[Span]:
    """Sentence spans of a document."""
    return [
        Span(m.start(), m.end())
        for m in re.finditer(r"[^\s#][^\n]*?(?:[.!?](?=\s)|$)", DOCUMENTS[name], re.M)
    ]


def search(question: str, k: int, scope: Sequence[str] | None) -> list[Hit]:
    """Sentences by the share of words they have in common with the question."""
    asked = words(question)
    found = []
    for name in sorted(DOCUMENTS):
        if scope is not None and name not in scope:
            continue
        for span in sentences(name):
            text = span.of(DOCUMENTS[name])
            score = round(len(asked & words(text)) / (1 + len(words(text))), 4)
            found.append(
                (-score, f"{name}/{span}", Passage(f"{name}/{span}", name, span, text, (span,)))
            )
    found.sort(key=lambda f: f[:2])
    return [Hit(p, rank, -score) for rank, (score, _, p) in enumerate(found[:k], 1)]


def ask(question: str, scope: Sequence[str] | None, quote: bool) -> Answer:
    """The first hit as the answer, unless it has too little in common with the question."""
    hits = search(question, 20, scope)
    best = hits[0]
    confidence = min(1.0, 3 * best.score)
    found = best.score >= 0.2
    passage = best.passage
    citation = Citation(1, passage.document, passage.span, passage.text)
    digest = hashlib.sha256(question.encode()).hexdigest()
    return Answer(
        question,
        "answered" if found else "not_found",
        f"{passage.text} [1]" if found else "",
        confidence,
        Phrase(passage.text, passage.document, passage.span) if found else None,
        (Sentence(passage.text, (1,), 0.9, "supported"),) if found else (),
        (),
        None,
        (citation,) if found else (),
        tuple(hits),
        ModelInfo("fake", digest),
        None,
        "digest",
        0,
        0 if quote else len(question),
        0,
        {
            "retrieve": 1.0,
            "select": 2.0,
            "first_token": 3.0,
            "generate": 0.0,
            "verify": 0.5,
            "total": 3.5,
        },
        tuple(
            Considered(
                h.passage.document, h.passage.span, h.passage.text, (("score", h.score),), "used"
            )
            for h in hits[:3]
        ),
    )


def support(claim: str, evidence: Sequence[str]) -> float:
    """The share of the claim's words in the evidence."""
    wanted = words(claim)
    return len(wanted & words(" ".join(evidence))) / max(1, len(wanted))


def summarise(doc: str, query: str | None) -> Summary:
    """The document's first sentence."""
    spans = sentences(doc)
    text = spans[0].of(DOCUMENTS[doc])
    return Summary(
        f"{text} [1]",
        "answered",
        (Sentence(text, (1,), 1.0, "supported"),),
        (),
        (Citation(1, doc, spans[0], text),),
        Coverage(len(spans), 1, 1, 1),
        query,
        "short",
        "prose",
        None,
        {"total": 1.0},
    )


def product(**more: object) -> Product:
    """A product over the small world."""
    given: dict[str, object] = {
        "documents": tuple(DOCUMENTS),
        "document_text": DOCUMENTS.__getitem__,
        "index_digest": "digest",
        "models": {"reader": ModelInfo("fake", "0")},
        "thresholds": {"support": 0.5, "confidence": 0.4},
        "search": search,
        "ask": ask,
        "support": support,
        "summarise": summarise,
    }
    return Product(**{**given, **more})

"""What a judge of whole passages would be shown for a question, and parts of it, with labels."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rag.answering.candidate import Candidate
from rag.answering.naming import Naming
from rag.answering.sentences import readable
from rag.answering.verdicts import in_its_place
from rag.retrieval.subject import Subject
from rag.types import Document, Hit, Span

MOST_BEFORE = 2  # sentences of a part before the one that answers
Meets = Callable[[Span, str], bool]
"""Whether a span of a document holds what answers the question."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A passage, or whole sentences of it that follow each other, as a judge is shown it."""

    place: Candidate
    text: str
    right: bool


def pieces_of(
    question: str,
    hits: Sequence[Hit],
    preferred: Candidate | None,
    meets: Meets,
    document: Callable[[str], Document],
    rng: random.Random,
) -> list[Piece]:
    """The first hit, that of the preferred candidate, and the first that answers, all whole.

    Of those that answer a part besides, drawn: up to the sentence that answers, that one with some
    before it, or all before it, which does not answer any more.
    """
    named = Naming(Subject(), hits, document)
    chosen = [*hits[:1], *([preferred.hit] if preferred else [])]
    chosen += [hit for hit in hits if meets(hit.passage.span, hit.passage.document)][:1]
    pieces = []
    for hit in {hit.passage.id: hit for hit in chosen}.values():
        for span in _spans(hit, meets, rng):
            start = span.start - hit.passage.span.start
            text = readable(hit.passage)[start : start + span.end - span.start]
            if text.strip():
                place = in_its_place(question, hit, span, named)
                pieces.append(Piece(place, text, meets(span, hit.passage.document)))
    return pieces


def missed(
    question: str,
    hits: Sequence[Hit],
    shown: Sequence[Candidate],
    meets: Meets,
    document: Callable[[str], Document],
) -> list[Candidate]:
    """The sentences of the hits that answer and that none of the candidates shown meets."""
    named = Naming(Subject(), hits, document)
    kept: list[Candidate] = []
    for hit in hits:
        name = hit.passage.document
        for span in hit.passage.sentences:
            known = (c.span for c in (*shown, *kept) if c.document == name)
            if meets(span, name) and not any(span.overlaps(other) for other in known):
                kept.append(in_its_place(question, hit, span, named))
    return kept


def _spans(hit: Hit, meets: Meets, rng: random.Random) -> Iterator[Span]:
    whole, sentences = hit.passage.span, hit.passage.sentences
    yield whole
    at = next((i for i, s in enumerate(sentences) if meets(s, hit.passage.document)), None)
    if at is None or len(sentences) < 2:
        return
    first = max(0, at - rng.randint(1, MOST_BEFORE))
    parts = {Span(whole.start, sentences[at].end), Span(sentences[first].start, sentences[at].end)}
    if at:
        parts.add(Span(whole.start, sentences[at - 1].end))
    yield rng.choice(sorted(parts - {whole}))

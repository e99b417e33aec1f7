"""Sentences of a passage as candidates: what a reader may see of it, and makes of each alone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from rag.answering.candidate import Candidate
from rag.answering.leads import announces, with_items
from rag.answering.naming import Naming
from rag.answering.orders import gives_orders
from rag.answering.surroundings import leaned_on
from rag.reading.protocol import Reader
from rag.stamps import QUOTING
from rag.types import Document, Hit, Passage, Phrase, Span


def readable(passage: Passage) -> str:
    """The passage's text for a reader: as long as it is, sentences that give orders blank.

    Blank, too, are the marks of a quoted mail.
    """
    text = QUOTING.sub(lambda marks: " " * len(marks.group()), passage.text)
    for span in passage.sentences:
        start, end = span.start - passage.span.start, span.end - passage.span.start
        if gives_orders(text[start:end]):
            text = text[:start] + " " * (end - start) + text[end:]
    return text


def candidate_at(
    hit: Hit,
    run: Span,
    phrase: Span,
    known: Naming,
    score: float = 0.0,
    margin: float = 0.0,
    answerable: float = 0.0,
) -> Candidate:
    """The candidate of some sentences of a hit, with its setting; the scores are the reader's."""
    name = hit.passage.document
    whole = known.document(name)
    setting, line = known.around(whole, run)
    return Candidate(
        name,
        run,
        run.of(whole.text),
        Phrase(phrase.of(whole.text), name, phrase),
        score,
        margin,
        answerable,
        hit,
        setting,
        leaned_on(hit.passage.sentences, run, whole.text),
        named=line,
        rival=name in known.rivals,
        stranger=known.is_stranger(name),
    )


def within_one(phrase: Span, sentences: Sequence[Span]) -> Span:
    """The phrase without what runs over into a sentence that holds less of it.

    A network that sees tokens alone sometimes ends behind the next clause's number.
    """
    parts = [
        Span(max(s.start, phrase.start), min(s.end, phrase.end))
        for s in sentences
        if s.overlaps(phrase)
    ]
    return max(parts, key=lambda part: part.end - part.start, default=phrase)


def sentences_holding(phrase: Span, sentences: Sequence[Span]) -> Span | None:
    """The shortest run of whole sentences that holds a phrase; None where none touches it."""
    touched = [s for s in sentences if s.overlaps(phrase)]
    if not touched:
        return None
    run = Span(min(s.start for s in touched), max(s.end for s in touched))
    return run if run.contains(phrase) else None


def stating_run(text: str, sentences: Sequence[Span], run: Span) -> Span | None:
    """A run of sentences as it may state something: with the list that it announces, if it does.

    None where it announces what is no list ("Required textbook:"): that states it, not the label.
    """
    if not announces(run.of(text)):
        return run
    longer = with_items(text, sentences, run)
    return None if longer == run else longer


def read_alone(question: str, found: Sequence[Candidate], reader: Reader) -> list[Candidate]:
    """The candidates with what the reader makes of each alone, in its setting."""
    heads = [f"{c.setting}. " if c.setting else "" for c in found]
    texts = [head + c.text for head, c in zip(heads, found, strict=True)]
    read: list[Candidate] = []
    for candidate, head, reading in zip(
        found, heads, reader.read(question, texts, spans=3), strict=True
    ):
        inside = next((s for s in reading.spans if s.start >= len(head)), None)
        score = inside.score if inside else reading.null_score
        phrase = candidate.phrase
        better = "|" in candidate.text and score - reading.null_score > candidate.margin
        # found by its words, it has no phrase yet; the cell of a row is surer in the row alone
        if inside and not candidate.rank and (better or phrase.span == candidate.span):
            start = candidate.span.start - len(head)
            span = Span(start + inside.start, start + inside.end)
            text = texts[len(read)][inside.start : inside.end]
            phrase = Phrase(text, candidate.document, span)
        read.append(
            replace(
                candidate,
                phrase=phrase,
                near=score,
                near_margin=score - reading.null_score,
                near_answerable=reading.answerable,
            )
        )
    return read


def is_heading(document: Document, span: Span) -> bool:
    """Whether a heading of the document begins in a span."""
    at = bisect_left(document.headings, span.start, key=lambda heading: heading.start)
    return at < len(document.headings) and document.headings[at].start < span.end


def may_answer(text: str) -> bool:
    """Whether a sentence may answer anything: no question, no label, no order to a machine."""
    asks = text.rstrip(" \t\n\"'”’)").endswith("?")
    if asks or announces(text) or not any(map(str.isalnum, text)):
        return False
    return not gives_orders(text)

"""Finds candidates: the sentences that hold the spans a reader points at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.answering.orders import gives_orders
from rag.answering.shape import AnswerType, fits_type
from rag.reading.protocol import Reader, Reading
from rag.types import Document, Hit, Passage, Phrase, Span
from rag.verification.rules import content_words, normalised

LIMIT = 4
SPANS = 5


@dataclass(frozen=True, slots=True)
class Candidate:
    """A run of whole sentences that may answer, and the reader's phrase in it.

    `score` and `margin` (over the text without an answer) are the reader's, `answerable` its
    logit for the passage, `hit` the passage it was read in.
    """

    document: str
    span: Span
    text: str
    phrase: Phrase
    score: float
    margin: float
    answerable: float
    hit: Hit

    def excerpt(self, chars: int) -> str:
        """The text, of a longer one what stands around the phrase, cut at spaces."""
        if len(self.text) <= chars:
            return self.text
        begin = self.phrase.span.start - self.span.start
        middle = begin + min(len(self.phrase.text), chars) // 2
        start = max(0, min(middle - chars // 2, len(self.text) - chars))
        if start:
            start = self.text.find(" ", start, begin) + 1 or start
        end = start + chars
        if end < len(self.text):
            end = max(self.text.rfind(" ", start, end), start + chars // 2)
        before, after = "… " if start else "", " …" if end < len(self.text) else ""
        return before + self.text[start:end].strip() + after

    def signals(self, question_words: frozenset[str], kind: AnswerType) -> dict[str, float]:
        """What is known of the candidate without a language model."""
        words = set(content_words(self.text)) | set(content_words(self.hit.passage.heading or ""))
        shared = len(question_words & words) / len(question_words) if question_words else 0.0
        return {
            "reader": self.score,
            "margin": self.margin,
            "answerable": self.answerable,
            "overlap": shared,
            "type": fits_type(kind, self.phrase.text),
            "rank": 1.0 / self.hit.rank,
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with all its signals and the probability that it states the answer."""

    candidate: Candidate
    signals: dict[str, float]
    probability: float
    judged: bool


def find_candidates(
    question: str,
    hits: Sequence[Hit],
    reader: Reader,
    document: Callable[[str], Document],
    limit: int = LIMIT,
) -> list[Candidate]:
    """At most `limit` candidates, best first by the reader's score, no two of them overlapping.

    Sentences that speak to a machine are passed over, and blanked before the reader sees them, so
    that they do not draw it away from what stands beside them.
    """
    if not hits:
        return []
    readings = reader.read(question, [readable(hit.passage) for hit in hits], spans=SPANS)
    found = [
        candidate
        for hit, reading in zip(hits, readings, strict=True)
        for candidate in _of_hit(hit, reading, document)
    ]
    found.sort(key=lambda c: (-c.score, c.hit.rank, c.document, c.span))
    return _distinct(found, limit)


def readable(passage: Passage) -> str:
    """The passage's text for a reader: as long as it is, sentences that give orders blank."""
    text = passage.text
    for span in passage.sentences:
        start, end = span.start - passage.span.start, span.end - passage.span.start
        if gives_orders(text[start:end]):
            text = text[:start] + " " * (end - start) + text[end:]
    return text


def _of_hit(hit: Hit, reading: Reading, document: Callable[[str], Document]) -> list[Candidate]:
    passage = hit.passage
    text = document(passage.document).text
    found = []
    for scored in reading.spans:
        start, end = passage.span.start + scored.start, passage.span.start + scored.end
        if not passage.span.start <= start < end <= passage.span.end:
            continue
        phrase = Span(start, end)
        run = sentences_holding(phrase, passage.sentences) or phrase
        found.append(
            Candidate(
                passage.document,
                run,
                run.of(text),
                Phrase(phrase.of(text), passage.document, phrase),
                scored.score,
                scored.score - reading.null_score,
                reading.answerable,
                hit,
            )
        )
    return found


def sentences_holding(phrase: Span, sentences: Sequence[Span]) -> Span | None:
    """The shortest run of whole sentences that holds a phrase; None where none touches it."""
    touched = [s for s in sentences if s.overlaps(phrase)]
    if not touched:
        return None
    run = Span(min(s.start for s in touched), max(s.end for s in touched))
    return run if run.contains(phrase) else None


def _distinct(found: Sequence[Candidate], limit: int) -> list[Candidate]:
    kept: list[Candidate] = []
    seen: set[str] = set()
    for candidate in found:
        words = normalised(candidate.text)
        clash = any(
            k.document == candidate.document and k.span.overlaps(candidate.span) for k in kept
        )
        if clash or words in seen or not _may_answer(candidate.text):
            continue
        kept.append(candidate)
        seen.add(words)
        if len(kept) == limit:
            break
    return kept


def _may_answer(text: str) -> bool:
    asks = text.rstrip(" \t\n\"'”’)").endswith("?")
    return not asks and any(map(str.isalnum, text)) and not gives_orders(text)


def agreement(candidates: Sequence[Candidate], chosen: Candidate) -> float:
    """How many other candidates point at the same phrase, from 0 to 1."""
    phrase = normalised(chosen.phrase.text)
    same = sum(normalised(c.phrase.text) == phrase for c in candidates if c is not chosen)
    return min(1.0, same / 2)

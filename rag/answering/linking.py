"""Finds the second source of a question that one sentence cannot answer.

By rules: the second sentence must tie to the first (its document's title stands, as a name, in the
first sentence or in the question, or the other way round) and must hold words of the question that
the first leaves out. A question about one fact in one document has no such sentence. Where much is
left out, the question is searched again together with the first sentence, whose names lead on: on
hotpotqa that finds both documents among the first five for 0.74 instead of 0.66 of the questions
(eval/reader/USES.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from rag.answering.candidate import Candidate
from rag.answering.orders import gives_orders
from rag.answering.surroundings import heads_table, name_of
from rag.answering.terms import names_only
from rag.types import Document, Hit, Phrase, Span
from rag.verification.rules import content_words

MIN_GAIN = 0.15  # of the question's words that the second sentence must add
_LINK = 0.3
_NAME = re.compile(r"\b(?:[A-Z]|\w*\d)\w*")
_MAX_CHARS = 500


@dataclass(frozen=True, slots=True)
class _Option:
    value: float
    hit: Hit
    span: Span
    text: str


def second_source(
    question: str,
    first: Candidate,
    hits: Sequence[Hit],
    document: Callable[[str], Document],
    search: Callable[[str], Sequence[Hit]] | None = None,
) -> Candidate | None:
    """The sentence of another document that completes `first`, or None where none ties to it.

    It is looked for in `hits` and in what `search` finds for the question and `first`.
    """
    wanted = set(content_words(question))
    title = frozenset(content_words(f"{title_of(document(first.document))} {first.named}"))
    said = set(content_words(first.text))
    left = wanted - said - title
    if not wanted or not left:
        return None
    if search is not None and len(left) / len(wanted) >= MIN_GAIN:
        hits = joined(hits, search(f"{question} {first.text}"))
    best: _Option | None = None
    for hit in hits:
        name = hit.passage.document
        if name == first.document:
            continue
        whole = document(name)
        other = frozenset(content_words(title_of(whole)))
        tied = _stands(other, question) + _stands(other, first.text)
        for span in hit.passage.sentences:
            if heads_table(whole.text, span):
                continue
            option = _weigh(wanted, left, title, other, tied, hit, span, span.of(whole.text))
            if option and (best is None or option.value > best.value + 1e-9):
                best = option
    return candidate_from(best.hit, best.span, best.text, first) if best else None


def sentences_of(
    hits: Iterable[Hit], document: Callable[[str], Document]
) -> Iterator[tuple[Hit, Span, str]]:
    """The sentences of hits that may say something: no head of a table, line of names or order."""
    for hit in hits:
        whole = document(hit.passage.document)
        for span in hit.passage.sentences:
            text = span.of(whole.text)
            fit = len(text) <= _MAX_CHARS and not heads_table(whole.text, span)
            if fit and not gives_orders(text) and not names_only(text):
                yield hit, span, text


def joined(hits: Sequence[Hit], more: Sequence[Hit]) -> list[Hit]:
    """The hits, and those of `more` that bring other passages."""
    known = {hit.passage.id for hit in hits}
    return [*hits, *(hit for hit in more if hit.passage.id not in known)]


def _weigh(
    wanted: Set[str],
    left: Set[str],
    title: frozenset[str],
    other: frozenset[str],
    tied: int,
    hit: Hit,
    span: Span,
    text: str,
) -> _Option | None:
    words = set(content_words(text))
    if len(text) > _MAX_CHARS or len(words) < 3 or gives_orders(text) or names_only(text):
        return None
    gain = len(left & (words | other)) / len(wanted)
    ties = tied + _stands(title, text)
    if gain < MIN_GAIN or not ties:
        return None
    own = len(left & words) / len(wanted)
    value = gain + own + _LINK * ties - 0.02 * hit.rank
    return _Option(value, hit, span, text)


def _stands(title: frozenset[str], text: str) -> bool:
    """Whether a title stands in a text, and there as a name: with a capital letter or a digit.

    The words of "Employment contract" stand in many texts that are about another thing.
    """
    if not title or not title <= set(content_words(text)):
        return False
    return any(not title.isdisjoint(content_words(m.group())) for m in _NAME.finditer(text))


def candidate_from(hit: Hit, span: Span, text: str, first: Candidate) -> Candidate:
    """The candidate of a sentence that was found by rules beside `first`, with its scores."""
    name = hit.passage.document
    phrase = Phrase(text, name, span)
    return Candidate(name, span, text, phrase, first.score, first.margin, first.answerable, hit)


def title_of(document: Document) -> str:
    """What a document is about, by its title or else its file's name, without brackets."""
    name = document.title or name_of(document.path)
    return re.sub(r"\([^)]*\)", " ", re.sub(r"[_\-]+", " ", name)).strip()

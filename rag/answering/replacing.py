"""Finds what changes a value that an answer states: an amendment often names the value alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from rag.answering.candidate import Candidate
from rag.answering.dating import date_of, later
from rag.answering.linking import candidate_from, sentences_of
from rag.answering.naming import addressed_to
from rag.answering.shape import asks_what_was
from rag.answering.surroundings import terms_around
from rag.answering.terms import terms
from rag.types import Document, Hit, Span
from rag.verification.quantities import Day, Quantity, days, quantities, without_days
from rag.verification.rules import content_words
from rag.verification.units import UNIT_WORDS

_CHANGES = re.compile(
    r"\b(?:replac|substitut|supersed|amend|delet|strike|struck|instead of|in place of|"
    r"increas|rais|reduc|lower|chang)\w*",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d{2}")
_MOVES = re.compile(
    r"\b(?:(?:replac|substitut|supersed|amend|chang|mov|postpon|deferr|delay|reschedul|extend)\w*|"
    r"put (?:off|back)|brought forward|instead of|in place of|rather than)\b",
    re.IGNORECASE,
)
# "From 1 April 2025 the advance is 190": so a letter tells a new value, without a word of changing.
_FROM_DAY = re.compile(
    r"\b(?:from|as of|starting|beginning)\s+(?:on\s+)?\d{1,2}(?:st|nd|rd|th)?\s+[A-Z]",
    re.IGNORECASE,
)
_UNITS = frozenset(terms(" ".join(UNIT_WORDS)))  # "a month" stands in any two sentences
_A_DATE = re.compile(r"\bdates?\b|\bdeadline\b", re.IGNORECASE)
_EVENT = frozenset(terms("takes place happens occurs held begins starts opens ends closes due"))
_TOLD_APART = 10  # a smaller number without a unit stands in many sentences by chance


def replaced(
    first: Candidate, hits: Sequence[Hit], document: Callable[[str], Document]
) -> Candidate | None:
    """The sentence of another document, not an earlier one, that changes a value of the answer.

    It holds the value of the answering words, another of the same unit, and a word of changing:
    "the amount of 250,000 pounds is replaced by 400,000 pounds" answers no question by itself. Of
    a date alike; as dates meet by chance, the sentence must also share a word or speak of a date.
    """
    said = {q.value for q in quantities(first.phrase.text)}
    stated = [q for q in _amounts(first.text) if q.value in said]
    on = _answering_days(first)
    if not stated and not on:
        return None
    date = date_of(document(first.document))
    for hit, span, text in _elsewhere(first.document, hits, document):
        changes = _changes_an_amount(text, stated) or _moves_a_day(text, on, first.text)
        if changes and not later(date, date_of(document(hit.passage.document))):
            return candidate_from(hit, span, text, first)
    return None


def changed_since(
    question: str,
    first: Candidate,
    hits: Sequence[Hit],
    document: Callable[[str], Document],
) -> Candidate | None:
    """The sentence of another document that changes what is asked, without the value it had.

    "I raise the rent by 7 from April", or "From April it is 92", tells that a rent of 85 holds no
    longer. The sentence must name an amount or a day, a word of changing or from when it holds, and
    something that question and answer name, too, more than a unit; the passage it stands in all of
    the question's words that the answer's passage holds, but for such as "take place", which a
    sentence that moves the event has no need of (none, in a letter to those whom the answer's
    document names). Where the question asks for what was, or the document bears no date, or the
    same or an earlier one than the answer's, nothing is told.
    """
    if asks_what_was(question) or not (_amounts(first.text) or days(first.text)):
        return None
    asked = frozenset(terms(question))
    thing = (asked & frozenset(terms(first.text))) - _UNITS
    around = (asked - _EVENT) & terms_around(first.hit, document(first.document))
    date = date_of(document(first.document))
    for hit, span, text in _elsewhere(first.document, hits, document):
        told = _CHANGES.search(text) or _FROM_DAY.search(text)
        changes = told and (quantities(without_days(text)) or days(text))
        if not (changes or (_MOVES.search(text) and days(text))):
            continue
        whole = document(hit.passage.document)
        since = date_of(whole)
        if not since or since == date or later(date, since):
            continue
        tied = around <= terms_around(hit, whole) or addressed_to(whole, document(first.document))
        if tied and thing & frozenset(terms(text)):
            return candidate_from(hit, span, text, first)
    return None


def replaced_note(first: Candidate, change: Candidate) -> str:
    """A remark that another document changes what the answer states."""
    said = " ".join(first.phrase.text.split())
    return f"{change.document} changes '{said[:60]}' ({first.document})"


def _elsewhere(
    name: str, hits: Sequence[Hit], document: Callable[[str], Document]
) -> Iterator[tuple[Hit, Span, str]]:
    others = [hit for hit in hits if hit.passage.document != name]
    return sentences_of(others, document)


def _amounts(text: str) -> list[Quantity]:
    """The quantities that tell sentences apart: with a unit, or a large number that is no year."""
    return [
        q
        for q in quantities(text)
        if not q.ordinal
        and (q.unit or (q.value >= _TOLD_APART and not _YEAR.fullmatch(q.text.strip())))
    ]


def _changes_an_amount(text: str, stated: Sequence[Quantity]) -> bool:
    return bool(_CHANGES.search(text)) and any(_changes(_amounts(text), q) for q in stated)


def _answering_days(first: Candidate) -> list[Day]:
    """The days of the sentence that its answering words name, whole or in part."""
    said = " ".join(first.phrase.text.split())
    return [d for d in days(first.text) if d.text in said or (said and said in d.text)]


def _moves_a_day(text: str, stated: Sequence[Day], first: str) -> bool:
    """Whether a sentence moves one of the stated days to another, about the same matter."""
    if not stated or not _MOVES.search(text):
        return False
    held = days(text)
    moved = [d for d in held if any(d.may_be(s) for s in stated)]
    if not moved or all(any(d.may_be(s) for s in stated) for d in held):
        return False
    return bool(_A_DATE.search(text)) or bool(set(content_words(text)) & set(content_words(first)))


def _changes(held: Sequence[Quantity], stated: Quantity) -> bool:
    """Whether a sentence's quantities hold the stated one and another of its kind."""
    same = [q for q in held if q.unit == stated.unit]
    values = {q.value for q in same}
    return stated.value in values and len(values) > 1

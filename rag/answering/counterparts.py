"""Finds the sentence that says of the same matter something else than the answer does.

By its words alone: a reader looks for an answer to the question, and the other value of a
comparison, or what a later document lays down, is none by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from rag.answering.candidate import Candidate, Judged
from rag.answering.comparing import COMPARATIVES
from rag.answering.dating import date_beside, later
from rag.answering.disagreeing import same_names
from rag.answering.linking import candidate_from, sentences_of
from rag.answering.naming import addressed_to, of_one_form
from rag.answering.shape import asks_what_was
from rag.answering.surroundings import terms_above, terms_around
from rag.answering.terms import named, terms
from rag.types import Document, Hit, Span
from rag.verification.polarity import denials
from rag.verification.quantities import MONTHS, days, quantities, without_days
from rag.verification.units import UNIT_WORDS

LIKELY = 0.2  # so likely a candidate is the other value, though its words are others
SHARED = 0.4  # of the shorter sentence's words
LEAST_SHARED = 3  # words
LATER_SHARED = 0.5
_TWO = re.compile(
    r"\bchang(?:ed?|es)\b|\bcompared?\b|\bdiffer\w*|\bthan\b|\bthe same\b|\bmatch(?:es|ed)?\b|"
    r"\bagree with\b|\bby how (?:much|many)\b|\benough\b|"
    rf"\b(?:which|who)\b.*\b(?:{'|'.join(COMPARATIVES.split())})\b",
    re.IGNORECASE,
)
_BY_CHANCE = frozenset(terms(" ".join([*MONTHS, *UNIT_WORDS])))
_AGAINST = re.compile(  # "22 cars, against 64 on the other"
    r"\b(?:against|instead of|rather than|compared (?:to|with)|(?:up|down) from)\b(?=.*\d)",
    re.IGNORECASE | re.DOTALL,
)
_FRACTION = re.compile(r"\b(?:half|halves|thirds?|quarters?|fifths?|tenths?)\b", re.IGNORECASE)


def asks_two(question: str) -> bool:
    """Whether a question compares two values: what changed, what is more, whether they agree."""
    return _TWO.search(question) is not None


def counterpart(
    question: str,
    first: Candidate,
    others: Sequence[Judged],
    hits: Sequence[Hit],
    document: Callable[[str], Document],
) -> Candidate | None:
    """The sentence that holds the other value of a comparison, or None.

    Either a likely candidate of another document that shares a word with the question and the
    first sentence, or the sentence of a hit that says most of what the first one says; each with
    another value. Of several the one whose words are most like the first one's. None where the
    first sentence holds both ("2.5 per cent, the year before 4 per cent").
    """
    if _holds_two(first.text):
        return None
    asked = _words(question) & _words(first.text)
    found = [
        ((shared(first.text, c.text), nearness(first.text, c.text), p), c)
        for c, p in ((j.candidate, j.probability) for j in others)
        if p >= LIKELY
        and not c.rival
        and asked & _words(c.text)
        and c.document != first.document
        and _another_value(first.text, c.text)
    ]
    found += [
        ((share, nearness(first.text, text), 0.0), candidate_from(hit, span, text, first))
        for hit, span, text in sentences_of(hits, document)
        if (share := shared(first.text, text)) >= SHARED
        and not _same_place(first, hit.passage.document, span)
        and _another_value(first.text, text)
    ]
    return max(found, key=lambda f: f[0])[1] if found else None


def other_version(
    question: str,
    first: Candidate,
    hits: Sequence[Hit],
    document: Callable[[str], Document],
) -> Candidate | None:
    """The sentence of another document that says the same with another value, or denies it.

    "No cats may be kept" is followed by "I permit you to keep one cat": most words are the same, a
    value or a negation is not. Not of an earlier document, nor of one of the same form (these do
    not replace each other), nor where names of the question differ or what it names stands above
    the first sentence alone, nor where it asks for what was.
    """
    if asks_what_was(question):
        return None
    whole = document(first.document)
    date = date_beside(whole, first.text)
    asked = frozenset(terms(question))
    thing, above = asked & frozenset(terms(first.text)), asked & terms_above(first.hit, whole)
    if not thing:
        return None
    for hit, span, text in sentences_of(_elsewhere(first, above, hits, document), document):
        when = date_beside(document(hit.passage.document), text)
        if date and when and (when == date or later(date, when)):
            continue
        same = 2 * len(thing & frozenset(terms(text))) >= len(thing)
        if same and (_revalued(first.text, text) or _denied(first.text, text)):
            candidate = candidate_from(hit, span, text, first)
            tied = named(first.text) & named(text)  # "the Flat" of a lease and its letters
            two = len(thing & frozenset(terms(text))) > 1  # "email" alone stands in any document
            if tied or (two and same_names(named(question), first, candidate, document)):
                return candidate
    return None


def _elsewhere(
    first: Candidate,
    above: frozenset[str],
    hits: Sequence[Hit],
    document: Callable[[str], Document],
) -> Iterator[Hit]:
    """The hits in other documents, of another form, that hold what stands above the sentence.

    Or that are addressed to those whom its document names.
    """
    whole = document(first.document)
    for hit in hits:
        other = document(hit.passage.document)
        if other.path == whole.path or of_one_form(whole, other):
            continue
        if above <= terms_around(hit, other) or addressed_to(other, whole):
            yield hit


def shared(one: str, other: str, least: int = LEAST_SHARED) -> float:
    """The share of the shorter sentence's words that stand in the other; 0 for fewer than `least`.

    Of a sentence of three words two are enough.
    """
    words, more = _words(one), _words(other)
    both, shorter = len(words & more), min(len(words), len(more))
    return both / shorter if both >= min(least, max(2, shorter - 1)) else 0.0


def nearness(one: str, other: str) -> float:
    """The share of the shorter sentence's words and numbers that stand in the other, without days.

    Of "All 24 sensors by 18 July" and "Six sensors by 25 April" the first is the one that speaks of
    the matter of "All 24 sensors since 21 August".
    """
    words, more = (frozenset(terms(without_days(text))) for text in (one, other))
    return len(words & more) / max(1, min(len(words), len(more)))


def _revalued(first: str, later: str) -> bool:
    return _another_value(first, later) and shared(first, later) >= LATER_SHARED


def _denied(first: str, later: str) -> bool:
    """Whether one of two sentences denies what the other says, of which few words may be shared."""
    return denials(first) % 2 != denials(later) % 2 and shared(first, later, 2) >= LATER_SHARED


def _holds_two(text: str) -> bool:
    """Whether a text holds two values of one unit, or sets one value against another."""
    if _AGAINST.search(text) and len(quantities(without_days(text))) > 1:
        return True
    units = {(q.unit, q.value) for q in quantities(text) if q.unit}
    return len(units) > len({unit for unit, _ in units})


def _same_place(first: Candidate, document: str, span: Span) -> bool:
    return document == first.document and span.overlaps(first.span)


def _words(text: str) -> frozenset[str]:
    """The terms of a text without numbers, units and months, which meet by chance."""
    numbers = terms(" ".join(q.text for q in quantities(text)))
    return frozenset(t for t in terms(text) if not t.isdigit()) - _BY_CHANCE - frozenset(numbers)


def _another_value(one: str, other: str) -> bool:
    """Whether both sentences hold values, a day or a number, of which none is the same."""
    if days(one) and days(other):
        return not any(a.may_be(b) for a in days(one) for b in days(other))
    values, more = _numbers(one), _numbers(other)
    return bool(more) and bool(values) and values != more and not more <= values


def _numbers(text: str) -> frozenset[str]:
    found = {str(q.value.normalize()) for q in quantities(without_days(text))}
    return frozenset(found | {m.group().lower().rstrip("s") for m in _FRACTION.finditer(text)})

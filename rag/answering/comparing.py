"""What may be worded of two things that are compared: rules beside the checks.

A small model names either of two as the older or the larger, and tells of one what its source says
of the other. Which it is, is reckoned here, where the sources tell it; else nothing is worded, and
the two quotations stand for the reader to compare.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from rag.answering.shape import Compared
from rag.answering.terms import terms
from rag.verification.quantities import Quantity, quantities

_BOTH = re.compile(r"\b(?:both|each|all two)\b", re.IGNORECASE)
_DIFFERENCE = re.compile(
    r"\bby how (?:much|many)\b"
    r"|\bhow (?:much|many) (?:\w+ ){0,3}?(?:more|less|fewer|\w+er)\b(?=.*\bthan\b)",
    re.IGNORECASE,
)
_NAME = r"[A-Z0-9][\w'’.&-]*(?:\s+(?:(?:of|the|de|and the)\s+)?[A-Z0-9][\w'’.&-]*)*"
_THINGS = re.compile(rf"{_NAME},?\s+and\s+(?:the\s+)?{_NAME}")


def _degrees(comparatives: str) -> str:
    """A pattern for the words and their superlatives: `larger` and `largest`."""
    words = comparatives.split()
    return rf"\b(?:{'|'.join([*words, *(w[:-2] + 'est' for w in words if w.endswith('er'))])})\b"


_IN_TIME = "earlier later older younger newer"
_IN_AMOUNT = (
    "more larger bigger greater higher longer taller heavier deeper wider farther further dearer "
    "costlier warmer hotter stronger",
    "less fewer smaller lower shorter lighter narrower cheaper nearer closer colder cooler weaker",
)
_IN_SPEED = "faster quicker slower"
COMPARATIVES = " ".join((_IN_TIME, *_IN_AMOUNT, _IN_SPEED, "better worse"))
_EARLIER = re.compile(rf"{_degrees('earlier older')}|\b(?:first|before)\b", re.IGNORECASE)
_LATER = re.compile(
    rf"{_degrees('later younger newer')}|\b(?:last|(?:more|most) recent(?:ly)?)\b", re.IGNORECASE
)
_MORE = re.compile(rf"{_degrees(_IN_AMOUNT[0])}|\bmost\b", re.IGNORECASE)
_LESS = re.compile(rf"{_degrees(_IN_AMOUNT[1])}|\bleast\b", re.IGNORECASE)
_FASTER = re.compile(_degrees("faster quicker"), re.IGNORECASE)
_DEEPER = re.compile(_degrees("deeper"), re.IGNORECASE)
_SLOWER = re.compile(_degrees("slower"), re.IGNORECASE)
_OF_TIME = frozenset({"second", "minute", "hour", "day", "week", "month", "year"})
_PER_TIME = re.compile(
    r"\d\s?(?:km|miles?|m|metres?|kilometres?)\s?(?:/\s?[hs]|(?:per|an?) (?:hour|second))\b|"
    r"\d\s?(?:kmh|mph|knots?)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\d.,])(?:1[0-9]|20)\d\d(?![\d,]|\.\d)")
_LEAST = 1  # up to this a number is passed over: "one of the oldest" tells no amount


def asks_difference(question: str) -> bool:
    """Whether a question asks by how much two things differ."""
    return _DIFFERENCE.search(question) is not None


def asks_degree(question: str) -> bool:
    """Whether a question asks which of two is the earlier, larger or the like."""
    patterns = (_EARLIER, _LATER, _MORE, _LESS, _FASTER, _SLOWER)
    return any(pattern.search(question) for pattern in patterns)


def in_order(
    pair: tuple[Compared, Compared], texts: Sequence[str]
) -> tuple[Compared, Compared] | None:
    """The two things in the order of the texts that tell of them; None where that is not clear."""
    one, other = (frozenset(terms(side.name)) for side in pair)
    held = [frozenset(terms(text)) for text in texts]
    straight = len((one - other) & held[0]) + len((other - one) & held[1])
    turned = len((one - other) & held[1]) + len((other - one) & held[0])
    if straight == turned:
        return None
    return pair if straight > turned else (pair[1], pair[0])


def winner(question: str, texts: Sequence[str]) -> int | None:
    """Which of two texts tells of the one that a question of degree asks for, 0 or 1.

    By the first year that each names, or the one amount; None where they do not tell, tell the same
    or amounts of different units.
    """
    early, late = _EARLIER.search(question), _LATER.search(question)
    if early or late:
        return _end_of([_first_year(text) for text in texts], least=early is not None)
    found = _amounts(texts)
    if found is None:
        return None
    values, unit = [q.value for q in found], found[0].unit
    if _FASTER.search(question) or _SLOWER.search(question):
        speeds = all(_PER_TIME.search(text) for text in texts)
        if not speeds and unit not in _OF_TIME:
            return None
        return _end_of(values, least=bool(_FASTER.search(question)) != speeds)
    if _DEEPER.search(question) and any(value < 0 for value in values):
        return None  # "at -30 m" may be less deep than "at -50 m", and which is meant nothing tells
    return _end_of(values, least=_LESS.search(question) is not None)


def _end_of(values: Sequence[Decimal | None], *, least: bool) -> int | None:
    one, other = values
    if one is None or other is None or one == other:
        return None
    return int((other < one) == least)


def _first_year(text: str) -> Decimal | None:
    found = _YEAR.search(text)
    return Decimal(found.group()) if found else None


def _amounts(texts: Sequence[str]) -> list[Quantity] | None:
    """The one amount of each text, without years; None where there are more or the units differ."""
    found = [
        [q for q in quantities(_YEAR.sub(" ", t)) if not q.ordinal and abs(q.value) > _LEAST]
        for t in texts
    ]
    if any(len(each) != 1 for each in found) or found[0][0].unit != found[1][0].unit:
        return None
    return [each[0] for each in found]


def names_first(sentence: str, pair: Sequence[Compared], which: int) -> bool:
    """Whether a sentence speaks of the one of two, and of the other at most behind it."""
    said = terms(sentence)
    own, against = (frozenset(terms(pair[i].name)) for i in (which, 1 - which))
    where = [
        next((at for at, term in enumerate(said) if term in names), None)
        for names in (own - against, against - own)
    ]
    return where[0] is not None and (where[1] is None or where[0] < where[1])


def of_its_own(sentence: str, pair: Sequence[Compared], texts: Sequence[str]) -> bool:
    """Whether a sentence that names one of two things has its numbers from that one's source."""
    said = frozenset(terms(sentence))
    names = [frozenset(terms(side.name)) for side in pair]
    held = [bool(said & (own - other)) for own, other in (names, names[::-1])]
    if held.count(True) != 1:
        return True
    known = {q.value for q in quantities(texts[held.index(True)])}
    return all(q.ordinal or q.value in known for q in quantities(sentence))


def holds_of_both(sentence: str, texts: Sequence[str]) -> bool:
    """Whether what a sentence says of both things stands in each text, as far as it stands in one.

    The names of the two, the words with a capital letter before `both` or joined by `and`, are left
    out. A sentence that says nothing of both passes.
    """
    if not _BOTH.search(sentence):
        return True
    things = _THINGS.sub(" ", _BOTH.sub(" ", sentence))
    said = frozenset(terms(things))
    held = [said & frozenset(terms(text)) for text in texts]
    return all(one == held[0] for one in held)

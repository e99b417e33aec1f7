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
from rag.verification.quantities import quantities

_BOTH = re.compile(r"\b(?:both|each|all two)\b", re.IGNORECASE)
_DIFFERENCE = re.compile(
    r"\bby how (?:much|many)\b"
    r"|\bhow (?:much|many) (?:\w+ ){0,3}?(?:more|less|fewer|\w+er)\b(?=.*\bthan\b)",
    re.IGNORECASE,
)
_NAME = r"[A-Z0-9][\w'’.&-]*(?:\s+(?:(?:of|the|de|and the)\s+)?[A-Z0-9][\w'’.&-]*)*"
_THINGS = re.compile(rf"{_NAME},?\s+and\s+(?:the\s+)?{_NAME}")
_EARLIER = re.compile(r"\b(?:first|earli(?:er|est)|older|oldest|before)\b", re.IGNORECASE)
_LATER = re.compile(
    r"\b(?:last|later|latest|younger|youngest|newer|newest|(?:more|most) recent(?:ly)?)\b",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"\b(?:more|most|larger|largest|bigger|biggest|greater|greatest|higher|highest|longer|longest|"
    r"taller|tallest|heavier|heaviest|deeper|wider|farther|further|dearer|costlier)\b",
    re.IGNORECASE,
)
_LESS = re.compile(
    r"\b(?:less|least|fewer|fewest|smaller|smallest|lower|lowest|shorter|shortest|lighter|lightest|"
    r"cheaper|cheapest|nearer|closer)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\d.,])(?:1[0-9]|20)\d\d(?![\d,]|\.\d)")
_LEAST = 1  # up to this a number is passed over: "one of the oldest" tells no amount


def asks_difference(question: str) -> bool:
    """Whether a question asks by how much two things differ."""
    return _DIFFERENCE.search(question) is not None


def asks_degree(question: str) -> bool:
    """Whether a question asks which of two is the earlier, larger or the like."""
    return any(p.search(question) for p in (_EARLIER, _LATER, _MORE, _LESS))


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
        values = [_first_year(text) for text in texts]
        least = early is not None
    else:
        values = _amounts(texts)
        least = _LESS.search(question) is not None
    one, other = values
    if one is None or other is None or one == other:
        return None
    return int((other < one) == least)


def _first_year(text: str) -> Decimal | None:
    found = _YEAR.search(text)
    return Decimal(found.group()) if found else None


def _amounts(texts: Sequence[str]) -> list[Decimal | None]:
    """The one amount of each text, without years; none where the units differ."""
    found = [
        [q for q in quantities(_YEAR.sub(" ", t)) if not q.ordinal and abs(q.value) > _LEAST]
        for t in texts
    ]
    if any(len(each) != 1 for each in found) or found[0][0].unit != found[1][0].unit:
        return [None, None]
    return [each[0].value for each in found]


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

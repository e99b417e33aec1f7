"""Superlatives in a question: what columns of a table they mean, and which end of their values."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.answering.terms import terms

Dimension = frozenset[str]


def dimension(words: str) -> Dimension:
    """What a column's name, or the names of several, tell of: their terms."""
    return frozenset(terms(words))


PRICE = dimension("price cost fare fee rent rate charge premium amount")
_LENGTH = dimension("length distance km miles metres meters")
_TIME = dimension("time duration minutes min hours hrs days")
_SPEED = dimension("speed kmh mph knots")
_WEIGHT = dimension("weight mass kg tonnes")
_HEIGHT = dimension("height elevation altitude")
_AGE = dimension("age")
_SINCE = dimension("year date built founded opened born since")
_SIZE = dimension("size area population capacity inhabitants seats volume")
DEPTH, _WIDTH, _HEAT = dimension("depth"), dimension("width"), dimension("temperature")
# What a superlative of another dimension is not about; a size is told by many names, and may be.
ALL = (PRICE, _LENGTH, _TIME, _SPEED, _WEIGHT, _HEIGHT, _AGE, _SINCE, DEPTH, _WIDTH, _HEAT)
_UP, _DOWN = 1, -1
# The columns that a word may mean, each with the end of its values; none: what the question names.
_WORDS: dict[str, tuple[tuple[Dimension, int], ...]] = {
    "cheapest": ((PRICE, _DOWN),),
    "dearest": ((PRICE, _UP),),
    "costliest": ((PRICE, _UP),),
    "priciest": ((PRICE, _UP),),
    "longest": ((_LENGTH | _TIME, _UP),),
    "shortest": ((_LENGTH | _TIME | _HEIGHT, _DOWN),),
    "fastest": ((_SPEED, _UP), (_TIME, _DOWN)),
    "quickest": ((_SPEED, _UP), (_TIME, _DOWN)),
    "slowest": ((_SPEED, _DOWN), (_TIME, _UP)),
    "heaviest": ((_WEIGHT, _UP),),
    "lightest": ((_WEIGHT, _DOWN),),
    "tallest": ((_HEIGHT, _UP),),
    "deepest": ((DEPTH, _UP),),
    "widest": ((_WIDTH, _UP),),
    "narrowest": ((_WIDTH, _DOWN),),
    "warmest": ((_HEAT, _UP),),
    "hottest": ((_HEAT, _UP),),
    "coldest": ((_HEAT, _DOWN),),
    "oldest": ((_AGE, _UP), (_SINCE, _DOWN)),
    "youngest": ((_AGE, _DOWN), (_SINCE, _UP)),
    "newest": ((_SINCE, _UP),),
    "latest": ((_SINCE, _UP),),
    "earliest": ((_SINCE, _DOWN),),
    "largest": ((_SIZE, _UP),),
    "biggest": ((_SIZE, _UP),),
    "smallest": ((_SIZE, _DOWN),),
}
_ENDS = {
    **dict.fromkeys(("most", "highest", "greatest", "largest", "biggest"), _UP),
    **dict.fromkeys(("least", "fewest", "lowest", "smallest"), _DOWN),
}
_OF_PRICE = re.compile(r"\b(most|least)\s+(?:expensive|costly)\b", re.IGNORECASE)
_WORD = re.compile(rf"\b({'|'.join(sorted({*_WORDS, *_ENDS}))})\b", re.IGNORECASE)
# "The second cheapest", "not the cheapest", "at the latest" ask for no one row.
_NOT_ONE = re.compile(
    r"\b(?:at|at the|not|not the|second|third|fourth|fifth|\d+(?:st|nd|rd|th)?|next|two|three|four|"
    r"five|ten|one of the|among the)\s+$",
    re.IGNORECASE,
)
_BY_MOST = re.compile(r"\b(?:do|does|did|by|for|with|to|of|are|is|that)\s+$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for the most or the least of.

    `meant` are the columns that the superlative itself may mean, each with the end of its values;
    `end` is that of a column that the question names.
    """

    words: tuple[str, ...]  # terms, in their order
    meant: tuple[tuple[Dimension, int], ...]
    end: int  # of the values of a column that the question names

    @property
    def terms(self) -> frozenset[str]:
        """The terms, without the superlative."""
        return frozenset(self.words)


def asked_extreme(question: str) -> Asked | None:
    """What a question asks for the most or the least of; None where it asks for no one such."""
    priced = _OF_PRICE.search(question)
    match = priced or _WORD.search(question)
    if match is None or _NOT_ONE.search(question[: match.start()]):
        return None
    word = match[1].lower()
    if priced:
        meant: tuple[tuple[Dimension, int], ...] = ((PRICE, _ENDS[word]),)
    elif word == "most" and _BY_MOST.search(question[: match.start()]):
        return None
    else:
        meant = _WORDS.get(word, ())
    end = _ENDS.get(word) or meant[0][1]
    rest = question[: match.start()] + " " + question[match.end() :]
    return Asked(tuple(terms(rest)), meant, end)

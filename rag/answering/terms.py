"""Which words of a question matter, and how far a text holds them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import log

from rag.verification.rules import content_words, stem

_TOKEN = re.compile(r"[^\W_]+")  # `cost_eur`, a column's name, is two
# "What does it cost a month?" asks for the monthly charge.
_OF_TIMES = {
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "quarterly": "quarter",
    "yearly": "year",
    "annual": "year",
    "annually": "year",
}
_NAMED = re.compile(r"(?<!^)\b(?:[A-Z][\w'’-]*|\w*\d[\w.,]*\w|\d)")


def terms(text: str) -> list[str]:
    """The words that carry meaning, common endings cut, with numbers and codes such as `e3`.

    `monthly` is told as `month`, other words of that kind alike.
    """
    words = frozenset(content_words(text))
    found = ((stem(t) if t.isalpha() else t, t) for t in _TOKEN.findall(text.lower()))
    return [_OF_TIMES.get(t, s) for s, t in found if s in words or not s.isalpha()]


def named(question: str) -> frozenset[str]:
    """The terms of a question's names, numbers and codes, its first word left out."""
    return frozenset(t for m in _NAMED.finditer(question.strip()) for t in terms(m.group()))


def names_only(text: str) -> bool:
    """Whether a line is made of names and numbers alone, as "Dunmore, 15 September 2026" is."""
    return not any(word.islower() and content_words(word) for word in _TOKEN.findall(text))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question's terms with weights that sum to 1: a term that few texts hold weighs more."""

    weights: dict[str, float]

    def share(self, held: Collection[str]) -> float:
        """The weight of the terms that are among `held`, 0 to 1."""
        return sum(w for t, w in self.weights.items() if t in held)


def wanted(question: str, texts: Sequence[Collection[str]]) -> Wanted:
    """What a question wants, weighed by the terms of the texts that may answer it.

    The weight is log((n + 1) / (held by + 0.5)), as in Robertson and Sparck Jones, then scaled.
    """
    asked = sorted(set(terms(question)))
    count = len(texts)
    raw = {t: log((count + 1) / (sum(t in held for held in texts) + 0.5)) for t in asked}
    total = sum(raw.values())
    scaled = {t: w / total for t, w in raw.items()} if total > 0 else {}
    return Wanted(scaled)

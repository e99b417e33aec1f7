"""Finds a phrase of the kind that a question asks for: a date, a number, a name, a place.

Rules only, English question words; used by the reader without training.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

Kind = Literal["date", "number", "name", "place", "any"]

_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DATE = re.compile(
    rf"(?:{_DAY}\s+(?:of\s+)?{_MONTH}(?:,?\s+\d{{4}})?|{_MONTH}\s+{_DAY}(?:,?\s+\d{{4}})?\b"
    rf"|{_MONTH}\s+\d{{4}}|\d{{4}}-\d\d-\d\d|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}"
    r"|\b(?:1[0-9]|20)\d\ds?\b|\b\d{1,2}(?:st|nd|rd|th)\s+(?:century|centuries)"
    r"|\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?\b|\b\d{1,2}[:.]\d\d\s*(?:[ap]\.?m\.?)?)"
)
_NUMBER_WORD = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
    r"|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    r"|hundreds?|thousands?|dozens?|half|a\s+third|a\s+quarter"
)
_UNIT = r"(?:\s?%|\s+(?:per\s*cent|percent|hundred|thousand|million|billion|trillion|[a-z]{2,}))?"
_NUMBER = re.compile(
    rf"(?:[$€£¥]\s?)?\d[\d,. ]*(?<=\d){_UNIT}|\b(?:{_NUMBER_WORD})\b(?:[\s-](?:{_NUMBER_WORD}))*"
    rf"{_UNIT}",
    re.IGNORECASE,
)
_CAPITALISED = r"[^\W\d_a-z][\w'’.-]*"
_NAME = re.compile(
    rf"(?:{_CAPITALISED})(?:\s+(?:of|de|van|von|der|la|the|and|for)?\s?(?:{_CAPITALISED}))*"
)
_PLACE = re.compile(rf"\b(?:in|at|from|to|near|of|on)\s+((?:the\s+)?{_NAME.pattern})")

_KINDS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (re.compile(r"\b(?:when|what|which|whose)\s+(?:year|date|day|month|century|time)\b"), "date"),
    (re.compile(r"\b(?:when|until what date|by what date)\b"), "date"),
    (re.compile(r"\bhow\s+(?:many|much|long|old|far|high|tall|large|big|often|fast)\b"), "number"),
    (
        re.compile(
            r"\bwhat\b.*\b(?:percentage|per\s?cent|number|amount|price|cost|rent|fee|rate|total"
            r"|target|share|size|limit|budget|sum)\b"
        ),
        "number",
    ),
    (re.compile(r"\b(?:who|whom|whose)\b"), "name"),
    (
        re.compile(r"\b(?:where|what|which)\s+(?:city|country|town|place|state|river|address)\b"),
        "place",
    ),
    (re.compile(r"\bwhere\b"), "place"),
    (re.compile(r"\b(?:what|which)\s+(?:company|person|organi[sz]ation|team|name)\b"), "name"),
)


def kind_asked(question: str) -> Kind:
    """What kind of phrase would answer the question; `any` where its words do not say."""
    lowered = question.lower()
    for pattern, kind in _KINDS:
        if pattern.search(lowered):
            return kind
    return "any"


def phrases(
    text: str, start: int, end: int, kind: Kind, question: str
) -> Iterator[tuple[int, int]]:
    """The spans of `text` between `start` and `end` that are of that kind, in order.

    A name whose words all stand in the question is no answer to it and left out. Nothing for
    `any`.
    """
    asked = set(re.findall(r"\w+", question.lower()))
    pattern = {"date": _DATE, "number": _NUMBER, "name": _NAME, "place": _PLACE}.get(kind)
    if pattern is None:
        return
    for match in pattern.finditer(text, start, end):
        group = 1 if kind == "place" else 0
        a, b = match.span(group)
        a, b = _trimmed(text, a, b)
        words = set(re.findall(r"\w+", text[a:b].lower()))
        if words and not words <= asked:
            yield a, b


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in " \t\n,.;:'’-":
        start += 1
    while end > start and text[end - 1] in " \t\n,.;:'’-":
        end -= 1
    return start, end

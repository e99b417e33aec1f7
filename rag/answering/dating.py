"""The date that a document bears, and where it is told with a sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from rag.answering.candidate import Candidate
from rag.types import Document
from rag.verification.quantities import MONTHS, days, months

_IN_BRACKETS = re.compile(r"\([^()]*(?:\)|$)")
_ISO = re.compile(
    r"(?<![\d.])((?:19|20)\d{2})([-_.])(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d|\.\d)"
)
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_OF_A_TIME = re.compile(
    r"\b(?:19|20)\d\d\b|\b(?:now|today|current(?:ly)?|latest|at present|this year)\b", re.IGNORECASE
)


def dated(question: str, candidate: Candidate, document: Callable[[str], Document]) -> Candidate:
    """The candidate with its document's date, where a question of a time is asked.

    "How many eels passed in 2025?" is answered by minutes of 2025 that do not say so again. Not
    where the sentence, or what stands above it, names that year.
    """
    if not _OF_A_TIME.search(question):
        return candidate
    date = date_of(document(candidate.document))
    known = not date or date[:4] in f"{candidate.told} {candidate.text}"
    return candidate if known else replace(candidate, dated=date)


def date_beside(document: Document, sentence: str) -> str:
    """The date that a document bears; empty where only the sentence itself names that day.

    A lease that "begins on 1 March 2024" need not be older than another.
    """
    date = date_of(document)
    told = date in {day.iso for day in days(sentence)}
    return "" if told and date != date_of(replace(document, text="")) else date


def later(one: str, other: str) -> bool | None:
    """Whether the first of two dates, as of `date_of`, is the later; None where they do not tell.

    "2024" is neither before nor after "2024-03-01", and nothing is before or after no date.
    """
    if not one or not other or one.startswith(other) or other.startswith(one):
        return None
    return one > other


def date_of(document: Document) -> str:
    """The date a document bears as `YYYY-MM-DD` (or less), from its path, title or first lines.

    Not in brackets: "Ann Lee (born 3 May 1991)" dates no letter. Empty where it bears none: the
    time of the file says little about its content.
    """
    top = _IN_BRACKETS.sub(" ", document.text[:400])
    for text in (document.path, document.title or "", top):
        if found := _ISO.search(text):
            return "-".join(found.group(1, 3, 4))
        if found := _own_date(text):
            month = next(iter(months(found["month"])), 0)
            day = int(found["day"] or found["day2"] or 0)
            if month:
                return f"{found['year']}-{month:02}" + (f"-{day:02}" if day else "")
    years = [m[1] for t in (document.path, document.title or "") for m in _YEAR.finditer(t)]
    return years[0] if years else ""


def _own_date(text: str) -> re.Match[str] | None:
    """The first date in words, or one that a text says it was signed on or dated.

    An amendment names the day of the contract before its own.
    """
    found = list(_LONG_DATE.finditer(text))
    signed = (m for m in found if _SIGNED.search(text[: m.start()]))
    return next(signed, found[0] if found else None)


_SIGNED = re.compile(r"\b(?:signed|dated|executed|made)(?: on| as of)?:? *$", re.IGNORECASE)
_MONTH_WORDS = "|".join(month.capitalize() for month in MONTHS)
_LONG_DATE = re.compile(
    rf"\b(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+)?(?P<month>{_MONTH_WORDS})\s+"
    r"(?:(?P<day2>\d{1,2})(?:st|nd|rd|th)?,?\s+)?(?P<year>(?:19|20)\d{2})\b"
)

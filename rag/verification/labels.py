"""What beside numbers and names tells one thing from another: a letter, an initial, a period.

"Room B", "flat 3A", "clause 4(a)", "J. Smith", "1,200 euros a month". Each function gives the words
of a sentence with which the cited text says something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_FEW = "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty"
_ONE = re.compile(r"\b(?:one|1)[\s-]+(?P<noun>[A-Za-z]{3,})", re.IGNORECASE)
_SINGLE = r"(?:one|an?|1|single|each|every|per)"
_COUNTED = rf"(?:\d*[2-9]|\d+[01]|{_FEW})"
_SECOND = re.compile(r"\b(?:second|2nd)[\s-]+(?P<noun>[A-Za-z]{3,})", re.IGNORECASE)
_OTHER_PLACE = r"(?:first|third|fourth|fifth|sixth|last|1st|\d*[3-9]th|\d*3rd)"
_NO_NOUN = frozenset(
    ("and", "but", "for", "half", "its", "more", "not", "one", "the", "that", "this", "was", "were")
)
# A letter that stands for itself: neither an article nor a pronoun, nor the unit of a number.
_LETTER = re.compile(
    r"(?<=[a-z] )(?:[B-HJ-Z]\b(?![.'’&-])|"
    r"A\b(?=[,;:)]|\.?$|\s(?:is|was|has|and|or|in|on|at|to|will|may|are|were)\b))"
)
_CODE = re.compile(r"\b(?P<digits>\d+)(?P<letter>[A-Za-z]|\s?\([A-Za-z]\))(?!\w)")
_TITLES = "Mr|Mrs|Ms|Miss|Dr|Prof|Professor|Sir|Lord|Lady|The|And|But|Or|In|Of|By"
_GIVEN = re.compile(
    rf"(?:(?P<initial>\b[A-Z])\.\s?|^(?!(?:{_TITLES})\b)(?P<given>[A-Z][a-z]+(?<!ly))\s+)"
    r"(?P<name>[A-Z][a-z]+(?:['’-][A-Z]?[a-z]+)*)\b"
)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PERIOD = re.compile(
    r"(?P<number>\d[\d.,]*)\s?(?:[€$£%]|[A-Za-z]+)?\s?"
    r"(?:(?:an?|per|each|every)\s|/\s?)(?P<period>hour|day|week|month|quarter|year|annum)\b",
    re.IGNORECASE,
)


def other_counts(sentence: str, cited: str) -> Iterator[str]:
    """What is told of one or of the second, and in the cited text of another number alone.

    Neither "one" nor "second" is read as a number: "one may", "for a second".
    """
    for pattern, own, other in (
        (_ONE, _SINGLE, _COUNTED),
        (_SECOND, "(?:second|2nd)", _OTHER_PLACE),
    ):
        for match in pattern.finditer(sentence):
            noun = match["noun"].lower()
            if noun in _NO_NOUN:
                continue
            noun = rf"[\s-]+{noun.removesuffix('s')}"
            known = re.search(rf"\b{own}(?:[\s-]+\w+)?{noun}", cited, re.IGNORECASE)
            if not known and re.search(rf"(?<![\w.,:/]){other}{noun}", cited, re.IGNORECASE):
                yield match.group()


def other_labels(sentence: str, cited: str) -> Iterator[str]:
    """Letters, initials and addresses of the sentence for which others stand in the cited text."""
    for match in _LETTER.finditer(sentence):
        if not re.search(rf"(?<![^\W\d_])(?i:{match.group()})(?![^\W\d_'’])", cited):
            yield match.group()
    for match in _CODE.finditer(sentence):
        digits, letter = match["digits"], match["letter"].strip(" ()").lower()
        held = re.findall(rf"(?<![\w.,]){digits}(?:\s?\(|-)?([A-Za-z])(?!\w)", cited)
        bare = re.search(rf"(?<![\w.,]){digits}(?![\w(-])", cited)
        if held and not bare and letter not in map(str.lower, held):
            yield match.group()
    for match in _GIVEN.finditer(sentence):
        yield from _other_given(match, cited)
    for match in _ADDRESS.finditer(sentence):
        if match.group().lower() not in cited.lower():
            yield match.group()


def _other_given(match: re.Match[str], cited: str) -> Iterator[str]:
    """The initial or given name of somebody who has another one in the cited text."""
    name = re.escape(match["name"])
    held = re.findall(rf"\b(?!(?:{_TITLES})\b)([A-Z][\w'’-]*)\.?\s?{name}\b", cited)
    if initial := match["initial"]:
        known = not held or any(given[0] == initial for given in held)
    else:
        given = match["given"]
        known = not held or re.search(rf"\b{given}\b", cited, re.IGNORECASE) is not None
        known = known or any(len(other) == 1 and given[0] == other for other in held)
    if not known:
        yield match.group()


def other_periods(sentence: str, cited: str) -> Iterator[str]:
    """Amounts of a period that the cited text tells of another one: "a month" and "a year"."""
    held = [(m["number"].rstrip(".,"), _period(m)) for m in _PERIOD.finditer(cited)]
    for match in _PERIOD.finditer(sentence):
        periods = {p for number, p in held if number == match["number"].rstrip(".,")}
        if periods and _period(match) not in periods:
            yield match.group()


def _period(match: re.Match[str]) -> str:
    return match["period"].lower().replace("annum", "year")

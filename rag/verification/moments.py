"""Days and times of day as comparable values: `14:30` is `2.30 pm`, `12/03/2025` is 12 March 2025.

Of what is written in more than one way, and read as plain numbers would be something else in each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rag.verification.quantities import Day, dated_at

_HALF_DAY = 12 * 60
_CENTURY = 100
_CLOCK = re.compile(
    r"(?<![\d:.,])(?P<hour>1[0-2]|0?\d)(?:[:.](?P<minute>[0-5]\d))?\s?(?P<half>[ap])(?:m\b|\.\s?m\b\.?)"
    r"|(?<![\d:.,])(?P<hour24>[01]?\d|2[0-4]):(?P<minute24>[0-5]\d)(?!\d|[:.]\d)"
    r"|\b(?:12\s+)?(?P<word>noon|midday|midnight)\b",
    re.IGNORECASE,
)
_DOTTED = re.compile(r"(?<![\d.,:])([01]?\d|2[0-4])\.([0-5]\d)(?![\d%€$£]|[.,]\d)")
_IN_DIGITS = re.compile(
    r"(?<![\d./-])(\d{1,2})([./])(\d{1,2})\2((?:19|20)\d{2}|\d{2})(?![\d/]|\.\d|-\d)"
)
_SHORT_RANGE = re.compile(r"\b((?:1[5-9]|20)\d\d)(\s?[-\u2013/]\s?)(\d\d)(?!\d|[-\u2013/.,]\d)")
_MOST_MONTHS, _MOST_DAYS = 12, 31


@dataclass(frozen=True, slots=True)
class Moment:
    """A day or a time of day as it stands in a text.

    `days` are all that it may be, `minute` counts from midnight. Of which half of the day it is,
    `half` says whether that is told by am or pm ("told"), by the number of the hour ("plain") or
    by nothing ("open"), as of "2:30".
    """

    text: str
    start: int
    end: int
    days: tuple[Day, ...] = ()
    minute: int | None = None
    half: Literal["told", "plain", "open"] = "plain"

    def may_be(self, other: Moment) -> bool:
        """Whether both may be the same day, or the same time of day."""
        if self.minute is None or other.minute is None:
            return any(one.may_be(day) for one in self.days for day in other.days)
        either = {self.half, other.half} == {"told", "open"}
        return self.minute == other.minute or (
            either and self.minute % _HALF_DAY == other.minute % _HALF_DAY
        )


def moments(text: str) -> list[Moment]:
    """The days and times of day of a text on one line, in any order."""
    named = [Moment(day.text, *at, days=(day,)) for day, at in dated_at(text)]
    return [*named, *_in_digits(text), *_clocks(text)]


def dotted_times(text: str) -> frozenset[int]:
    """The times of day that numbers such as `10.30` may stand for, in minutes since midnight."""
    return frozenset(_minute(int(h), int(m)) for h, m in _DOTTED.findall(text))


def without(text: str, found: list[Moment]) -> str:
    """The text with spaces in place of moments of it."""
    for moment in found:
        text = text[: moment.start] + " " * (moment.end - moment.start) + text[moment.end :]
    return text


def whole_years(text: str) -> str:
    """The text with the second year of such as `2019-21` or `2019/20` written out."""
    return _SHORT_RANGE.sub(_written_out, text)


def _written_out(found: re.Match[str]) -> str:
    first, last = int(found[1]), int(found[3])
    if last <= first % _CENTURY:  # "2019-03" is a month
        return found.group()
    return f"{found[1]}{found[2]}{first // _CENTURY}{found[3]}"


def _minute(hour: int, minute: int) -> int:
    return hour % 24 * 60 + minute


def _clocks(text: str) -> list[Moment]:
    found = []
    for match in _CLOCK.finditer(text):
        half: Literal["told", "plain", "open"] = "plain"
        if match["word"]:
            minute = 0 if match["word"].lower() == "midnight" else _HALF_DAY
        elif match["half"]:
            afternoon = _HALF_DAY if match["half"].lower() == "p" else 0
            minute = _minute(int(match["hour"]) % 12, int(match["minute"] or 0)) + afternoon
            half = "told"
        else:
            hour = match["hour24"]
            minute = _minute(int(hour), int(match["minute24"]))
            half = "open" if hour[0] != "0" and int(hour) <= 12 else "plain"
        found.append(Moment(match.group(), *match.span(), minute=minute, half=half))
    return found


def _in_digits(text: str) -> list[Moment]:
    """Such as `12/03/2025`, which may be in March or in December, and `12.03.25`, which is not."""
    found = []
    for match in _IN_DIGITS.finditer(text):
        first, second, year = int(match[1]), int(match[3]), int(match[4])
        year += 2000 if year < _CENTURY else 0
        orders = ((first, second), (second, first)) if match[2] == "/" else ((first, second),)
        days = tuple(
            Day(day, month, year, match.group())
            for day, month in orders
            if 1 <= day <= _MOST_DAYS and 1 <= month <= _MOST_MONTHS
        )
        if days:
            found.append(Moment(match.group(), *match.span(), days=days))
    return found

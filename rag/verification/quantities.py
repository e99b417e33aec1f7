"""Numbers, dates and units in running text, as comparable values.

`1,000`, `1 000` and `a thousand` are one value; so are `3.5 %` and `3.5 per cent`, `12 March` and
`2025-03-12` as far as they go. Written for English; digits work in any language.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from rag.verification.units import MONEY, UNITS


def _split(words: str) -> list[str]:
    return words.split()


_ONES = _split(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = _split("twenty thirty forty fifty sixty seventy eighty ninety")
_ORDINALS = _split(
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_SCALE_LETTERS = {"k": 1000, "m": 10**6, "bn": 10**9, "mn": 10**6}
MONTHS = _split(
    "january february march april may june july august september october november december"
)
_MONTH_OF = {m: i for i, m in enumerate(MONTHS, 1)} | {
    m[:3]: i for i, m in enumerate(MONTHS, 1) if m != "may"
}
_MONTH_OF["sept"] = 9
_WORDS = (
    {w: i for i, w in enumerate(_ONES)}
    | {w: 20 + 10 * i for i, w in enumerate(_TENS)}
    | {"dozen": 12, "twice": 2, "thrice": 3}
)
_ISO = re.compile(r"\b(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\b")
_MOST_DAYS = 31
_DAY = re.compile(
    r"\b(?:(?P<day>\d{1,2})(?:st|nd|rd|th)?(?: of)? (?P<month>[A-Z][a-z]+)|"
    r"(?P<month2>[A-Z][a-z]+) (?P<day2>\d{1,2})(?:st|nd|rd|th)?)\b(?:,? (?P<year>\d{4})\b)?"
)
_GROUPED = r"\d{1,3}(?:[,\u00a0\u202f' ]\d{3})+(?!\d)"
# With full stops only where they can mean nothing else: "1.200,50" and "1.200.000", not "1.200".
_STOPPED = r"\d{1,3}(?:\.\d{3})+,\d{1,2}(?!\d)|\d{1,3}(?:\.\d{3}){2,}(?![\d.])"
_EIGHTHS = {"¼": 2, "½": 4, "¾": 6, "⅛": 1, "⅜": 3, "⅝": 5, "⅞": 7}
# No minus: the dash of "2019-2020", "A-5", "9am -5pm" and "3 - 5", or that of a list ("-250 g").
_MINUS = re.compile(
    r"(?:(?:(?<=[ (|:=€$£])|\A)(?<!\d )(?<!\d[%a-zA-Z€$£°] )(?<!\d[ap]m )(?<!\d [a-zA-Z] )"
    r"[-\u2212\u2013]|\b[Mm]inus\s+)\Z"
)
_NUMBER = re.compile(
    r"(?P<sign>(?:[€$£]|\b(?:EUR|USD|GBP|CHF)\b)\s?)?"
    rf"(?P<digits>{_STOPPED}|{_GROUPED}(?:\.\d+)?|\d+(?:[.,]\d+)?|(?=[¼½¾⅛⅜⅝⅞]))"
    r"(?P<part>\s?[¼½¾⅛⅜⅝⅞])?"
    r"(?P<suffix>st\b|nd\b|rd\b|th\b)?(?P<scale>\s?(?:k|m|bn|mn)\b(?![a-z]))?"
    r"(?P<unit>\s?[%€$£°]|[\s-]?[A-Za-z]+\.?)?"
)
_WORD = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A value as it stands in a text, with the unit behind it (empty if none is known).

    `text` are its digits or words, without sign.
    """

    value: Decimal
    unit: str
    text: str
    ordinal: bool = False


def quantities(text: str) -> list[Quantity]:
    """The numbers of a text in order of form: digits first, then number words."""
    return [*_in_digits(text), *_in_words(text)]


def months(text: str) -> set[int]:
    """The months a text names, by word or in an ISO date; `may` only with a capital letter."""
    found = {int(m) for _, m, _ in _ISO.findall(text)}
    for word in re.findall(r"\b[A-Z][a-z]+\b|\b[A-Z]{4,}\b|(?<=\d )MAY\b|\bMAY(?= \d)", text):
        if (number := _MONTH_OF.get(word.lower())) is not None:
            found.add(number)
    return found


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a month and the words that name it; `year` 0 where they name none."""

    day: int
    month: int
    year: int
    text: str

    @property
    def iso(self) -> str:
        """The day as `2025-08-01`; its year is `0000` where none is named."""
        return f"{self.year:04}-{self.month:02}-{self.day:02}"

    def may_be(self, other: Day) -> bool:
        """Whether both may be the same: equal but for a year that one of them does not name."""
        same = (self.day, self.month) == (other.day, other.month)
        return same and (self.year == other.year or not self.year or not other.year)


def days(text: str) -> list[Day]:
    """The days a text names, `2025-08-01` first, then such as `1 August 2025` or `August 1`."""
    return [day for day, _ in dated_at(" ".join(text.split()))]


def dated_at(folded: str) -> list[tuple[Day, tuple[int, int]]]:
    """The days of a text on one line, each with where it begins and ends."""
    found = [
        (Day(int(m[3]), int(m[2]), int(m[1]), m.group()), m.span()) for m in _ISO.finditer(folded)
    ]
    for match in _DAY.finditer(folded):
        month = _MONTH_OF.get((match["month"] or match["month2"]).lower())
        day, year = int(match["day"] or match["day2"]), int(match["year"] or 0)
        if month is not None and 1 <= day <= _MOST_DAYS:
            found.append((Day(day, month, year, match.group()), match.span()))
    return found


def without_days(text: str) -> str:
    """The text on one line, with a space in place of each day that it names."""
    folded = " ".join(text.split())
    for start, end in sorted((at for _, at in dated_at(folded)), reverse=True):
        folded = f"{folded[:start]} {folded[end:]}"
    return folded


def _in_digits(text: str) -> list[Quantity]:
    found = []
    for match in _NUMBER.finditer(text):
        value = _decimal(match["digits"] or "0")
        if value is None:
            continue
        part = (match["part"] or "").strip()
        value += Decimal(_EIGHTHS.get(part, 0)) / 8
        unit_text = (match["unit"] or "").strip(" -.\u00a0").lower()
        scale = (match["scale"] or "").strip().lower()
        money = match["sign"] or UNITS.get(unit_text) in MONEY
        if scale in ("k", "bn", "mn") or (scale == "m" and money):
            value *= _SCALE_LETTERS[scale]
        elif scale == "m":
            unit_text = "m"
        if unit_text in _SCALES:
            value *= _SCALES[unit_text]
            unit_text = _word_after(text, match.end())
        if unit_text == "per":  # per cent
            unit_text = "percent" if _word_after(text, match.end()) == "cent" else ""
        sign = (match["sign"] or "").strip().lower()
        if _minus_before(text, match.start()):
            value = -value
            sign = sign or text[max(0, match.start() - 2) : match.start() - 1]  # as in "€-5"
        unit = UNITS.get(sign) or UNITS.get(unit_text, "")
        if unit.endswith("watt") and _word_after(text, match.end()) in ("hour", "hours"):
            unit += " hour"
        found.append(Quantity(value, unit, match["digits"] + part, bool(match["suffix"])))
    return found


def _minus_before(text: str, position: int) -> bool:
    return _MINUS.search(text, max(0, position - 8), position) is not None


def _word_after(text: str, position: int) -> str:
    match = re.compile(r"[\s-]*([A-Za-z%€$£]+)").match(text, position)
    return match[1].lower() if match else ""


def _decimal(digits: str) -> Decimal | None:
    plain = re.sub(r"[\u00a0\u202f' ]", "", digits)
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    if re.fullmatch(_STOPPED, plain):
        plain = plain.replace(".", "")
    plain = plain.replace(",", ".")
    try:
        return Decimal(plain).normalize()
    except InvalidOperation:
        return None


def _in_words(text: str) -> list[Quantity]:
    found: list[Quantity] = []
    words = [(m.group().lower(), m.start(), m.end()) for m in _WORD.finditer(text)]
    i = 0
    while i < len(words):
        taken, value, ordinal = _number_at(words, i, text)
        if taken:
            after = words[i + taken][0] if i + taken < len(words) else ""
            if after == "per" and i + taken + 1 < len(words):
                after = "percent" if words[i + taken + 1][0] == "cent" else ""
            number = (-value if i and words[i - 1][0] == "minus" else value).normalize()
            phrase = text[words[i][1] : words[i + taken - 1][2]]
            found.append(Quantity(number, UNITS.get(after, ""), phrase, ordinal))
        i += taken or 1
    return found


def _number_at(words: list[tuple[str, int, int]], i: int, text: str) -> tuple[int, Decimal, bool]:
    """How many words from `i` on are one number, its value, and whether it is an ordinal."""
    total = current = Decimal(0)
    taken, ordinal = 0, False
    if [w for w, _, _ in words[i : i + 2]] == ["half", "a"] and words[i + 2 : i + 3]:
        scale = Decimal(_SCALES.get(words[i + 2][0], 0))
        return (3 if scale else 0), scale / 2, False
    while i + taken < len(words):
        word, begin, _ = words[i + taken]
        if taken and not re.fullmatch(r"[\s-]*", text[words[i + taken - 1][2] : begin]):
            break
        after = [w for w, _, _ in words[i + taken + 1 : i + taken + 3]]
        if word == "and" and taken and after in (["a", "half"], ["a", "quarter"]):
            current += Decimal("0.5") if after[1] == "half" else Decimal("0.25")
            taken += 2
        elif word == "and" and taken and (current >= 100 or total):
            follows = words[i + taken + 1][0] if i + taken + 1 < len(words) else ""
            if follows not in _WORDS:
                break
        elif word in _WORDS and not (taken and _unit_done(current, _WORDS[word])):
            current += _WORDS[word]
        elif word in _SCALES and (taken or (i and words[i - 1][0] in ("a", "one"))):
            factor = _SCALES[word]
            current = max(current, Decimal(1)) * factor
            if factor >= 1000:
                total, current = total + current, Decimal(0)
        elif word in _ORDINALS[1:] and not (taken and _unit_done(current, 1)):
            current += _ORDINALS.index(word)
            ordinal = True
            taken += 1
            break
        else:
            break
        taken += 1
    if taken == 1 and words[i][0] in ("one", "second"):  # a pronoun, a unit of time
        return 0, Decimal(0), False
    return taken, total + current, ordinal


def _unit_done(current: Decimal, more: int) -> bool:
    tail = current % 100
    return tail != 0 and (tail % 10 != 0 or tail < 20 or more >= 10)

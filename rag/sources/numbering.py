"""The numbers that Word draws before list items and headings; the file does not hold them."""

from __future__ import annotations

import re
from typing import Any

from rag.sources.archive import attribute, child, children

_LEVELS = 9
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"))
_ROMAN_LOW = ((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_MAX_ROMAN = 4000


class Numbering:
    """Counts through the lists of a document, in order (ECMA-376, part 1, section 17.9)."""

    def __init__(self, root: Any) -> None:
        self._kinds: dict[str, str] = {}
        self._levels: dict[tuple[str, int], tuple[str, str, int]] = {}
        self._counts: dict[str, list[int | None]] = {}
        if root is None:
            return
        for abstract in children(root, "abstractNum"):
            identifier = attribute(abstract, "abstractNumId") or ""
            for level in children(abstract, "lvl"):
                at = _number(attribute(level, "ilvl"), 0)
                start = _number(_value(level, "start"), 1)
                form, text = _value(level, "numFmt") or "decimal", _value(level, "lvlText") or ""
                self._levels[identifier, at] = (form, text, start)
        for num in children(root, "num"):
            self._kinds[attribute(num, "numId") or ""] = _value(num, "abstractNumId") or ""

    def label(self, properties: Any) -> str:
        """The number of the next paragraph with these `numPr`, such as `2.1`; empty for bullets."""
        if properties is None:
            return ""
        kind = self._kinds.get(_value(properties, "numId") or "")
        at = _number(_value(properties, "ilvl"), 0)
        if kind is None or not 0 <= at < _LEVELS or (kind, at) not in self._levels:
            return ""
        counts = self._counts.setdefault(kind, [None] * _LEVELS)
        start = self._levels[kind, at][2]
        before = counts[at]
        counts[at] = start if before is None else before + 1
        counts[at + 1 :] = [None] * (_LEVELS - at - 1)
        form, text, _ = self._levels[kind, at]
        if form in ("bullet", "none"):
            return ""
        return re.sub(r"%(\d)", lambda m: self._shown(kind, int(m[1]) - 1, counts), text).strip()

    def _shown(self, kind: str, at: int, counts: list[int | None]) -> str:
        form, _, start = self._levels.get((kind, at), ("decimal", "", 1))
        count = counts[at] if 0 <= at < _LEVELS else None
        number = start if count is None else count
        if form in ("lowerLetter", "upperLetter") and number > 0:
            letters = chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 % 20 + 1)
            return letters.upper() if form == "upperLetter" else letters
        if form in ("lowerRoman", "upperRoman"):
            return _roman(number).upper() if form == "upperRoman" else _roman(number)
        if form == "decimalZero":
            return f"{number:02d}"
        return str(number)


def _roman(number: int) -> str:
    if not 0 < number < _MAX_ROMAN:
        return str(number)
    letters = ""
    for value, letter in _ROMAN + _ROMAN_LOW:
        count, number = divmod(number, value)
        letters += letter * count
    return letters


def _value(element: Any, name: str) -> str | None:
    found = child(element, name)
    return attribute(found, "val") if found is not None else None


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else otherwise

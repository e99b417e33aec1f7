"""Which part of a row or list a question asks for, by the label that stands with it.

A reader sees a table's row as a sentence and often points at the wrong cell of the right one; in
"Present: Ines Calloway (chair), Hal Moritz" it may point at the wrong person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag.answering.surroundings import table_head
from rag.answering.terms import terms
from rag.types import Document, Span

_BAR = re.compile(r"(?<!\\)\|")
_CELL = re.compile(r"[^|\n]+")
_NAMED = re.compile(r"\s*(?P<head>[^:|]{1,60}):\s+(?P<value>\S.*?)\s*$", re.DOTALL)
_EMPTY = re.compile(r"[^:|]{1,60}:\W*")
_PERSON = re.compile(
    r"(?P<name>[A-Z][\w'’.-]*(?:\s+(?:(?:de|van|von|der|bin|al)\s+)?[A-Z][\w'’.-]*)*)"
    r"\s*\((?P<role>[^()]{2,60})\)"
)
_BLANK = re.compile(r"\W*(?:n/?a)?\W*", re.IGNORECASE)
_BESIDE_CHARS = 2000  # further on no row is looked at for the names of columns
_ALIKE = 4  # letters
_FEWEST = 2  # cells with a head: of one there is nothing to choose


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its column's name, the terms of that, and where its value stands in the row."""

    name: str
    head: frozenset[str]
    start: int
    end: int


def asked_cell(question: str, document: Document, row: Span) -> Span | None:
    """The value of the one cell of a row whose head the question names; None where not just one.

    Rows are those of a Markdown table, or `Item: Kayak | Day: 25` as tables of other formats are
    read. What all heads share tells nothing; of several heads the one most of whose own words
    stand in the question is meant.
    """
    text = row.of(document.text)
    if "|" not in text or "\n" in text.strip():
        return None
    cells = cells_of(text, table_head(document.text, row))
    if len(cells) < _FEWEST:
        return None
    asked = frozenset(terms(question))
    common = frozenset.intersection(*(cell.head for cell in cells))
    shares = [_share(cell.head - common, asked) for cell in cells]
    best = max(shares)
    if best < 1.0 or shares.count(best) > 1:
        return None
    cell = cells[shares.index(best)]
    return Span(row.start + cell.start, row.start + cell.end)


def cells_of(row: str, head: str) -> list[Cell]:
    """The cells of a row that name their columns, or that stand under the names in `head`."""
    return _named(row) or _under(row, head)


def asked_person(question: str, document: Document, sentence: Span) -> Span | None:
    """The name before the role in brackets that a `who` question names; None where not just one."""
    asked = frozenset(terms(question))
    found = [
        Span(sentence.start + match.start("name"), sentence.start + match.end("name"))
        for match in _PERSON.finditer(sentence.of(document.text))
        if (role := frozenset(terms(match["role"]))) and role <= asked
    ]
    return found[0] if len(found) == 1 else None


def asks_empty(question: str, row: str) -> bool:
    """Whether a row of a form leaves open what is asked: `Age: | Seat: Left` says no age.

    So where a label without a value shares words with the question, and no other cell does.
    """
    if "|" not in row or "\n" in row.strip():
        return False
    asked = frozenset(terms(question))
    empty, rest = False, False
    for cell in _CELL.findall(row):
        shared = bool(asked & frozenset(terms(cell)))
        blank = _EMPTY.fullmatch(cell) is not None
        empty = empty or (shared and blank)
        rest = rest or (shared and not blank)
    return empty and not rest


def leaves_open(question: str, document: Document, row: Span) -> bool:
    """Whether a row of a table holds nothing in the one column whose head the question names.

    A file's export leaves an empty cell out: that there is such a column, the rows beside it tell.
    """
    text = row.of(document.text)
    if "|" not in text or "\n" in text.strip():
        return False
    head = table_head(document.text, row)
    filled = {c.name for c in cells_of(text, head) if not _BLANK.fullmatch(text[c.start : c.end])}
    names = _columns(document.text, row, head)
    heads = {name: _head_terms(name) for name in names}
    if len(heads) < _FEWEST or not filled:
        return False
    asked, common = frozenset(terms(question)), frozenset.intersection(*heads.values())
    meant = [name for name in names if _share(heads[name] - common, asked) >= 1.0]
    return len(meant) == 1 and meant[0] not in filled


def _columns(text: str, row: Span, head: str) -> list[str]:
    """The names of a table's columns: of its head, else of the row and those like it beside it."""
    if head:
        return [name for part in _BAR.split(head) if (name := part.strip())]
    begin = text.rfind("\n", 0, row.start) + 1
    for _ in range(2):
        begin = text.rfind("\n", 0, max(0, begin - 1)) + 1
    beside = text[begin : row.end + _BESIDE_CHARS].split("\n")
    at = text.count("\n", begin, row.start)
    own = {cell.name for cell in _named(row.of(text))}
    near = ([c.name for c in _named(line)] for line in beside[max(0, at - 2) : at + 3])
    alike = [names for names in near if len(own.intersection(names)) >= _FEWEST]
    return list(dict.fromkeys(name for names in alike for name in names))


def of_another_row(question: str, document: Document, row: Span, others: Sequence[Span]) -> bool:
    """Whether a row is not the one whose cell is asked for, but one of `others` is.

    "How much is planned for concerts?" is answered by the row of concerts, not by that of music.
    Rows are told apart by their first cell, where another than the first is asked for.
    """
    asked = frozenset(terms(question))

    def label(span: Span) -> tuple[frozenset[str], int] | None:
        cells = list(_CELL.finditer(span.of(document.text)))
        cell = asked_cell(question, document, span)
        if cell is None or not cells or cell.start < span.start + cells[0].end():
            return None
        named = _NAMED.match(cells[0].group())
        return frozenset(terms(named["value"] if named else cells[0].group())), len(cells)

    own = label(row)
    if own is None or own[0] & asked:
        return False
    found = (label(other) for other in others)
    return any(o is not None and o[1] == own[1] and bool(o[0] & asked) for o in found)


def _share(own: frozenset[str], asked: frozenset[str]) -> float:
    return sum(any(_like(t, a) for a in asked) for t in own) / len(own) if own else 0.0


def _like(one: str, other: str) -> bool:
    """Whether two terms are the same but for an ending that was not cut: `plan` and `plann`."""
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= _ALIKE and long.startswith(short))


@lru_cache(4096)
def _head_terms(name: str) -> frozenset[str]:
    """The terms of a column's name, which stands in each of its rows."""
    return frozenset(terms(name))


def _named(text: str) -> list[Cell]:
    """The cells that say their head themselves."""
    found = []
    for cell in _CELL.finditer(text):
        if match := _NAMED.match(cell.group()):
            start = cell.start() + match.start("value")
            end = cell.start() + match.end("value")
            name = match["head"].strip()
            found.append(Cell(name, _head_terms(name), start, end))
    return found


def _under(text: str, head: str) -> list[Cell]:
    """The cells of a Markdown row that hold something, under the heads of its table in their order.

    None where there are more or fewer than heads: which one is missing, nothing tells.
    """
    heads = [h.strip() for h in _BAR.split(head)]
    begin = len(text) - len(text.lstrip().removeprefix("|"))
    values = _BAR.split(text[begin:].rstrip().removesuffix("|"))
    if len(heads) < _FEWEST or len(values) != len(heads):
        return []
    found = []
    for name, value in zip(heads, values, strict=True):
        if inner := value.strip():
            start = begin + len(value) - len(value.lstrip())
            found.append(Cell(name, _head_terms(name), start, start + len(inner)))
        begin += len(value) + 1
    return found

"""The rows of a table in a document's text, each with its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.answering.cells import Cell, cells_of
from rag.answering.surroundings import column_names
from rag.answering.terms import terms
from rag.types import Span

MOST_ROWS = 20_000  # a longer table is not read


@dataclass(frozen=True, slots=True)
class Row:
    """A row: where it stands, its text, and the cells that hold something by their columns' names.

    Of two columns of one name the first counts.
    """

    span: Span
    text: str
    cells: Mapping[str, Cell]

    def value(self, name: str) -> str:
        """The value of a column; empty where the row leaves it so."""
        cell = self.cells.get(name)
        return self.text[cell.start : cell.end].strip() if cell else ""

    @property
    def values(self) -> list[str]:
        """The values, in the order of the columns."""
        return [self.text[cell.start : cell.end] for cell in self.cells.values()]

    def terms(self) -> frozenset[str]:
        """The terms of the values."""
        return frozenset(terms(" ".join(self.values)))


def table_lines(text: str, row: Span) -> list[Span]:
    """The lines of the table around a row, one at least: they follow each other, each with a `|`.

    Of a table of more than 20,000 lines only some.
    """
    begin = text.rfind("\n", 0, row.start) + 1
    first = begin
    for _ in range(MOST_ROWS):
        above = text.rfind("\n", 0, max(0, first - 1)) + 1
        if first == 0 or "|" not in text[above : first - 1]:
            break
        first = above
    lines: list[Span] = []
    at = first
    while at < len(text) and len(lines) <= MOST_ROWS:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if "|" not in text[at:end]:
            break
        lines.append(Span(at, end))
        at = end + 1
    return lines or [row]


def rows_of(text: str, lines: Sequence[Span]) -> list[Row]:
    """The rows in the lines of a table, without that of the columns' names.

    None of a table of more than 20,000 lines, or with a row of another form than its head.
    """
    if len(lines) > MOST_ROWS:
        return []
    head, rows = "", []
    for number, line in enumerate(lines):
        row = line.of(text)
        if not row.strip(" |:-="):
            continue  # the rule below the names
        below = lines[number + 1].of(text) if number + 1 < len(lines) else ""
        if not head and "-" in below and not below.strip(" |:-="):
            head = column_names(row)
            continue
        cells = cells_of(row, head)
        if not cells and head:
            return []  # what stands in a row of another form, nothing tells
        if cells:
            named: dict[str, Cell] = {}
            for cell in cells:
                named.setdefault(cell.name, cell)
            rows.append(Row(line, row, named))
    return rows

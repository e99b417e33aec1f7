"""Sheets of cells, of whatever format, into text: one line a row, each value with its head."""

from __future__ import annotations

from collections.abc import Iterable

from rag.errors import UnreadableDocument
from rag.sources.building import TextBuilder, columns_of, one_line, table_rows
from rag.sources.grids import cell_range, guess_heads
from rag.sources.limits import MAX_CELLS

_LOOKAHEAD_ROWS = 20

_Table = list[tuple[int, list[str]]]


class SheetWriter:
    """Adds sheets to a text. A sheet may hold several tables, parted by empty rows.

    `label` names the place of a row in place of its cells' addresses, as in `row {row}`. With
    `joined`, an empty row parts tables only where heads or another width follow: in text files
    empty lines stand between rows, too.
    """

    def __init__(
        self, builder: TextBuilder, label: str | None = None, *, joined: bool = False
    ) -> None:
        self.builder = builder
        self.label = label
        self.joined = joined
        self.cells = 0

    def sheet(self, name: str, rows: Iterable[tuple[int, list[str]]], heading: bool = True) -> None:
        """Add one sheet: rows as (number from 1, values); rows that are left out part tables.

        The sheet's name is a heading above its rows unless `heading` is false; each row is a block
        and a place, such as `Budget!A2:D2`.
        """
        tables: list[_Table] = []
        state = _Sheet(self.builder, name, heading, self.label)
        for number, values in rows:
            self.cells += len(values)
            if self.cells > MAX_CELLS:
                raise UnreadableDocument(
                    self.builder.document, f"more than {MAX_CELLS:,} cells: split it"
                )
            values = [one_line(value) for value in values]
            if not any(values):
                continue
            if not tables or number > tables[-1][-1][0] + 1:
                tables.append([])
            tables[-1].append((number, values))
        for table in _joined(tables) if self.joined else tables:
            state.add(table)


def _joined(tables: Iterable[_Table]) -> list[_Table]:
    """The tables, each that begins with no heads of its own behind one of as many columns."""
    joined: list[_Table] = []
    for table in tables:
        grid = [values for _, values in table[:_LOOKAHEAD_ROWS]]
        if joined and len(joined[-1][-1][1]) == len(grid[0]) and not guess_heads(grid):
            joined[-1].extend(table)
        else:
            joined.append(table)
    return joined


class _Sheet:
    def __init__(self, builder: TextBuilder, name: str, heading: bool, label: str | None) -> None:
        self.builder, self.name, self.heading, self.label = builder, name, heading, label

    def add(self, table: _Table) -> None:
        if self.heading:
            self.builder.place(self.name)
            self.builder.add(self.name, level=1)
            self.heading = False
        # A title of one cell may stand above the heads.
        while len(table) > 2 and _filled(table[0][1]) == 1 < _filled(table[1][1]):
            self._row(*table.pop(0), [], frozenset(), "\n\n")
        grid = [values for _, values in table[:_LOOKAHEAD_ROWS]]
        heads = table.pop(0)[1] if guess_heads(grid) else []
        columns = columns_of([values for _, values in table])
        for at, (number, values) in enumerate(table):
            self._row(number, values, heads, columns, "\n" if at else "\n\n")

    def _row(
        self,
        number: int,
        values: list[str],
        heads: list[str],
        columns: frozenset[int],
        before: str,
    ) -> None:
        filled = [at for at, value in enumerate(values) if value]
        for text in table_rows([values], heads, columns) if filled else ():
            label = self.label.format(row=number) if self.label else ""
            self.builder.place(label or cell_range(self.name, number, filled))
            self.builder.add(text, before=before)


def _filled(values: list[str]) -> int:
    return sum(1 for value in values if value)

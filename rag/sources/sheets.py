"""Sheets of cells, of whatever format, into text: one line a row, each value with its head."""

from __future__ import annotations

from collections.abc import Iterable

from rag.errors import UnreadableDocument
from rag.sources.building import TextBuilder, columns_of, one_line, table_rows
from rag.sources.grids import cell_range, guess_heads
from rag.sources.limits import MAX_CELLS

_LOOKAHEAD_ROWS = 20


class SheetWriter:
    """Adds sheets to a text. A sheet may hold several tables, parted by empty rows.

    `label` names the place of a row in place of its cells' addresses, as in `row {row}`.
    """

    def __init__(self, builder: TextBuilder, label: str | None = None) -> None:
        self.builder = builder
        self.label = label
        self.cells = 0

    def sheet(self, name: str, rows: Iterable[tuple[int, list[str]]], heading: bool = True) -> None:
        """Add one sheet: rows as (number from 1, values); rows that are left out part tables.

        The sheet's name is a heading above its rows unless `heading` is false; each row is a block
        and a place, such as `Budget!A2:D2`.
        """
        table: list[tuple[int, list[str]]] = []
        state = _Sheet(self.builder, name, heading, self.label)
        for number, values in rows:
            self.cells += len(values)
            if self.cells > MAX_CELLS:
                raise UnreadableDocument(
                    self.builder.document, f"more than {MAX_CELLS:,} cells: split it"
                )
            values = [one_line(value) for value in values]
            if table and number > table[-1][0] + 1:
                state.add(table)
                table = []
            if any(values):
                table.append((number, values))
        state.add(table)


class _Sheet:
    def __init__(self, builder: TextBuilder, name: str, heading: bool, label: str | None) -> None:
        self.builder, self.name, self.heading, self.label = builder, name, heading, label

    def add(self, table: list[tuple[int, list[str]]]) -> None:
        if not table:
            return
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

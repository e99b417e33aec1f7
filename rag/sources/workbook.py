"""Excel workbooks, sheet by sheet: one line a row, each value with its column's head."""

from __future__ import annotations

import datetime
import io
import warnings
from collections.abc import Iterator
from typing import Any

from rag.errors import UnreadableDocument
from rag.sources.archive import Archive
from rag.sources.building import TextBuilder
from rag.sources.limits import MAX_PAGES
from rag.sources.protocol import Parsed
from rag.sources.sheets import SheetWriter

_MAX_COLUMNS = 2_000


class Workbook:
    """Reads `.xlsx` with openpyxl, which knows which numbers are dates.

    Values are the ones last calculated by the program that saved the file; formulas are not run.
    Hidden sheets are left out. A cell over several columns is said once.
    """

    def parse(self, data: bytes, document: str) -> Parsed:
        """The text: a heading each sheet, a block and a place (`Budget!A2:D2`) each row."""
        # Looks at sizes before openpyxl unpacks anything.
        Archive(data, document)
        from openpyxl import load_workbook

        with warnings.catch_warnings():
            # Unknown extensions and odd dates are worth no word to who only wants the text.
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            try:
                return _read(book, document)
            finally:
                book.close()


def _read(book: Any, document: str) -> Parsed:
    if len(book.worksheets) > MAX_PAGES:
        raise UnreadableDocument(document, f"{len(book.worksheets):,} sheets: split it")
    builder = TextBuilder(document)
    writer = SheetWriter(builder)
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            # The size that a file claims for itself makes openpyxl fill it with empty cells.
            sheet.reset_dimensions()
            writer.sheet(sheet.title, _rows(sheet))
    return builder.finish(title=book.properties.title)


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    for row in sheet.iter_rows(max_col=_MAX_COLUMNS):
        filled = [cell for cell in row if cell.value is not None]
        if not filled:
            continue
        values = [""] * max(cell.column for cell in filled)
        for cell in filled:
            values[cell.column - 1] = shown(cell.value, cell.number_format or "")
        yield filled[0].row, values


def shown(value: Any, number_format: str) -> str:
    """A cell's value as a reader expects to see it: dates in ISO form, percentages as such."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return (
            value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="minutes")
        )
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, int | float):
        if "%" in number_format and abs(value) < 1e9:
            return f"{round(value * 100, 6):.10g} %"
        # 15 digits are what a spreadsheet stores: 0.1 + 0.2 shows as 0.3.
        return f"{value:.15g}" if abs(value) < 1e15 else str(value)
    return str(value)

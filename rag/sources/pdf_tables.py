"""Tables of a PDF: lines with gaps in them, put back into rows and columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from rag.sources.building import table_rows
from rag.sources.grids import is_year
from rag.sources.pdf_lines import Line

_MAX_COLUMNS = 40
_ENOUGH_ROWS = 60
_SEVERAL_NAMES = 4
_ALIGNED = 4.0
"""Points by which the left edges of one column may differ."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Words on the page, in points from the lower left."""

    text: str
    left: float
    right: float
    bottom: float
    top: float


Band = list[Cell]
"""Cells on one baseline, from left to right."""

Range = tuple[float, float]
"""Where a column begins and ends, in points."""


def table_length(lines: list[Line], at: int) -> int:
    """How many lines from `at` on make one table; 0 where none begins there.

    A table has at least two rows of two cells. A line of one cell belongs to it where it goes on
    in a column: it stands under one that is not the first, or within the first, close by.
    """
    first = lines[at]
    if not 2 <= len(first.cells) <= _MAX_COLUMNS:
        return 0
    stop, end = at + 1, at + 1
    full, widest, rows = [cells_of(first)], len(first.cells), 1
    columns = _ranges(full)
    low = first.bottom
    while stop < len(lines) and lines[stop].page == first.page:
        line = lines[stop]
        near = low - line.top < 1.0 * max(line.height, 6.0)
        beside = low - line.top < 0.6 * line.height
        if len(line.cells) > 1:
            if len(line.cells) > _MAX_COLUMNS or low - line.top > 3.0 * max(line.height, 6.0):
                break
            if line.bottom > first.top:
                break
            if len(line.cells) > widest:
                full, widest = [], len(line.cells)
            if len(line.cells) == widest and len(full) < _ENOUGH_ROWS:
                full.append(cells_of(line))
                columns = _ranges(full)
            end = stop + 1
            rows += 1
        elif not (
            (near or beside) and line.bottom < first.top and _continues(line, columns, beside)
        ):
            break
        low = min(low, line.bottom)
        stop += 1
    # Cells that go on below the last full row still belong to it.
    while end < stop and not _within_first(lines[end], columns):
        end += 1
    return end - at if rows >= 2 else 0


def table_blocks(lines: list[Line]) -> Iterator[str]:
    """One line of text a row, with column heads where they can be told."""
    bands = _bands([cell for line in lines for cell in cells_of(line)])
    columns = _ranges(bands)
    rows: list[list[str]] = []
    gaps = sorted(a[0].bottom - b[0].bottom for a, b in pairwise(bands))
    usual = gaps[len(gaps) // 2] if gaps else 0.0
    before: Band | None = None
    for band in bands:
        row = _placed(band, columns)
        if before is not None and rows and _goes_on(row, before, band, usual):
            rows[-1] = [_with(a, b) for a, b in zip(rows[-1], row, strict=True)]
        else:
            rows.append(row)
        before = band
    heads = rows[0] if _are_heads(rows) else []
    for row in rows[1:] if heads else rows:
        yield from table_rows([row] if heads else [_fields(row)], heads)


def cells_of(line: Line) -> Band:
    """The cells of one line."""
    return [Cell(text, left, right, line.bottom, line.top) for text, left, right in line.cells]


def _continues(line: Line, columns: list[Range], beside: bool) -> bool:
    under = any(abs(line.left - left) < _ALIGNED for left, _ in columns[1:])
    under = under or (beside and line.left > columns[-1][1])
    return under or _within_first(line, columns)


def _within_first(line: Line, columns: list[Range]) -> bool:
    if len(columns) < 2 or len(line.cells) > 1:
        return False
    return abs(line.left - columns[0][0]) < 3 * _ALIGNED and line.right < columns[1][0]


def _bands(cells: list[Cell]) -> list[Band]:
    bands: list[Band] = []
    for cell in sorted(cells, key=lambda c: (-c.top, c.left)):
        height = max(cell.top - cell.bottom, 3.0)
        for band in bands[-4:]:
            if abs(band[0].bottom - cell.bottom) < 0.5 * height or (
                min(band[0].top, cell.top) - max(band[0].bottom, cell.bottom) > 0.6 * height
            ):
                band.append(cell)
                break
        else:
            bands.append([cell])
    return [sorted(band, key=lambda c: c.left) for band in bands]


def _ranges(bands: list[Band]) -> list[Range]:
    """The columns from left to right: cells that overlap sideways are one column.

    Only the rows with the most cells count: one with fewer may hold a cell over several columns.
    """
    widest = max(len(band) for band in bands)
    ranges: list[Range] = []
    for band in bands:
        for cell in band if len(band) == widest else ():
            for at, (left, right) in enumerate(ranges):
                if cell.left < right and cell.right > left:
                    ranges[at] = (min(left, cell.left), max(right, cell.right))
                    break
            else:
                ranges.append((cell.left, cell.right))
    return _without_halves(sorted(ranges), [b for b in bands if len(b) == widest])


def _without_halves(ranges: list[Range], bands: list[Band]) -> list[Range]:
    """The columns with those put together that no row fills both of.

    A head at the left of its column and the figures at the right of it do not overlap.
    """
    if not len(bands[0]) < len(ranges) <= _MAX_COLUMNS:
        return ranges
    filled = [
        {at for at, (left, right) in enumerate(ranges) for c in band if left <= c.left < right}
        for band in bands
    ]
    joined: list[tuple[float, float, set[int]]] = []
    for at, (left, right) in enumerate(ranges):
        rows = {number for number, columns in enumerate(filled) if at in columns}
        spare = len(ranges) - at + len(joined) > len(bands[0])
        if joined and spare and not joined[-1][2] & rows:
            joined[-1] = (joined[-1][0], right, joined[-1][2] | rows)
        else:
            joined.append((left, right, rows))
    return [(left, right) for left, right, _ in joined]


def _placed(band: Band, columns: list[Range]) -> list[str]:
    row = [""] * len(columns)
    for cell in band:
        at = min(range(len(columns)), key=lambda c: _distance(cell, columns[c]))
        row[at] = _with(row[at], cell.text)
    return row


def _distance(cell: Cell, column: tuple[float, float]) -> tuple[float, float]:
    left, right = column
    apart = max(0.0, left - cell.right, cell.left - right)
    edges = min(
        abs(cell.left - left), abs(cell.right - right), abs(_centre(cell) - left / 2 - right / 2)
    )
    return apart, edges


def _centre(cell: Cell) -> float:
    return (cell.left + cell.right) / 2


def _with(text: str, more: str) -> str:
    return f"{text} {more}" if text and more else text or more


def _goes_on(row: list[str], before: Band, band: Band, usual: float) -> bool:
    """Whether a band only goes on with the cells of the row above it."""
    gap = before[0].bottom - band[0].bottom
    tight = gap < 0.9 * usual or gap < 1.35 * max(cell.top - cell.bottom for cell in before)
    filled = sum(1 for cell in row if cell)
    if not row[0]:
        return tight or filled == 1
    return filled == 1 and (row[0][:1].islower() or gap < 0.85 * usual)


def _fields(row: list[str]) -> list[str]:
    """A form's row with each name and its value in one cell: `Age: | 58` is `Age: 58`."""
    joined: list[str] = []
    last = -1
    for column, cell in enumerate(row):
        if not cell:
            continue
        # In a row of several names the value of one stands right beside it, or is not given.
        beside = column == last + 1 or len(row) < _SEVERAL_NAMES
        if joined and beside and joined[-1].endswith(":") and not cell.endswith(":"):
            joined[-1] = f"{joined[-1]} {cell}"
        else:
            joined.append(cell)
        last = column
    return joined


def _are_heads(grid: list[list[str]]) -> bool:
    """Whether the first row names the columns: words above figures, or short words above words."""
    first, rest = grid[0], grid[1:]
    if len(rest) < 2 or any(cell.endswith(":") or ": " in cell for cell in first):
        return False
    columns = [c for c in range(1, len(first)) if first[c]]
    if not columns or len(columns) < (len(first) - 1) * 0.7:
        return False
    cells = [row[c] for row in rest for c in columns if row[c]]
    if not cells or any(cell.endswith(":") for row in rest for cell in row):
        return False
    figures = sum(1 for cell in cells if re.match(r"[\d.,–-]*\d", cell))
    years = all(is_year(first[c]) for c in columns)
    worded = not any(first[c][:1].isdigit() for c in columns)
    if figures >= 0.6 * len(cells):
        return years or worded
    short = max(len(first[c]) for c in columns) <= 30 and not any(
        char.isdigit() for cell in first for char in cell
    )
    return bool(first[0]) and short and len(first) >= 3 and worded

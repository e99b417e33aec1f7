"""Tables as grids of words: which row holds the heads, and what a cell's address is."""

from __future__ import annotations

import re
from collections.abc import Sequence

_FIGURE = re.compile(r"[\s€$£¥+(<>~≈-]*\d")
# A year is a head, also "2025 (plan)", "2024/25" and "2024 budget"; "2015 kg" is not.
_YEAR = re.compile(
    r"(?:19|20)\d\d(?:\s?[/–-]\s?(?:\d\d){1,2})?\*?"
    r"(?:\s*\([^)]*\)|\s+(?:plan(?:ned)?|budget(?:ed)?|actuals?|forecast|estimated?|est\.?|target|"
    r"proposed|Ist|Soll)\b.*)?",
    re.IGNORECASE,
)
_MAX_HEAD_CHARS = 60


def guess_heads(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row names the columns, for tables that do not say so.

    Every column below needs a name, names are short and are no figures. Of two columns, which may
    as well be names and values, the second must hold figures below its name. Names that repeat,
    as values do, need figures below, too, and stand in no row below in their own column.
    """
    if len(rows) < 2 or len(rows[0]) < 2:
        return False
    heads = [head.strip() for head in rows[0]]
    used = [c for c in range(len(heads)) if any(c < len(r) and r[c].strip() for r in rows[1:])]
    named = [heads[c] for c in used if heads[c]]
    if len(named) < max(2, len(used) - 1) or (used and not all(heads[c] for c in used[1:])):
        return False
    if max(map(len, named)) > _MAX_HEAD_CHARS:
        return False
    if len(set(named)) < len(named) and not _may_repeat(heads, rows[1:]):
        return False
    if any(not is_year(head) for head in named if _FIGURE.match(head)):
        return False
    if any(head.endswith(":") for head in named):
        return False
    if len(used) > 2:
        return True
    below = [row[used[-1]] for row in rows[1:] if used[-1] < len(row) and row[used[-1]].strip()]
    return sum(1 for cell in below if _FIGURE.match(cell)) >= 0.6 * len(below)


def _may_repeat(heads: list[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether a first row with a name twice names columns, as `Item, Jan, Feb, Jan` does."""
    if len(set(filter(None, heads))) < 2 or not has_figures(rows):
        return False
    repeated = [at for at, head in enumerate(heads) if head and heads.count(head) > 1]
    return not any(c < len(r) and r[c].strip() == heads[c] for r in rows for c in repeated)


def is_year(head: str) -> bool:
    """Whether a head is a year, or one with what kind of figures stand below it."""
    return _YEAR.fullmatch(head.strip()) is not None


def has_figures(rows: Sequence[Sequence[str]]) -> bool:
    """Whether some column of the rows holds mostly figures: then what stands above it names it."""
    for column in range(1, max(map(len, rows), default=0)):
        cells = [row[column] for row in rows if column < len(row) and row[column].strip()]
        if cells and sum(1 for cell in cells if _FIGURE.match(cell)) >= 0.6 * len(cells):
            return True
    return False


def column_name(index: int) -> str:
    """The letters of a spreadsheet's column: 0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def cell_range(sheet: str, row: int, filled: Sequence[int]) -> str:
    """The address of a row, such as `Budget!A2:D2`; `row` counts from 1, `filled` from 0."""
    first, last = column_name(filled[0]), column_name(filled[-1])
    return f"{sheet}!{first}{row}" + ("" if first == last else f":{last}{row}")

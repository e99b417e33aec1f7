"""A text under construction, for the formats whose text is ours to build.

Blocks are added in reading order; the builder keeps offsets, so that no parser counts them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.errors import UnreadableDocument
from rag.sources.limits import check_chars
from rag.sources.protocol import Attachment, Parsed
from rag.types import Heading, Place, Span

_UNWANTED = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff\ufeff\ufffe\uffff]")
_SPACES = re.compile(r"[ \t\u00a0\u2000-\u200a\u202f\u205f\u3000\x0c]+")
_MAX_HEAD_CHARS = 80
_MAX_ROW_CHARS = 400
_MAX_PLACES = 60
MAX_HEADING_CHARS = 400
"""What is longer than this is no heading, whatever the file says: it is repeated everywhere."""


def clean(text: str) -> str:
    r"""`text` with `\n` for every line end, and without NUL, control characters, surrogates."""
    return _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


_FIGURES = re.compile(r"[+−-]?[0-9]+(?:[,–-][0-9]+)*")
_RAISED = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")


def raised(text: str) -> str:
    """Figures set high, as the marks of notes and powers are: `12` as `¹²`; other words as given.

    So that neither is taken for a digit of the word before.
    """
    return text.translate(_RAISED) if _FIGURES.fullmatch(text) else text


def one_line(text: str) -> str:
    """`text` on one line: every run of white space is one space, none at the ends."""
    return " ".join(clean(text).split())


def tidy(text: str) -> str:
    """`text` with single spaces within lines, no spaces at line ends, no empty lines."""
    lines = (_SPACES.sub(" ", line).strip() for line in clean(text).split("\n"))
    return "\n".join(line for line in lines if line)


class TextBuilder:
    """Collects blocks, headings, pages and places, and gives them back as `Parsed`."""

    def __init__(self, document: str) -> None:
        self.document = document
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Span] = []
        self._headings: list[Heading] = []
        self._pages: list[int] = []
        self._places: list[Place] = []
        self._waiting_pages = 0
        self._waiting_place: str | None = None

    @property
    def length(self) -> int:
        """Characters so far."""
        return self._length

    def page(self) -> None:
        """Begin a page: it starts where the next block starts."""
        self._waiting_pages += 1

    def place(self, label: str) -> None:
        """Begin a place: it starts where the next block starts."""
        self._waiting_place = label

    def add(
        self,
        text: str,
        *,
        level: int | None = None,
        before: str = "\n\n",
        page_at: Sequence[int] = (),
    ) -> Span | None:
        r"""The span of `text` as a block of its own; None where there is nothing to add.

        `level` makes it a heading (unless it is too long for one), `before` stands between it and
        what came before, `page_at` holds offsets within `text` at which a further page begins.
        """
        if not text:
            return None
        if self._parts:
            self._parts.append(before)
            self._length += len(before)
        start = self._length
        self._parts.append(text)
        self._length += len(text)
        check_chars(self._length, self.document)
        self._pages.extend([start] * self._waiting_pages)
        self._waiting_pages = 0
        self._pages.extend(start + at for at in page_at)
        if self._waiting_place is not None:
            self._places.append(Place(start, self._waiting_place))
            self._waiting_place = None
        span = Span(start, self._length)
        self._blocks.append(span)
        if level is not None and len(text) <= MAX_HEADING_CHARS:
            self._headings.append(Heading(start, level, one_line(text)))
        return span

    def table(self, rows: Sequence[Sequence[str]], heads: Sequence[str] = ()) -> None:
        """Add a table row by row, each row a block that carries its column heads."""
        for number, row in enumerate(table_rows(rows, heads)):
            self.add(row, before="\n" if number else "\n\n")

    def finish(self, title: str | None = None, attachments: Sequence[Attachment] = ()) -> Parsed:
        """What was collected. Raises `UnreadableDocument` where there is no text at all."""
        if not self._length and not attachments:
            raise UnreadableDocument(self.document, "it holds no text")
        self._pages.extend([self._length] * self._waiting_pages)
        self._waiting_pages = 0
        return Parsed(
            text="".join(self._parts),
            pages=tuple(self._pages),
            headings=tuple(self._headings),
            places=tuple(self._places),
            blocks=tuple(self._blocks),
            title=(one_line(title) or None) if title else None,
            attachments=tuple(attachments),
        )


def table_rows(
    rows: Sequence[Sequence[str]],
    heads: Sequence[str] = (),
    columns: frozenset[int] | None = None,
) -> list[str]:
    """One line a row, each value with its column's head: `Milk | 2023: 148.6 | 2024: 151.2`.

    A head is put before each value, so that a passage with a figure also holds what the figure is
    of; of a name that repeats, the second is `Jan (2)`. A value under no head, under a long one, or
    equal to its head stands alone; so does the first column's where its head is empty. Where
    several columns have no head, an empty cell of one keeps its place, `Fork |  | 4`: else the
    values after it would stand in another column. `columns` are those that hold anything, of the
    rows if not given. A row too long for one passage becomes several lines, each with the row's
    first value before the others. A table that is nothing but heads gives one line.
    """
    names = _different([one_line(head).rstrip(":") for head in heads])
    kept = _kept_places(columns_of(rows) if columns is None else columns, names)
    lines = []
    for row in rows:
        cells = []
        for column, value in enumerate(row):
            value = one_line(value)
            if not value:
                if column in kept:
                    cells.append("")
                continue
            name = names[column] if column < len(names) else ""
            same = name and one_line(heads[column]).rstrip(":").casefold() == value.casefold()
            named = name and len(name) <= _MAX_HEAD_CHARS and not same
            cells.append(f"{name}: {value}" if named else value)
        lines.extend(_row_lines(cells))
    if not lines and heads:
        only = " | ".join(head for head in map(one_line, heads) if head)
        return [only] if only else []
    return lines


def columns_of(rows: Sequence[Sequence[str]]) -> frozenset[int]:
    """The columns that hold something in any of the rows."""
    return frozenset(at for row in rows for at, value in enumerate(row) if value.strip())


def _different(names: Sequence[str]) -> list[str]:
    """The names with a number behind each that stood before: `Jan`, `Feb`, `Jan (2)`."""
    different: list[str] = []
    taken = set(names)
    counts: dict[str, int] = {}
    for name in names:
        shown = name
        if name in counts:
            while shown in taken:
                counts[name] += 1
                shown = f"{name} ({counts[name]})"
            taken.add(shown)
        elif name:
            counts[name] = 1
        different.append(shown)
    return different


def _kept_places(columns: frozenset[int], names: Sequence[str]) -> frozenset[int]:
    """The columns whose empty cells keep their place: those that no head tells from each other."""
    bare = frozenset(
        at
        for at in columns
        if at >= len(names) or not names[at] or len(names[at]) > _MAX_HEAD_CHARS
    )
    # A wide grid with few values would be nothing but bars.
    return bare if 1 < len(bare) <= _MAX_PLACES else frozenset()


def _row_lines(cells: list[str]) -> list[str]:
    """The cells of a row on one line; on several where they are many."""
    while cells and not cells[-1]:
        cells.pop()
    if not cells:
        return []
    name, line = cells[0], cells[0]
    lines = []
    begun = False
    for cell in cells[1:]:
        if cell and begun and len(line) + len(cell) > _MAX_ROW_CHARS:
            lines.append(line)
            line = f"{name} | {cell}" if name and len(name) <= _MAX_HEAD_CHARS else cell
        else:
            line = f"{line} | {cell}"
        begun = begun or bool(cell)
    return [filled for line in [*lines, line] if (filled := line.strip())]

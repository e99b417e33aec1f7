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


def table_rows(rows: Sequence[Sequence[str]], heads: Sequence[str] = ()) -> list[str]:
    """One line a row, each value with its column's head: `Milk | 2023: 148.6 | 2024: 151.2`.

    A head is put before each value, so that a passage with a figure also holds what the figure is
    of. A value under no head, under a long one, or equal to its head stands alone; so does the
    first column's where its head is empty. A row too long for one passage becomes several lines,
    each with the row's first value before the others. A table that is nothing but heads gives one
    line.
    """
    lines = []
    for row in rows:
        cells = []
        for column, value in enumerate(row):
            value = one_line(value)
            head = one_line(heads[column]) if column < len(heads) else ""
            head = head.rstrip(":")
            if not value:
                continue
            named = head and len(head) <= _MAX_HEAD_CHARS and head.casefold() != value.casefold()
            cells.append(f"{head}: {value}" if named else value)
        lines.extend(_row_lines(cells))
    if not lines and heads:
        only = " | ".join(head for head in map(one_line, heads) if head)
        return [only] if only else []
    return lines


def _row_lines(cells: list[str]) -> list[str]:
    """The cells of a row on one line; on several where they are many."""
    if not cells:
        return []
    name, line = cells[0], cells[0]
    lines = []
    for cell in cells[1:]:
        if len(line) + len(cell) > _MAX_ROW_CHARS and line != name:
            lines.append(line)
            line = f"{name} | {cell}" if len(name) <= _MAX_HEAD_CHARS else cell
        else:
            line = f"{line} | {cell}"
    return [*lines, line]

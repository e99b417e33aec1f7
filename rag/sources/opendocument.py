"""OpenDocument: texts, spreadsheets and presentations (LibreOffice and others).

Read with lxml over the ZIP: all three are one XML file, and the libraries for them have had no
release for years.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rag.errors import UnreadableDocument
from rag.sources.archive import Archive, attribute, child, children, local
from rag.sources.building import TextBuilder, one_line, raised, tidy
from rag.sources.grids import guess_heads
from rag.sources.limits import MAX_CELLS, MAX_PAGES
from rag.sources.protocol import Parsed
from rag.sources.sheets import SheetWriter

_UNSEEN = frozenset({"tracked-changes", "annotation", "annotation-end", "note-citation"})
_UNSEEN_TOO = frozenset({"hidden-text", "hidden-paragraph", "sequence-decls", "forms", "ruby-text"})
_HIGH = re.compile(r"super\b|[1-9]\d?%")
_MAX_COLUMNS = 2_000
_MAX_REPEATED_ROWS = 1_000


class OpenDocument:
    """Reads `.odt`, `.ods` and `.odp`: what is shown; comments and deleted text are left out."""

    def parse(self, data: bytes, document: str) -> Parsed:
        """The text; slides are pages, rows of a spreadsheet places such as `Budget!A2:D2`."""
        root, title = _content(data, document)
        if attribute(root, "version") is not None and child(root, "body") is None:
            raise UnreadableDocument(document, "damaged: an OpenDocument file without content")
        builder = TextBuilder(document)
        for body in children(root, "body"):
            for content in body:
                kind = local(content)
                if kind == "spreadsheet":
                    _sheets(content, builder)
                elif kind == "presentation":
                    _slides(content, builder)
                else:
                    _Text(builder).blocks(content)
        return builder.finish(title=title)


def _content(data: bytes, document: str) -> tuple[Any, str | None]:
    from rag.sources.archive import xml_root

    if data.lstrip()[:1] == b"<":
        root = xml_root(data, document)
        _apply_styles(root, [root])
        return root, _title(root)
    archive = Archive(data, document)
    if "META-INF/manifest.xml" in archive.names:
        manifest = archive.read("META-INF/manifest.xml")
        if b"encryption-data" in manifest:
            raise UnreadableDocument(document, "it is encrypted: save a copy without a password")
    meta = archive.xml("meta.xml") if "meta.xml" in archive.names else None
    root = archive.xml("content.xml")
    named = [archive.xml("styles.xml")] if "styles.xml" in archive.names else []
    _apply_styles(root, [*named, root])
    return root, _title(meta)


def _apply_styles(root: Any, sources: list[Any]) -> None:
    """Take out what a style hides, and set high the figures that a style sets high."""
    hidden, high = set(), set()
    for source in sources:
        for style in source.iter():
            properties = child(style, "text-properties") if local(style) == "style" else None
            name = attribute(style, "name")
            if properties is None or name is None:
                continue
            if attribute(properties, "display") == "none":
                hidden.add(name)
            if _HIGH.match(attribute(properties, "text-position") or ""):
                high.add(name)
    for element in list(root.iter()) if hidden or high else ():
        name = attribute(element, "style-name")
        if name in hidden and local(element) in ("span", "p", "h"):
            tail = element.tail
            element.clear()
            element.tail = tail
        elif name in high and local(element) == "span" and element.text and not len(element):
            element.text = raised(element.text)


def _title(root: Any) -> str | None:
    found = child(root, "meta", "title") if root is not None else None
    return found.text if found is not None else None


class _Text:
    """Adds the paragraphs of a text, its notes after the rest."""

    def __init__(self, builder: TextBuilder) -> None:
        self.builder = builder
        self.notes: list[Any] = []

    def blocks(self, parent: Any) -> None:
        """Add everything below `parent`, then the notes that it holds."""
        self._add(parent)
        while self.notes:
            self._add(self.notes.pop(0))

    def _add(self, parent: Any) -> None:
        waiting = [(element, False) for element in list(parent)[::-1]]
        while waiting:
            element, in_list = waiting.pop()
            kind = local(element)
            if kind in ("p", "h"):
                self._paragraph(element, kind, in_list)
            elif kind == "table":
                self._table(element)
            elif kind and kind not in _UNSEEN and kind not in _UNSEEN_TOO:
                inside = in_list or kind == "list"
                waiting.extend((below, inside) for below in list(element)[::-1])

    def _paragraph(self, element: Any, kind: str, in_list: bool) -> None:
        boxes: list[Any] = []
        text = tidy("".join(_words(element, self.notes, boxes)))
        level = None
        if kind == "h":
            given = attribute(element, "outline-level") or "1"
            level = int(given) if given.isdigit() and len(given) < 3 else 1
        self.builder.add(text, level=level, before="\n" if in_list else "\n\n")
        for box in boxes:
            self._add(box)

    def _table(self, table: Any) -> None:
        heads: list[str] = []
        grid: list[list[str]] = []
        for row, in_head in _table_rows(table):
            values = _row_values(row)
            if in_head and not grid:
                heads = [" ".join(filter(None, pair)) for pair in _zipped(heads, values)]
            else:
                grid.append(values)
        if not heads and guess_heads(grid):
            heads = grid.pop(0)
        self.builder.table(grid, heads)


def _zipped(first: list[str], second: list[str]) -> Iterator[tuple[str, str]]:
    for at in range(max(len(first), len(second))):
        yield first[at] if at < len(first) else "", second[at] if at < len(second) else ""


def _words(element: Any, notes: list[Any], boxes: list[Any]) -> Iterator[str]:
    """The words of a paragraph; notes and text boxes in it are put into the lists."""
    yield element.text or ""
    waiting: list[Any] = list(element)[::-1]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
            continue
        kind = local(part)
        # What follows an element, left out or not, belongs to the paragraph.
        waiting.append(part.tail or "")
        if kind == "note":
            notes.extend(children(part, "note-body"))
        elif kind == "text-box":
            boxes.append(part)
        elif kind == "s":
            count = attribute(part, "c") or "1"
            yield " " * (min(int(count), 100) if count.isdigit() else 1)
        elif kind in ("tab", "line-break"):
            yield "\t" if kind == "tab" else "\n"
        elif kind and kind not in _UNSEEN and kind not in _UNSEEN_TOO:
            waiting.extend(list(part)[::-1])
            yield part.text or ""


def _table_rows(table: Any) -> Iterator[tuple[Any, bool]]:
    waiting = [(element, False) for element in list(table)[::-1]]
    while waiting:
        element, in_head = waiting.pop()
        kind = local(element)
        if kind == "table-row":
            yield element, in_head
        elif kind in ("table-header-rows", "table-rows", "table-row-group"):
            inside = in_head or kind == "table-header-rows"
            waiting.extend((below, inside) for below in list(element)[::-1])


def _row_values(row: Any) -> list[str]:
    values: list[str] = []
    for cell in row:
        if local(cell) not in ("table-cell", "covered-table-cell"):
            continue
        paragraphs = (p for p in cell.iter() if local(p) in ("p", "h"))
        shown = (p for p in paragraphs if not _in_annotation(p, cell))
        text = one_line(" ".join("".join(_words(p, [], [])) for p in shown))
        count = _repeats(cell, "number-columns-repeated", _MAX_COLUMNS - len(values))
        values.extend([text] * count)
    while values and not values[-1]:
        values.pop()
    return values


def _in_annotation(paragraph: Any, cell: Any) -> bool:
    above = paragraph.getparent()
    while above is not None and above is not cell:
        if local(above) in _UNSEEN:
            return True
        above = above.getparent()
    return False


def _repeats(element: Any, name: str, limit: int) -> int:
    given = attribute(element, name) or "1"
    return max(0, min(int(given) if given.isdigit() and len(given) < 10 else 1, limit))


def _sheets(content: Any, builder: TextBuilder) -> None:
    tables = list(children(content, "table"))
    if len(tables) > MAX_PAGES:
        raise UnreadableDocument(builder.document, f"{len(tables):,} sheets: split it")
    writer = SheetWriter(builder)
    for number, table in enumerate(tables, 1):
        name = attribute(table, "name") or f"Sheet{number}"
        writer.sheet(name, _sheet_rows(table))


def _sheet_rows(table: Any) -> Iterator[tuple[int, list[str]]]:
    number = cells = 0
    for row, _ in _table_rows(table):
        count = _repeats(row, "number-rows-repeated", 2**31)
        if attribute(row, "visibility") not in ("collapse", "filter"):
            values = _row_values(row)
            # Empty rows are repeated a million times at a sheet's end; full ones hardly ever.
            for at in range(min(count, _MAX_REPEATED_ROWS) if values else 0):
                yield number + at + 1, values
            cells += len(values)
        number += count
        if cells > MAX_CELLS:
            return


def _slides(content: Any, builder: TextBuilder) -> None:
    for number, page in enumerate(children(content, "page"), 1):
        builder.page()
        builder.place(f"slide {number}")
        for frame in page:
            kind = attribute(frame, "class")
            if kind == "title":
                words = [p for p in frame.iter() if local(p) in ("p", "h")]
                text = " ".join("".join(_words(p, [], [])) for p in words)
                builder.add(one_line(text), level=1)
            elif local(frame) == "notes":
                builder.place(f"slide {number}, notes")
                _Text(builder).blocks(frame)
            elif kind not in ("date-time", "footer", "page-number", "header"):
                _Text(builder).blocks([frame])

"""Word documents: paragraphs, headings, lists with their numbers, tables, notes.

Read with lxml over the ZIP: python-docx leaves out inserted text, content controls, text boxes
and notes, and shows deleted and hidden runs no differently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rag.sources.archive import Archive, attribute, child, children, local
from rag.sources.building import TextBuilder, raised, tidy
from rag.sources.grids import guess_heads
from rag.sources.numbering import Numbering
from rag.sources.protocol import Parsed

_UNSEEN = frozenset({"del", "delText", "instrText", "Fallback", "moveFrom", "pPr", "rPr", "tblPr"})
_HEADING_NAME = re.compile(r"(?:heading|überschrift|título|titre)\s*(\d)$", re.IGNORECASE)
_CONTAINERS = frozenset({"sdt", "sdtContent", "customXml", "ins", "smartTag", "moveTo"})
_OFF = frozenset({"0", "false", "off", "none"})
_MAX_SPAN = 200


class Word:
    """Reads `.docx`: what is shown, in order; deleted and hidden text is left out."""

    def parse(self, data: bytes, document: str) -> Parsed:
        """The text, a block each paragraph, heading, list item and table row; notes at the end."""
        archive = Archive(data, document)
        main = archive.part("officeDocument") or "word/document.xml"
        builder = TextBuilder(document)
        styles = archive.part("styles", main)
        numbers = archive.part("numbering", main)
        reader = _Reader(
            builder,
            _Styles(archive.xml(styles) if styles else None),
            Numbering(archive.xml(numbers) if numbers else None),
        )
        body = child(archive.xml(main), "body")
        reader.blocks(body if body is not None else [])
        for kind in ("footnotes", "endnotes"):
            part = archive.part(kind, main)
            for note in archive.xml(part) if part else ():
                # Separators between text and notes are stored as notes of a type of their own.
                if attribute(note, "type") in (None, "normal"):
                    reader.blocks(note)
        return builder.finish(title=reader.title or _core_title(archive))


def _core_title(archive: Archive) -> str | None:
    part = archive.part("core-properties")
    found = child(archive.xml(part), "title") if part else None
    return found.text if found is not None else None


class _Styles:
    """Heading levels and hidden styles by style id, through what a style is based on."""

    def __init__(self, root: Any) -> None:
        self._styles = {}
        self._hiding: dict[str | None, bool] = {}
        for style in children(root, "style") if root is not None else ():
            self._styles[attribute(style, "styleId") or ""] = style

    def level(self, identifier: str | None) -> int | None:
        """The heading level of a style, from 1; 0 of a document's title; None of other text."""
        for style in self._chain(identifier):
            named = child(style, "name")
            name = (attribute(named, "val") or "") if named is not None else ""
            if name.lower() == "title":
                return 0
            if match := _HEADING_NAME.match(name):
                return int(match[1])
            outline = child(style, "pPr", "outlineLvl")
            if outline is not None:
                level = int(attribute(outline, "val") or 9)
                return level + 1 if level < 9 else None
        return None

    def numbered(self, identifier: str | None) -> Any:
        """The numbering properties that a style gives its paragraphs; None without any."""
        for style in self._chain(identifier):
            found = child(style, "pPr", "numPr")
            if found is not None:
                return found
        return None

    def hides(self, identifier: str | None) -> bool:
        """Whether a style hides its text."""
        if identifier not in self._hiding:
            marks = (child(style, "rPr", "vanish") for style in self._chain(identifier))
            found = next((mark for mark in marks if mark is not None), None)
            self._hiding[identifier] = found is not None and _is_on(found)
        return self._hiding[identifier]

    def _chain(self, identifier: str | None) -> Iterator[Any]:
        seen = set()
        while identifier in self._styles and identifier not in seen:
            seen.add(identifier)
            style = self._styles[identifier]
            yield style
            based = child(style, "basedOn")
            identifier = attribute(based, "val") if based is not None else None


class _Reader:
    def __init__(self, builder: TextBuilder, styles: _Styles, numbering: Numbering) -> None:
        self.builder, self.styles, self.numbering = builder, styles, numbering
        self.title: str | None = None

    def blocks(self, parent: Any) -> None:
        """Add the paragraphs and tables below `parent`, in order."""
        waiting = list(parent)[::-1]
        while waiting:
            element = waiting.pop()
            kind = local(element)
            if kind == "p":
                self._paragraph(element)
            elif kind == "tbl":
                self._table(element)
            elif kind in _CONTAINERS:
                waiting.extend(list(element)[::-1])

    def _paragraph(self, element: Any) -> None:
        boxes: list[Any] = []
        text = tidy("".join(_words(element, self.styles, boxes)))
        identifier = _style_of(element)
        level = self.styles.level(identifier)
        outline = child(element, "pPr", "outlineLvl")
        if outline is not None and (attribute(outline, "val") or "9").isdigit():
            own = int(attribute(outline, "val") or 9)
            level = own + 1 if own < 9 else None
        numbered = child(element, "pPr", "numPr")
        if numbered is None:
            numbered = self.styles.numbered(identifier)
        label = self.numbering.label(numbered) if text else ""
        if text:
            if level == 0 and self.title is None:
                self.title = text
            close = numbered is not None and level is None
            shown = f"{label} {text}" if label else text
            heading = None if level is None else max(1, level)
            self.builder.add(shown, level=heading, before="\n" if close else "\n\n")
        for box in boxes:
            self.blocks(box)

    def _table(self, element: Any) -> None:
        grid: list[list[str]] = []
        heads = 0
        above: list[str] = []
        for row in _rows(element):
            values = _row_values(row, above, self.styles)
            if child(row, "trPr", "tblHeader") is not None and heads == len(grid):
                heads += 1
            grid.append(values)
            above = values
        if not heads and guess_heads(grid):
            heads = 1
        if heads >= len(grid):
            heads = 0
        named = [
            " ".join(dict.fromkeys(r[c] for r in grid[:heads] if c < len(r) and r[c]))
            for c in range(max((len(r) for r in grid[:heads]), default=0))
        ]
        self.builder.table(grid[heads:], named)


def _rows(table: Any) -> Iterator[Any]:
    waiting = list(table)[::-1]
    while waiting:
        element = waiting.pop()
        if local(element) == "tr":
            yield element
        elif local(element) in _CONTAINERS:
            waiting.extend(list(element)[::-1])


def _row_values(row: Any, above: list[str], styles: _Styles) -> list[str]:
    values: list[str] = []
    waiting = list(row)[::-1]
    while waiting:
        cell = waiting.pop()
        if local(cell) in _CONTAINERS:
            waiting.extend(list(cell)[::-1])
        if local(cell) != "tc":
            continue
        span = child(cell, "tcPr", "gridSpan")
        width = attribute(span, "val") if span is not None else "1"
        merged = child(cell, "tcPr", "vMerge")
        text = " ".join(
            filter(None, (tidy("".join(_words(p, styles))) for p in cell.iter() if local(p) == "p"))
        )
        if merged is not None and attribute(merged, "val") != "restart" and not text:
            # A cell merged with the one above says the same.
            text = above[len(values)] if len(values) < len(above) else ""
        values.append(text)
        extra = min(int(width), _MAX_SPAN) - 1 if width and width.isdigit() else 0
        values.extend([""] * extra)
    return values


def _words(paragraph: Any, styles: _Styles, boxes: list[Any] | None = None) -> Iterator[str]:
    """The words of a paragraph; text boxes in it are put into `boxes`."""
    hidden = styles.hides(_style_of(paragraph))
    waiting = list(paragraph)[::-1]
    while waiting:
        element = waiting.pop()
        kind = local(element)
        if kind == "t":
            yield element.text or ""
        elif kind in ("tab", "ptab"):
            yield "\t"
        elif kind in ("br", "cr"):
            yield "\n"
        elif kind == "noBreakHyphen":
            yield "-"
        elif kind == "txbxContent":
            if boxes is not None:
                boxes.append(element)
        elif (
            kind in _UNSEEN or kind == "p" or (kind == "r" and _is_hidden(element, styles, hidden))
        ):
            continue
        elif kind == "r" and _is_raised(element):
            yield raised("".join(part.text or "" for part in element.iter() if local(part) == "t"))
        else:
            waiting.extend(list(element)[::-1])


def _style_of(element: Any) -> str | None:
    kind = "p" if local(element) == "p" else "r"
    style = child(element, f"{kind}Pr", f"{kind}Style")
    return attribute(style, "val") if style is not None else None


def _is_hidden(run: Any, styles: _Styles, otherwise: bool) -> bool:
    """Whether a run is not shown: by its own mark, by its style, or as its paragraph is."""
    hidden = child(run, "rPr", "vanish")
    if hidden is not None:
        return _is_on(hidden)
    return otherwise or styles.hides(_style_of(run))


def _is_on(mark: Any) -> bool:
    return (attribute(mark, "val") or "1").lower() not in _OFF


def _is_raised(run: Any) -> bool:
    place = child(run, "rPr", "vertAlign")
    return place is not None and attribute(place, "val") == "superscript"

"""Presentations: slide by slide, titles as headings, tables, speaker's notes.

Read with lxml over the ZIP: python-pptx brings an image and a spreadsheet library along.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rag.errors import UnreadableDocument
from rag.sources.archive import Archive, attribute, child, children, local
from rag.sources.building import TextBuilder, one_line, tidy
from rag.sources.grids import guess_heads
from rag.sources.limits import MAX_PAGES
from rag.sources.protocol import Parsed

_TITLES = frozenset({"title", "ctrTitle"})
_FURNITURE = frozenset({"dt", "ftr", "sldNum", "hdr", "sldImg"})
_DRAWN = frozenset({"sp", "graphicFrame", "cxnSp"})


class Slides:
    """Reads `.pptx`: each slide is a page and a place; what repeats on every slide is left out."""

    def parse(self, data: bytes, document: str) -> Parsed:
        """The text of all slides, each with its title first and its notes last."""
        archive = Archive(data, document)
        main = archive.part("officeDocument") or "ppt/presentation.xml"
        related = archive.related(main)
        order = child(archive.xml(main), "sldIdLst")
        parts = []
        for entry in order if order is not None else ():
            # An entry has an id of its own beside the relationship's: only that has a namespace.
            keys = [v for k, v in entry.attrib.items() if k.endswith("}id")]
            kind, target = related.get(keys[0] if keys else "", ("", ""))
            if kind == "slide" and target in archive.names:
                parts.append(target)
        if len(parts) > MAX_PAGES:
            raise UnreadableDocument(document, f"{len(parts):,} slides: split it")
        builder = TextBuilder(document)
        for number, part in enumerate(parts, 1):
            builder.page()
            builder.place(f"slide {number}")
            _slide(archive.xml(part), builder)
            notes = archive.part("notesSlide", part)
            if notes:
                _notes(archive.xml(notes), builder, number)
        parsed = builder.finish()
        title = parsed.headings[0].text if parsed.headings else None
        return builder.finish(title=title)


def _slide(root: Any, builder: TextBuilder) -> None:
    shapes = list(_shapes(root))
    titles = [shape for shape in shapes if _placeholder(shape) in _TITLES]
    for shape in titles:
        builder.add(one_line(" ".join(_paragraphs(shape))), level=1)
    for shape in shapes:
        if shape in titles or _placeholder(shape) in _FURNITURE:
            continue
        table = next((e for e in shape.iter() if local(e) == "tbl"), None)
        if table is not None:
            grid = [[_cell(cell) for cell in children(row, "tc")] for row in children(table, "tr")]
            heads = grid[0] if guess_heads(grid) else []
            builder.table(grid[1:] if heads else grid, heads)
            continue
        for at, paragraph in enumerate(_paragraphs(shape)):
            builder.add(paragraph, before="\n" if at else "\n\n")


def _notes(root: Any, builder: TextBuilder, number: int) -> None:
    builder.place(f"slide {number}, notes")
    for shape in _shapes(root):
        if _placeholder(shape) not in _FURNITURE:
            for paragraph in _paragraphs(shape):
                builder.add(paragraph)


def _shapes(root: Any) -> Iterator[Any]:
    """The shapes of a slide in drawing order, those in groups too; hidden ones are left out."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        kind = local(element)
        if kind == "Fallback" or _is_hidden(element):
            continue
        if kind in _DRAWN:
            yield element
        else:
            waiting.extend(list(element)[::-1])


def _is_hidden(shape: Any) -> bool:
    for part in shape if local(shape) in (*_DRAWN, "grpSp") else ():
        if local(part).startswith("nv"):
            drawn = child(part, "cNvPr")
            return drawn is not None and drawn.get("hidden") in ("1", "true")
    return False


def _placeholder(shape: Any) -> str | None:
    """What a shape holds the place of: `title`, `body`, `sldNum` ...; None for a free shape."""
    for part in shape:
        if local(part).startswith("nv"):
            mark = child(part, "nvPr", "ph")
            return (attribute(mark, "type") or "obj") if mark is not None else None
    return None


def _paragraphs(shape: Any) -> list[str]:
    texts = (tidy(_text(p)) for p in shape.iter() if local(p) == "p")
    return [text for text in texts if text]


def _text(paragraph: Any) -> str:
    words = []
    for element in paragraph.iter():
        kind = local(element)
        if kind == "t":
            words.append(element.text or "")
        elif kind in ("br", "tab"):
            words.append("\n" if kind == "br" else " ")
    return "".join(words)


def _cell(cell: Any) -> str:
    return one_line(" ".join(_text(p) for p in cell.iter() if local(p) == "p"))

"""EPUB books: the chapters in reading order, each read as the web page that it is."""

from __future__ import annotations

import posixpath
from typing import Any

from rag.errors import UnreadableDocument
from rag.sources.archive import Archive, attribute, local, member_path
from rag.sources.building import TextBuilder, one_line
from rag.sources.decoding import decode
from rag.sources.html import add_html, html_tree
from rag.sources.protocol import Parsed

_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})


class Epub:
    """Reads `.epub`: a place each file of the book's spine; the table of contents is left out."""

    def parse(self, data: bytes, document: str) -> Parsed:
        """The text of the book. Raises for books that are protected."""
        archive = Archive(data, document)
        package = _package(archive)
        root = archive.xml(package)
        items = {
            item.get("id"): item for item in root.iter() if local(item) == "item" and item.get("id")
        }
        protected = _protected(archive)
        builder = TextBuilder(document)
        number = 0
        for entry in root.iter():
            item = items.get(entry.get("idref")) if local(entry) == "itemref" else None
            if item is None or item.get("media-type") not in _PAGES or _is_contents(item):
                continue
            name = member_path(posixpath.dirname(package), item.get("href"))
            if name in protected:
                raise UnreadableDocument(document, "it is protected against copying (DRM)")
            if name not in archive.names:
                continue
            number += 1
            builder.place(f"section {number}")
            _chapter(archive, name, builder)
        title = next((e.text for e in root.iter() if local(e) == "title" and e.text), None)
        return builder.finish(title=one_line(title) if title else None)


def _package(archive: Archive) -> str:
    container = archive.xml("META-INF/container.xml")
    for element in container.iter():
        if local(element) == "rootfile" and element.get("full-path"):
            return str(element.get("full-path"))
    raise UnreadableDocument(archive.document, "damaged: a book without a list of its contents")


def _protected(archive: Archive) -> frozenset[str]:
    """The members that are encrypted; fonts are so in many books that can be read."""
    if "META-INF/encryption.xml" not in archive.names:
        return frozenset()
    references = (e for e in archive.xml("META-INF/encryption.xml").iter())
    names = (attribute(e, "URI") for e in references if local(e) == "CipherReference")
    return frozenset(member_path("", name) for name in names if name)


def _is_contents(item: Any) -> bool:
    return "nav" in (item.get("properties") or "").split()


def _chapter(archive: Archive, name: str, builder: TextBuilder) -> None:
    data = archive.read(name)
    if not data.strip():
        return
    root = html_tree(decode(data, builder.document), builder.document)
    sheets = (
        member_path(posixpath.dirname(name), link.get("href"))
        for link in root.iter("link")
        if "stylesheet" in (link.get("rel") or "").lower().split()
    )
    css = "\n".join(
        archive.read(sheet).decode("utf-8", errors="replace")
        for sheet in dict.fromkeys(sheets)
        if sheet in archive.names
    )
    add_html(root, builder, css=css)

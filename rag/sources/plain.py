"""Plain text: the file itself, with the encoding found out. Anything that is text is read here."""

from __future__ import annotations

from rag.errors import UnreadableDocument
from rag.sources.decoding import decode
from rag.sources.limits import check_chars
from rag.sources.lines import paragraphs, plain_headings, split_blocks, stripped
from rag.sources.protocol import Parsed
from rag.sources.textless import EMPTY
from rag.types import Span


class PlainText:
    """Reads `.txt` and every suffix that no other parser claims."""

    def parse(self, data: bytes, document: str) -> Parsed:
        """The decoded file itself, with paragraphs, list items and cautious headings."""
        text = decode(data, document)
        if not text.strip():
            raise UnreadableDocument(document, f"{EMPTY}: nothing but white space")
        check_chars(len(text), document)
        groups = list(paragraphs(text))
        headings = plain_headings(text, groups)
        heads = {heading.start: heading for heading in headings}
        blocks: list[Span] = []
        for group in groups:
            first = stripped(text, *group[0])
            if first is not None and first.start in heads:
                blocks.append(first)
                group = group[1:]
            if group:
                blocks.extend(split_blocks(text, group))
        title = headings[0].text if headings and headings[0].level == 1 else None
        return Parsed(text=text, headings=tuple(headings), blocks=tuple(blocks), title=title)

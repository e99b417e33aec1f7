"""Source code: the file itself; definitions are its headings."""

from __future__ import annotations

import re

from rag.errors import UnreadableDocument
from rag.sources.decoding import decode
from rag.sources.limits import check_chars
from rag.sources.lines import stripped, text_lines
from rag.sources.protocol import Parsed
from rag.types import Heading, Span

_DEFINITION = re.compile(
    r"(?P<indent>[ \t]*)(?:@\w+\s+)?"
    r"(?:(?:export|default|public|private|protected|internal|static|final|abstract|async|pub"
    r"(?:\([^)]{0,20}\))?|unsafe|extern|override|open|sealed|data|inline|virtual|const)\s+){0,5}"
    r"(?P<kind>def|class|function|fn|func|fun|interface|struct|enum|trait|impl|module|namespace"
    r"|object|sub|type|protocol|record|CREATE\s+(?:TABLE|VIEW|FUNCTION))\s+"
    r"(?P<name>[\w$~](?:[\w.<>$~]|::){0,99})"
)
_MAX_BLOCK_LINES = 30


class Code:
    """Reads source code and configuration: blocks between empty lines, definitions as headings."""

    def parse(self, data: bytes, document: str) -> Parsed:
        """The decoded file itself and its structure."""
        text = decode(data, document)
        if not text.strip():
            raise UnreadableDocument(document, "it is empty: nothing but white space")
        check_chars(len(text), document)
        headings: list[Heading] = []
        blocks: list[Span] = []
        begun: int | None = None
        count = last = 0
        for start, end in text_lines(text):
            line = text[start:end]
            definition = _DEFINITION.match(line[:400])
            if definition:
                indent = len(definition["indent"].expandtabs(4))
                name = f"{definition['kind']} {definition['name']}"
                at = start + len(definition["indent"])
                headings.append(Heading(at, 1 + min(indent // 4, 8), " ".join(name.split())))
            ends = not line.strip() or definition is not None or count >= _MAX_BLOCK_LINES
            if ends and begun is not None:
                _close(text, begun, last, blocks)
                begun, count = None, 0
            if line.strip():
                begun = start if begun is None else begun
                count += 1
                last = end
        if begun is not None:
            _close(text, begun, last, blocks)
        return Parsed(text, headings=tuple(headings), blocks=tuple(blocks))


def _close(text: str, start: int, end: int, blocks: list[Span]) -> None:
    span = stripped(text, start, end)
    if span is not None:
        blocks.append(span)

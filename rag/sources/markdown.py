"""Markdown: the text is the file itself; structure comes from a CommonMark parser's line map."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

from rag.errors import UnreadableDocument
from rag.sources.building import MAX_HEADING_CHARS
from rag.sources.decoding import decode
from rag.sources.limits import check_chars
from rag.sources.lines import paragraphs, stripped, text_lines
from rag.sources.protocol import Parsed
from rag.types import Heading, Span

if TYPE_CHECKING:
    from markdown_it.token import Token

# A rule may stand at the top of a text, too: front matter has a key behind it, before any text.
_FRONT = re.compile(
    r"---[ \t]*\n(?:#.*\n)*(?:[\w\"'][^\n:]{0,60}:(?:[ \t].*)?\n(?:.*\n)*?)?"
    r"(?:---|\.\.\.)[ \t]*(?:\n|$)"
)
_FRONT_TITLE = re.compile(r"^title:[ \t]*[\"']?(.+?)[\"']?[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"\s*(?:<!--.*?-->\s*)+$", re.DOTALL)
_LINK = re.compile(r"!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])")
_MARKUP = re.compile(r"(\*\*|__|\*|`+|~~)(?=\S)(.+?)(?<=\S)\1")
_ANCHOR = re.compile(r"\s*\{#[\w-]+\}\s*$")
_LETTERED = re.compile(r"(?P<indent>[ \t>]*)\(?(?P<letter>[A-Za-z])[.)][ \t]+\S")
_MAX_NESTING = 60


class Markdown:
    """Reads `.md`: headings of both kinds, list items, table rows; fenced code is not headings."""

    def parse(self, data: bytes, document: str) -> Parsed:
        """The decoded file itself and its structure.

        Fences, rules, table delimiters, front matter's rules and comments are text but no block.
        """
        text = decode(data, document)
        if not text.strip():
            raise UnreadableDocument(document, "it is empty: nothing but white space")
        check_chars(len(text), document)
        lines = list(text_lines(text))
        front = _FRONT.match(text)
        at = front.end() if front else 0
        skipped = text.count("\n", 0, at)
        blocks = list(_front_blocks(text, at)) if front else []
        headings: list[Heading] = []
        reader = _Reader(text, lines, skipped)
        for token, parent in _leaves(text[at:]):
            for span in reader.spans(token, parent):
                if parent.startswith("heading") and len(span) <= MAX_HEADING_CHARS:
                    words = _plain(span.of(text))
                    if words:
                        headings.append(Heading(span.start, int(parent[-1]), words))
                blocks.append(span)
        named = _FRONT_TITLE.search(front[0]) if front else None
        title = named[1] if named else next((h.text for h in headings if h.level == 1), None)
        return Parsed(text, headings=tuple(headings), blocks=_disjoint(blocks), title=title)


def _leaves(text: str) -> Iterable[tuple[Token, str]]:
    """The tokens that hold lines, each with what it stands in: `heading2`, `paragraph`, `row`."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING}).enable("table")
    reader.core.ruler.enableOnly(["normalize", "block"])
    # A form feed or a vertical tab would count as a line end elsewhere, never here.
    parent = ""
    for token in reader.parse(text):
        if token.type == "heading_open":
            parent = f"heading{token.tag[1:]}"
        elif token.type == "tr_open":
            yield token, "row"
            parent = "cell"
        elif token.type in ("paragraph_open", "table_close"):
            parent = "paragraph"
        elif token.type == "inline" and parent != "cell":
            yield token, parent
        elif token.type in ("fence", "code_block", "html_block"):
            yield token, token.type


class _Reader:
    """Turns a token's lines into spans of the text."""

    def __init__(self, text: str, lines: list[tuple[int, int]], skipped: int) -> None:
        self.text, self.lines, self.skipped = text, lines, skipped

    def spans(self, token: Token, parent: str) -> list[Span]:
        """The blocks of one token, in order."""
        if token.map is None:
            return []
        first, last = token.map[0] + self.skipped, token.map[1] + self.skipped
        last = min(last, len(self.lines))
        if parent == "fence":
            first += 1
            last -= bool(_is_fence(self.text, self.lines[last - 1]) and last > first)
        if first >= last:
            return []
        start, end = self.lines[first][0], self.lines[last - 1][1]
        if parent in ("fence", "code_block", "html_block"):
            return self._literal(start, end, parent)
        if parent == "row":
            end = self.lines[first][1]
        if parent.startswith("heading") or parent == "paragraph":
            start = self._content(token, first)
            if parent.startswith("heading"):
                end = self._heading_end(token, start, end)
            elif (number := self._ordered(start, first)) is not None:
                start = number
            if parent == "paragraph":
                return self._lettered(start, end)
        span = stripped(self.text, start, end)
        return [span] if span else []

    def _lettered(self, start: int, end: int) -> list[Span]:
        """A paragraph's blocks: CommonMark knows no lists by letters, so `a.` begins one here.

        The line is indented, and the letters follow each other: "   I. Newton" begins nothing.
        """
        begins, due = [start], "a"
        for at, stop in text_lines(self.text, start, end):
            item = _LETTERED.match(self.text, at, stop)
            if item is None or item["letter"].lower() != due:
                continue
            if at > start and item["indent"].endswith(("  ", "\t")):
                begins.append(at)
            elif at > start:
                continue
            due = chr(ord(due) + 1)
        pieces = (stripped(self.text, *piece) for piece in pairwise([*begins, end]))
        return [piece for piece in pieces if piece]

    def _literal(self, start: int, end: int, kind: str) -> list[Span]:
        if kind == "html_block" and _COMMENT.match(self.text, start, end):
            return []
        pieces = (stripped(self.text, g[0][0], g[-1][1]) for g in paragraphs(self.text, start, end))
        return [piece for piece in pieces if piece]

    def _content(self, token: Token, line: int) -> int:
        start, end = self.lines[line]
        found = self.text.find(token.content.split("\n", 1)[0], start, end)
        return found if found >= 0 else start

    def _ordered(self, start: int, line: int) -> int | None:
        """Where the number of an ordered item begins: it is part of what the item says."""
        marker = re.search(r"\d{1,9}[.)][ \t]+$", self.text[self.lines[line][0] : start])
        return self.lines[line][0] + marker.start() if marker else None

    def _heading_end(self, token: Token, start: int, end: int) -> int:
        if self.text.find("\n", start, end) < 0:
            return min(end, start + len(token.content)) if token.content else end
        # Setext: the underline is the last line of the heading's map.
        return self.text.rfind("\n", start, end)


def _is_fence(text: str, line: tuple[int, int]) -> bool:
    return bool(re.match(r"[\s>]*(?:`{3,}|~{3,})\s*$", text[line[0] : line[1]]))


def _front_blocks(text: str, end: int) -> Iterable[Span]:
    for group in paragraphs(text, 0, end):
        for line in group:
            span = stripped(text, *line)
            if span is not None:
                yield span


def _plain(words: str) -> str:
    """A heading's words without their markup."""
    words = _ANCHOR.sub("", _LINK.sub(r"\1", words))
    while (simpler := _MARKUP.sub(r"\2", words)) != words:
        words = simpler
    return " ".join(words.split())


def _disjoint(blocks: list[Span]) -> tuple[Span, ...]:
    """The blocks in order; one that begins inside its predecessor is left out."""
    kept: list[Span] = []
    for block in sorted(blocks):
        if not kept or block.start >= kept[-1].end:
            kept.append(block)
    return tuple(kept)

"""Lines of pages into paragraphs, headings and table rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from rag.sources.pdf_lines import Line
from rag.sources.pdf_tables import table_blocks, table_length

_ENDS = re.compile(r"[.!?:;][\"'”’)\]]*$")
_ITEM = re.compile(r"(?:[•‣▪●○·–—-]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)]|\d+(?:\.\d+)+\.?)\s+\S")
_BULLET = re.compile(r"[•‣▪●○·]\s*")
_FIELD = re.compile(r"[A-Z][\w /()#-]{0,40}:(?:\s|$)")
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)+|[^\W\d_]+")
_SENTENCE_INSIDE = re.compile(r"[^\W\d_]{3,}[.!?]\s+[A-Z][^\W\d_]*\s")
_MAX_HEADING_CHARS = 150
_MAX_HEADING_LINES = 5
_AROUND_LINES = 60
_WORD_CHARS = 60
_LONG_HALF = 5
_HEADING_SHARE = 0.12
"""Type that more than this share of the text is set in is no heading's."""


@dataclass(slots=True)
class Block:
    """Lines that belong together: text, the pages' starts in it, and a level for a heading."""

    text: str
    page: int
    level: int | None = None
    starts: list[tuple[int, int]] = field(default_factory=list)
    row: bool = False


class Layout:
    """Knows what is usual in one document: its size of type, its line pitch, its words."""

    def __init__(self, pages: list[list[Line]]) -> None:
        lines = [line for page in pages for line in page]
        sizes: Counter[float] = Counter()
        for line in lines:
            sizes[line.size] += len(line.text)
        self.body = sizes.most_common(1)[0][0] if sizes else 10.0
        rare = _HEADING_SHARE * sum(sizes.values())
        larger = sorted(
            (
                s
                for s in sizes
                if s > self.body * 1.15 and sizes[s] <= max(rare, _MAX_HEADING_CHARS)
            ),
            reverse=True,
        )
        self.levels = {size: min(at, 5) for at, size in enumerate(larger, 1)}
        bold = sum(len(line.text) for line in lines if line.bold)
        self.bold_stands_out = bold < 0.3 * sum(len(line.text) for line in lines)
        self.words = _whole_words(lines)
        pitches = Counter(
            round(a.bottom - b.bottom)
            for a, b in pairwise(lines)
            if a.page == b.page and 0 < a.bottom - b.bottom < 4 * max(self.body, 6)
        )
        self.pitch = float(pitches.most_common(1)[0][0]) if pitches else 1.3 * self.body
        self.pages = pages
        self.places = {id(line): at for page in pages for at, line in enumerate(page)}
        self.edges: dict[int, float] = {}

    def blocks(self) -> Iterator[Block]:
        """The document's blocks in order."""
        lines = [line for page in self.pages for line in page]
        at = 0
        while at < len(lines):
            count = table_length(lines, at)
            if count:
                for text in table_blocks(lines[at : at + count]):
                    yield Block(text, lines[at].page, row=True)
                at += count
                continue
            level = self._heading_level(lines, at)
            stop = at + 1
            if level is not None:
                while stop < len(lines) and self._heading_goes_on(lines, stop, level):
                    stop += 1
                if self._is_text(lines[at:stop]):
                    level = None
            if level is None:
                while stop < len(lines) and not self._ends_before(lines, stop):
                    stop += 1
            yield self._joined(lines[at:stop], level)
            at = stop

    def _ends_before(self, lines: list[Line], at: int) -> bool:
        """Whether a paragraph that goes on up to `lines[at]` ends there."""
        if table_length(lines, at) or self._breaks(lines, at):
            return True
        # A paragraph set in large type goes on with a line like the last, where that was full.
        line, before = lines[at], lines[at - 1]
        alike = line.size == before.size and line.bold == before.bold
        goes_on = alike and not self._is_short(before)
        return self._heading_level(lines, at) is not None and not goes_on

    def _heading_level(self, lines: list[Line], at: int) -> int | None:
        line = lines[at]
        words = line.text
        if line.running:
            return None
        if len(words) > _MAX_HEADING_CHARS or not any(c.isalpha() for c in words):
            return None
        if line.size in self.levels and not words.endswith((".", ",", ";")):
            return self.levels[line.size]
        alone = len(line.cells) == 1 and not words.endswith((".", ",", ";", ":"))
        if line.bold and self.bold_stands_out and alone and len(words) <= 90:
            below = lines[at + 1] if at + 1 < len(lines) else None
            if below is None or not below.bold or _gap(line, below) > 1.3 * self.pitch:
                return len(self.levels) + 1
        return None

    def _is_text(self, lines: list[Line]) -> bool:
        """Whether what looked like a heading is a paragraph set in larger or heavier type."""
        chars = sum(len(line.text) for line in lines)
        words = " ".join(line.text for line in lines)
        if chars > _MAX_HEADING_CHARS // 2 and _SENTENCE_INSIDE.search(words):
            return True
        return len(lines) > _MAX_HEADING_LINES or chars > 2 * _MAX_HEADING_CHARS

    def _heading_goes_on(self, lines: list[Line], at: int, level: int) -> bool:
        line, before = lines[at], lines[at - 1]
        # The last line of a long title may end with a full stop.
        ends = line.size == before.size and line.size in self.levels and line.text.endswith(".")
        return (
            (ends or self._heading_level(lines, at) == level)
            and line.bold == before.bold
            and 0 < _gap(before, line) < self._heading_pitch(before)
            and not _ITEM.match(line.text)
        )

    def _heading_pitch(self, line: Line) -> float:
        # A title set far apart goes on where its line was full.
        return 1.8 * max(line.size, self.pitch) if self._is_short(line) else 3.0 * line.size

    def _breaks(self, lines: list[Line], at: int) -> bool:
        """Whether a new block begins at `lines[at]`."""
        line, before = lines[at], lines[at - 1]
        if line.running or before.running:
            return True
        if before.hyphen:
            return False
        gap = _gap(before, line)
        ended = bool(_ENDS.search(before.text))
        lower = line.text[:1].islower()
        if len(line.cells) > 1 and len(before.cells) > 1:
            return True
        if _ITEM.match(line.text) and (
            ended
            or _BULLET.match(line.text)
            or _ITEM.match(before.text)
            or self._is_short(before)
            or gap > 1.2 * self.pitch
        ):
            return True
        if _FIELD.match(line.text) and (ended or _FIELD.match(before.text) is not None):
            return True
        if before.page != line.page or gap < -0.5 * self.pitch:
            # Over a page or a column a sentence goes on where it had not ended.
            return ended or (not lower and not before.text.endswith(",") and self._is_short(before))
        if gap > 1.45 * self.pitch or abs(line.size - before.size) > 0.15 * before.size:
            return not (lower and not ended and gap < 2.2 * self.pitch)
        if ended and gap > 1.25 * self.pitch and not lower:
            return True
        if ended and (self._is_short(before) or line.left > before.left + 0.8 * line.size):
            return True
        return self._is_short(before) and not lower and not ended and self._has_room(before, line)

    def _is_short(self, line: Line) -> bool:
        return line.right < self._right_edge(line) - 3 * line.size

    def _has_room(self, before: Line, line: Line) -> bool:
        each = (line.right - line.left) / max(1, len(line.text))
        first = len(line.text.split(" ", 1)[0]) + 1
        return before.right + first * each < self._right_edge(before) - 2 * before.size

    def _right_edge(self, line: Line) -> float:
        """Where the column that a line stands in ends."""
        if id(line) not in self.edges:
            limit = line.left + 1.05 * self._column(line)
            beside = [
                other.right
                for other in self._around(line)
                if other.left < line.right and other.right > line.left and len(other.cells) == 1
            ]
            near = [right for right in beside if right < limit]
            self.edges[id(line)] = max(near or beside or [line.right])
        return self.edges[id(line)]

    def _column(self, line: Line) -> float:
        widths = sorted(
            other.right - other.left
            for other in self._around(line)
            if abs(other.left - line.left) < 2 * line.size
        )
        return widths[int(0.9 * (len(widths) - 1))] if widths else line.right - line.left

    def _around(self, line: Line) -> list[Line]:
        # A page of a book holds 50 lines; one of a hostile file a million.
        at = self.places[id(line)]
        return self.pages[line.page][max(0, at - _AROUND_LINES) : at + _AROUND_LINES]

    def _joined(self, lines: list[Line], level: int | None) -> Block:
        text = ""
        starts: list[tuple[int, int]] = []
        for number, line in enumerate(lines):
            if number:
                if lines[number - 1].hyphen or _cut_word(text, line.text):
                    text = self._mended(text, line.text)
                else:
                    text += " "
                if line.page != lines[number - 1].page:
                    starts.append((len(text), line.page))
            text += _apart(line) if len(lines) == 1 else line.text
        bullet = _BULLET.match(text)
        if bullet and bullet.end() < len(text) and not starts:
            text = text[bullet.end() :]
        return Block(text, lines[0].page, level, starts)

    def _mended(self, text: str, following: str) -> str:
        """`text` with its final hyphen taken away, where it only marked a divided word."""
        head = re.search(r"[^\W\d_]+-$", text[-_WORD_CHARS:])
        tail = re.match(r"[^\W\d_]+(?:-[^\W\d_]+)*", following)
        if not head or not tail or not tail[0][0].islower():
            return text
        joined = (head[0][:-1] + tail[0]).casefold()
        compound = (head[0] + tail[0]).casefold()
        if self.words[compound] > self.words[joined]:
            return text
        if "-" in tail[0] and not self.words[joined]:
            return text  # a chain of words: 'touch-' and 'and-go'
        before, after = head[0][:-1].casefold(), tail[0].casefold()
        # Both halves are words of their own here and the whole is not: a compound.
        least = 1 if min(len(before), len(after)) >= _LONG_HALF else 2
        if not self.words[joined] and min(self.words[before], self.words[after]) >= least:
            return text
        return text[:-1]


def _whole_words(lines: list[Line]) -> Counter[str]:
    """How often each word stands in the lines, without the halves of those divided at an end."""
    words: Counter[str] = Counter()
    divided = False
    for line in lines:
        found = _WORDS.findall(line.text)
        head, divided = divided, line.text.endswith("-")
        words.update(w.casefold() for w in found[head : len(found) - divided])
    return words


def _apart(line: Line) -> str:
    """A line that stands alone, its parts kept apart where they stand apart on the page."""
    parts = [cell for cell, _, _ in line.cells if cell]
    # Justified type spreads single words over the line: those are no parts.
    spread = len(parts) > 3 and sum(" " not in part for part in parts) > len(parts) // 2
    return line.text if spread else " | ".join(parts) or line.text


def _cut_word(text: str, following: str) -> bool:
    return bool(re.search(r"[^\W\d_]-$", text[-2:])) and following[:1].islower()


def _gap(before: Line, line: Line) -> float:
    return before.bottom - line.bottom if before.page == line.page else 0.0

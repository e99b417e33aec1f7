r"""Blocks of text that came with line ends of its own: what is a paragraph, what a list item.

Used where the text is the file itself, so everything here is a span and nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rag.stamps import MARKS, QUOTING, STAMP, TIME
from rag.types import Heading, Span

_ITEM = re.compile(r"\s*(?:[-*+•‣·–—]|\(?\d{1,3}[.)]|\(?[a-zA-Z][.)]|\d+(?:\.\d+)+\.?)\s+\S")
_BULLET = re.compile(r"[-*+•‣·–—]\s+")
_RULE = re.compile(r"\s*([-=_*~#+.])(?:\s?\1){2,}\s*$")
_SIGNATURE = re.compile(r"-- ?$")
_UNDERLINE = re.compile(r"(={3,}|-{3,}|~{3,})\s*$")
_FIELD = re.compile(r"[A-Z][\w -]{0,30}: \S")
_TIMED = re.compile(rf"\s*(?:{STAMP}|{TIME})\s+\S")
_NUMBERED = re.compile(r"(\d{1,2}(?:\.\d{1,2}){0,3})\.?\s+(?=[^\W\d_])")
_CELLS = re.compile(r"\t|\S {3,}\S| \| ")
_ENDS = re.compile(r"[.!?:;][\"'”’)\]]*$")
_MARKED = re.compile(rf"{MARKS}[ \t]*")
_LONG_LINE_CHARS = 120
_RAGGED_CHARS = 15
_HEADING_CHARS = 80
_TITLE_WORDS = 8

Line = tuple[int, int]


def text_lines(text: str, start: int = 0, end: int | None = None) -> Iterator[Line]:
    """The lines of `text[start:end]` as (start, end), each without its line end."""
    end = len(text) if end is None else end
    while start < end:
        stop = text.find("\n", start, end)
        stop = end if stop < 0 else stop
        yield start, stop
        start = stop + 1


def stripped(text: str, start: int, end: int) -> Span | None:
    """The span `start`-`end` without white space at its ends; None where nothing is left."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end) if start < end else None


def paragraphs(text: str, start: int = 0, end: int | None = None) -> Iterator[list[Line]]:
    """Runs of lines of `text[start:end]` between empty lines and ruled lines.

    A line `-- `, below which a mail's signature stands, parts them as a rule does.
    The marks of a quoted mail are no part of a line, and begin another run where their number
    changes: who writes does, too.
    """
    group: list[Line] = []
    depth = 0
    for line_start, line_end in text_lines(text, start, end):
        line = text[line_start:line_end]
        # Behind a line with marks "> 5 mm" is quoted, too: elsewhere it may be more than 5 mm.
        found = (_MARKED if depth else QUOTING).match(line)
        marks = found.group() if found else ""
        line_start, line = line_start + len(marks), line[len(marks) :]
        if group and marks.count(">") != depth:
            yield group
            group = []
        depth = marks.count(">")
        if not line.strip() or _RULE.match(line) or _SIGNATURE.match(line):
            # An underline belongs to its heading, so the group above ends either way.
            if group:
                yield group
            group = []
        else:
            group.append((line_start, line_end))
    if group:
        yield group


def split_blocks(text: str, group: list[Line]) -> list[Span]:
    """The blocks of one run of lines.

    A hard-wrapped paragraph is one block. A new block begins at a list item, at a row of a table,
    at a message or note that begins with its time, at a `Name: value` line after another, after a
    line too long to have been wrapped by hand, and where the next word would have fitted on the
    line that ended a sentence.
    """
    width = max(end - start for start, end in group)
    blocks: list[Span] = []
    at = 0
    for number in range(1, len(group) + 1):
        if number == len(group) or _begins(text, group, number, width):
            span = stripped(text, group[at][0], group[number - 1][1])
            if span is not None:
                bullet = _BULLET.match(text, span.start, span.end)
                blocks.append(Span(bullet.end(), span.end) if bullet else span)
            at = number
    return blocks


def _begins(text: str, group: list[Line], number: int, width: int) -> bool:
    (before_start, before_end), (start, end) = group[number - 1], group[number]
    before, line = text[before_start:before_end].strip(), text[start:end]
    if _ITEM.match(line) or _TIMED.match(line):
        return not _is_wrapped_number(before, line)
    if _CELLS.search(line.strip()) or _CELLS.search(before):
        return True
    if _FIELD.match(line) and _FIELD.match(before):
        return True
    if len(before) > _LONG_LINE_CHARS:
        return True
    first = line.split(maxsplit=1)[0]
    room = width - (before_end - before_start) - len(first) - 1
    if room < _RAGGED_CHARS:
        return False
    return bool(_ENDS.search(before)) or (line[:1].isupper() and before[-1:] != ",")


def _is_wrapped_number(before: str, line: str) -> bool:
    # "on 2 February\n1987. Then" is not an item: its sentence has not ended and it is no list.
    bare = line.lstrip()
    begun = _ITEM.match(before) or _TIMED.match(before)
    return bare[0].isdigit() and not _ENDS.search(before) and not begun


def plain_headings(text: str, groups: list[list[Line]]) -> list[Heading]:
    """Headings of plain text: underlined, numbered and alone, or in capitals.

    Told cautiously, as a wrong heading misleads more than a missing one: one short line that ends
    no sentence, and is underlined, or numbered (`2.1 Term`) between empty lines or above a text
    or clauses of its own number (`2.1.1`), or in capitals at the head of its run.
    """
    found: list[Heading] = []
    for group in groups:
        start, end = group[0]
        line = text[start:end].strip()
        if not 2 < len(line) <= _HEADING_CHARS or _ENDS.search(line) or line[-1] == ",":
            continue
        if not any(c.isalpha() for c in line) or _BULLET.match(line):
            continue
        level = _level(text, group, line)
        if level:
            found.append(Heading(start + text[start:end].index(line), level, line))
    return found


def _level(text: str, group: list[Line], line: str) -> int:
    end = group[0][1]
    stop = text.find("\n", end + 1)
    below = text[end + 1 : stop if stop >= 0 else len(text)]
    underline = _UNDERLINE.match(below)
    if underline and len(underline[1]) >= 0.6 * len(line):
        return 1 if underline[1][0] == "=" else 2
    numbered = _NUMBERED.match(line)
    capitals = line.upper() == line and sum(map(str.isalpha, line)) >= 4
    if numbered and (len(group) == 1 or capitals or _stands_above(text, group, numbered[1])):
        return numbered[1].count(".") + 2
    if capitals:
        return 1 if not text[: group[0][0]].strip() else 2
    return 0


def _stands_above(text: str, group: list[Line], number: str) -> bool:
    """Whether the first line of a run is the title of what follows it, and no item of a list."""
    start, end = group[1]
    below = _NUMBERED.match(text[start:end].strip())
    if below:
        return below[1].startswith(f"{number}.")
    width = max(end - start for start, end in group)
    first = text[group[0][0] : group[0][1]]
    short = len(first.split()) <= _TITLE_WORDS
    return short and text[start].isupper() and _begins(text, group, 1, width)

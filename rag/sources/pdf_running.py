"""Running headers and footers of a PDF: what stands on page after page is said once."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from rag.sources.pdf_lines import Line

_FULL_SHARE = 0.75
_CLOSE = 1.4
"""Lines nearer than this many sizes of their type are lines of one paragraph."""


def without_repeats(pages: list[list[Line]], heights: list[float]) -> list[list[Line]]:
    """The pages without running headers and footers.

    A line in the outer eighth of a page that stands at the same height with the same words (a
    number may differ) on at least two pages and on a third of them is said once, at the beginning
    of the first page that has it; a line with only a page's number is left out altogether. A full
    line set close to the text beside it is text, however often it stands there.
    """
    seen: Counter[tuple[str, int]] = Counter()
    for lines, height in zip(pages, heights, strict=True):
        seen.update({_repeat_key(line) for line in lines if _is_outer(line, height)})
    needed = max(2, len(pages) / 3)
    repeated = {key for key, count in seen.items() if count >= needed}
    said: set[tuple[str, int]] = set()
    kept: list[list[Line]] = []
    for lines, height in zip(pages, heights, strict=True):
        page: list[Line] = []
        running: list[Line] = []
        outer = {
            id(line)
            for line in lines
            if _is_outer(line, height) and (_repeat_key(line) in repeated or _is_number(line.text))
        }
        outer -= _text_lines(lines, outer)
        for line in lines:
            key = _repeat_key(line)
            if id(line) not in outer:
                page.append(line)
            elif key not in said and not _is_number(line.text):
                said.add(key)
                line.running = True
                running.append(line)
        kept.append(running + page)
    return kept


def _text_lines(lines: list[Line], outer: set[int]) -> set[int]:
    """Those of the repeated lines that go on with a paragraph: long, and close to its next line."""
    if not outer or len(outer) == len(lines):
        return set()
    widest = max(line.right - line.left for line in lines if id(line) not in outer)
    down = sorted(lines, key=lambda line: -line.bottom)
    text: set[int] = set()
    for ordered in (down, down[::-1]):
        for before, line in pairwise(ordered):
            if (
                id(line) in outer
                and (id(before) not in outer or id(before) in text)
                and line.right - line.left > _FULL_SHARE * widest
                and abs(before.bottom - line.bottom) < _CLOSE * line.size
                and abs(before.left - line.left) < line.size / 2
                and abs(before.size - line.size) < 0.1
            ):
                text.add(id(line))
    return text


def _repeat_key(line: Line) -> tuple[str, int]:
    words = "".join("#" if c.isdigit() else c for c in line.text)
    while "##" in words:
        words = words.replace("##", "#")
    return words.casefold(), round(line.bottom / 4)


def _is_outer(line: Line, height: float) -> bool:
    return line.bottom > height * 7 / 8 or line.top < height / 8


def _is_number(text: str) -> bool:
    words = text.casefold().replace("page", " ").replace("seite", " ").replace("of", " ")
    words = words.replace("página", " ").replace("/", " ")
    bare = "".join(c for c in words if c.isalnum())
    return len(bare) <= 8 and (bare.isdigit() or (bool(bare) and set(bare) <= set("ivxlc")))

"""What stands on the pages of a PDF: lines with their places, read character by character.

PDFium's text and its character boxes drift against each other when the text is fetched as one
string (pypdfium2, issue 261), so characters and boxes are both read by PDFium's own index.
"""

from __future__ import annotations

import ctypes
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

_HYPHENS = (0x02, 0xFFFE)
"""What PDFium puts where it found a hyphen at a line end; it then drops the line end itself."""

_CELL_GAP = 1.2
"""A gap wider than this many character heights separates two cells of a row."""


@dataclass(slots=True)
class Line:
    """One line of a page: its words and where they stand, in points from the lower left."""

    text: str
    left: float
    right: float
    bottom: float
    top: float
    size: float
    bold: bool
    page: int
    hyphen: bool = False
    running: bool = False
    cells: list[tuple[str, float, float]] = field(default_factory=list)

    @property
    def height(self) -> float:
        """Height of the line's characters."""
        return max(0.1, self.top - self.bottom)


@dataclass(slots=True)
class _Run:
    chars: list[str] = field(default_factory=list)
    lefts: list[float] = field(default_factory=list)
    rights: list[float] = field(default_factory=list)
    bottoms: list[float] = field(default_factory=list)
    tops: list[float] = field(default_factory=list)
    first: int = -1


def page_lines(page: Any, number: int) -> list[Line]:
    """The lines of one page (`number` counts from 0), in the order the file draws them."""
    import pypdfium2.raw as raw

    textpage = page.get_textpage()
    try:
        return _join_pieces(_read(raw, textpage, number))
    finally:
        textpage.close()


def _read(raw: Any, textpage: Any, number: int) -> list[Line]:
    handle = textpage.raw
    box = [ctypes.c_double() for _ in range(4)]
    edges = [ctypes.byref(value) for value in box]
    lines: list[Line] = []
    run = _Run()
    for index in range(raw.FPDFText_CountChars(handle)):
        code = raw.FPDFText_GetUnicode(handle, index)
        if code in (10, 13):
            run = _end(raw, handle, run, lines, number)
            continue
        if code in _HYPHENS:
            run.chars.append("-")
            run.lefts.append(run.rights[-1] if run.rights else 0.0)
            run.rights.append(run.lefts[-1])
            run = _end(raw, handle, run, lines, number, hyphen=True)
            continue
        run.chars.append(_character(code))
        raw.FPDFText_GetCharBox(handle, index, *edges)
        left, right, bottom, top = (value.value for value in box)
        if _is_below(run, left, bottom, top) and not run.chars[-1].isspace():
            char = run.chars.pop()
            run = _end(raw, handle, run, lines, number)
            run.chars.append(char)
        run.lefts.append(left)
        run.rights.append(right)
        if not run.chars[-1].isspace():
            run.bottoms.append(bottom)
            run.tops.append(top)
            if run.first < 0:
                run.first = index
    _end(raw, handle, run, lines, number)
    return lines


def _is_below(run: _Run, left: float, bottom: float, top: float) -> bool:
    # PDFium joins some lines with a space: a letter wholly below and left of the last begins one.
    if not run.tops or bottom >= top:
        return False
    return top < run.bottoms[-1] + 0.2 * (top - bottom) and left < run.rights[-1] - 2 * (
        top - bottom
    )


def _character(code: int) -> str:
    # PDFium hands out UTF-16 units on some platforms: halves are paired up when a line ends.
    if code == 0 or code > 0x10FFFF:
        return "\ufffd"
    return chr(code) if code >= 32 else " "


def _end(
    raw: Any, handle: Any, run: _Run, lines: list[Line], number: int, hyphen: bool = False
) -> _Run:
    if run.first >= 0:
        solid = [i for i, char in enumerate(run.chars) if not char.isspace()]
        size = raw.FPDFText_GetFontSize(handle, run.first)
        lines.append(
            Line(
                text=_words("".join(run.chars)),
                left=run.lefts[solid[0]],
                right=max(run.rights[i] for i in solid),
                bottom=min(run.bottoms),
                top=max(run.tops),
                size=round(size, 2),
                bold=_is_bold(raw, handle, run.first),
                page=number,
                hyphen=hyphen,
                cells=_cells(run, solid),
            )
        )
    return _Run()


def _words(text: str) -> str:
    paired = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return " ".join(paired.split())


def _is_bold(raw: Any, handle: Any, index: int) -> bool:
    if raw.FPDFText_GetFontWeight(handle, index) >= 600:
        return True
    flags = ctypes.c_int()
    name = ctypes.create_string_buffer(128)
    raw.FPDFText_GetFontInfo(handle, index, name, 128, ctypes.byref(flags))
    return any(mark in name.value.lower() for mark in (b"bold", b"black", b"heavy"))


def _cells(run: _Run, solid: list[int]) -> list[tuple[str, float, float]]:
    height = max(run.tops) - min(run.bottoms)
    gap = _CELL_GAP * max(height, 4.0)
    cells: list[tuple[str, float, float]] = []
    start = 0
    for at in range(1, len(solid) + 1):
        if at < len(solid) and run.lefts[solid[at]] - run.rights[solid[at - 1]] <= gap:
            continue
        first, last = solid[start], solid[at - 1]
        words = _words("".join(run.chars[first : last + 1]))
        cells.append((words, run.lefts[first], run.rights[last]))
        start = at
    # Justified type spreads single words over a line: those are no cells.
    if len(cells) > 2 and sum(cell[0].islower() and " " not in cell[0] for cell in cells) * 2 > len(
        cells
    ):
        return [(_words("".join(run.chars)), cells[0][1], cells[-1][2])]
    return cells


def _join_pieces(lines: list[Line]) -> list[Line]:
    """Lines with what PDFium cut off them put back: superscripts, and cells on one baseline."""
    joined: list[Line] = []
    for line in lines:
        last = joined[-1] if joined else None
        if last is None or last.hyphen or not _same_line(last, line):
            joined.append(line)
            continue
        gap = line.left - last.right
        cell_gap = _CELL_GAP * max(last.height, line.height, 4.0)
        space = " " if gap > 0.15 * max(last.height, line.height) else ""
        if gap > cell_gap:
            last.cells = [*last.cells, *line.cells]
            space = " "
        else:
            words, left, _ = last.cells[-1]
            more, _, right = line.cells[0]
            last.cells = [*last.cells[:-1], (words + space + more, left, right), *line.cells[1:]]
        last.text += space + line.text
        last.right = max(last.right, line.right)
        if len(line.text) > len(last.text) // 2:
            last.size = max(last.size, line.size)
        last.hyphen = line.hyphen
    return joined


def _same_line(last: Line, line: Line) -> bool:
    overlap = min(last.top, line.top) - max(last.bottom, line.bottom)
    return overlap > 0.4 * min(last.height, line.height) and line.left >= last.right - 1.0


def with_true_sizes(pages: list[list[Line]]) -> list[list[Line]]:
    """The pages with sizes of type in points, where a file scales fonts of another size."""
    lines = [line for page in pages for line in page if line.size > 0]
    ratios = sorted(line.height / line.size for line in lines)
    ratio = ratios[len(ratios) // 2] if ratios else 0.75
    if not 0.4 < ratio < 2.0:
        for line in lines:
            line.size = round(line.size * ratio / 0.75, 1)
    return pages


def without_repeats(pages: list[list[Line]], heights: list[float]) -> list[list[Line]]:
    """The pages without running headers and footers.

    A line in the outer eighth of a page that stands at the same height with the same words (a
    number may differ) on at least two pages and on a third of them is said once, at the beginning
    of the first page that has it; a line with only a page's number is left out altogether.
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
        for line in lines:
            key = _repeat_key(line)
            if not _is_outer(line, height) or not (key in repeated or _is_number(line.text)):
                page.append(line)
            elif key not in said and not _is_number(line.text):
                said.add(key)
                line.running = True
                running.append(line)
        kept.append(running + page)
    return kept


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

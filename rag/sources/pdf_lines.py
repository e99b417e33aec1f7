"""What stands on the pages of a PDF: lines with their places, read character by character.

PDFium's text and its character boxes drift against each other when the text is fetched as one
string (pypdfium2, issue 261), so characters and boxes are both read by PDFium's own index.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import Any

from rag.sources.building import raised

_HYPHENS = (0x02, 0xFFFE)
"""What PDFium puts where it found a hyphen at a line end; it then drops the line end itself."""

_CELL_GAP = 1.2
"""A gap wider than this many character heights separates two cells of a row."""

_HYPHEN_GAP = 0.5
"""A hyphen nearer than this many heights of a small letter belongs to the word before it."""


_RAISED_CHARS = 8
_OPENERS = "([-–"
_RAISED_FIGURES = "⁰¹²³⁴⁵⁶⁷⁸⁹"


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
        hyphen = _closes_up(run) or hyphen
        solid = [i for i, char in enumerate(run.chars) if not char.isspace()]
        _raise_figures(run, solid)
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


def _closes_up(run: _Run) -> bool:
    """Whether a hyphen ends the run, seemingly apart but close by: the space is then taken out."""
    if len(run.chars) < 3 or run.chars[-1] != "-" or run.chars[-2] != " ":
        return False
    near = run.lefts[-1] - run.rights[-3] < _HYPHEN_GAP * max(3.0, run.tops[-2] - run.bottoms[-2])
    if not (near and run.chars[-3].isalpha()):
        return False
    for values in (run.chars, run.lefts, run.rights):
        del values[-2]
    return True


def _raise_figures(run: _Run, solid: list[int]) -> None:
    """Set the figures of a run high that stand above its letters: marks of notes and powers."""
    boxes = list(zip(solid, run.bottoms, run.tops, strict=False))
    letters = [(low, high - low) for at, low, high in boxes if run.chars[at].isalpha()]
    if not letters or not any(run.chars[at].isdigit() for at in solid):
        return
    base = sorted(low for low, _ in letters)[len(letters) // 2]
    height = sorted(tall for _, tall in letters)[len(letters) // 2]
    high = [
        at
        for at, low, top in boxes
        if run.chars[at].isdigit() and low > base + 0.3 * height and top - low < 1.1 * height
    ]
    marks = set()
    for number, at in enumerate(solid):
        before = run.chars[solid[number - 1]] if number else " "
        # In brackets a mark is told apart already.
        goes_on = number > 0 and solid[number - 1] in high
        if at in high and (solid[number - 1] in marks if goes_on else before not in _OPENERS):
            marks.add(at)
    high = sorted(marks)
    for at in high:
        run.chars[at] = raised(run.chars[at])
    leading = [at for number, at in enumerate(solid) if number < len(high) and at == high[number]]
    if leading and len(leading) < len(solid) and high[: len(leading)] == leading:
        run.chars[leading[-1]] += " "  # the number before a note's own text


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
        _raise(last, line)
        cell_gap = _CELL_GAP * max(last.height, line.height, 4.0)
        mark = last.text and not last.text.strip(_RAISED_FIGURES)  # a note's own number
        space = " " if mark or gap > 0.15 * max(last.height, line.height) else ""
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


def _raise(last: Line, line: Line) -> None:
    """Set the figures high that stand high in small type beside the rest of a line."""
    for small, large in ((line, last), (last, line)):
        if (
            len(small.text) <= _RAISED_CHARS
            and small.size < 0.8 * large.size
            and small.bottom > large.bottom + 0.15 * large.height
            and len(small.cells) == 1
        ):
            small.text = raised(small.text)
            small.cells = [(small.text, *small.cells[0][1:])]


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

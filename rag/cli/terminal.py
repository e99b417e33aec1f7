"""What a terminal can show: colour, links, width; and the flow of words on lines."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rag.untrusted import display_width, printable

MIN_WIDTH = 40
MAX_WIDTH = 100
STYLES = {"bold": "1", "dim": "2", "green": "32", "yellow": "33", "mark": "1;33", "none": ""}

Piece = tuple[str, str]  # text, style


class Terminal:
    """Writes for a person. Colour and links only where stdout is a terminal that has them."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.colour = _colour_wanted()
        self.links = self.colour and os.environ.get("TERM_PROGRAM") != "Apple_Terminal"
        columns = shutil.get_terminal_size((80, 24)).columns
        self.width = max(MIN_WIDTH, min(MAX_WIDTH, columns))

    def line(self, text: str = "") -> None:
        """Writes a line to stdout."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """Writes a remark to stderr, unless quiet."""
        if not self.quiet:
            sys.stdout.flush()
            sys.stderr.write(text + "\n")

    def style(self, text: str, style: str) -> str:
        """The text in a style, where the terminal has colour."""
        code = STYLES[style]
        return f"\x1b[{code}m{text}\x1b[0m" if self.colour and code and text else text

    def link(self, text: str, target: Path | None, page: int | None = None) -> str:
        """The text as a link (OSC 8) that opens a file, a PDF at its page."""
        if not self.links or target is None or not target.is_absolute():
            return text
        uri = target.as_uri() + (f"#page={page}" if page else "")
        return f"\x1b]8;;{uri}\x1b\\{text}\x1b]8;;\x1b\\"

    def linked(
        self,
        text: str,
        target: Path | None,
        page: int | None = None,
        *,
        lead: str = "",
        hang: str = "",
        style: str = "none",
    ) -> None:
        """Writes text as a link behind `lead`, on as many lines as it needs."""
        width = self.width - display_width(hang)
        for number, words in enumerate(_lines([(text, style)], width)):
            shown = "".join(self.style(part, styled) for part, styled in words)
            self.line((hang if number else lead) + self.link(shown, target, page))

    def flow(self, pieces: Iterable[Piece], *, indent: str = "", hang: str | None = None) -> None:
        """Writes styled pieces as lines that fit the width; words are not broken if they fit."""
        hang = indent if hang is None else hang
        for number, words in enumerate(_lines(pieces, self.width - display_width(indent))):
            styled = "".join(self.style(text, style) for text, style in words)
            self.line((hang if number else indent) + styled)


def _colour_wanted() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


def _lines(pieces: Iterable[Piece], width: int) -> list[list[Piece]]:
    lines: list[list[Piece]] = [[]]
    used = 0
    for word, style, glued in _words(pieces):
        size = display_width(word)
        space = 1 if lines[-1] and not glued else 0
        if lines[-1] and used + space + size > width:
            lines.append([])
            used = space = 0
        for part in _fit(word, width):
            if used and used + display_width(part) > width:
                lines.append([])
                used = space = 0
            lines[-1].append((" " * space + part, style))
            used += space + display_width(part)
    return lines if lines[0] else []


def _words(pieces: Iterable[Piece]) -> Iterable[tuple[str, str, bool]]:
    """Words with their style; `glued` where no space parted a word from the one before."""
    gap = True
    for text, style in pieces:
        shown = printable(" ".join(text.split()) if text.strip() else " ")
        gap = gap or text[:1].isspace()
        for number, word in enumerate(shown.split()):
            yield word, style, number == 0 and not gap
            gap = False
        gap = text[-1:].isspace() or (gap and not shown.strip())


def _fit(word: str, width: int) -> Sequence[str]:
    """A word in parts no wider than a line; one part if it fits."""
    if display_width(word) <= width:
        return [word]
    parts, part = [], ""
    for character in word:
        if display_width(part + character) > width:
            parts.append(part)
            part = ""
        part += character
    return [*parts, part]


def write_json(value: Any, *, indent: int | None = 2) -> None:
    """Writes one JSON document (or, without indent, one JSON line) to stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False) + "\n")
    sys.stdout.flush()

"""What a terminal can show: colour, links, width; and the flow of words on lines."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.untrusted import display_width, printable

MIN_WIDTH = 40
MAX_WIDTH = 100
STYLES = {"bold": "1", "dim": "2", "green": "32", "yellow": "33", "mark": "1;33", "none": ""}

# Of the Windows console's interface (GetStdHandle, SetConsoleMode).
_STDOUT_HANDLE = -11
_VIRTUAL_TERMINAL = 0x0004

_SURROGATE = re.compile("[\ud800-\udfff]")

Piece = tuple[str, str]  # text, style


class Terminal:
    """Writes for a person. Colour and links only where stdout is a terminal that has them.

    Whatever it is given is made printable, since a file's name may hold an escape sequence as well
    as its text; the only sequences that reach the terminal are this class's own.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.colour = _colour_wanted()
        self.links = self.colour and os.environ.get("TERM_PROGRAM") != "Apple_Terminal"
        columns = shutil.get_terminal_size((80, 24)).columns
        self.width = max(MIN_WIDTH, min(MAX_WIDTH, columns))

    def line(self, text: str = "", style: str = "none") -> None:
        """Writes a line to stdout, however long, in a style."""
        self._write(self.style(printable(text), style))

    def note(self, text: str) -> None:
        """Writes a remark to stderr, unless quiet."""
        if not self.quiet:
            sys.stdout.flush()
            sys.stderr.write(printable(text) + "\n")

    def _write(self, styled: str) -> None:
        """Writes a line with its escape sequences: its text has to be printable already."""
        sys.stdout.write(styled + "\n")
        sys.stdout.flush()

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
        width = self.width - max(display_width(hang), _shown_width(lead))
        for number, words in enumerate(_lines([(text, style)], width)):
            shown = "".join(self.style(part, styled) for part, styled in words)
            self._write((hang if number else lead) + self.link(shown, target, page))

    def flow(self, pieces: Iterable[Piece], *, indent: str = "", hang: str | None = None) -> None:
        """Writes styled pieces as lines that fit the width; words are not broken if they fit."""
        hang = indent if hang is None else hang
        width = self.width - max(display_width(indent), display_width(hang))
        for number, words in enumerate(_lines(pieces, width)):
            styled = "".join(self.style(text, style) for text, style in words)
            self._write((hang if number else indent) + styled)


def _shown_width(styled: str) -> int:
    return display_width(printable(styled))


def shell_words(words: Sequence[str]) -> str:
    """The words as this system's shell takes them back, quoted where that is needed."""
    if sys.platform == "win32":
        from subprocess import list2cmdline

        return list2cmdline(words)
    from shlex import join

    return join(words)


def plural(count: int, noun: str) -> str:
    """The number with its noun: `1 document`, `2 documents`, `1,204 passages`."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _colour_wanted() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty() and (sys.platform != "win32" or _obeys_escapes())


def _obeys_escapes() -> bool:
    """Whether the Windows console obeys escape sequences; it is asked to, older ones cannot."""
    import ctypes

    kernel = getattr(ctypes, "windll", None)
    if kernel is None:
        return False
    mode = ctypes.c_ulong()
    handle = kernel.kernel32.GetStdHandle(_STDOUT_HANDLE)
    if not kernel.kernel32.GetConsoleMode(handle, ctypes.byref(mode)):
        return False
    return bool(kernel.kernel32.SetConsoleMode(handle, mode.value | _VIRTUAL_TERMINAL))


def _lines(pieces: Iterable[Piece], width: int) -> list[list[Piece]]:
    """The pieces on lines. What no space parts (a marked word and its comma) stays together."""
    lines: list[list[Piece]] = [[]]
    used = 0
    for parts in _words(pieces):
        size = sum(display_width(text) for text, _ in parts)
        space = 1 if lines[-1] else 0
        if lines[-1] and used + space + size > width:
            lines.append([])
            used = space = 0
        for text, style in parts:
            for part in _fit(text, width):
                if used and used + space + display_width(part) > width:
                    lines.append([])
                    used = space = 0
                _append(lines[-1], " " * space + part, style)
                used += space + display_width(part)
                space = 0
    return lines if lines[0] else []


def _append(line: list[Piece], text: str, style: str) -> None:
    """Adds a word to a line: to the piece before it where that has the same style."""
    bare = text.lstrip(" ")
    if line and line[-1][1] == style:
        line[-1] = (line[-1][0] + text, style)
    elif line and bare != text:  # the space before a marked word is not marked
        before, other = line[-1]
        line[-1] = (before + text[: len(text) - len(bare)], other)
        line.append((bare, style))
    else:
        line.append((text, style))


def _words(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """What stands between two spaces, each in one or more pieces with their styles."""
    word: list[Piece] = []
    for text, style in pieces:
        if text[:1].isspace() and word:
            yield word
            word = []
        for number, shown in enumerate(printable(" ".join(text.split())).split()):
            if number and word:
                yield word
                word = []
            word.append((shown, style))
        if text[-1:].isspace() and word:
            yield word
            word = []
    if word:
        yield word


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
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    if not text.isascii() and _SURROGATE.search(text):
        # Of a file's name, or of a question: no encoding has it, JSON's own escapes do.
        text = json.dumps(value, indent=indent, allow_nan=False)
    sys.stdout.write(text + "\n")
    sys.stdout.flush()

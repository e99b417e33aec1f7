"""Cuts documents into sections and their sentences: what a summary chooses from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.types import Document, Passage, Span

PART_SENTENCES = 40  # a document without headings is told in parts of about so many sentences
MIN_WORDS, MAX_WORDS = 5, 60
_WORD = re.compile(r"\w+")
_SPEAKER = re.compile(r"^\s*[A-Z][\w .'-]{0,40}:\s+")


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence that may be chosen: where it stands, and its words on one line.

    `section` numbers the section, `position` the unit within it, both from 0. `usable` is False
    for what cannot stand alone in a summary: headings, table rows, fragments, interjections.
    """

    document: str
    span: Span
    text: str
    section: int
    position: int
    usable: bool

    @property
    def words(self) -> int:
        """The number of words."""
        return len(_WORD.findall(self.text))


@dataclass(frozen=True, slots=True)
class Section:
    """A major section of a document, or a part of one that has no headings."""

    document: str
    heading: str
    units: tuple[Unit, ...]

    @property
    def usable(self) -> tuple[Unit, ...]:
        """The sentences that can stand in a summary."""
        return tuple(u for u in self.units if u.usable)


def sections_of(documents: Iterable[tuple[Document, Sequence[Passage]]]) -> list[Section]:
    """The sections of all documents, in order, with their sentences.

    The sections are those of the highest heading level that occurs at least twice; a document
    without such headings is told in parts of about `PART_SENTENCES` sentences, named by lines.
    """
    sections: list[Section] = []
    for document, passages in documents:
        spans = sorted({span for passage in passages for span in passage.sentences})
        for heading, members in _groups(document, spans):
            number = len(sections)
            units = tuple(
                _unit(document, span, number, position) for position, span in enumerate(members)
            )
            sections.append(Section(document.path, heading, units))
    return sections


def _groups(document: Document, spans: Sequence[Span]) -> list[tuple[str, list[Span]]]:
    starts = _section_starts(document)
    if not starts:
        return _parts(document, spans)
    groups: list[tuple[str, list[Span]]] = [(document.title or document.path, [])]
    at = 0
    for span in spans:
        while at < len(starts) and span.start >= starts[at][0]:
            groups.append((starts[at][1], []))
            at += 1
        groups[-1][1].append(span)
    return [(heading, members) for heading, members in groups if members]


def _section_starts(document: Document) -> list[tuple[int, str]]:
    levels = [h.level for h in document.headings]
    for level in sorted(set(levels)):
        chosen = [h for h in document.headings if h.level <= level]
        if sum(1 for h in document.headings if h.level == level) >= 2:
            return [(h.start, h.text) for h in chosen]
    return []


def _parts(document: Document, spans: Sequence[Span]) -> list[tuple[str, list[Span]]]:
    count = max(1, round(len(spans) / PART_SENTENCES))
    size = -(-len(spans) // count)
    parts = [list(spans[i : i + size]) for i in range(0, len(spans), size)]
    if len(parts) == 1:
        return [(document.title or document.path, parts[0])]
    return [
        (f"lines {document.line_at(p[0].start)} to {document.line_at(p[-1].end - 1)}", p)
        for p in parts
    ]


def _unit(document: Document, span: Span, section: int, position: int) -> Unit:
    text = " ".join(span.of(document.text).split())
    heading = any(h.start < span.end and span.start <= h.start for h in document.headings)
    return Unit(document.path, span, text, section, position, not heading and _usable(text))


def _usable(text: str) -> bool:
    body = _SPEAKER.sub("", text)
    words = _WORD.findall(body)
    if not MIN_WORDS <= len(words) <= MAX_WORDS or body.count(" | ") >= 2:
        return False
    letters = sum(c.isalpha() for c in body)
    return letters >= 0.5 * len(body.replace(" ", "")) and body[-1:] in ".!?:;\"'”’)»"

"""Cuts documents into their major sections, the measure of what a summary covers.

A major section of a document with headings is what stands under a heading of the highest level
that occurs at least twice. A document without such headings is cut where its topic changes, into
parts of about `PART_WORDS` words, at most `MOST_PARTS`. Of a collection too large to be told
section by section, each document is one section. What holds nothing but a heading is no section; a
title page, and who was present, belongs to the first section that says something.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from rag.summarising.segmenting import boundaries
from rag.summarising.units import Unit, is_label
from rag.types import Document
from rag.verification.rules import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PART_WORDS = 650
MOST_PARTS = 14
MOST_SECTIONS = 24  # of a collection with more sections, each document is one
LINES_WORDS = 25  # lines of fewer words are a title page, not a table or a list
_NAMED_BY = 3
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True, slots=True)
class Section:
    """A major section: its document, what it is called, and its units in order.

    A section that has only lines (a table, a list) is still one; `sentences` is then empty.
    """

    document: str
    heading: str
    units: tuple[Unit, ...]

    @property
    def sentences(self) -> tuple[Unit, ...]:
        """The units that are whole sentences."""
        return tuple(u for u in self.units if u.kind == "sentence")

    @property
    def words(self) -> int:
        """The number of words."""
        return sum(u.words for u in self.units)


def sections_of(
    documents: Sequence[tuple[Document, Sequence[Unit]]],
    vectors: NDArray[np.float32],
    rows: dict[tuple[str, int], int],
) -> list[Section]:
    """The sections of all documents, in order.

    `vectors` (n, dimension) are the unit vectors of the units that have one, and `rows` says which
    row belongs to the unit of a document at a position.
    """
    sections: list[Section] = []
    for document, units in documents:
        groups = _by_headings(document, units) or _by_topic(document, units, vectors, rows)
        sections += [
            Section(document.path, heading, tuple(members))
            for heading, members in groups
            if any(u.kind != "nothing" for u in members)
        ]
    if len(documents) > 1 and len(sections) > MOST_SECTIONS:
        return [s for document, units in documents for s in _whole(document, units)]
    return sections


def _whole(document: Document, units: Sequence[Unit]) -> list[Section]:
    if not any(u.kind != "nothing" for u in units):
        return []
    return [Section(document.path, document.title or document.path, tuple(units))]


def _by_headings(document: Document, units: Sequence[Unit]) -> list[tuple[str, list[Unit]]]:
    starts, titles = _starts(document)
    if not starts:
        return []
    groups: list[tuple[str, list[Unit]]] = [(document.title or document.path, [])]
    at = 0
    for unit in units:
        while at < len(starts) and unit.span.end > starts[at][0]:
            groups.append((starts[at][1], []))
            at += 1
        groups[-1][1].append(unit)
    return _with_front(groups, titles + 1)


def _with_front(
    groups: Sequence[tuple[str, list[Unit]]], most: int
) -> list[tuple[str, list[Unit]]]:
    """The groups; of the first `most`, those that say nothing are counted to the next."""
    last = min(most, len(groups) - 1)
    first = next((i for i in range(last) if _says(groups[i][1])), last)
    front = [unit for _, members in groups[:first] for unit in members]
    heading, members = groups[first]
    return [(heading, front + members), *groups[first + 1 :]]


def _says(units: Sequence[Unit]) -> bool:
    lines = (u.words for u in units if u.kind == "line" and not is_label(u.text))
    return any(u.kind == "sentence" for u in units) or sum(lines) >= LINES_WORDS


def _starts(document: Document) -> tuple[list[tuple[int, str]], int]:
    """Where sections begin with their headings, and how many titles stand before the first."""
    count = Counter(h.level for h in document.headings)
    for level in sorted(count):
        if count[level] >= 2:
            found = [h for h in document.headings if h.level <= level]
            titles = next(i for i, h in enumerate(found) if h.level == level)
            return [(h.start, h.text) for h in found], titles
    return [], 0


def _by_topic(
    document: Document,
    units: Sequence[Unit],
    vectors: NDArray[np.float32],
    rows: dict[tuple[str, int], int],
) -> list[tuple[str, list[Unit]]]:
    whole = [(document.title or document.path, list(units))]
    embedded = [u for u in units if (document.path, u.position) in rows]
    parts = min(MOST_PARTS, round(sum(u.words for u in units) / PART_WORDS))
    if parts < 2 or not embedded:
        return whole
    inside = vectors[[rows[document.path, u.position] for u in embedded]]
    begins = [0, *(embedded[i].position for i in boundaries(inside, parts))]
    if len(begins) == 1:
        return whole
    ends = [*begins[1:], len(units)]
    groups = [list(units[a:b]) for a, b in zip(begins, ends, strict=True)]
    return list(zip(_names(document, groups), groups, strict=True))


def _names(document: Document, groups: Sequence[Sequence[Unit]]) -> list[str]:
    """What the parts are about, by the words that set each apart, and their lines."""
    words = [
        Counter(w for u in g if u.kind == "sentence" for w in set(_named_words(u.text)))
        for g in groups
    ]
    spread = Counter(w for counter in words for w in counter)
    names = []
    for counter, group in zip(words, groups, strict=True):
        worth = {w: n * log((1 + len(groups)) / spread[w]) for w, n in counter.items() if n > 1}
        best = sorted(worth, key=lambda w: (-worth[w], w))[:_NAMED_BY]
        first = document.line_at(group[0].span.start)
        last = document.line_at(group[-1].span.end - 1)
        lines = f"lines {first} to {last}"
        names.append(f"{', '.join(best)} ({lines})" if best else lines)
    return names


def _named_words(text: str) -> list[str]:
    return [w for w in _LONG_WORD.findall(text.lower()) if content_words(w)]

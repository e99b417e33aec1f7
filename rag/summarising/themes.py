"""What the documents of a collection have in common: groups that are about the same thing.

Documents are near each other by the mean of their sentences' vectors, less what all documents of
the collection share. Groups grow by average linkage over the nearest pairs, best first, so that
the work stays in proportion to the documents. A group is named by words that its documents share
and that others do not have.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from rag.summarising.selecting import Pool
from rag.summarising.units import Unit
from rag.summarising.vectors import centroids, unit_rows
from rag.verification.rules import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEAR = 0.40  # the mean cosine between two groups that are one, less what all documents share
NEAR_FEW = 0.70  # the same of so few documents that what all share is not known
FEW = 8
AKIN, AKIN_FEW = 0.2, 0.4  # two documents at this cosine may be about the same thing
PAIRS_EACH = 20
NAMED_BY = 3
TITLE_COUNTS = 4
_BLOCK = 512
_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True, slots=True)
class Theme:
    """Documents about the same thing, in their order, and the words that name it."""

    documents: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def name(self) -> str:
        """The words as a heading."""
        text = ", ".join(self.words)
        return text[:1].upper() + text[1:]


def themes_of(pool: Pool) -> list[Theme]:
    """The themes that at least two documents share, the largest first.

    A document is in one theme at most.
    """
    names = list(dict.fromkeys(u.document for u in pool.units))
    if len(names) < 2:
        return []
    words = _words_of(names, pool)
    themes = []
    vectors = _of_documents(names, pool.units, pool.vectors)
    for members in _groups(vectors, NEAR_FEW if _few(names) else NEAR):
        documents = tuple(names[i] for i in members)
        named = _named(documents, words)
        if named:
            themes.append(Theme(documents, named))
    return sorted(themes, key=lambda t: (-len(t.documents), names.index(t.documents[0])))


class Nearness:
    """Whether two documents, by name, may be about the same thing."""

    def __init__(self, units: Sequence[Unit], vectors: NDArray[np.float32]) -> None:
        names = list(dict.fromkeys(u.document for u in units))
        self._row = {name: i for i, name in enumerate(names)}
        self._least = AKIN_FEW if _few(names) else AKIN
        self._vectors = _of_documents(names, units, vectors)

    def __call__(self, one: str, other: str) -> bool:
        """Whether they are near enough."""
        here, there = self._vectors[self._row[one]], self._vectors[self._row[other]]
        return float(here @ there) >= self._least


def _few(names: Sequence[str]) -> bool:
    return len(names) < FEW


def _of_documents(
    names: Sequence[str], units: Sequence[Unit], vectors: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The unit vector of each document, shape (documents, dimension)."""
    row = {name: i for i, name in enumerate(names)}
    means = centroids([row[u.document] for u in units], len(names), vectors)
    return means if _few(names) else unit_rows(means - means.mean(axis=0))


def _groups(vectors: NDArray[np.float32], near: float) -> list[list[int]]:
    """The groups of at least two rows: pairs are joined best first while the mean stays near."""
    group = list(range(len(vectors)))
    members = {i: [i] for i in group}
    sums = {i: vectors[i].copy() for i in group}
    for i, j in _pairs(vectors, near):
        one, other = group[i], group[j]
        mean = float(sums[one] @ sums[other]) / (len(members[one]) * len(members[other]))
        if one == other or mean < near:
            continue
        sums[one] += sums.pop(other)
        for moved in members[other]:
            group[moved] = one
        members[one] += members.pop(other)
    return [sorted(found) for found in members.values() if len(found) > 1]


def _pairs(vectors: NDArray[np.float32], near: float) -> list[tuple[int, int]]:
    """The near pairs, nearest first, of each row at most `PAIRS_EACH`."""
    import numpy as np

    found: list[tuple[float, int, int]] = []
    for start in range(0, len(vectors), _BLOCK):
        alike = vectors[start : start + _BLOCK] @ vectors.T
        for row, values in enumerate(alike):
            i = start + row
            best = np.argsort(-values, kind="stable")[: PAIRS_EACH + 1]
            found += [(-float(values[j]), i, int(j)) for j in best if values[j] >= near and j > i]
    return [(i, j) for _, i, j in sorted(found)]


def _words_of(names: Sequence[str], pool: Pool) -> dict[str, Counter[str]]:
    """How often each word form stands in each document; one in a title counts more."""
    words = {name: Counter[str]() for name in names}
    titled: dict[str, set[int]] = {name: set() for name in names}
    for unit, number in zip(pool.units, pool.sections, strict=True):
        words[unit.document].update(_forms(unit.text))
        if pool.titles and number not in titled[unit.document]:
            titled[unit.document].add(number)
            for form in _forms(pool.titles[number]):
                words[unit.document][form] += TITLE_COUNTS
    return words


def _forms(text: str) -> list[str]:
    return [w.lower() for w in _WORD.findall(text) if content_words(w)]


def _named(documents: Sequence[str], words: dict[str, Counter[str]]) -> tuple[str, ...]:
    """The words that most documents of a theme share and others lack, best first."""
    inside = Counter(w for name in documents for w in words[name])
    total = Counter(w for counts in words.values() for w in counts)
    often = Counter[str]()
    for name in documents:
        often.update(words[name])
    worth = {
        w: (n / len(documents)) * log((1 + len(words)) / total[w]) * often[w] ** 0.5
        for w, n in inside.items()
        if n > 1 and (n >= total[w] / 2 or len(words) == len(documents))
    }
    chosen: list[str] = []
    for word in sorted(worth, key=lambda w: (-worth[w], w)):
        stems = {s for known in chosen for s in content_words(known)}
        if not stems & set(content_words(word)):
            chosen.append(word)
        if len(chosen) == NAMED_BY:
            break
    return tuple(chosen)

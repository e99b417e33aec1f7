"""Where documents of a collection say the same, differ, or changed their word, quoted side by side.

Nothing is concluded: both sentences stand as they are, each with its citation. Two sentences are
about the same thing where their vectors and their words are near. They differ where numbers of one
unit differ, or where one denies what the other says; of two documents with different dates that is
a change. They agree where they hold the same numbers. A sentence that has its like in many
documents is a form that is filled in anew each time, and says nothing of a disagreement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from rag.answering.dating import date_beside
from rag.answering.writing import shown_text
from rag.summarising.fidelity import leans
from rag.summarising.selecting import Pool
from rag.summarising.themes import Nearness
from rag.summarising.units import Unit
from rag.types import Document
from rag.verification.quantities import months, quantities
from rag.verification.rules import content_words, findings, normalised

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALIKE = 0.66
ALIKE_FEW_WORDS = 0.70  # where they share less than `SHARED_WELL` of their words
ALIKE_DENIED = 0.70  # where no number differs, but one denies the other
SHARED, SHARED_WELL = 0.5, 0.6  # of the words of the shorter sentence
FORM_DOCUMENTS = 3  # a sentence that has its like in so many other documents is a form
LEAST_WORDS = 2  # that carry meaning, beside numbers
DENIED_WORDS = 3  # the same where no number differs: less is not about one thing
MOST_WORDS = 40
ALIKE_FAR = 0.78  # where the documents as a whole are not near each other
_BLOCK = 512
# `Decision 2025-12:`, or the `2.3` of `2.3 The rent rises`, not that of `2.3 million litres`.
_LABEL = re.compile(r"^[A-Z]\w+ [\d./-]+:\s|^\d+(?:\.\d+)+\s(?=[A-Z])")
_IN_PLACE_OF = re.compile(
    r"\b(?:instead of|rather than|no longer|up from|down from|formerly)\b", re.I
)

Kind = Literal["differ", "change", "agree"]


@dataclass(frozen=True, slots=True)
class Relation:
    """Two sentences of two documents about the same thing: what they are to each other.

    Of a change `one` is the earlier.
    """

    kind: Kind
    one: Unit
    other: Unit
    likeness: float

    @property
    def text(self) -> str:
        """Both as quotations, each after its document."""
        joint = {"differ": "whereas", "change": "and later", "agree": "and likewise"}[self.kind]
        return f"{_says(self.one)}, {joint} {_says(self.other)}."


def _says(unit: Unit) -> str:
    return f"{shown_text(unit.document)} says “{unit.text.rstrip('.')}”"


def relations(pool: Pool, documents: Mapping[str, Document]) -> list[Relation]:
    """How documents relate, the most alike sentences first; no sentence twice.

    `documents` holds each by its path. What differs between two that bear different dates changed;
    a date is one as the answers to questions know it (`rag.answering.dating`).
    """
    pairs = list(_pairs(pool))
    beside: dict[Unit, set[str]] = {}
    for one, other, _ in pairs:
        beside.setdefault(one, set()).add(other.document)
        beside.setdefault(other, set()).add(one.document)
    near = Nearness(pool.units, pool.vectors)
    found = [
        relation
        for one, other, alike in pairs
        if max(len(beside[one]), len(beside[other])) < FORM_DOCUMENTS
        and (alike >= ALIKE_FAR or near(one.document, other.document))
        and (relation := _related(one, other, alike, documents))
    ]
    kept: list[Relation] = []
    said: set[Unit] = set()
    for relation in sorted(found, key=lambda r: -r.likeness):
        if not {relation.one, relation.other} & said:
            kept.append(relation)
            said |= {relation.one, relation.other}
    return kept


def _pairs(pool: Pool) -> Iterator[tuple[Unit, Unit, float]]:
    """The sentences of two documents each that are about the same thing, and how alike they are."""
    import numpy as np

    at = [i for i, unit in enumerate(pool.units) if _usable(unit)]
    words = {i: set(content_words(pool.units[i].text)) for i in at}
    vectors = pool.vectors[at]
    for start in range(0, len(at), _BLOCK):
        alike: NDArray[np.float32] = vectors[start : start + _BLOCK] @ vectors.T
        for row, column in np.argwhere(alike >= ALIKE):
            i, j = at[start + int(row)], at[int(column)]
            one, other = pool.units[i], pool.units[j]
            value = float(alike[row, column])
            if i < j and one.document != other.document and _akin(words[i], words[j], value):
                yield one, other, value


def _akin(words: Set[str], others: Set[str], alike: float) -> bool:
    least = min(len(words), len(others))
    shared = len(words & others) / max(1, least)
    return least >= LEAST_WORDS and shared >= (SHARED if alike >= ALIKE_FEW_WORDS else SHARED_WELL)


def _usable(unit: Unit) -> bool:
    fits = unit.kind == "sentence" and unit.words <= MOST_WORDS
    return fits and not leans(unit.text)


def _related(
    one: Unit, other: Unit, alike: float, documents: Mapping[str, Document]
) -> Relation | None:
    if _differ(one.text, other.text, alike):
        first, second = (date_beside(documents[u.document], u.text) for u in (one, other))
        if first and second and first[: len(second)] != second[: len(first)]:
            early, late = (one, other) if first < second else (other, one)
            return Relation("change", early, late, alike)
        return Relation("differ", one, other, alike)
    if _agree(one.text, other.text):
        return Relation("agree", one, other, alike)
    return None


def _differ(one: str, other: str, alike: float) -> bool:
    here, there = _numbers_by_unit(one), _numbers_by_unit(other)
    if any(here[u].isdisjoint(there[u]) for u in here.keys() & there.keys()):
        return True
    all_here, all_there = (set().union(*v.values()) for v in (here, there))
    if (all_here > all_there and _IN_PLACE_OF.search(one)) or (
        all_there > all_here and _IN_PLACE_OF.search(other)
    ):
        return True
    few = min(len(set(content_words(text))) for text in (one, other)) < DENIED_WORDS
    if few or alike < ALIKE_DENIED or normalised(one) == normalised(other):
        return False
    return any(
        f.kind in ("negation", "opposite")
        for a, b in ((one, other), (other, one))
        for f in findings(a, b)
    )


def _agree(one: str, other: str) -> bool:
    here, there = _numbers_by_unit(one), _numbers_by_unit(other)
    same = {u for u in here.keys() & there.keys() if u != "year" and here[u] & there[u]}
    return bool(same) and all(here[u] == there[u] for u in here.keys() & there.keys())


def _numbers_by_unit(text: str) -> dict[str, set[Decimal]]:
    """The numbers of a sentence by their unit; of a day of a month, `date`; of a year, `year`."""
    text = _LABEL.sub("", text)
    found: dict[str, set[Decimal]] = {}
    for quantity in quantities(text):
        if quantity.ordinal:
            continue
        unit = quantity.unit
        if not unit and months(text) and 1 <= quantity.value <= 31:
            unit = "date"
        elif not unit and quantity.value == int(quantity.value) and 1900 <= quantity.value < 2100:
            unit = "year"
        found.setdefault(unit, set()).add(quantity.value)
    return found

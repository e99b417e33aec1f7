"""Where two documents say different numbers about the same thing, quoted side by side.

Nothing is concluded: both sentences stand as they are, each with its citation. A pair must share
nearly all of its words, and differ in numbers of the same unit.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rag.summarising.selecting import Pool
from rag.summarising.units import Unit
from rag.verification.quantities import Quantity, quantities
from rag.verification.rules import content_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ALIKE = 0.72
SHARED = 0.5  # of the words of the shorter sentence
MOST = 3
_BLOCK = 512
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?(?!\d)")


@dataclass(frozen=True, slots=True)
class Difference:
    """Two sentences of two documents that differ in a number."""

    one: Unit
    other: Unit
    likeness: float

    @property
    def text(self) -> str:
        """Both as quotations, each after its document; the earlier first, if names have dates."""
        first, second = self.one, self.other
        dates = date_in(first.document), date_in(second.document)
        if dates[0] and dates[1] and dates[0] != dates[1]:
            if dates[0] > dates[1]:
                first, second = second, first
            return f"{_says(first)}, and later {_says(second)}."
        return f"{_says(first)}, whereas {_says(second)}."


def date_in(name: str) -> str:
    """The date in a document's name as it stands there (`2025-03-11`, `2024-10`), or nothing."""
    found = _DATE.search(name)
    return found[0] if found else ""


def _says(unit: Unit) -> str:
    return f"{unit.document} says “{unit.text}”"


def differences(pool: Pool) -> list[Difference]:
    """The clearest differences between documents, the most alike sentences first."""
    import numpy as np

    held = [quantities(u.text) if u.kind == "sentence" else [] for u in pool.units]
    at = [i for i, found in enumerate(held) if found]
    if len(at) < 2:
        return []
    vectors = pool.vectors[at]
    found: list[Difference] = []
    for start in range(0, len(at), _BLOCK):
        alike: NDArray[np.float32] = vectors[start : start + _BLOCK] @ vectors.T
        for row, column in np.argwhere(alike >= ALIKE):
            i, j = at[start + int(row)], at[int(column)]
            one, other = pool.units[i], pool.units[j]
            if i < j and one.document != other.document and _differ(one, other, held[i], held[j]):
                found.append(Difference(one, other, float(alike[row, column])))
    return _distinct(sorted(found, key=lambda d: -d.likeness))


def _differ(one: Unit, other: Unit, here: Sequence[Quantity], there: Sequence[Quantity]) -> bool:
    words, others = set(content_words(one.text)), set(content_words(other.text))
    if len(words & others) < SHARED * min(len(words), len(others)):
        return False
    units = {q.unit for q in here if q.unit} & {q.unit for q in there if q.unit}
    return any(
        {q.value for q in here if q.unit == u}.isdisjoint({q.value for q in there if q.unit == u})
        for u in units
    )


def _distinct(found: Sequence[Difference]) -> list[Difference]:
    kept: list[Difference] = []
    for difference in found:
        sides = {difference.one, difference.other}
        if not any(sides & {k.one, k.other} for k in kept):
            kept.append(difference)
    return kept[:MOST]

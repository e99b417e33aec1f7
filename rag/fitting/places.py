"""The coefficients of passages that are judged as a whole, by the model's word alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rag.calibration import Calibrated, fit, of_kind
from rag.fitting.recorded import Whole

FEWEST = 20  # passages; of fewer a fit says nothing
PENALTY = 1.0


def wholes_fitted(wholes: Sequence[Whole], in_force: Calibrated) -> dict[str, float]:
    """The coefficients for passages judged whole: those in force where too few were recorded.

    Runs count alike, however many passages each has: one whose questions were written to look
    answerable has many that mislead, and few that answer.
    """
    if not _enough(wholes):
        return of_kind(in_force, "place_")
    rows = [{"place": w.place} for w in wholes]
    sizes = Counter(w.run for w in wholes)
    counts = [max(sizes.values()) / sizes[w.run] for w in wholes]
    right = [w.right for w in wholes]
    model = fit(rows, right, ["place"], penalty=PENALTY, counts=counts)
    fitted = {"place_intercept": model.intercept, "place_judge": model.weights["place"]}
    return {name: round(value, 4) for name, value in fitted.items()}


def told_of(wholes: Sequence[Whole], in_force: Calibrated) -> dict[str, Any]:
    """What the coefficients for passages stand on: how many there were, and how many right ones."""
    if not _enough(wholes):
        return dict(in_force.record.get("passages", {}))
    return {"questions": len(wholes), "right": sum(w.right for w in wholes)}


def _enough(wholes: Sequence[Whole]) -> bool:
    return len(wholes) >= FEWEST and len({w.right for w in wholes}) == 2

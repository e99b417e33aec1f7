"""The coefficients of passages that are judged as a whole, by the model's word alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rag.calibration import fit
from rag.fitting.recorded import Whole

FEWEST = 20  # passages; of fewer a fit says nothing
PENALTY = 1.0


def wholes_fitted(wholes: Sequence[Whole]) -> dict[str, float]:
    """The coefficients for passages judged whole; none where too few were recorded.

    Runs count alike, however many passages each has: one whose questions were written to look
    answerable has many that mislead, and few that answer.
    """
    right = [w.right for w in wholes]
    if len(wholes) < FEWEST or len(set(right)) < 2:
        return {}
    rows = [{"place": w.place} for w in wholes]
    sizes = Counter(w.run for w in wholes)
    counts = [max(sizes.values()) / sizes[w.run] for w in wholes]
    model = fit(rows, right, ["place"], penalty=PENALTY, counts=counts)
    fitted = {"place_intercept": model.intercept, "place_judge": model.weights["place"]}
    return {name: round(value, 4) for name, value in fitted.items()}

"""The coefficients of what is judged by the model's word alone: pairs, and passages as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag.calibration import Calibrated, fit
from rag.fitting.confidence import logit
from rag.fitting.recorded import Whole

FEWEST = 20  # passages; of fewer a fit says nothing
PENALTY = 1.0


def wholes_fitted(wholes: Sequence[Whole], in_force: Calibrated) -> dict[str, float]:
    """The coefficients for passages judged whole: those in force where too few were recorded."""
    if not _enough(wholes):
        return _of_kind(in_force, "place_")
    rows = [{"place": w.place} for w in wholes]
    model = fit(rows, [w.right for w in wholes], ["place"], penalty=PENALTY)
    fitted = {"place_intercept": model.intercept, "place_judge": model.weights["place"]}
    return {name: round(value, 4) for name, value in fitted.items()}


def told_of(wholes: Sequence[Whole], in_force: Calibrated) -> dict[str, Any]:
    """What the coefficients for passages stand on: how many there were, and how many right ones."""
    if not _enough(wholes):
        return dict(in_force.record.get("passages", {}))
    return {"questions": len(wholes), "right": sum(w.right for w in wholes)}


def _enough(wholes: Sequence[Whole]) -> bool:
    return len(wholes) >= FEWEST and len({w.right for w in wholes}) == 2


def kept_with(in_force: Calibrated, answer: float) -> dict[str, float]:
    """A threshold for answers, with the coefficients in force for pairs and whole passages."""
    return {"answer": answer, **pairs_of(in_force, answer), **_of_kind(in_force, "place_")}


def pairs_of(in_force: Calibrated, answer: float) -> dict[str, float]:
    """The coefficients for pairs in force, moved to another threshold.

    The same verdict on two sentences suffices for an answer as did before.
    """
    pairs = _of_kind(in_force, "pair_")
    if "pair_intercept" in pairs:
        step = logit(answer) - logit(in_force.threshold("answer", 0.5))
        pairs["pair_intercept"] = round(pairs["pair_intercept"] + step, 4)
    return pairs


def _of_kind(in_force: Calibrated, kind: str) -> dict[str, float]:
    return {n: v for n, v in in_force.thresholds.items() if n.startswith(kind)}

"""Proposes a calibration from recorded runs. It never changes a default: a person does that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.calibration import auroc, calibration_error, fit, log_loss
from rag.errors import RunInvalid
from rag.evaluation.metrics import item_scores
from rag.evaluation.product import Stage
from rag.evaluation.records import Record
from rag.evaluation.runs import read_head, read_records, run_folder

FOLDS = 5
FEWEST = 30
NAMES = ("log_odds",)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A logistic calibration: probability = 1 / (1 + exp(-(intercept + sum of weight * signal))).

    It rests on `n` items, `positive` of them true, of the split `split` of `set`. `auroc`, `ece`
    and `log_loss` are cross-validated over 5 folds, so no item was scored by weights that saw it;
    `before` has the same figures of the probability as it is now.
    """

    what: str
    set: str
    split: str | None
    n: int
    positive: int
    intercept: float
    weights: Mapping[str, float]
    auroc: float
    ece: float
    log_loss: float
    before: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """The proposal as JSON, with its record of what it was fitted on."""
        return {
            "what": self.what,
            "fitted_on": {"set": self.set, "split": self.split, "n": self.n},
            "positive": self.positive,
            "intercept": round(self.intercept, 6),
            "weights": {name: round(w, 6) for name, w in self.weights.items()},
            "cross_validated": {
                "auroc": round(self.auroc, 4),
                "ece": round(self.ece, 4),
                "log_loss": round(self.log_loss, 4),
            },
            "before": {name: round(v, 4) for name, v in self.before.items()},
        }

    def __str__(self) -> str:
        where = f"{self.set}, {'split ' + self.split if self.split else 'whole set'}"
        return (
            f"proposal for {self.what}, on {self.n:,} items of {where} ({self.positive:,} true): "
            f"log loss {self.before['log_loss']:.3f} -> {self.log_loss:.3f}, "
            f"calibration error {self.before['ece']:.3f} -> {self.ece:.3f}; nothing was changed"
        )


def log_odds(record: Record) -> Mapping[str, float] | None:
    """The log odds of the recorded probability (confidence or support): Platt's scaling of it."""
    from math import log

    value = record.get("confidence", record.get("support"))
    if value is None:
        return None
    inside = min(1 - 1e-6, max(1e-6, float(value)))
    return {"log_odds": log(inside / (1 - inside))}


def propose(run_dir: Path | str) -> Proposal:
    """A calibration of a run's confidence (of a support run: of the support score).

    The target is whether an answered question is right (see `decision_part`), or whether a claim is
    supported; the signal is the log odds of the probability as it is. Raises `RunInvalid` for a run
    on a test split, with fewer than 30 usable items or 2 of either outcome, or of a stage that has
    no probability.
    """
    folder = run_folder(run_dir)
    identity = read_head(folder)["identity"]
    if identity["split"] == "test":
        raise RunInvalid(
            f"run '{folder}' stands on the test split: what is fitted there cannot be reported "
            "there; run on the dev split"
        )
    rows, labels, now = _examples(read_records(folder), identity["stage"])
    n, positive = len(labels), sum(labels)
    if n < FEWEST or min(positive, n - positive) < 2:
        raise RunInvalid(
            f"run '{folder}' has {n} usable items, {positive} of them true: a calibration needs at "
            f"least {FEWEST} and both outcomes; use a larger set, or --stage reading, answers or "
            "support"
        )
    model = fit(rows, labels, NAMES)
    held_out = cross_validate(rows, labels)
    return Proposal(
        "support" if identity["stage"] == "support" else "confidence",
        identity["set"],
        identity["split"],
        n,
        positive,
        model.intercept,
        model.weights,
        auroc(held_out, labels),
        calibration_error(held_out, labels),
        log_loss(held_out, labels),
        {
            "auroc": auroc(now, labels),
            "ece": calibration_error(now, labels),
            "log_loss": log_loss(now, labels),
        },
    )


def _examples(
    records: Iterable[Record], stage: Stage
) -> tuple[list[Mapping[str, float]], list[bool], list[float]]:
    """Of each usable record its signals, whether it is true, and its probability as it is."""
    truth, now = ("_supported", "_support") if stage == "support" else ("_right", "_confidence")
    rows: list[Mapping[str, float]] = []
    labels: list[bool] = []
    probabilities: list[float] = []
    for record in records:
        scores = item_scores(record, stage)
        signals = log_odds(record) if truth in scores else None
        if signals is not None:
            rows.append(signals)
            labels.append(scores[truth] > 0.5)
            probabilities.append(scores[now])
    return rows, labels, probabilities


def cross_validate(rows: Sequence[Mapping[str, float]], labels: Sequence[bool]) -> list[float]:
    """The probability of each item by weights fitted on the other folds.

    Each fold gets its share of either label, so that at least two of each suffice.
    """
    order = sorted(range(len(rows)), key=lambda i: labels[i])
    held_out = [0.0] * len(rows)
    for fold in range(FOLDS):
        left_out = set(order[fold::FOLDS])
        learn = [i for i in order if i not in left_out]
        model = fit([rows[i] for i in learn], [labels[i] for i in learn], NAMES)
        for i in left_out:
            held_out[i] = model.probability(rows[i])
    return held_out

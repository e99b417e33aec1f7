"""Proposes a calibration from recorded runs. It never changes a default: a person does that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import RunInvalid
from rag.evaluation.metrics import item_scores
from rag.evaluation.records import Record
from rag.evaluation.runs import read_head, read_records, run_folder

if TYPE_CHECKING:
    from rag.evaluation.decision_metrics import Floats

FOLDS = 5
FEWEST = 30
_RIDGE = 1.0
_STEPS = 50

Signals = Callable[[Record], Mapping[str, float] | None]


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


def recorded_signals(record: Record) -> Mapping[str, float] | None:
    """The signals of the candidate that an answer was built on; None where none was recorded.

    That is the first considered candidate whose span was cited, else the first considered.
    """
    considered = record.get("considered") or []
    cited = {(c["document"], c["start"], c["end"]) for c in record.get("citations", ())}
    chosen = [c for c in considered if (c["document"], c["start"], c["end"]) in cited]
    best = (chosen or considered)[:1]
    return best[0]["signals"] if best and best[0]["signals"] else None


def log_odds(record: Record) -> Mapping[str, float] | None:
    """The log odds of the recorded probability (confidence or support): Platt's scaling of it."""
    from math import log

    value = record.get("confidence", record.get("support"))
    if value is None:
        return None
    inside = min(1 - 1e-6, max(1e-6, float(value)))
    return {"log_odds": log(inside / (1 - inside))}


def propose(run_dir: Path | str, signals: Signals = log_odds) -> Proposal:
    """A calibration of a run's confidence (of a support run: of the support score).

    The target is whether an answered question is right (see `decision_part`), or whether a claim is
    supported. `signals` gives the inputs of an item, or None to leave it out; every item needs the
    same names. Raises `RunInvalid` for a run on a test split, with fewer than 30 usable items,
    without both outcomes, or of a stage that has no probability.
    """
    folder = run_folder(run_dir)
    identity = read_head(folder)["identity"]
    if identity["split"] == "test":
        raise RunInvalid(
            f"run '{folder}' stands on the test split: what is fitted there cannot be reported "
            "there; run on the dev split"
        )
    names, inputs, outcomes, now = _examples(read_records(folder), identity["stage"], signals)
    n, positive = len(outcomes), int(sum(outcomes))
    if n < FEWEST or not 0 < positive < n:
        raise RunInvalid(
            f"run '{folder}' has {n} usable items, {positive} of them true: a calibration needs at "
            f"least {FEWEST} and both outcomes; use a larger set"
        )
    import numpy as np

    x, y = np.array(inputs, dtype=np.float64), np.array(outcomes, dtype=np.float64)
    weights, intercept = fit_logistic(x, y)
    held_out = cross_validate(x, y)
    after, before = _quality(held_out, y), _quality(np.array(now), y)
    return Proposal(
        "support" if identity["stage"] == "support" else "confidence",
        identity["set"],
        identity["split"],
        n,
        positive,
        intercept,
        dict(zip(names, weights.tolist(), strict=True)),
        after["auroc"],
        after["ece"],
        after["log_loss"],
        before,
    )


def _examples(
    records: Iterable[Record], stage: Any, signals: Signals
) -> tuple[tuple[str, ...], list[list[float]], list[float], list[float]]:
    truth, now = ("_supported", "_support") if stage == "support" else ("_right", "_confidence")
    names: tuple[str, ...] | None = None
    inputs: list[list[float]] = []
    outcomes: list[float] = []
    probabilities: list[float] = []
    for record in records:
        scores = item_scores(record, stage)
        given = signals(record) if truth in scores else None
        if given is None:
            continue
        if names is None:
            names = tuple(sorted(given))
        if tuple(sorted(given)) != names:
            continue
        inputs.append([float(given[name]) for name in names])
        outcomes.append(scores[truth])
        probabilities.append(scores[now])
    return names or (), inputs, outcomes, probabilities


def fit_logistic(x: Floats, y: Floats, ridge: float = _RIDGE) -> tuple[Floats, float]:
    """Weights and intercept of a logistic regression of `y` (n,) on `x` (n, d).

    Newton's method on the log likelihood with a ridge of `ridge` / 2 * |w|^2 on the weights of
    standardised inputs (Hastie et al. 2009, sections 4.4.1 and 3.4.1); the weights returned are for
    the inputs as given. A constant input gets weight 0.
    """
    import numpy as np

    centre, scale = x.mean(axis=0), x.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    design = np.column_stack([(x - centre) / scale, np.ones(len(x))])
    penalty = np.append(np.full(x.shape[1], ridge), 1e-9)
    w = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        p = _sigmoid(design @ w)
        gradient = design.T @ (y - p) - penalty * w
        curvature = design.T @ (design * np.maximum(p * (1 - p), 1e-9)[:, None])
        step = np.linalg.solve(curvature + np.diag(penalty), gradient)
        w = w + np.clip(step, -5.0, 5.0)
        if np.abs(step).max() < 1e-8:
            break
    weights = w[:-1] / scale
    return weights, float(w[-1] - weights @ centre)


def cross_validate(x: Floats, y: Floats, folds: int = FOLDS, seed: int = 0) -> Floats:
    """The probability of each item by weights fitted on the other folds."""
    import numpy as np

    order = np.random.default_rng(seed).permutation(len(x))
    held_out = np.empty(len(x))
    for fold in range(folds):
        test = order[fold::folds]
        train = np.setdiff1d(order, test)
        weights, intercept = fit_logistic(x[train], y[train])
        held_out[test] = _sigmoid(x[test] @ weights + intercept)
    return held_out


def _sigmoid(z: Floats) -> Floats:
    import numpy as np

    found: Floats = 1.0 / (1.0 + np.exp(-np.clip(z, -50, 50)))
    return found


def _quality(probabilities: Floats, outcomes: Floats) -> dict[str, float]:
    import numpy as np

    from rag.evaluation.decision_metrics import auroc, ece

    inside = np.clip(probabilities, 1e-6, 1 - 1e-6)
    loss = -(outcomes * np.log(inside) + (1 - outcomes) * np.log(1 - inside)).mean()
    return {
        "auroc": auroc(probabilities, outcomes),
        "ece": ece(probabilities, outcomes),
        "log_loss": float(loss),
    }


def best_threshold(scores: Sequence[float], outcomes: Sequence[bool]) -> tuple[float, float]:
    """The threshold with the highest accuracy of `score >= threshold`, and that accuracy.

    Candidates lie half-way between neighbouring distinct scores; of equal ones the lowest wins.
    Raises `ValueError` without items.
    """
    if not scores or len(scores) != len(outcomes):
        raise ValueError(f"{len(scores)} scores and {len(outcomes)} outcomes: give as many of both")
    ordered = sorted(zip(scores, outcomes, strict=True))
    right = sum(outcomes)
    best, at = right, ordered[0][0]
    for i, (score, positive) in enumerate(ordered):
        right += -1 if positive else 1
        after = ordered[i + 1][0] if i + 1 < len(ordered) else None
        if after != score and right > best:
            best = right
            at = score + 1e-9 if after is None else (score + after) / 2
    return at, best / len(scores)

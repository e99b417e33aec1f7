"""Signals -> a probability, by logistic regression whose coefficients are data.

A calibration is a JSON file in `rag/data/calibration/`: coefficients, the scale of each signal,
thresholds, and a record of what it was fitted on. Confidence depends on the generator, so that
there is one file a generator; another generator gets the generic one, marked as not calibrated.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from math import exp, log
from typing import Any

GENERIC = "generic"
QUOTE = "quote"


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A fitted logistic regression, and what the best candidate is chosen by.

    `choice` weighs the candidates of one question against each other; it may use what tells them
    apart but not whether there is an answer at all, as the question's own words do. Without it the
    probability chooses. `calibrated` is False where the coefficients were fitted with another model
    than the one that gives the signals. `record` says on what they were fitted and how well they
    did.
    """

    name: str
    intercept: float
    weights: Mapping[str, float]
    thresholds: Mapping[str, float] = field(default_factory=dict)
    calibrated: bool = True
    record: Mapping[str, Any] = field(default_factory=dict)
    choice: Mapping[str, float] = field(default_factory=dict)

    def probability(self, signals: Mapping[str, float]) -> float:
        """The probability for signals by name, strictly between 0 and 1.

        A signal without a weight counts nothing, a weight without its signal meets 0.
        """
        total = self.intercept + sum(w * signals.get(n, 0.0) for n, w in self.weights.items())
        return sigmoid(total)

    def preference(self, signals: Mapping[str, float]) -> float:
        """How much a candidate is preferred to the others of its question: the larger, the more."""
        if not self.choice:
            return self.probability(signals)
        return sum(w * signals.get(n, 0.0) for n, w in self.choice.items())

    def threshold(self, name: str, default: float) -> float:
        """A threshold by its name."""
        return float(self.thresholds.get(name, default))


def load(name: str) -> Calibrated:
    """The calibration of a name such as `answer-qwen2.5-coder-1.5b-instruct` or `support`.

    Where there is none, the generic one of the same kind (the word before the first hyphen),
    with `calibrated` False. Raises `ValueError` for a kind that does not exist.
    """
    kind = name.partition("-")[0]
    folder = files("rag") / "data" / "calibration"
    own, generic = folder / f"{name}.json", folder / f"{kind}-{GENERIC}.json"
    if own.is_file():
        return parse(name, json.loads(own.read_text(encoding="utf-8")), calibrated=True)
    if generic.is_file():
        return parse(name, json.loads(generic.read_text(encoding="utf-8")), calibrated=False)
    raise ValueError(f"no calibration of the kind '{kind}'")


def for_answers(generator: str | None) -> Calibrated:
    """The calibration of an answer's confidence with a generator (None: the reader alone)."""
    return load(f"answer-{generator or QUOTE}")


def parse(name: str, raw: Mapping[str, Any], *, calibrated: bool) -> Calibrated:
    """The calibration in a parsed JSON file."""
    return Calibrated(
        name=name,
        intercept=float(raw["intercept"]),
        weights={str(k): float(v) for k, v in raw["weights"].items()},
        choice={str(k): float(v) for k, v in raw.get("choice", {}).items()},
        thresholds={str(k): float(v) for k, v in raw.get("thresholds", {}).items()},
        calibrated=calibrated,
        record=dict(raw.get("record", {})),
    )


def fit(
    rows: Sequence[Mapping[str, float]],
    labels: Sequence[bool],
    names: Sequence[str],
    *,
    penalty: float = 1.0,
    counts: Sequence[float] | None = None,
) -> Calibrated:
    """Coefficients that maximise the penalised likelihood, by Newton's method.

    `counts` says how often each row counts (default: once). The L2 penalty is on standardised
    signals and not on the intercept; weights are given back on the signals' own scale. Raises
    `ValueError` without examples of both labels.
    """
    import numpy as np

    if len(set(labels)) < 2:
        raise ValueError("fitting needs examples of both labels")
    x = np.array([[row.get(n, 0.0) for n in names] for row in rows], dtype=np.float64)
    y = np.array(labels, dtype=np.float64)
    often = np.ones(len(y)) if counts is None else np.array(counts, dtype=np.float64)
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale < 1e-9] = 1.0
    z = np.column_stack([np.ones(len(x)), (x - mean) / scale])
    ridge = np.diag([0.0] + [penalty] * len(names))
    w = np.zeros(z.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(z @ w, -30, 30)))
        gradient = z.T @ (often * (y - p)) - ridge @ w
        hessian = (z * (often * (p * (1 - p) + 1e-9))[:, None]).T @ z + ridge
        step = np.linalg.solve(hessian, gradient)
        w = w + step
        if np.abs(step).max() < 1e-8:
            break
    weights = w[1:] / scale
    intercept = float(w[0] - (weights * mean).sum())
    return Calibrated("fitted", intercept, dict(zip(names, map(float, weights), strict=True)))


def fit_choice(
    groups: Sequence[tuple[Sequence[Mapping[str, float]], Sequence[bool]]],
    names: Sequence[str],
    *,
    penalty: float = 1.0,
) -> dict[str, float]:
    """Weights under which the right candidates of a group outweigh the wrong ones.

    Conditional logit (McFadden 1974): the likelihood of a group is the share of exp(preference)
    that its right candidates hold, so that what is alike in all of a group counts nothing. The L2
    penalty is on signals divided by their standard deviation; weights are given back on the
    signals' own scale. Groups without a right or without a wrong candidate say nothing; where no
    other is left, there are no weights.
    """
    import numpy as np

    told = [(rows, right) for rows, right in groups if any(right) and not all(right)]
    if not told:
        return {}
    found = [np.array([[r.get(n, 0.0) for n in names] for r in rows]) for rows, _ in told]
    scale = np.concatenate(found).std(axis=0)
    scale[scale < 1e-9] = 1.0
    w = np.zeros(len(names))
    for _ in range(200):
        gradient, hessian = -penalty * w, penalty * np.eye(len(names))
        for rows, (_, right) in zip(found, told, strict=True):
            x = rows / scale
            p = np.exp(x @ w - (x @ w).max())
            p /= p.sum()
            q = p * np.array(right)
            gradient += x.T @ (q / q.sum() - p)
            hessian += (x.T * p) @ x - np.outer(x.T @ p, x.T @ p)
        step = np.clip(np.linalg.solve(hessian, gradient), -1, 1)
        w = w + step
        if np.abs(step).max() < 1e-6:
            break
    return dict(zip(names, map(float, w / scale), strict=True))


def to_json(fitted: Calibrated, thresholds: Mapping[str, float], record: Mapping[str, Any]) -> str:
    """The JSON file of a calibration, coefficients rounded to 5 decimals."""
    return (
        json.dumps(
            {
                "intercept": round(fitted.intercept, 5),
                "weights": {k: round(v, 5) for k, v in fitted.weights.items()},
                "choice": {k: round(v, 5) for k, v in fitted.choice.items()},
                "thresholds": {k: round(v, 4) for k, v in thresholds.items()},
                "record": dict(record),
            },
            indent=1,
            ensure_ascii=False,
        )
        + "\n"
    )


def auroc(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """The area under the ROC curve: how often a true one scores higher, ties counting half.

    0.5 where one of the labels is missing.
    """
    true = [s for s, label in zip(scores, labels, strict=True) if label]
    false = sorted(s for s, label in zip(scores, labels, strict=True) if not label)
    if not true or not false:
        return 0.5
    wins = sum(bisect_left(false, t) + bisect_right(false, t) for t in true) / 2
    return wins / (len(true) * len(false))


def calibration_error(scores: Sequence[float], labels: Sequence[bool], bins: int = 10) -> float:
    """The expected calibration error over `bins` bins of equal width; 0.0 without examples."""
    if not scores:
        return 0.0
    error = 0.0
    for b in range(bins):
        inside = [
            (s, label)
            for s, label in zip(scores, labels, strict=True)
            if min(bins - 1, int(s * bins)) == b
        ]
        if inside:
            gap = sum(s for s, _ in inside) - sum(label for _, label in inside)
            error += abs(gap)
    return error / len(scores)


def best_threshold(
    scores: Sequence[float], labels: Sequence[bool], *, answered_at_least: float = 0.0
) -> float:
    """The threshold with the best F1 of saying no (a score below it) to the false ones.

    Only thresholds that keep at least the share `answered_at_least` of the true ones count; 0.5
    where there is none. Of equal ones the lowest is taken.
    """
    true = sorted(s for s, label in zip(scores, labels, strict=True) if label)
    best, best_f1 = 0.5, -1.0
    for cut in sorted(set(scores)):
        kept = sum(s >= cut for s in true) / len(true) if true else 1.0
        refused = [label for s, label in zip(scores, labels, strict=True) if s < cut]
        right = sum(not label for label in refused)
        precision = right / len(refused) if refused else 0.0
        recall = right / max(1, len(labels) - len(true))
        f1 = 2 * precision * recall / (precision + recall) if right else 0.0
        if kept >= answered_at_least and f1 > best_f1:
            best, best_f1 = cut, f1
    return best


def log_loss(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """The mean negative logarithm of the probability given to what was true."""
    if not scores:
        return 0.0
    clipped = [min(max(s, 1e-6), 1 - 1e-6) for s in scores]
    return -sum(log(s if y else 1 - s) for s, y in zip(clipped, labels, strict=True)) / len(scores)


OF_PART = 0.5  # of the probability that an answer needs, what is quoted has by itself
KINDS = ("pair", "place", "within")


def by_word(calibration: Calibrated, kind: str) -> Calibrated | None:
    """What a calibration makes of the model's word (`judge`) alone, on a `pair` or a `place`.

    A pair are two sentences that answer together, a place is a passage judged whole. None where
    there are no coefficients for the kind.
    """
    weight = calibration.threshold(f"{kind}_judge", 0.0)
    if not weight:
        return None
    intercept = calibration.threshold(f"{kind}_intercept", 0.0)
    return replace(calibration, intercept=intercept, weights={"judge": weight})


def believed(calibration: Calibrated, signals: Mapping[str, float]) -> float:
    """The probability that a sentence is right, with the judge's word on its passage if there is.

    `within` is that word; without it, or without coefficients for it, it is the probability of the
    sentence by itself. At most twice that: what says next to nothing alone is not to be quoted.
    """
    own = calibration.probability(signals)
    return in_passage(calibration, own, signals["within"]) if "within" in signals else own


def in_passage(calibration: Calibrated, own: float, within: float) -> float:
    """The probability of a sentence that has one of its `own`, in a passage with that word."""
    weights = {n: calibration.threshold(f"within_{n}", 0.0) for n in ("own", "judge")}
    if not weights["judge"]:
        return own
    intercept = calibration.threshold("within_intercept", 0.0)
    model = replace(calibration, intercept=intercept, weights=weights)
    return min(model.probability({"own": logit(own), "judge": within}), own / OF_PART)


def within_fitted(
    model: Calibrated, rows: Sequence[Mapping[str, float]], labels: Sequence[bool]
) -> dict[str, float]:
    """The coefficients of `believed`, from rows that have `within`; none where they say nothing."""
    told = [(r, y) for r, y in zip(rows, labels, strict=True) if "within" in r]
    if len({y for _, y in told}) < 2:
        return {}
    signals = [{"own": logit(model.probability(r)), "judge": r["within"]} for r, _ in told]
    fitted = fit(signals, [y for _, y in told], ["own", "judge"])
    found = {"intercept": fitted.intercept, **fitted.weights}
    return {f"within_{name}": round(value, 4) for name, value in found.items()}


def kept_with(in_force: Calibrated, answer: float) -> dict[str, float]:
    """A threshold for answers with the coefficients in force of pairs and of passages.

    Those are moved with the threshold: the same verdict suffices for an answer as did before.
    """
    kept = {n: v for n, v in in_force.thresholds.items() if n.partition("_")[0] in KINDS}
    step = logit(answer) - logit(in_force.threshold("answer", 0.5))
    moved = {n: round(v + step, 4) for n, v in kept.items() if n.endswith("_intercept")}
    return {"answer": answer, **kept, **moved}


def logit(p: float, edge: float = 1e-6) -> float:
    """The logit of a probability; nearer than `edge` to 0 or 1, that of `edge` or 1 - `edge`."""
    inside = min(max(p, edge), 1 - edge)
    return log(inside / (1 - inside))


def sigmoid(x: float) -> float:
    """The probability of a logit, of one beyond 30 that of 30: strictly between 0 and 1."""
    return 1 / (1 + exp(-max(-30.0, min(30.0, x))))

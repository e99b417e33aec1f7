"""The choice among a question's candidates, and the probability that the chosen one is right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rag.calibration import (
    Calibrated,
    auroc,
    believed,
    calibration_error,
    fit,
    fit_choice,
    log_loss,
    logit,
    within_fitted,
)
from rag.fitting.recorded import CHOOSING, Example, drawn

FOLDS = 5
TOLERANCE = 0.01  # the best mean lies on a plateau: its middle is steadier than its highest point
RIGHT_AT_LEAST = 0.8  # of the answers to questions that the documents do answer
SHOWN_AT_LEAST = 0.65  # of all answers, though half of a set's questions may have none
SURE_CUTS = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
SURE_AT_MOST = 0.97
CHOICE_PENALTY = 3.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The best candidate of a question: its probability, and what is true of it."""

    score: float
    right: bool
    answerable: bool
    run: str


@dataclass(frozen=True, slots=True)
class Fitted:
    """A calibration with its thresholds and cross-validated figures."""

    model: Calibrated
    thresholds: dict[str, float]
    figures: dict[str, float]


def fit_answers(examples: Sequence[Example], names: Sequence[str], penalty: float) -> Fitted:
    """The calibration of all examples, with figures over 5 folds of documents."""
    folds = [drawn(e.document, FOLDS) if e.document else i % FOLDS for i, e in enumerate(examples)]
    outcomes: list[Outcome] = []
    for fold in range(FOLDS):
        held = [e for e, f in zip(examples, folds, strict=True) if f == fold]
        if held:
            learn = [e for e, f in zip(examples, folds, strict=True) if f != fold]
            outcomes += outcomes_of(_fit(learn, names, penalty), held)
    model = _fit(examples, names, penalty)
    answer = balanced_threshold(outcomes)
    thresholds = {"answer": answer, "sure": _sure(model, examples), **model.thresholds}
    return Fitted(model, thresholds, figures_of(outcomes, answer))


def outcomes_of(model: Calibrated, examples: Sequence[Example]) -> list[Outcome]:
    """What a calibration makes of questions."""
    found = []
    for example in examples:
        score, right = _best(model, example)
        found.append(Outcome(score, right, example.answerable, example.run))
    return found


def balanced_threshold(outcomes: Sequence[Outcome]) -> float:
    """The threshold with the best mean over the runs of an F1 of answering.

    Of a run: the harmonic mean of the share of answers that are right and of the share of
    answerable questions that get a right one. Thresholds are whole hundredths; the middle one
    is taken of those within `TOLERANCE` of the best or, where there is one, the lowest above it
    that leaves right `RIGHT_AT_LEAST` of each run's answers to answerable questions and
    `SHOWN_AT_LEAST` of all its answers.
    """
    runs = sorted({o.run for o in outcomes})
    parts = [[o for o in outcomes if o.run == run] for run in runs]
    cuts = [c / 100 for c in range(2, 90)]
    means = [sum(_answering(p, cut) for p in parts) / len(parts) for cut in cuts]
    near = [c for c, mean in zip(cuts, means, strict=True) if mean >= max(means) - TOLERANCE]
    middle = near[len(near) // 2]
    return next(
        (c for c in cuts if c >= middle and all(_right_enough(p, c) for p in parts)),
        middle,
    )


def _right_enough(outcomes: Sequence[Outcome], cut: float) -> bool:
    shown = [o for o in outcomes if o.score >= cut]
    asked = _share(o.right for o in shown if o.answerable)
    return asked >= RIGHT_AT_LEAST and _share(o.right for o in shown) >= SHOWN_AT_LEAST


def _answering(outcomes: Sequence[Outcome], cut: float) -> float:
    answered = sum(o.score >= cut for o in outcomes)
    right = sum(o.right and o.score >= cut for o in outcomes)
    answerable = sum(o.answerable for o in outcomes)
    return 2 * right / (answered + answerable) if right else 0.0


def figures_of(outcomes: Sequence[Outcome], cut: float) -> dict[str, float]:
    """How well a confidence does at a threshold, by name."""
    scores, labels = [o.score for o in outcomes], [o.right for o in outcomes]
    answerable = [o for o in outcomes if o.answerable]
    kept = [o for o in outcomes if o.score >= cut]
    refused = len(outcomes) - len(kept)
    wrongly = sum(o.score < cut for o in answerable)
    unanswerable = len(outcomes) - len(answerable)
    return {
        "auroc": auroc(scores, labels),
        "answerable_auroc": auroc(scores, [o.answerable for o in outcomes]),
        "calibration_error": calibration_error(scores, labels),
        "log_loss": log_loss(scores, labels),
        "right_never_abstaining": _share(o.right for o in answerable),
        "answered": _share(o.score >= cut for o in answerable),
        "right_of_answered": _share(o.right for o in kept if o.answerable),
        "right_of_shown": _share(o.right for o in kept),
        "abstention_f1": 2 * (refused - wrongly) / max(1, refused + unanswerable),
    }


def _share(flags: Iterable[bool]) -> float:
    found = list(flags)
    return sum(found) / len(found) if found else 0.0


def _fit(examples: Sequence[Example], names: Sequence[str], penalty: float) -> Calibrated:
    rows = [row for e in examples for row in e.rows]
    labels = [right for e in examples for right in e.right]
    choosing = [n for n in CHOOSING if n != "judge" or n in names]
    choice = fit_choice([(e.rows, e.right) for e in examples], choosing, penalty=CHOICE_PENALTY)
    model = replace(fit(rows, labels, names, penalty=penalty), choice=choice)
    positions = [_at(model, e) for e in examples]
    best = [e.rows[at] for e, at in zip(examples, positions, strict=True)]
    right = [e.right[at] for e, at in zip(examples, positions, strict=True)]
    outer = fit([{"logit": logit(model.probability(r))} for r in best], right, ["logit"])
    slope = max(outer.weights["logit"], 0.1)
    model = replace(
        model,
        intercept=outer.intercept + slope * model.intercept,
        weights={n: slope * w for n, w in model.weights.items()},
    )
    return replace(model, thresholds=within_fitted(model, best, right))


def _best(model: Calibrated, example: Example) -> tuple[float, bool]:
    at = _at(model, example)
    return believed(model, example.rows[at]), example.right[at]


def _at(model: Calibrated, example: Example) -> int:
    """The position of the candidate that is preferred, the first of equal ones."""
    return -max((model.preference(r), -i) for i, r in enumerate(example.rows))[1]


def _sure(model: Calibrated, examples: Sequence[Example]) -> float:
    """The lowest probability at which the other candidates need not be judged.

    Stopping there leaves as many first candidates right. They are judged in the order that they
    have without the model's word.
    """
    groups = [(e.rows, e.right) for e in examples]
    unasked = [n for n in CHOOSING if n != "judge"]
    order = replace(model, choice=fit_choice(groups, unasked, penalty=CHOICE_PENALTY))
    full = sum(_best(model, e)[1] for e in examples)
    enough = (c for c in SURE_CUTS if sum(_stopped(model, order, e, c) for e in examples) >= full)
    return next(enough, SURE_AT_MOST)


def _stopped(model: Calibrated, order: Calibrated, example: Example, cut: float) -> bool:
    for i in sorted(range(len(example.rows)), key=lambda i: -order.preference(example.rows[i])):
        if model.probability(example.rows[i]) >= cut:  # before any passage is judged
            return example.right[i]
    return _best(model, example)[1]

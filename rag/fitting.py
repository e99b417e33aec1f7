"""Fits the shipped calibration of an answer's confidence from recorded runs.

    python -m rag.fitting RUN... [--half RUN...] --name answer-qwen2.5-coder-1.5b-instruct

A run is a folder that `rag eval SET --stage answers --split dev` wrote (`--stage reading` for the
reader alone). Of a run given with `--half`, half of the documents are fitted on, and the figures on
the questions about the others are printed as `held_out`. Candidates are examples: right is one that
meets a gold span. Two things are fitted: the choice among the candidates of a question, and the
probability that a candidate is right, its weights on all judged candidates, then its scale and
intercept on the chosen one of each question, so that it is true of what is shown. Figures are
cross-validated, all questions about a document in one fold. Runs count alike in the choice of the
threshold, however long they are. The coefficients for pairs are taken over from the file in force,
moved with the threshold.

    python -m rag.fitting --judge-all FOLDER --name answer-qwen2.5-coder-1.5b-instruct

copies a calibration into a folder such that every candidate is judged: record the runs with the
setting `calibration` naming that folder, so that early stopping leaves nothing out.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag.calibration import (
    Calibrated,
    auroc,
    calibration_error,
    fit,
    fit_choice,
    load,
    log_loss,
    to_json,
)
from rag.errors import RunInvalid

FOLDS = 5
TOLERANCE = 0.01  # the best mean lies on a plateau: its middle is steadier than its highest point
RIGHT_AT_LEAST = 0.8  # of the answers to questions that the documents do answer
SHOWN_AT_LEAST = 0.65  # of all answers, though half of a set's questions may have none
SURE_CUTS = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
SURE_AT_MOST = 0.97
# The probability leaves out how many of the question's words stand in a sentence, and the rank of
# its passage: a question that was written to look answerable has both, and there they misled more
# than they told. Among the candidates of one question they say which it is.
ALONE = (
    "margin",
    "near_margin",
    "answerable",
    "near_answerable",
    "type",
    "agreement",
    "yes_no",
)
JUDGED = ("judge", *ALONE)
CHOOSING = ("judge", "margin", "near_margin", "own", "inset", "type", "rank", "agreement")
CHOICE_PENALTY = 3.0
SIGNALS = tuple(dict.fromkeys((*JUDGED, *CHOOSING)))

Row = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Example:
    """A question's judged candidates in the order considered: signals, and whether right.

    `document` is what the question is about, `run` where it was recorded.
    """

    rows: tuple[Row, ...]
    right: tuple[bool, ...]
    answerable: bool = True
    document: str = ""
    run: str = ""


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


def examples_of(run: Path, judged: bool) -> list[Example]:
    """The examples of a recorded run; with `judged`, only candidates that a model judged count.

    Raises `RunInvalid` for a run on a test split.
    """
    from rag.evaluation.runs import read_head, read_records

    if read_head(run)["identity"].get("split") == "test":
        raise RunInvalid(f"run '{run}' stands on the test split: fit on the dev split instead")
    found = []
    for record in read_records(run):
        considered: Sequence[Any] = record.get("considered") or []
        kept = [c for c in considered if not judged or "judge" in c["signals"]]
        if kept:
            rows = tuple({n: c["signals"].get(n, 0.0) for n in SIGNALS} for c in kept)
            right = tuple(_right(c, record) for c in kept)
            gold = record.get("gold") or considered
            answerable = bool(record.get("answerable", True))
            found.append(Example(rows, right, answerable, gold[0]["document"], run.name))
    return found


def half_of(examples: Sequence[Example], which: int) -> list[Example]:
    """The examples about one half (0 or 1) of the documents."""
    return [e for e in examples if _draw(e.document, 2) == which]


def fit_answers(examples: Sequence[Example], names: Sequence[str], penalty: float) -> Fitted:
    """The calibration of all examples, with figures over 5 folds of documents."""
    folds = [_draw(e.document, FOLDS) if e.document else i % FOLDS for i, e in enumerate(examples)]
    outcomes: list[Outcome] = []
    for fold in range(FOLDS):
        held = [e for e, f in zip(examples, folds, strict=True) if f == fold]
        if held:
            learn = [e for e, f in zip(examples, folds, strict=True) if f != fold]
            outcomes += outcomes_of(_fit(learn, names, penalty), held)
    model = _fit(examples, names, penalty)
    answer = balanced_threshold(outcomes)
    return Fitted(
        model, {"answer": answer, "sure": _sure(model, examples)}, figures_of(outcomes, answer)
    )


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


def _draw(document: str, parts: int) -> int:
    return int.from_bytes(hashlib.sha256(document.encode()).digest()[:4], "big") % parts


def _fit(examples: Sequence[Example], names: Sequence[str], penalty: float) -> Calibrated:
    rows = [row for e in examples for row in e.rows]
    labels = [right for e in examples for right in e.right]
    choosing = [n for n in CHOOSING if n != "judge" or n in names]
    choice = fit_choice([(e.rows, e.right) for e in examples], choosing, penalty=CHOICE_PENALTY)
    model = replace(fit(rows, labels, names, penalty=penalty), choice=choice)
    best = [_best(model, e) for e in examples]
    outer = fit([{"logit": _logit(p)} for p, _ in best], [r for _, r in best], ["logit"])
    slope = max(outer.weights["logit"], 0.1)
    return replace(
        model,
        intercept=outer.intercept + slope * model.intercept,
        weights={n: slope * w for n, w in model.weights.items()},
    )


def _best(model: Calibrated, example: Example) -> tuple[float, bool]:
    _, at = max((model.preference(r), -i) for i, r in enumerate(example.rows))
    return model.probability(example.rows[-at]), example.right[-at]


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
        if model.probability(example.rows[i]) >= cut:
            return example.right[i]
    return _best(model, example)[1]


def _right(candidate: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    return any(
        gold["document"] == candidate["document"]
        and gold.get("start") is not None
        and candidate["start"] < gold["end"]
        and gold["start"] < candidate["end"]
        for gold in record.get("gold", ())
    )


def _logit(p: float) -> float:
    from math import log

    inside = min(max(p, 1e-6), 1 - 1e-6)
    return log(inside / (1 - inside))


def main(arguments: Sequence[str] | None = None) -> int:
    """Fits, prints the figures and writes the file."""
    parser = argparse.ArgumentParser(prog="python -m rag.fitting", description=__doc__)
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--half", nargs="+", type=Path, default=[], metavar="RUN")
    parser.add_argument("--judge-all", type=Path, metavar="FOLDER")
    parser.add_argument("--name", required=True, help="answer-GENERATOR, or answer-quote")
    parser.add_argument("--penalty", type=float, default=10.0)
    parser.add_argument("--output", type=Path, help="default: rag/data/calibration/NAME.json")
    options = parser.parse_args(arguments)
    if not options.name.startswith("answer-"):
        parser.error(
            f"'{options.name}' names no calibration: give answer-GENERATOR or answer-quote"
        )
    if options.judge_all:
        sys.stdout.write(f"{judge_all(options.name, options.judge_all)}\n")
        return 0
    if not options.runs and not options.half:
        parser.error("name at least one run")
    judged = options.name != "answer-quote"
    halved = [e for run in options.half for e in examples_of(run, judged)]
    examples = [e for run in options.runs for e in examples_of(run, judged)] + half_of(halved, 0)
    names = JUDGED if judged else ALONE
    fitted = fit_answers(examples, names, options.penalty)
    pairs = pairs_of(load(options.name), fitted.thresholds["answer"])
    record: dict[str, Any] = {
        "fitted_on": [run.name for run in options.runs]
        + [f"{run.name}, half of the documents" for run in options.half],
        "questions": len(examples),
        "penalty": options.penalty,
        "cross_validated": _rounded(fitted.figures),
    }
    if held := half_of(halved, 1):
        outcomes = outcomes_of(fitted.model, held)
        record["held_out"] = {
            "questions": len(held),
            **_rounded(figures_of(outcomes, fitted.thresholds["answer"])),
        }
    default = Path(__file__).parent / "data" / "calibration" / f"{options.name}.json"
    output = options.output or default
    output.write_text(
        to_json(fitted.model, {**fitted.thresholds, **pairs}, record), encoding="utf-8"
    )
    sys.stdout.write(output.read_text(encoding="utf-8"))
    return 0


def pairs_of(in_force: Calibrated, answer: float) -> dict[str, float]:
    """The coefficients for pairs in force, moved to another threshold.

    The same verdict on two sentences suffices for an answer as did before.
    """
    pairs = {n: v for n, v in in_force.thresholds.items() if n.startswith("pair_")}
    if "pair_intercept" in pairs:
        step = _logit(answer) - _logit(in_force.threshold("answer", 0.5))
        pairs["pair_intercept"] = round(pairs["pair_intercept"] + step, 4)
    return pairs


def judge_all(name: str, folder: Path) -> Path:
    """The file written: the calibration of a name with which every candidate is judged."""
    in_force = load(name)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    thresholds = {**in_force.thresholds, "sure": 1.0, "alone_above": 1.0, "alone_below": 0.0}
    path.write_text(to_json(in_force, thresholds, in_force.record), encoding="utf-8")
    return path


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {k: round(v, 4) for k, v in figures.items()}


if __name__ == "__main__":
    sys.exit(main())

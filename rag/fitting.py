"""Fits the shipped calibration of an answer's confidence from recorded runs.

    python -m rag.fitting RUN... --name answer-qwen2.5-coder-1.5b-instruct

A run is a folder that `rag eval SET --stage answers --split dev` wrote (`--stage reading` for the
reader alone). Candidates are examples: right is one that meets a gold span. Weights are
fitted on all judged candidates, then scale and intercept on the best one of each question, so that
the probability is true of what is shown. Figures are cross-validated.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag.calibration import (
    Calibrated,
    auroc,
    best_threshold,
    calibration_error,
    fit,
    log_loss,
    to_json,
)
from rag.errors import RunInvalid

FOLDS = 5
ANSWERED_AT_LEAST = 0.88  # a person loses more by a wrong "not found" than by a look at a quotation
SURE_LOSS = 0.005  # how much log loss stopping early may cost
NAMES = ("judge", "reader", "margin", "answerable", "overlap", "type", "rank", "agreement")

Row = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Example:
    """A question's judged candidates in the order considered: signals, and whether right."""

    rows: tuple[Row, ...]
    right: tuple[bool, ...]


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
        kept = [c for c in record.get("considered") or () if not judged or "judge" in c["signals"]]
        if kept:
            rows = tuple({n: c["signals"].get(n, 0.0) for n in NAMES} for c in kept)
            found.append(Example(rows, tuple(_right(c, record) for c in kept)))
    return found


def fit_answers(examples: Sequence[Example], names: Sequence[str], penalty: float) -> Fitted:
    """The calibration of all examples, with figures over 5 folds of questions."""
    scores: list[float] = []
    labels: list[bool] = []
    for fold in range(FOLDS):
        learn = [e for i, e in enumerate(examples) if i % FOLDS != fold]
        model = _fit(learn, names, penalty)
        for example in examples[fold::FOLDS]:
            score, right = _best(model, example)
            scores.append(score)
            labels.append(right)
    model = _fit(examples, names, penalty)
    answer = best_threshold(scores, labels, answered_at_least=ANSWERED_AT_LEAST)
    kept = [right for score, right in zip(scores, labels, strict=True) if score >= answer]
    figures = {
        "auroc": auroc(scores, labels),
        "calibration_error": calibration_error(scores, labels),
        "log_loss": log_loss(scores, labels),
        "right_of_all": sum(labels) / len(labels),
        "right_of_answered": sum(kept) / len(kept) if kept else 0.0,
        "answered": len(kept) / len(scores),
    }
    return Fitted(model, {"answer": answer, "sure": _sure(model, examples)}, figures)


def _fit(examples: Sequence[Example], names: Sequence[str], penalty: float) -> Calibrated:
    rows = [row for e in examples for row in e.rows]
    labels = [right for e in examples for right in e.right]
    model = fit(rows, labels, names, penalty=penalty)
    best = [_best(model, e) for e in examples]
    outer = fit([{"logit": _logit(p)} for p, _ in best], [r for _, r in best], ["logit"])
    slope = max(outer.weights["logit"], 0.1)
    return replace(
        model,
        intercept=outer.intercept + slope * model.intercept,
        weights={n: slope * w for n, w in model.weights.items()},
    )


def _best(model: Calibrated, example: Example) -> tuple[float, bool]:
    scored = [(model.probability(r), -i) for i, r in enumerate(example.rows)]
    score, at = max(scored)
    return score, example.right[-at]


def _sure(model: Calibrated, examples: Sequence[Example]) -> float:
    """The lowest probability at which the other candidates need not be judged.

    Stopping there may lower the share of right answers by `SURE_LOSS` at most.
    """
    full = sum(1 for e in examples if _best(model, e)[1]) / len(examples)
    for cut in (0.75, 0.8, 0.85, 0.9, 0.95):  # lower ones stopped at a wrong first candidate
        stopped = sum(1 for e in examples if _stopped(model, e, cut)) / len(examples)
        if stopped >= full - SURE_LOSS:
            return cut
    return 0.97


def _stopped(model: Calibrated, example: Example, cut: float) -> bool:
    order = sorted(range(len(example.rows)), key=lambda i: -example.rows[i]["reader"])
    for i in order:
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
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--name", required=True, help="answer-GENERATOR, or answer-quote")
    parser.add_argument("--penalty", type=float, default=3.0)
    parser.add_argument("--output", type=Path, help="default: rag/data/calibration/NAME.json")
    options = parser.parse_args(arguments)
    judged = options.name != "answer-quote"
    examples = [e for run in options.runs for e in examples_of(run, judged)]
    names = [n for n in NAMES if judged or n != "judge"]
    fitted = fit_answers(examples, names, options.penalty)
    record = {
        "fitted_on": [str(run.name) for run in options.runs],
        "questions": len(examples),
        "penalty": options.penalty,
        "cross_validated": {k: round(v, 4) for k, v in fitted.figures.items()},
    }
    default = Path(__file__).parent / "data" / "calibration" / f"{options.name}.json"
    output = options.output or default
    output.write_text(to_json(fitted.model, fitted.thresholds, record), encoding="utf-8")
    sys.stdout.write(output.read_text(encoding="utf-8"))
    return 0


if __name__ == "__main__":
    sys.exit(main())

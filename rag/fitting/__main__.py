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
moved with the threshold. Those for passages that are judged whole, where no sentence sufficed, are
fitted on the likeliest passage of each question for which, by the new coefficients, no sentence
suffices, or taken over where there are too few; with `--passages` nothing else is fitted. What the
judge's word on the passage of the best sentence adds is fitted where it was given.

    python -m rag.fitting --judge-all FOLDER --name answer-qwen2.5-coder-1.5b-instruct

copies a calibration into a folder such that every candidate is judged: record the runs with the
setting `calibration` naming that folder, so that early stopping leaves nothing out.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rag.calibration import Calibrated, believed, kept_with, load, to_json
from rag.fitting.confidence import figures_of, fit_answers, outcomes_of
from rag.fitting.places import wholes_fitted
from rag.fitting.recorded import ALONE, JUDGED, Whole, examples_of, half_of, wholes_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Fits, prints the figures and writes the file."""
    parser = argparse.ArgumentParser(prog="python -m rag.fitting", description=__doc__)
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--half", nargs="+", type=Path, default=[], metavar="RUN")
    parser.add_argument("--judge-all", type=Path, metavar="FOLDER")
    parser.add_argument("--name", required=True, help="answer-GENERATOR, or answer-quote")
    parser.add_argument("--passages", action="store_true", help="those judged whole alone")
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
    default = Path(__file__).parents[1] / "data" / "calibration" / f"{options.name}.json"
    output = options.output or default
    output.write_text(_passages(options) if options.passages else _all(options), encoding="utf-8")
    sys.stdout.write(output.read_text(encoding="utf-8"))
    return 0


def _all(options: argparse.Namespace) -> str:
    """The file with everything fitted anew."""
    judged = options.name != "answer-quote"
    halved = [e for run in options.half for e in examples_of(run, judged)]
    examples = [e for run in options.runs for e in examples_of(run, judged)] + half_of(halved, 0)
    names = JUDGED if judged else ALONE
    fitted = fit_answers(examples, names, options.penalty)
    in_force, model = load(options.name), replace(fitted.model, thresholds=fitted.thresholds)
    kept = kept_with(in_force, fitted.thresholds["answer"])
    wholes = _wholes(options, model)
    places = wholes_fitted(wholes)
    record: dict[str, Any] = {
        "fitted_on": _fitted_on(options),
        "questions": len(examples),
        "penalty": options.penalty,
        "cross_validated": _rounded(fitted.figures),
        "passages": _told(wholes, options) if places else in_force.record.get("passages", {}),
    }
    if held := half_of(halved, 1):
        outcomes = outcomes_of(fitted.model, held)
        record["held_out"] = {
            "questions": len(held),
            **_rounded(figures_of(outcomes, fitted.thresholds["answer"])),
        }
    return to_json(fitted.model, {**kept, **fitted.thresholds, **places}, record)


def _passages(options: argparse.Namespace) -> str:
    """The file in force with the coefficients for passages judged whole fitted anew."""
    in_force = load(options.name)
    wholes = _wholes(options, in_force)
    places = wholes_fitted(wholes)
    told = {"passages": _told(wholes, options)} if places else {}
    return to_json(in_force, {**in_force.thresholds, **places}, {**in_force.record, **told})


def _told(wholes: Sequence[Whole], options: argparse.Namespace) -> dict[str, Any]:
    right = sum(w.right for w in wholes)
    return {"questions": len(wholes), "right": right, "fitted_on": _fitted_on(options)}


def _wholes(options: argparse.Namespace, model: Calibrated) -> list[Whole]:
    """The passages of questions for which a calibration finds no sentence sufficient."""
    least = model.threshold("answer", 0.5)
    halved = [w for run in options.half for w in wholes_of(run)]
    wholes = [w for run in options.runs for w in wholes_of(run)] + half_of(halved, 0)
    return [w for w in wholes if w.best is None or believed(model, w.best) < least]


def _fitted_on(options: argparse.Namespace) -> list[str]:
    halves = [f"{run.name}, half of the documents" for run in options.half]
    return [*(run.name for run in options.runs), *halves]


def judge_all(name: str, folder: Path) -> Path:
    """The file written: the calibration of a name with which every candidate is judged."""
    in_force = load(name)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    everything = {"sure": 1.0, "clear": 1.0, "alone_above": 1.0, "alone_below": 0.0}
    thresholds = {"within_judge": 1.0, "place_judge": 1.0, **in_force.thresholds, **everything}
    path.write_text(to_json(in_force, thresholds, in_force.record), encoding="utf-8")
    return path


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {k: round(v, 4) for k, v in figures.items()}


if __name__ == "__main__":
    sys.exit(main())

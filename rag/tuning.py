"""Tunes the calibration of an answer's confidence on a person's own question set.

One half of the questions fits the coefficients, the other half, never seen, says whether they are
better than those in force. A set that is too small to tell is refused.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rag.calibration import (
    Calibrated,
    auroc,
    believed,
    best_threshold,
    calibration_error,
    fit,
    for_answers,
    kept_with,
    log_loss,
    parse,
    to_json,
    within_fitted,
)
from rag.errors import SetInvalid, SettingsInvalid
from rag.settings import expanded

FEWEST = 30  # questions in each half, and FEWEST_EACH of either outcome
FEWEST_EACH = 5
ANSWERED_AT_LEAST = 0.72

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Figures:
    """How well a confidence tells right from wrong: all on the held-out half."""

    auroc: float
    calibration_error: float
    log_loss: float


@dataclass(frozen=True, slots=True)
class Tuning:
    """The result: `better` says whether the held-out half prefers the new coefficients."""

    fitted: Calibrated
    threshold: float
    fitted_on: int
    held_out: int
    before: Figures
    after: Figures

    @property
    def better(self) -> bool:
        """Whether the new coefficients have the smaller log loss on the held-out half."""
        return self.after.log_loss < self.before.log_loss


def tune(records: Iterable[Record], in_force: Calibrated) -> Tuning:
    """The tuning from the records of a run of the reading or answers stage.

    What is judged by the model's word alone, pairs and whole passages, keeps its coefficients. A
    question counts as right where its best candidate meets a gold span. Raises `SetInvalid`
    where either half has fewer than 30 questions or fewer than 5 of either outcome.
    """
    halves: tuple[list[tuple[dict[str, float], bool]], ...] = ([], [])
    for record in records:
        if example := _example(record):
            halves[_half(str(record["id"]))].append(example)
    for half in halves:
        right = sum(label for _, label in half)
        if len(half) < FEWEST or not FEWEST_EACH <= right <= len(half) - FEWEST_EACH:
            raise SetInvalid(
                f"the set is too small to tell: one half has {len(half)} questions, {right} of "
                f"them with the right sentence found; each half needs {FEWEST}, and "
                f"{FEWEST_EACH} of either outcome. Add questions with `rag annotate`, also some "
                "that the documents do not answer"
            )
    learn, held = halves
    names = sorted(n for n in in_force.weights if any(n in signals for signals, _ in learn))
    rows, labels = [s for s, _ in learn], [label for _, label in learn]
    fitted = replace(fit(rows, labels, names), choice=in_force.choice)
    within = within_fitted(fitted, rows, labels) if in_force.threshold("within_judge", 0.0) else {}
    fitted = replace(fitted, thresholds=within)
    cut = best_threshold(
        [believed(fitted, r) for r in rows], labels, answered_at_least=ANSWERED_AT_LEAST
    )
    fitted = replace(fitted, thresholds={**kept_with(in_force, cut), **within})
    return Tuning(
        fitted, cut, len(learn), len(held), _figures(in_force, held), _figures(fitted, held)
    )


def save(tuning: Tuning, folder: Path, generator: str | None, record: Mapping[str, Any]) -> Path:
    """Writes the coefficients into `folder` for a generator (None: the reader alone)."""
    path = folder / f"{file_stem(generator)}.json"
    folder.mkdir(parents=True, exist_ok=True)
    text = to_json(tuning.fitted, tuning.fitted.thresholds, record)
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
    return path


def load_own(folder: str, generator: str | None) -> Calibrated:
    """The coefficients in force: those in the person's own folder, else the shipped ones.

    Raises `SettingsInvalid` for a file that is not a calibration.
    """
    import json

    path = expanded(folder) / f"{file_stem(generator)}.json" if folder else None
    if path is None or not path.is_file():
        return for_answers(generator)
    try:
        return parse(path.stem, json.loads(path.read_text(encoding="utf-8")), calibrated=True)
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise SettingsInvalid(
            f"{path} is not a calibration ({exc}): remove it, or make it anew with `rag train`"
        ) from exc


def file_stem(generator: str | None) -> str:
    """The name, without its ending, of the file for a generator."""
    return f"answer-{generator or 'quote'}".replace("/", "_")


def _example(record: Record) -> tuple[dict[str, float], bool] | None:
    considered = record.get("considered") or []
    if not considered:
        return None
    best = considered[0]
    if "place" in best["signals"]:  # found by its passage: the reader's signals say nothing of it
        return None
    right = any(
        gold["document"] == best["document"]
        and (
            gold.get("start") is None
            or (best["start"] < gold["end"] and gold["start"] < best["end"])
        )
        for gold in record.get("gold", ())
    )
    return dict(best["signals"]), right


def _half(identity: str) -> int:
    """0 or 1, from the question's id alone: the same question is always on the same side."""
    return hashlib.sha256(identity.encode()).digest()[0] % 2


def _figures(model: Calibrated, held: Sequence[tuple[dict[str, float], bool]]) -> Figures:
    scores = [believed(model, signals) for signals, _ in held]
    labels = [label for _, label in held]
    return Figures(
        auroc(scores, labels), calibration_error(scores, labels), log_loss(scores, labels)
    )

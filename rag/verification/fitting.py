"""Fits the support score on claims whose support is known.

    python -m rag.verification.fitting SET... --split dev
    python -m rag.verification.fitting SET... --split dev --judge 60

The second keeps the coefficients in force and fits how much the word of the language model in the
settings counts where they leave a claim unsure, on that many such claims of each set (about a
second each); it writes the calibration of that model.

`SET/claims.jsonl` holds one object a line: `claim`, `evidence` (a list of strings), `supported`,
and `split` where the set has splits. Figures are cross-validated over 5 folds.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.calibration import (
    Calibrated,
    auroc,
    calibration_error,
    fit,
    log_loss,
    logit,
    parse,
    to_json,
)
from rag.errors import SetInvalid
from rag.reading.protocol import Reader
from rag.verification.support import EDGE, SIGNALS, UNSURE, check, clipped, signals_of

FOLDS = 5
SHIPPED = Path(__file__).parent.parent / "data" / "calibration" / "support-generic.json"


def claims_of(folder: Path, split: str | None, limit: int, seed: int) -> list[Mapping[str, Any]]:
    """At most `limit` claims of a set's split, drawn with a seed.

    Raises `SetInvalid` where there is no claims.jsonl, or for the test split.
    """
    if split == "test":
        raise SetInvalid(f"{folder}: what is fitted on the test split cannot be reported there")
    path = folder / "claims.jsonl"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as exc:
        raise SetInvalid(f"{path} cannot be read ({exc.strerror}): name a set of claims") from exc
    claims = [json.loads(line) for line in lines if line.strip()]
    kept = [c for c in claims if split is None or c.get("split") == split]
    random.Random(seed).shuffle(kept)
    return kept[:limit]


def fit_support(
    rows: Sequence[Mapping[str, float]], labels: Sequence[bool], penalty: float = 3.0
) -> tuple[Calibrated, dict[str, float]]:
    """The calibration of all rows, and its figures over 5 folds."""
    scores = [0.0] * len(rows)
    for fold in range(FOLDS):
        learn = [i for i in range(len(rows)) if i % FOLDS != fold]
        model = fit([rows[i] for i in learn], [labels[i] for i in learn], SIGNALS, penalty=penalty)
        for i in range(fold, len(rows), FOLDS):
            scores[i] = model.probability(rows[i])
    figures = {
        "auroc": auroc(scores, labels),
        "accuracy": sum((s >= 0.5) == y for s, y in zip(scores, labels, strict=True)) / len(rows),
        "calibration_error": calibration_error(scores, labels),
        "log_loss": log_loss(scores, labels),
    }
    return fit(rows, labels, SIGNALS, penalty=penalty), figures


def fit_judge(
    scores: Sequence[float], logits: Sequence[float], labels: Sequence[bool]
) -> tuple[float, float, float]:
    """The weights of a score and of a language model's logits, and the centre of the latter.

    From scores that it may move. A model whose word says nothing weighs 0, and the score 1.
    """
    rows = [
        {"score": logit(s, EDGE), "judge": clipped(j)} for s, j in zip(scores, logits, strict=True)
    ]
    model = fit(rows, labels, ("score", "judge"), penalty=1.0)
    weight = model.weights["judge"]
    if weight <= 0:
        return 1.0, 0.0, 0.0
    return max(0.0, model.weights["score"]), weight, -model.intercept / weight


def _judge(sets: Sequence[Path], split: str, count: int, seed: int) -> tuple[str, str]:
    """The language model's name, and the calibration with its fitted weight as a JSON text."""
    from rag.generation import load_generator
    from rag.generation.judging import judge_claim
    from rag.settings import load_settings
    from rag.verification.judged import nearest

    reader, generator = _shipped_reader(), load_generator(load_settings())
    scores: list[float] = []
    logits: list[float] = []
    labels: list[bool] = []
    for folder in sets:
        left = count
        for claim in claims_of(folder, split, 10 * count, seed):
            if not left:
                break
            text, evidence = claim["claim"], list(claim["evidence"])
            score = check(text, evidence, reader).score
            if not UNSURE[0] < score < UNSURE[1]:
                continue
            left -= 1
            scores.append(score)
            logits.append(judge_claim(generator, text, [nearest(text, evidence)]))
            labels.append(bool(claim["supported"]))
    own, weight, centre = fit_judge(scores, logits, labels)
    raw = json.loads(SHIPPED.read_text(encoding="utf-8"))
    in_force = parse("support", raw, calibrated=True)
    moved = [
        own * logit(s, EDGE) + weight * (clipped(j) - centre)
        for s, j in zip(scores, logits, strict=True)
    ]
    record = {
        **in_force.record,
        "judge": {
            "model": generator.name,
            "unsure_claims": len(scores),
            "auroc_before": round(auroc(scores, labels), 4),
            "auroc_after": round(auroc(moved, labels), 4),
        },
    }
    fitted = {"judge_score": own, "judge_weight": weight, "judge_centre": centre}
    thresholds = {**in_force.thresholds, **fitted}
    return generator.name, to_json(in_force, thresholds, record)


def _shipped_reader() -> Reader:
    from rag.reading import load_reader
    from rag.settings import load_settings

    settings = load_settings()

    def no_embedder() -> Any:
        raise SetInvalid("the support score is fitted with a trained reader: name one in rag.toml")

    return load_reader(settings.reader, settings, no_embedder)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fits, prints the figures and writes the file."""
    parser = argparse.ArgumentParser(prog="python -m rag.verification.fitting", description=__doc__)
    parser.add_argument("sets", nargs="+", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--limit", type=int, default=600, help="claims of each set")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--judge", type=int, default=0, metavar="N")
    options = parser.parse_args(arguments)
    output = options.output or SHIPPED
    if options.judge:
        name, text = _judge(options.sets, options.split, options.judge, options.seed)
        output = options.output or SHIPPED.with_name(f"support-{name}.json")
        output.write_text(text, encoding="utf-8")
        sys.stdout.write(text)
        return 0
    claims = [
        c for s in options.sets for c in claims_of(s, options.split, options.limit, options.seed)
    ]
    reader = _shipped_reader()
    rows = [signals_of(c["claim"], list(c["evidence"]), reader) for c in claims]
    labels = [bool(c["supported"]) for c in claims]
    model, figures = fit_support(rows, labels)
    record = {
        "fitted_on": [f"{s.name}/{options.split}" for s in options.sets],
        "claims": len(claims),
        "reader": reader.name,
        "cross_validated": {k: round(v, 4) for k, v in figures.items()},
    }
    text = to_json(model, {"supported": 0.5, "weak": 0.25}, record)
    output.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

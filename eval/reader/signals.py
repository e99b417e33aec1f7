"""What the reader's signals give to choosing a sentence and to "not found", from recorded runs.

    python eval/reader/signals.py OUT.json --fit RUN... --test RUN...

RUN is the folder of a run of the reading or answers stage (`rag eval`). Two models are fitted as
the product fits its own (`rag.calibration`), once with all signals, once without the reader's, and
applied to the other runs: one orders the candidates of a question, the other says whether the best
one is right. No model is asked. The candidates were found by reader and words together, so this
understates what the reader gives: without it, those that it alone points at would be missing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.calibration import Calibrated, auroc, fit, fit_choice
from rag.evaluation.bootstrap import mean_interval, paired_mean_p, statistic_interval

READER = ("reader", "margin", "answerable", "near", "near_margin", "near_answerable", "agreement")
LEFT_OUT = ("p", "missing")  # what the shipped calibration itself says
Row = Mapping[str, Any]
Signals = list[dict[str, float]]


def candidates(row: Row) -> tuple[Signals, list[bool]]:
    """The signals of a question's candidates, and whether each meets the gold."""
    found = row.get("considered") or []
    return [dict(c["signals"]) for c in found], [_right(c, row.get("gold") or []) for c in found]


def _right(candidate: Row, gold: Sequence[Row]) -> bool:
    return any(
        g["document"] == candidate["document"]
        and (
            g.get("start") is None
            or (candidate["start"] < g["end"] and g["start"] < candidate["end"])
        )
        for g in gold
    )


def names_of(rows: Sequence[Row], *, reader: bool) -> list[str]:
    """The signals of the candidates, with or without the reader's."""
    found = {name for row in rows for signals in candidates(row)[0] for name in signals}
    return sorted(found - set(LEFT_OUT) - (set() if reader else set(READER)))


def fitted(rows: Sequence[Row], names: Sequence[str]) -> tuple[dict[str, float], Calibrated]:
    """The weights that order candidates, and the model that says whether the best is right."""
    groups = [candidates(row) for row in rows if row.get("considered")]
    choice = fit_choice(groups, names, penalty=3.0)
    best = [(_best(signals, choice), signals, right) for signals, right in groups]
    labels = [right[at] for at, _, right in best]
    return choice, fit([signals[at] for at, signals, _ in best], labels, names, penalty=10.0)


def _best(signals: Signals, choice: Mapping[str, float]) -> int:
    scores = [sum(w * s.get(n, 0.0) for n, w in choice.items()) for s in signals]
    return max(range(len(scores)), key=scores.__getitem__)


def measured(
    rows: Sequence[Row], choice: Mapping[str, float], sure: Calibrated
) -> tuple[list[float], list[float], list[bool]]:
    """Right first of each answerable question; confidence and answerability of every one."""
    first: list[float] = []
    confidence: list[float] = []
    for row in rows:
        signals, right = candidates(row)
        at = _best(signals, choice) if signals else -1
        confidence.append(sure.probability(signals[at]) if signals else 0.0)
        if row["answerable"] and row.get("gold"):
            first.append(float(at >= 0 and right[at]))
    return first, confidence, [bool(row["answerable"]) for row in rows]


def compared(rows: Sequence[Row], fits: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of one run with and without the reader's signals."""
    out: dict[str, Any] = {}
    sides = {name: measured(rows, *pair) for name, pair in fits.items()}
    for name, (first, confidence, labels) in sides.items():
        out[name] = {"right sentence first": _mean(first)}
        if not all(labels):
            out[name]["answerable or not, AUROC"] = _area(confidence, labels)
    import numpy as np

    gap = np.array(sides["with"][0]) - np.array(sides["without"][0])
    out["difference of right first"] = round(float(gap.mean()), 4)
    out["p"] = round(paired_mean_p(gap), 4)
    if not all(sides["with"][2]):
        one, other, labels = sides["with"][1], sides["without"][1], sides["with"][2]

        def difference(at: Any) -> float:
            picked = [labels[i] for i in at]
            if all(picked) or not any(picked):
                return float("nan")
            return auroc([one[i] for i in at], picked) - auroc([other[i] for i in at], picked)

        low, high = statistic_interval(difference, len(labels), resamples=500)
        whole = difference(range(len(labels)))
        out["difference of AUROC"] = [round(v, 4) for v in (whole, low, high)]
    return out


def _mean(values: Sequence[float]) -> dict[str, float]:
    import numpy as np

    low, high = mean_interval(np.array(values))
    mean = sum(values) / len(values)
    return {"mean": round(mean, 4), "low": round(low, 4), "high": round(high, 4), "n": len(values)}


def _area(scores: Sequence[float], labels: Sequence[bool]) -> dict[str, float]:
    def of(at: Any) -> float:
        return auroc([scores[i] for i in at], [labels[i] for i in at])

    low, high = statistic_interval(of, len(scores), resamples=500)
    mean = auroc(scores, labels)
    return {"mean": round(mean, 4), "low": round(low, 4), "high": round(high, 4), "n": len(scores)}


def _rows(run: Path) -> list[Row]:
    lines = (run / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def main() -> int:
    """0, after writing the figures."""
    parser = argparse.ArgumentParser(prog="python eval/reader/signals.py")
    parser.add_argument("out", type=Path)
    parser.add_argument("--fit", type=Path, nargs="+", required=True, metavar="RUN")
    parser.add_argument("--test", type=Path, nargs="+", required=True, metavar="RUN")
    options = parser.parse_args()
    learn = [row for run in options.fit for row in _rows(run)]
    fits = {
        name: fitted(learn, names_of(learn, reader=reader))
        for name, reader in (("with", True), ("without", False))
    }
    figures: dict[str, Any] = {"fitted_on": len(learn)}
    for run in options.test:
        figures[run.name] = compared(_rows(run), fits)
    options.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

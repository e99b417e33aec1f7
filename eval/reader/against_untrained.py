"""The trained reader against the one without training, from recorded runs of the reading stage.

    python eval/reader/against_untrained.py OUT.json [--fit TRAINED_RUN UNTRAINED_RUN]
        --test TRAINED_RUN UNTRAINED_RUN INDEX [--test ...]

Two runs of `rag eval SET --stage reading` over the same questions, one with `--reader none`. The
order of the candidates is once that of the product (its coefficients were fitted with the trained
reader's scores), with `--fit` also one whose coefficients are fitted for each reader's own run.
Every difference is paired by question; no model is asked.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.calibration import fit_choice
from rag.evaluation.bootstrap import mean_interval, paired_mean_p
from rag.opened import Index
from rag.training.evaluate import normalised

LEFT_OUT = ("p", "missing")  # what the calibration itself says
Row = Mapping[str, Any]
Order = Callable[[Sequence[Row]], Sequence[Row]]


def as_shown(found: Sequence[Row]) -> Sequence[Row]:
    """The candidates in the product's own order."""
    return found


def refitted(rows: Sequence[Row]) -> Order:
    """The order under weights that put the right candidates of `rows` first."""
    groups = [
        (
            [dict(c["signals"]) for c in row["considered"]],
            [_meets(c, row["gold"]) for c in row["considered"]],
        )
        for row in rows
        if row["answerable"] and row.get("considered")
    ]
    names = sorted({n for signals, _ in groups for s in signals for n in s} - set(LEFT_OUT))
    weights = fit_choice(groups, names, penalty=3.0)

    def preference(candidate: Row) -> float:
        signals = candidate["signals"]
        return sum(w * float(signals.get(n, 0.0)) for n, w in weights.items())

    return lambda found: sorted(found, key=preference, reverse=True)


def _meets(candidate: Row, gold: Sequence[Row]) -> bool:
    return any(_same(candidate, g) for g in gold)


def _same(candidate: Row, gold: Row) -> bool:
    if candidate["document"] != gold["document"]:
        return False
    return gold.get("start") is None or bool(
        candidate["start"] < gold["end"] and gold["start"] < candidate["end"]
    )


def figures(row: Row, order: Order, text_of: Callable[[str], str]) -> dict[str, float]:
    """What the candidates of one answerable question find of its gold and of its answers."""
    found = order(row.get("considered") or [])
    gold = row["gold"]
    answers = [f" {normalised(a)} " for a in row["answers"] if normalised(a)]
    texts = [f" {normalised(text_of(c['document'])[c['start'] : c['end']])} " for c in found[:9]]
    holds = [any(answer in text for answer in answers) for text in texts]

    def share(k: int) -> float:
        met = [any(_same(c, g) for c in found[:k]) for g in gold]
        return sum(met) / len(met) if row["gold_mode"] == "all" else float(any(met))

    return {
        "right first": float(any(_meets(c, gold) for c in found[:1])),
        "right among first three": float(any(_meets(c, gold) for c in found[:3])),
        "recall of gold sentences, first three": share(3),
        "recall of gold sentences, all nine": share(9),
        "an accepted answer stands in the first": float(any(holds[:1])),
        "an accepted answer stands in the first three": float(any(holds[:3])),
    }


def compared(
    trained: Mapping[str, Row],
    untrained: Mapping[str, Row],
    orders: tuple[Order, Order],
    text_of: Callable[[str], str],
) -> dict[str, Any]:
    """Both means with intervals, and the paired difference, of each figure."""
    import numpy as np

    ids = [i for i, r in trained.items() if i in untrained and r["answerable"] and r["gold"]]
    sides = [
        [figures(rows[i], order, text_of) for i in ids]
        for rows, order in zip((trained, untrained), orders, strict=True)
    ]
    out: dict[str, Any] = {"n": len(ids)}
    for name in sides[0][0]:
        one, other = (np.array([f[name] for f in side]) for side in sides)
        out[name] = {
            "trained": [round(float(v), 4) for v in (one.mean(), *mean_interval(one))],
            "untrained": [round(float(v), 4) for v in (other.mean(), *mean_interval(other))],
            "difference": [
                round(float(v), 4) for v in ((one - other).mean(), *mean_interval(one - other))
            ],
            "p": round(paired_mean_p(one - other), 4),
        }
    return out


def _run(folder: Path) -> dict[str, Row]:
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["id"]: row for row in map(json.loads, lines)}


def main() -> int:
    """0, after writing and printing the figures."""
    parser = argparse.ArgumentParser(prog="python eval/reader/against_untrained.py")
    parser.add_argument("out", type=Path)
    parser.add_argument("--fit", type=Path, nargs=2, metavar="RUN")
    parser.add_argument("--test", type=Path, nargs=3, action="append", default=[], metavar="RUN")
    options = parser.parse_args()
    ways: dict[str, tuple[Order, Order]] = {"as the product orders them": (as_shown, as_shown)}
    if options.fit:
        one, other = (refitted(list(_run(folder).values())) for folder in options.fit)
        ways["refitted for each"] = (one, other)
    found: dict[str, Any] = {}
    for pair in options.test:
        trained, untrained = map(_run, pair[:2])
        with Index(pair[2]) as index:

            def text_of(name: str, index: Index = index) -> str:
                return index.document(name).text

            found[pair[0].name] = {
                way: compared(trained, untrained, orders, text_of) for way, orders in ways.items()
            }
    options.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for name, by_way in found.items():
        for way, values in by_way.items():
            print(f"\n{name}, {way}, n {values.pop('n')}")
            for what, f in values.items():
                sides = " ".join(f"{s} {_shown(f[s])}" for s in ("trained", "untrained"))
                print(f"  {what:46} {sides} difference {_shown(f['difference'])} p {f['p']}")
    return 0


def _shown(values: Sequence[float]) -> str:
    mean, low, high = values
    return f"{mean:+.3f} ({low:+.3f} to {high:+.3f})"


if __name__ == "__main__":
    raise SystemExit(main())

"""Re-ranking the hits by the reader, from recorded runs of the reading stage: no model is asked.

    python eval/reader/reranking.py OUT.json RUN...

A run holds the hits of each question and the candidates that the reader pointed at in the best
ten, with their margins over "no answer". A hit's margin is the best of its candidates; a hit
without one gets the lowest margin of its question, about the most that it can have. The order
by the search is then compared with that by margin, and with sums of both, each standardised over
the question's first ten hits.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

from rag.evaluation.bootstrap import mean_interval, paired_mean_p

READ = 10
SHARES = (0.25, 0.5, 1.0)
Row = Mapping[str, Any]


def standardised(values: Sequence[float]) -> list[float]:
    """The values less their mean, over their standard deviation (0 where all are equal)."""
    spread = pstdev(values) if len(values) > 1 else 0.0
    return [(v - mean(values)) / spread if spread else 0.0 for v in values]


def margins(row: Row) -> list[float]:
    """The reader's best margin in each of the first ten hits."""
    found: dict[int, float] = {}
    for candidate in row["considered"]:
        at = round(1 / candidate["signals"]["rank"]) - 1
        margin = candidate["signals"]["margin"]
        found[at] = max(found.get(at, margin), margin)
    lowest = min(found.values(), default=0.0)
    return [found.get(at, lowest) for at in range(min(READ, len(row["hits"])))]


def orders(row: Row) -> dict[str, list[int]]:
    """The positions of the hits in the order of each way."""
    count = len(row["hits"])
    read = min(READ, count)
    hybrid = standardised([hit["score"] for hit in row["hits"][:read]])
    reader = standardised(margins(row))
    rest = list(range(read, count))
    ways = {"reader alone": reader}
    for share in SHARES:
        both = zip(hybrid, reader, strict=True)
        ways[f"hybrid + {share:g} reader"] = [h + share * r for h, r in both]
    out = {"hybrid alone": list(range(count))}
    for name, scores in ways.items():
        ranked = sorted(zip([-score for score in scores], range(read), strict=True))
        out[name] = [*(at for _, at in ranked), *rest]
    return out


def recall(row: Row, order: Sequence[int], k: int) -> tuple[float, float]:
    """The share of the needs met by the first `k` passages, and whether all are."""
    met = [any(_meets(row["hits"][i], gold) for i in order[:k]) for gold in row["gold"]]
    if row["gold_mode"] == "any":
        return float(any(met)), float(any(met))
    return sum(met) / len(met), float(all(met))


def _meets(hit: Row, gold: Row) -> bool:
    if hit["document"] != gold["document"]:
        return False
    return gold.get("start") is None or bool(
        hit["start"] < gold["end"] and gold["start"] < hit["end"]
    )


def compared(rows: Sequence[Row]) -> dict[str, Any]:
    """Recall at 1 and 5 of every way, against that of the search alone."""
    import numpy as np

    asked = [row for row in rows if row["gold"] and row.get("considered")]
    ways = [orders(row) for row in asked]
    out: dict[str, Any] = {"n": len(asked)}
    for k in (1, 5):
        first: dict[str, Any] = {}
        for name in ways[0]:
            pairs = [recall(row, way[name], k) for row, way in zip(asked, ways, strict=True)]
            for what, data in zip(("recall", "all"), np.array(pairs).T, strict=True):
                low, high = mean_interval(data)
                found = {"mean": float(data.mean()), "low": low, "high": high}
                if what in first:
                    gap = data - first[what]
                    found |= {"difference": float(gap.mean()), "p": paired_mean_p(gap)}
                else:
                    first[what] = data
                out[f"{what}@{k}, {name}"] = {n: round(v, 4) for n, v in found.items()}
    return out


def main() -> int:
    """0, after writing the figures."""
    figures: dict[str, Any] = {}
    for argument in sys.argv[2:]:
        lines = (Path(argument) / "questions.jsonl").read_text(encoding="utf-8").splitlines()
        figures[Path(argument).name] = compared([json.loads(line) for line in lines])
    text = json.dumps(figures, indent=1) + "\n"
    Path(sys.argv[1]).write_text(text, encoding="utf-8")
    for run, found in figures.items():
        print(f"\n{run}, n {found.pop('n')}\n")
        for name, f in found.items():
            gap = f" {f['difference']:+.3f} p {f['p']:.3f}" if "p" in f else ""
            print(f"  {name:36} {f['mean']:.3f} ({f['low']:.2f}–{f['high']:.2f}){gap}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

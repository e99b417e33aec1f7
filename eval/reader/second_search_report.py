"""Figures from the rows of `second_search.py`: which way to join both searches and the reader.

    python eval/reader/second_search_report.py OUT.json --choose NAME=ROWS.jsonl...
        --test NAME=ROWS.jsonl...

A way is a sum of three scores of each passage, each standardised: that of the first search, a share
of the second's, a share of the reader's margin in what the first search found; a passage that a
list lacks gets the list's lowest. `turns` is the way of eval/benchmarks/twice.py: the first hit
stays, then the hits of both searches alternate. `--choose` names sets on which ways may be chosen
(those with the best mean recall@5 are printed); the sets of `--test` are only measured. Every
difference is paired against the first search alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean, median, pstdev
from typing import Any

from rag.evaluation.bootstrap import mean_interval, paired_mean_p

SHARES = (0.0, 0.25, 0.5, 1.0)
HEAD = 10  # passages of each list that are put in order
Row = Mapping[str, Any]
Hits = Sequence[Mapping[str, Any]]
Key = tuple[str, int]


def ways() -> dict[str, tuple[float, float] | None]:
    """The shares of the second search and of the reader, by name; None: in turns."""
    found: dict[str, tuple[float, float] | None] = {
        f"first + {a:g} second + {b:g} reader": (a, b) for a in SHARES for b in SHARES
    }
    return {**found, "turns": None}


def order(row: Row, way: tuple[float, float] | None) -> Hits:
    """The passages in the order of a way, best first; equal ones as they were found."""
    if way is None:
        return _in_turns(row["first"], row["second"])
    if way == (0.0, 0.0):
        return list(row["first"])
    of_second, of_reader = way
    hits = {_key(h): h for h in (*row["second"][:HEAD], *row["first"][:HEAD])}
    if not of_second:
        hits = {_key(h): h for h in row["first"][:HEAD]}
    margins = {k: h["margin"] for k, h in hits.items() if h["margin"] is not None}
    parts = [
        (1.0, {_key(h): h["score"] for h in row["first"]}),
        (of_second, {_key(h): h["score"] for h in row["second"]}),
        (of_reader, margins),
    ]
    total = dict.fromkeys(hits, 0.0)
    for share, scores in parts:
        if share and scores:
            for key, value in _standardised(hits, scores).items():
                total[key] += share * value
    rank = {_key(h): n for n, h in enumerate((*row["first"], *row["second"]))}
    ranked = sorted(hits, key=lambda key: (-total[key], rank[key]))
    rest = [h for h in row["first"] if _key(h) not in hits]
    return [*(hits[key] for key in ranked), *rest]


def _standardised(keys: Mapping[Key, Any], scores: Mapping[Key, float]) -> dict[Key, float]:
    low = min(scores.values())
    values = [scores.get(key, low) for key in keys]
    spread = pstdev(values) if len(values) > 1 else 0.0
    middle = mean(values)
    return {
        key: (v - middle) / spread if spread else 0.0 for key, v in zip(keys, values, strict=True)
    }


def _in_turns(first: Hits, second: Hits) -> Hits:
    """The first hit, then those of the second search and of the first in turns."""
    found = {_key(hit): hit for hit in first[:1]}
    for at in range(max(len(first), len(second))):
        for hits in (second[at : at + 1], first[at + 1 : at + 2]):
            found.update((_key(hit), hit) for hit in hits if _key(hit) not in found)
    return list(found.values())


def _key(hit: Mapping[str, Any]) -> Key:
    return hit["document"], hit["start"]


def recall(row: Row, hits: Hits, k: int, *, documents: bool) -> tuple[float, float]:
    """The share of the needs met by the first `k` passages, and whether all are.

    Needs are the gold spans (one, where any suffices), or the documents that hold them.
    """
    top = hits[:k]
    if documents:
        needed = sorted({g["document"] for g in row["gold"]})
        met = [any(h["document"] == name for h in top) for name in needed]
    else:
        met = [any(_meets(h, g) for h in top) for g in row["gold"]]
    if row["gold_mode"] == "any":
        return float(any(met)), float(any(met))
    return sum(met) / len(met), float(all(met))


def _meets(hit: Mapping[str, Any], gold: Mapping[str, Any]) -> bool:
    if hit["document"] != gold["document"]:
        return False
    return gold["start"] is None or (hit["start"] < gold["end"] and gold["start"] < hit["end"])


def measured(rows: Sequence[Row]) -> dict[str, Any]:
    """Every way's recall, each difference paired with the first search alone."""
    import numpy as np

    out: dict[str, Any] = {"n": len(rows)}
    out["median search_ms"] = round(median(row["search_ms"] for row in rows), 1)
    base: dict[str, Any] = {}
    for name, way in ways().items():
        hits = [order(row, way) for row in rows]
        figures: dict[str, Any] = {}
        for k in (5, 10):
            for documents in (False, True):
                pairs = [
                    recall(r, h, k, documents=documents) for r, h in zip(rows, hits, strict=True)
                ]
                kind = "documents" if documents else "spans"
                for part, data in zip(("share", "all"), np.array(pairs).T, strict=True):
                    label = f"{part} of {kind} @{k}"
                    low, high = mean_interval(data)
                    found = {"mean": float(data.mean()), "low": low, "high": high}
                    gap = data - base.setdefault(label, data)
                    if gap is not None and name != next(iter(ways())):
                        low, high = mean_interval(gap)
                        found |= {"difference": float(gap.mean()), "from": low, "to": high}
                        found["p"] = paired_mean_p(gap)
                    figures[label] = {n: round(v, 4) for n, v in found.items()}
        out[name] = figures
    return out


def main() -> int:
    """0, after writing the figures and printing the tables."""
    parser = argparse.ArgumentParser(prog="python eval/reader/second_search_report.py")
    parser.add_argument("out", type=Path)
    parser.add_argument("--choose", nargs="+", default=[], metavar="NAME=ROWS")
    parser.add_argument("--test", nargs="+", default=[], metavar="NAME=ROWS")
    options = parser.parse_args()
    figures = {side: dict(map(_measured, getattr(options, side))) for side in ("choose", "test")}
    label = "share of spans @5"
    value = {
        name: mean(found[name][label]["mean"] for found in figures["choose"].values())
        for name in (ways() if figures["choose"] else ())
    }
    best = sorted(value, key=lambda name: -value[name])[:5]
    text = json.dumps({"best of the first": best, **figures}, indent=1) + "\n"
    options.out.write_text(text, encoding="utf-8")
    for name in best:
        print(f"{label} of {', '.join(figures['choose'])}: {value[name]:.4f} {name}")
    for side in figures.values():
        for name, found in side.items():
            print(f"\n{name}, n {found['n']}\n")
            for way in ways():
                print(f"  {way:34}", *(_shown(found[way][what]) for what in _shown_of(found[way])))
    return 0


def _shown_of(figures: Mapping[str, Any]) -> list[str]:
    return [what for what in figures if what.endswith("@5")]


def _shown(f: Mapping[str, float]) -> str:
    gap = f" ({f['difference']:+.3f}, p {f['p']:.3f})" if "p" in f else ""
    return f"{f['mean']:.3f}{gap:20}"


def _measured(argument: str) -> tuple[str, dict[str, Any]]:
    name, _, path = argument.partition("=")
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return name, measured([json.loads(line) for line in lines])


if __name__ == "__main__":
    raise SystemExit(main())

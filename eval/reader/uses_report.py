"""Figures from the rows of `uses.py`: re-ranking, evidence sentences, signals for not found.

    python eval/reader/uses_report.py OUT.json NAME=ROWS.jsonl...

Writes OUT.json and prints tables in Markdown. Every difference stands against the first way of its
table, question by question, with the p-value of a paired randomisation test.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import mean, pstdev
from typing import Any

from rag.calibration import auroc
from rag.evaluation.bootstrap import (
    mean_interval,
    paired_mean_p,
    paired_statistic_p,
    statistic_interval,
)

Row = Mapping[str, Any]
Way = Callable[[Row], list[int]]
SHARES = (0.25, 0.5, 1.0, 2.0)  # of the reader's standardised margin, beside the hybrid score


def standardised(values: Sequence[float]) -> list[float]:
    """The values less their mean, over their standard deviation (0 where all are equal)."""
    spread = pstdev(values) if len(values) > 1 else 0.0
    return [(v - mean(values)) / spread if spread else 0.0 for v in values]


def margins(row: Row, reader: str) -> list[float]:
    """Best span less no answer, of each passage read."""
    return [best - null for best, null, _ in row["readings"][reader]]


def hybrid(row: Row) -> list[int]:
    """The order of the search."""
    return list(range(len(row["hits"])))


def by_reader(reader: str, share: float | None, *, head: int = 0) -> Way:
    """The order by the reader's margin alone (share None), or by hybrid plus its share.

    What was not read stays behind what was. The first `head` hits keep their places.
    """

    def order(row: Row) -> list[int]:
        found = margins(row, reader)
        read = len(found)
        scores = standardised([h["score"] for h in row["hits"][:read]])
        read_scores = standardised(found)
        weigh = [
            r if share is None else s + share * r for s, r in zip(scores, read_scores, strict=True)
        ]
        rest = sorted(range(head, read), key=lambda i: (-weigh[i], i))
        return [*range(min(head, read)), *rest, *range(read, len(row["hits"]))]

    return order


def recall(row: Row, order: Sequence[int], k: int, *, documents: bool) -> float:
    """The share of the needs met by the first `k` passages (or distinct documents)."""
    hits = [row["hits"][i] for i in order]
    if documents:
        kept = list(dict.fromkeys(h["document"] for h in hits))[:k]
        hits = [h for h in hits if h["document"] in kept]
    else:
        hits = hits[:k]
    met = {need for h in hits for need in h["meets"]}
    if row["gold_mode"] == "any":
        return float(bool(met))
    return len(met) / int(row["needs"])


def figure(values: Sequence[float], first: Sequence[float] | None = None) -> dict[str, Any]:
    """Mean, interval, n; against `first` the difference and its p-value."""
    import numpy as np

    data = np.asarray(values, float)
    low, high = mean_interval(data)
    out = {"mean": float(data.mean()), "low": low, "high": high, "n": len(values)}
    if first is not None:
        gap = data - np.asarray(first, float)
        out |= {"difference": float(gap.mean()), "p": paired_mean_p(gap)}
    return {k: round(v, 4) for k, v in out.items()}


def reranking(rows: Sequence[Row], k: int, *, documents: bool) -> dict[str, Any]:
    """Recall at `k` of every order, over the questions with gold."""
    asked = [row for row in rows if row["needs"]]
    ways: dict[str, Way] = {"hybrid alone": hybrid}
    for reader in ("trained", "untrained"):
        ways[f"{reader}, margin alone"] = by_reader(reader, None)
        for share in SHARES:
            ways[f"hybrid + {share:g} of {reader}"] = by_reader(reader, share)
        ways[f"first stays, rest by hybrid + 0.5 of {reader}"] = by_reader(reader, 0.5, head=1)
    first: list[float] | None = None
    out = {}
    for name, way in ways.items():
        values = [recall(row, way(row), k, documents=documents) for row in asked]
        out[name] = figure(values, first)
        first = first or values
    return out


def evidence(rows: Sequence[Row]) -> dict[str, Any]:
    """Is a sentence that meets the gold among the first 1, 3 that each reader points at?"""
    asked = [row for row in rows if row["needs"] and row["spans"] and row["sentences"]]
    out: dict[str, Any] = {}
    for k in (1, 3):
        first: list[float] | None = None
        for reader in ("untrained", "trained", "trained by margin"):
            if any(reader not in row["sentences"] for row in asked):
                continue
            values = [float(any(row["sentences"][reader][:k])) for row in asked]
            out[f"{reader}, first {k}"] = figure(values, first)
            first = first or values
    return out


def not_found(rows: Sequence[Row]) -> dict[str, Any]:
    """AUROC of answerable against unanswerable questions, by what each signal says at best."""
    labels = [bool(row["answerable"]) for row in rows]
    if all(labels):
        return {}
    signals: dict[str, list[float]] = {"hybrid score of the first hit": []}
    for row in rows:
        signals["hybrid score of the first hit"].append(row["hits"][0]["score"])
        for reader in ("untrained", "trained"):
            read = row["readings"][reader][:10]
            best = max(read, key=lambda r: r[0] - r[1])
            for name, value in (
                ("best margin", best[0] - best[1]),
                ("answerable of that passage", best[2]),
            ):
                signals.setdefault(f"{reader}: {name}", []).append(value)
    base: list[float] = []
    out = {}
    for name, scores in signals.items():
        out[name] = _auroc_figure(scores, labels, base)
        base = base or scores
    return out


def _auroc_figure(
    scores: Sequence[float], labels: Sequence[bool], base: Sequence[float]
) -> dict[str, Any]:
    def of(at: Any) -> float:
        return auroc([scores[i] for i in at], [labels[i] for i in at])

    low, high = statistic_interval(of, len(scores), resamples=300)
    out = {"mean": auroc(scores, labels), "low": low, "high": high, "n": len(scores)}
    if base:
        # Ranks, so that the two signals may be exchanged question by question.
        both = [*_ranked(base), *_ranked(scores)]

        def pair(at: Any) -> float:
            return auroc([both[i] for i in at], [labels[i % len(labels)] for i in at])

        out["difference"] = out["mean"] - auroc(base, labels)
        out["p"] = paired_statistic_p(pair, len(scores), tosses=300)
    return {k: round(v, 4) for k, v in out.items()}


def _ranked(scores: Sequence[float]) -> list[float]:
    import numpy as np

    order = np.argsort(np.asarray(scores), kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(len(scores))
    return [float(v) for v in ranks]


def table(name: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    """The Markdown table of figures by way."""
    lines = [f"\n{name}\n", "| way | value | against the first, p | n |", "|---|---|---|---|"]
    for way, f in rows.items():
        gap = f"{f['difference']:+.3f}, {f['p']:.3f}" if "p" in f else "–"
        value = f"{f['mean']:.3f} ({f['low']:.2f}–{f['high']:.2f})"
        lines.append(f"| {way} | {value} | {gap} | {f['n']:.0f} |")
    return "\n".join(lines)


def main() -> int:
    """0, after writing the figures and printing the tables."""
    out = Path(sys.argv[1])
    figures: dict[str, Any] = json.loads(out.read_text("utf-8")) if out.exists() else {}
    for argument in sys.argv[2:]:
        name, _, path = argument.partition("=")
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        found: dict[str, Any] = {}
        for k in (1, 5):
            found[f"recall@{k} of passages"] = reranking(rows, k, documents=False)
        if any(row["gold_mode"] == "all" for row in rows):
            found["recall@5 of documents"] = reranking(rows, 5, documents=True)
        found["evidence sentence"] = evidence(rows)
        found["answerable or not, AUROC"] = not_found(rows)
        figures[name] = {what: rows for what, rows in found.items() if rows}
        for what, ways in figures[name].items():
            print(table(f"`{name}`: {what}", ways))
    out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Two-document questions: a second search with the sentence that the reader points at.

    python eval/reader/second_search.py SET --index DIR --rows ROWS.jsonl [--limit 150]
    python eval/reader/second_search.py --report ROWS.jsonl OUT.json

Three orders of each question: one hybrid search; `rag.retrieval.search_twice`, whose second query
holds the sentence of the first hit nearest to the question; the same with the sentence of the
first hit that the reader points at. Stopped at any time, the same command goes on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rag.evaluation.bootstrap import mean_interval, paired_mean_p
from rag.evaluation.items import Gold, Question
from rag.evaluation.retrieval_metrics import overlaps
from rag.evaluation.sets import open_set
from rag.opened import Index
from rag.retrieval import search_twice
from rag.settings import load_settings
from rag.types import Hit

K = 20
WAYS = ("one search", "two, nearest sentence", "two, the reader's sentence")


def in_turns(first: Sequence[Hit], second: Sequence[Hit]) -> list[Hit]:
    """The first hit, then both lists in turns, the second search's first; each passage once."""
    order = [first[0]]
    for place in range(max(len(first), len(second))):
        order += [*second[place : place + 1], *first[place + 1 : place + 2]]
    return list({hit.passage.id: hit for hit in order}.values())[:K]


def pointed_sentence(index: Index, question: str, hit: Hit) -> str:
    """The sentence of a hit that the reader's best span begins in."""
    passage = hit.passage
    reading = index.models.reader.read(question, [passage.text], spans=1)[0]
    at = passage.span.start + (reading.spans[0].start if reading.spans else 0)
    for s in passage.sentences:
        if s.start <= at < s.end:
            return passage.text[s.start - passage.span.start : s.end - passage.span.start]
    return passage.text


def met(hits: Sequence[Hit], gold: Sequence[Gold]) -> list[int]:
    """The rank of the first hit that meets each gold (0: none does)."""
    places = [
        Gold("", h.passage.span.start, h.passage.span.end, document=h.passage.document)
        for h in hits
    ]
    return [next((r for r, p in enumerate(places, 1) if overlaps(p, g)), 0) for g in gold]


def collect(options: argparse.Namespace) -> None:
    """Adds the rows of the questions that are not there yet."""
    settings = replace(load_settings(), threads=options.threads)
    done: set[str] = set()
    if options.rows.exists():
        lines = options.rows.read_text(encoding="utf-8").splitlines()
        done = {json.loads(line)["id"] for line in lines}
    with Index(options.index, settings) as index, options.rows.open("a", encoding="utf-8") as rows:
        names = index.documents()
        chosen = open_set(options.set, "retrieval", names, limit=options.limit)
        for item in chosen:
            if not isinstance(item, Question) or item.id in done or not item.gold:
                continue
            one = index.search(item.question, K, scope=item.scope)
            twice = search_twice(index.snapshot, index.embedder, item.question, K)
            further = f"{item.question} {pointed_sentence(index, item.question, one[0])}"
            second = index.search(further, K, scope=item.scope)
            orders = dict(zip(WAYS, (one, twice, in_turns(one, second)), strict=True))
            ranks = {name: met(hits, item.gold) for name, hits in orders.items()}
            rows.write(json.dumps({"id": item.id, "type": item.type, "ranks": ranks}) + "\n")
            rows.flush()


def report(path: Path, out: Path) -> None:
    """Writes recall@5 of the gold, and the share of questions with all of it, of each way."""
    import numpy as np

    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    figures: dict[str, Any] = {"n": len(rows)}
    first: dict[str, Any] = {}
    for way in WAYS:
        inside = [[0 < rank <= 5 for rank in row["ranks"][way]] for row in rows]
        values = {
            "recall@5": np.array([sum(i) / len(i) for i in inside]),
            "all within 5": np.array([float(all(i)) for i in inside]),
        }
        figures[way] = {}
        for name, data in values.items():
            low, high = mean_interval(data)
            found = {"mean": float(data.mean()), "low": low, "high": high}
            if way != WAYS[0]:
                gap = data - first[name]
                found |= {"difference": float(gap.mean()), "p": paired_mean_p(gap)}
            figures[way][name] = {k: round(v, 4) for k, v in found.items()}
        first = first or values
    out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=1))


def main() -> int:
    """0, after the last question or the report."""
    parser = argparse.ArgumentParser(prog="python eval/reader/second_search.py")
    parser.add_argument("set", type=Path, nargs="?")
    parser.add_argument("--index", type=Path)
    parser.add_argument("--rows", type=Path)
    parser.add_argument("--limit", type=int, default=150)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--report", type=Path, nargs=2, metavar=("ROWS", "OUT"))
    options = parser.parse_args()
    if options.report:
        report(*options.report)
    elif options.set and options.index and options.rows:
        collect(options)
    else:
        parser.error("give SET, --index and --rows, or --report")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
